"""What is kept of a memory, and what becomes of pictures before."""

import numpy as np
import pytest
import torch
from hour_kit import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from playhead.errors import UsageError
from playhead.models.hour_llava.config import PINPOINTS
from playhead.models.hour_llava.forget import (
    FRAME_TOKENS,
    keyframe_frames,
    plan_memory,
    question_frames,
    repeat_index,
    seed_of,
    uniform_frames,
)
from playhead.models.hour_llava.images import cut, fit_grid, grid_memory, plan_grid, squared
from playhead.models.hour_llava.vision import pool, preprocess, video_features


@settings(max_examples=40)
@given(st.integers(1, 2600), st.sampled_from(["random", "uniform"]), st.integers(0, 2**63 - 1))
def test_what_is_kept_is_part_of_the_memory(pictures, rule, seed):
    kept = plan_memory(pictures, seed=seed, spatial=rule)
    rows, frames = kept.rows_R, kept.frames_K
    assert kept.memory_tokens == max(pictures, 128) * FRAME_TOKENS
    assert len(frames) == min(512, max(pictures, 128) // 4)
    assert len(rows) == 17 * len(frames)
    assert (rows[1:] > rows[:-1]).all()
    assert rows[0] >= 0
    assert rows[-1] == kept.memory_tokens - 1  # the newline of the last frame
    assert torch.equal(rows.reshape(-1, 17) // FRAME_TOKENS, frames[:, None].expand(-1, 17))
    assert (rows.reshape(-1, 17)[:, -1] % FRAME_TOKENS == 64).all()
    shown = repeat_index(pictures)
    assert shown[frames].min() >= 0
    assert shown[frames].max() == pictures - 1


def test_the_same_video_keeps_the_same_and_another_one_does_not():
    first, again, other = (plan_memory(300, seed=seed_of(each)).rows_R for each in ("abc", "abc", "abd"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 0 <= seed_of("abc") < 2**63


def test_the_global_generator_is_left_alone():
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    plan_memory(200, seed=5)
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize(("pictures", "rule"), [(0, "random"), (-1, "random"), (10, "best")])
def test_nothing_and_unknown_rules_are_refused(pictures, rule):
    with pytest.raises(UsageError):
        plan_memory(pictures, spatial=rule)


def brute_keyframes(means):
    unit = means / means.norm(dim=-1, keepdim=True)
    scores = []
    for at in range(len(unit)):
        near = [each for each in range(max(0, at - 4), min(len(unit), at + 5)) if each != at]
        scores.append(float(np.mean([float(unit[at] @ unit[each]) for each in near])))
    order = sorted(range(len(scores)), key=lambda at: (scores[at], at))
    return sorted(order[: min(512, len(scores) // 4)])


def test_key_frames_are_the_least_like_their_neighbours():
    torch.manual_seed(0)
    means = torch.randn(131, 8)
    assert keyframe_frames(means).tolist() == brute_keyframes(means)
    calm = torch.ones(200, 8) + 0.01 * torch.randn(200, 8)
    calm[[20, 77, 150]] = -calm[[20, 77, 150]]
    assert {20, 77, 150} <= set(keyframe_frames(calm).tolist())


def test_frames_for_a_question_are_the_most_like_it():
    torch.manual_seed(0)
    means, question = torch.randn(160, 8), torch.randn(8)
    scores = [float(each @ question / each.norm() / question.norm()) for each in means]
    assert question_frames(means, question).tolist() == sorted(np.argsort(scores)[-40:].tolist())


@pytest.mark.parametrize(
    "choose",
    [
        uniform_frames,
        lambda n: keyframe_frames(torch.randn(n, 4)),
        lambda n: question_frames(torch.randn(n, 4), torch.randn(4)),
    ],
)
def test_no_rule_keeps_more_than_512_frames(choose):
    kept = choose(2600)
    assert kept.shape == (512,)
    assert (kept[1:] > kept[:-1]).all()
    assert plan_memory(2600, frames_K=kept).rows_R.shape == (8704,)


# --- pictures ---------------------------------------------------------------------------------------------------------


def pictures(count=3, height=90, width=160):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_pixels_are_those_of_transformers_processor():
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    processor = SiglipImageProcessorPil(
        size={"height": 384, "width": 384}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    wanted = processor(list(pictures()), return_tensors="pt")["pixel_values"]
    found = preprocess(pictures(), 384)
    assert found.shape == (3, 3, 384, 384)
    assert (found - wanted).abs().max() < 1e-6


@pytest.mark.parametrize("wrong", [pictures()[0], pictures().astype(np.float32), pictures()[..., :1]])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(UsageError, match="uint8 of shape"):
        preprocess(wrong, 140)


def test_a_video_in_passes_of_any_size_has_the_same_features():
    tower = tiny().model.vision_tower
    pixels = preprocess(pictures(7), 140)
    with torch.no_grad():
        wanted = pool(tower(pixels))
        for at_once in (1, 3, 100):
            assert torch.allclose(video_features(tower, pixels, pictures_at_once=at_once), wanted, atol=1e-5)
    assert wanted.shape == (7, 64, 32)


def test_a_long_video_never_trains_the_tower():
    tower = tiny().model.vision_tower
    pixels = preprocess(pictures(1), 140)
    assert video_features(tower, pixels.expand(128, -1, -1, -1)).requires_grad
    assert not video_features(tower, pixels.expand(129, -1, -1, -1)).requires_grad


def test_pooling_comes_before_projection_and_is_not_the_same_after():
    model = tiny().model
    features = torch.randn(2, 100, 32)
    with torch.no_grad():
        assert not torch.allclose(
            model.mm_projector(pool(features)), pool(model.mm_projector(features)), atol=1e-3
        )


def test_a_still_image_keeps_its_place_from_pixels_to_memory():
    """A picture that is dark on the left and light on the right is so in every row of its memory."""
    ramp = np.repeat(np.arange(800, dtype=np.float32)[None] * 255 / 799, 600, axis=0).astype(np.uint8)
    image = Image.fromarray(np.repeat(ramp[..., None], 3, axis=-1))
    grid = fit_grid(600, 800, PINPOINTS, side=27, tile_px=384)
    pixels = cut(image, grid, 384)
    assert pixels.shape == (1 + 6, 3, 384, 384)
    patches = (
        pixels[:, :1, :378, :378].reshape(7, 1, 27, 14, 27, 14).mean(dim=(3, 5)).flatten(2).transpose(1, 2)
    )
    memory = grid_memory(patches, torch.tensor([9.0]), grid)[:, 0]
    plan = plan_grid(grid, "uniform")
    assert len(memory) == len(plan.memory_positions_M)
    rows = memory[729:].reshape(grid.rows, grid.columns + 1)
    assert (rows[:, -1] == 9).all()
    assert (rows[2:-2, 1:-2].diff(dim=1) > -0.05).all()
    assert rows[27, 1] < -0.9
    assert rows[27, -3] > 0.9
    assert (memory[:729].reshape(27, 27).diff(dim=1) > 0).all()


def test_several_images_are_squared_on_their_mean_colour():
    pixels = squared(Image.new("RGB", (100, 50), (255, 0, 0)), 140)
    assert pixels.shape == (1, 3, 140, 140)
    assert torch.allclose(pixels[0, :, 5, 70], torch.full((3,), 127 / 127.5 - 1), atol=1e-6)
    assert pixels[0, :, 70, 70].tolist() == [1.0, -1.0, -1.0]
