"""Frames to CLIP's vectors: the published preprocessing to the number, the tower, and released feature files.

Axes: F frame, H row, W column, C channel, D width.
"""

from __future__ import annotations

import math
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig

from playhead.errors import UnsupportedError, UsageError, WeightsError
from playhead.models.vtimellm.config import tiny_config
from playhead.models.vtimellm.vision import (
    MEAN_RGB,
    STD_RGB,
    encode_frames,
    frame_features,
    frame_pixels,
    load_features,
    make_tower,
)
from playhead.models.vtimellm.weights import load_tower

TINY = tiny_config("vtimellm", 100).vision_config


def picture(height_px: int, width_px: int, seed: int = 0) -> np.ndarray:
    """Noise of black and white cells: sharp edges, so that interpolation overshoots and aliasing shows."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 2, (1, height_px, width_px, 3)) * 255).astype(np.uint8)


def keys(x: float) -> float:
    """The cubic kernel of Keys with a = -0.75."""
    a, x = -0.75, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def bicubic(line: np.ndarray, size: int) -> np.ndarray:
    """Bicubic interpolation along the first axis as its formula says: half-pixel centres, edges repeated."""
    out = np.zeros((size, *line.shape[1:]))
    for at in range(size):
        where = (at + 0.5) * len(line) / size - 0.5
        first = math.floor(where)
        for tap in range(first - 1, first + 3):
            out[at] += keys(where - tap) * line[min(max(tap, 0), len(line) - 1)]
    return out


def by_hand(frame_HWC: np.ndarray, side_px: int) -> np.ndarray:
    height_px, width_px, _ = frame_HWC.shape
    short_px = min(height_px, width_px)
    size = (side_px * height_px // short_px, side_px * width_px // short_px)
    resized = bicubic(frame_HWC / 255.0, size[0])
    resized = bicubic(resized.swapaxes(0, 1), size[1]).swapaxes(0, 1)
    top, left = round((size[0] - side_px) / 2), round((size[1] - side_px) / 2)
    square = resized[top : top + side_px, left : left + side_px]
    return ((square - MEAN_RGB) / STD_RGB).transpose(2, 0, 1)


@pytest.mark.parametrize("size", [(30, 40), (41, 23), (20, 20), (12, 9), (8, 8), (8, 11)])
def test_pixels_are_the_formula_by_hand(size) -> None:
    frames = picture(*size)
    got = frame_pixels(frames, side_px=8)
    assert got.shape == (1, 3, 8, 8)
    assert got.dtype == torch.float32
    assert np.abs(got[0].numpy() - by_hand(frames[0], 8)).max() < 1e-4


def test_overshoot_is_kept() -> None:
    pixels = frame_pixels(picture(30, 40), side_px=8)
    values = pixels * torch.tensor(STD_RGB).view(3, 1, 1) + torch.tensor(MEAN_RGB).view(3, 1, 1)
    assert values.max() > 1.001
    assert values.min() < -0.001


def test_antialiasing_gives_other_numbers_where_it_shrinks() -> None:
    frames = picture(448, 600)
    assert (frame_pixels(frames) - frame_pixels(frames, antialias=True)).abs().max() > 0.5
    same = picture(224, 224)
    assert torch.equal(frame_pixels(same), frame_pixels(same, antialias=True))


def test_many_frames_are_each_alone() -> None:
    frames = np.concatenate([picture(30, 40, seed) for seed in range(40)])
    together = frame_pixels(frames, side_px=8)
    assert together.shape == (40, 3, 8, 8)
    for at in (0, 15, 16, 39):
        assert torch.equal(together[at], frame_pixels(frames[at : at + 1], side_px=8)[0])


@pytest.mark.parametrize(
    "frames",
    [np.zeros((2, 8, 8), np.uint8), np.zeros((1, 8, 8, 4), np.uint8), np.zeros((1, 8, 8, 3), np.float32)],
)
def test_what_is_no_picture_is_refused(frames) -> None:
    with pytest.raises(UsageError, match="allowed: uint8 of shape"):
        frame_pixels(frames)


def test_the_feature_is_the_class_token_after_norm_and_projection() -> None:
    torch.manual_seed(0)
    tower = make_tower(TINY).eval()
    frames = np.concatenate([picture(240, 300, seed) for seed in range(3)])
    features = frame_features(tower, frames)
    with torch.no_grad():
        hidden = tower.vision_model(pixel_values=frame_pixels(frames)).last_hidden_state[:, 0]
        normed = tower.vision_model.post_layernorm(hidden)
        expected = torch.nn.functional.linear(normed, tower.visual_projection.weight)
    assert torch.allclose(features, expected, atol=1e-5)
    assert (features.norm(dim=-1) - 1).abs().max() > 1e-3  # not brought to length one
    assert not features.requires_grad


def test_chunks_change_nothing() -> None:
    torch.manual_seed(0)
    tower = make_tower(TINY).eval()
    pixels = torch.randn(5, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(
            encode_frames(tower, pixels, chunk_frames=2), encode_frames(tower, pixels), atol=1e-6
        )
        assert encode_frames(tower, pixels[:0]).shape == (0, 32)
        assert frame_features(tower, np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 32)


def test_pictures_are_let_go_one_after_another() -> None:
    tower, alive, most = make_tower(TINY).eval(), weakref.WeakSet(), 0

    class Picture(np.ndarray):
        """An array that can be told from others."""

        __hash__ = object.__hash__

    def pictures():
        nonlocal most
        for seed in range(40):
            each = picture(30 + seed, 40, seed)[0].view(Picture)
            alive.add(each)
            most = max(most, len(alive))
            yield each

    assert frame_features(tower, pictures()).shape == (40, 32)
    assert most <= 2  # the one that is made while the last one is still held


def save_clip(folder: Path, **vision: object) -> CLIPModel:
    """A whole two-tower CLIP as it is published."""
    text = CLIPTextConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, vocab_size=50
    )
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config={**TINY.to_dict(), **vision}, projection_dim=32
    )
    torch.manual_seed(1)
    model = CLIPModel(config).eval()
    model.save_pretrained(folder)
    return model


def test_the_tower_of_a_whole_clip_folder(tmp_path) -> None:
    whole = save_clip(tmp_path)
    tower = load_tower(tmp_path)
    pixels = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        found = whole.get_image_features(pixel_values=pixels)
        expected = found if isinstance(found, torch.Tensor) else found.pooler_output
        assert torch.allclose(tower(pixel_values=pixels).image_embeds, expected, atol=1e-5)


def test_a_tower_with_another_activation_is_refused(tmp_path) -> None:
    save_clip(tmp_path, hidden_act="gelu")
    with pytest.raises(UnsupportedError, match="hidden_act 'gelu'"):
        load_tower(tmp_path)


def test_a_tower_for_other_pictures_is_refused(tmp_path) -> None:
    save_clip(tmp_path, image_size=96)
    with pytest.raises(UnsupportedError, match="pictures of 96 px; allowed: 224 px"):
        load_tower(tmp_path)


def test_a_folder_that_is_no_clip_is_refused(tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*config\.json"):
        load_tower(tmp_path)


def test_released_feature_files(tmp_path) -> None:
    video = np.random.default_rng(0).standard_normal((100, 768)).astype(np.float16)
    np.save(tmp_path / "video.npy", video)
    np.save(tmp_path / "picture.npy", video[3])
    assert np.array_equal(load_features(tmp_path / "video.npy"), video)
    assert np.array_equal(load_features(tmp_path / "picture.npy"), video[3:4])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.zeros((100, 512), np.float16), r"shape \(100, 512\); allowed: \(F, 768\)"),
        (np.zeros((1, 100, 768), np.float16), r"allowed: floats of shape"),
        (np.zeros((100, 768), np.int32), "int32"),
        (np.zeros((0, 768), np.float16), r"shape \(0, 768\)"),
        (np.full((2, 768), np.nan, np.float16), "no numbers"),
        (np.array([{"a": 1}], dtype=object), "pickle"),
    ],
)
def test_other_feature_files_are_refused(tmp_path, value, told) -> None:
    np.save(tmp_path / "x.npy", value, allow_pickle=True)
    with pytest.raises(WeightsError, match=told):
        load_features(tmp_path / "x.npy")


def test_a_missing_or_broken_feature_file(tmp_path) -> None:
    with pytest.raises(WeightsError, match="No such file"):
        load_features(tmp_path / "none.npy")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(WeightsError, match="read features"):
        load_features(tmp_path / "broken.npy")
