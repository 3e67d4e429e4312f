"""The Qwen-VL line against transformers' own code: token ids, squares, positions, logits; and where that code is wrong.

transformers' video processors need torchvision, which is not installed. What of them needs none is called as it is: their
cutting into squares (Qwen3-VL's; Qwen2-VL's file cannot even be imported and holds the same lines), their text for a video; resizing and colours are held to the Pillow image processor of
the same release, which is the same rule for one picture.
"""

from __future__ import annotations

import logging
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.processing_qwen2_vl import Qwen2VLProcessor
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.video_utils import VideoMetadata

from helpers.draw import write_media
from playhead.media.clip import Video
from playhead.media.open import open_clip
from playhead.media.sampling.qwen import fit_px
from playhead.models.family import EngineOptions
from playhead.models.pictures.read import bicubic as resize
from playhead.models.qwen_vl.family import FAMILY, tiny_model
from playhead.models.qwen_vl.kinds import KINDS, cut_of
from playhead.sequence.mrope import Block, by_order, by_time, delta, positions
from playhead.sequence.patches import cut_frames
from playhead.tasks.ask import Ask

pytestmark = pytest.mark.parity
PIXELS = 2e-6
LOGITS = 1e-5
TYPES = list(KINDS)
NAMES = {
    "qwen2_vl": "qwen2-vl-tiny",
    "qwen2_5_vl": "qwen2.5-vl-tiny",
    "qwen3_vl": "qwen3-vl-tiny",
    "qwen3_vl_moe": "qwen3-vl-moe-tiny",
    "qwen3_5": "qwen3.5-tiny",
    "qwen3_5_moe": "qwen3.5-moe-tiny",
}


@pytest.fixture(scope="module")
def engines():
    options = EngineOptions(device="cpu")
    return {kind: FAMILY.make(FAMILY.presets[name], None, options) for kind, name in NAMES.items()}


def theirs(model, layout, grid, seconds_per_group=None, mask=None):
    """Positions and what a cache lacks, as the installed transformers computes them."""
    ids = torch.from_numpy(np.atleast_2d(layout))
    types = (ids == model.config.video_token_id).int() * 2
    more = {} if seconds_per_group is None else {"second_per_grid_ts": seconds_per_group}
    made, lacking = model.model.get_rope_index(
        ids, mm_token_type_ids=types, video_grid_thw=torch.tensor(grid), attention_mask=mask, **more
    )
    return made.numpy(), lacking.flatten().tolist()


def sequence(model, before: int, video: tuple[int, int, int], after: int):
    groups, rows, columns = video
    pictures = [model.config.video_token_id] * (groups * rows * columns)
    return np.array([7] * before + pictures + [8] * after), [[groups, 2 * rows, 2 * columns]]


# --- positions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "rows", "columns"), [(1, 2, 3), (2, 4, 3), (5, 5, 9), (3, 3, 3)])
def test_qwen2_positions_are_theirs_where_a_video_is_no_longer_than_wide(groups, rows, columns) -> None:
    model = tiny_model("qwen2_vl")
    ids, grid = sequence(model, 4, (groups, rows, columns), 5)
    made = positions(len(ids), [Block(4, by_order(groups), rows, columns)])
    expected, lacking = theirs(model, ids, grid)
    assert np.array_equal(made, expected[:, 0])
    assert [delta(made)] == lacking


@pytest.mark.parametrize("seconds", [0.25, 0.5, 1.0, 1.5, 2.002])
def test_qwen25_positions_are_theirs_for_evenly_spaced_pictures(seconds) -> None:
    model = tiny_model("qwen2_5_vl")
    groups, rows, columns = 4, 7, 13
    ids, grid = sequence(model, 3, (groups, rows, columns), 4)
    steps_T = by_time(np.arange(groups) * seconds, model.config.vision_config.tokens_per_second)
    made = positions(len(ids), [Block(3, steps_T, rows, columns)])
    expected, lacking = theirs(model, ids, grid, [seconds])
    assert np.array_equal(made, expected[:, 0])
    assert [delta(made)] == lacking


@pytest.mark.parametrize(("kind", "last"), [("qwen2_vl", 33), ("qwen2_5_vl", 62)])
def test_their_words_after_a_long_video_come_before_its_end(kind, last) -> None:
    """A defect of transformers 5.3 to 5.23: words go on after the width, not after the time; 4.57 was right here.

    30 groups of 4 x 6 tokens, one second each, after 4 words (existing issue 45381 covers the time axis only).
    """
    model = tiny_model(kind)
    ids, grid = sequence(model, 4, (30, 4, 6), 3)
    steps_T = by_order(30) if kind == "qwen2_vl" else by_time(np.arange(30.0), 2)
    made = positions(len(ids), [Block(4, steps_T, 4, 6)])
    expected, lacking = theirs(model, ids, grid, None if kind == "qwen2_vl" else [1.0])
    assert np.array_equal(made[:, :-3], expected[:, 0, :-3])  # the pictures are where theirs are
    assert made[0, -4] == last
    assert made[:, -3:].tolist() == [[last + 1, last + 2, last + 3]] * 3
    assert expected[:, 0, -3:].tolist() == [[10, 11, 12]] * 3
    # Theirs jumps back to the end when it counts on from the cache, so that even they do not agree with themselves.
    assert lacking == [last + 1 - len(ids)]
    assert delta(made) == last + 4 - len(ids)


@pytest.mark.parametrize("kind", ["qwen3_vl", "qwen3_5"])
def test_qwen3_positions_are_theirs_in_a_batch_of_two(kind) -> None:
    model = tiny_model(kind)
    pad_id, video = 3, [model.config.video_token_id]
    one = [7] * 3 + video * 6 + [8] * 4 + video * 6 + [8] * 2
    two = [7] * 2 + video * 4 + [8] * 3
    padding = len(one) - len(two)
    ids = np.array([one, [pad_id] * padding + two])
    mask = torch.tensor([[1] * len(one), [0] * padding + [1] * len(two)])
    expected, lacking = theirs(model, ids, [[2, 4, 6], [1, 4, 4]], mask=mask)
    first = positions(len(one), [Block(3, by_order(1), 2, 3), Block(13, by_order(1), 2, 3)])
    second = positions(len(two), [Block(2, by_order(1), 2, 2)])
    assert np.array_equal(expected[:, 0], first)
    assert np.array_equal(expected[:, 1, padding:], second)
    assert not expected[:, 1, :padding].any()
    assert lacking == [delta(first), delta(second)]


# --- squares ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_squares_are_those_of_their_video_processor(kind, count) -> None:
    cut = cut_of(tiny_model(kind).config)
    side = cut.token_px
    frames = np.random.default_rng(count).integers(0, 256, (count, 2 * side, 3 * side, 3)).astype(np.uint8)
    colours = (
        torch.from_numpy(frames).permute(0, 3, 1, 2) / 255 - torch.tensor(cut.mean_RGB)[:, None, None]
    ) / (torch.tensor(cut.std_RGB)[:, None, None])
    rows, *grid = Qwen3VLVideoProcessor.patchify(
        None,
        colours[None].contiguous(),
        patch_size=cut.patch_px,
        merge_size=cut.merge,
        temporal_patch_size=cut.group,
    )
    assert tuple(grid) == cut.grid(count, 2 * side, 3 * side)
    np.testing.assert_allclose(cut_frames(frames, cut), rows[0].numpy(), atol=PIXELS)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("size_px", [(640, 360), (97, 301), (1280, 720), (224, 224)])
def test_a_picture_is_shrunk_and_coloured_as_their_pillow_image_processor_does(kind, size_px) -> None:
    cut = cut_of(tiny_model(kind).config)
    width_px, height_px = size_px
    rows_HW = np.linspace(0, 255, height_px)[:, None, None]
    picture = (
        (rows_HW + np.random.default_rng(1).normal(0, 20, (height_px, width_px, 3)))
        .clip(0, 255)
        .astype(np.uint8)
    )
    least, most = 128 * cut.token_px**2, 200 * cut.token_px**2
    processor = Qwen2VLImageProcessorPil(
        size={"shortest_edge": least, "longest_edge": most},
        patch_size=cut.patch_px,
        image_mean=cut.mean_RGB,
        image_std=cut.std_RGB,
    )
    expected = processor(picture, return_tensors="np")
    made = resize(picture, fit_px(width_px, height_px, cut.token_px, least, most))
    assert cut.grid(1, *made.shape[:2]) == tuple(expected["image_grid_thw"][0])
    np.testing.assert_allclose(cut_frames(made[None], cut), expected["pixel_values"], atol=PIXELS)


# --- token ids and text ----------------------------------------------------------------------------------------------

CLOSED = "<|vision_start|><|video_pad|><|vision_end|>"


def their_text(engine, look, fps: float, indices: list[int]) -> str:
    """The text of a video that their processor puts in the place of its one token."""
    processor_class = Qwen3VLProcessor if engine.kind.told == "text" else Qwen2VLProcessor
    processor = processor_class.__new__(processor_class)
    processor.video_processor = SimpleNamespace(merge_size=2, temporal_patch_size=2)
    processor.video_token = "<|video_pad|>"
    processor.vision_start_token, processor.vision_end_token = "<|vision_start|>", "<|vision_end|>"
    metadata = VideoMetadata(total_num_frames=len(indices), fps=fps, frames_indices=list(indices))
    return processor.replace_video_token(
        {"video_grid_thw": torch.tensor([look.data.grid]), "video_metadata": [metadata]}, 0
    )


@pytest.mark.parametrize("kind", TYPES)
def test_token_ids_are_those_of_the_released_template_and_their_text(engines, drawn, kind) -> None:
    engine, path = engines[kind], drawn("constant").path
    look = engine.look(Video(str(path)))
    indices = np.round(look.times_s * 25).astype(int).tolist()
    text = their_text(engine, look, 25.0, indices)
    system = (
        "" if kind.startswith("qwen3") else "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    )
    template = f"{system}<|im_start|>user\n{CLOSED}What?<|im_end|>\n<|im_start|>assistant\n"
    if kind.startswith("qwen3_5"):  # enable_thinking=False
        template += "<think>\n\n</think>\n\n"
    # Their later releases leave the template's own marks around Qwen3-VL's; up to 5.9 all three tokens were replaced.
    replaced = CLOSED if kind.startswith("qwen3") else "<|video_pad|>"
    expected = engine.words(template.replace(replaced, text), add_special_tokens=False)["input_ids"]
    made = engine.layout(look, "What?").input_ids_N.tolist()
    assert made == expected
    later = engine.words(template.replace("<|video_pad|>", text), add_special_tokens=False)["input_ids"]
    assert len(later) == len(made) + (2 if kind.startswith("qwen3") else 0)


# --- logits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TYPES)
def test_logits_are_those_of_their_own_inputs(engines, drawn, kind) -> None:
    """The same pictures and words in transformers' way, its positions computed by itself; a short clip, wider than long."""
    engine = engines[kind]
    look = engine.look(Video(str(drawn("constant").path)))
    layout = engine.layout(look, engine.request(Ask("What is shown?"), look).text)
    ours = engine.inputs(look, layout)
    inputs = {name: value for name, value in ours.items() if name != "position_ids"}
    inputs["mm_token_type_ids"] = (inputs["input_ids"] == engine.net.config.video_token_id).int() * 2
    if kind == "qwen2_5_vl":
        inputs["second_per_grid_ts"] = [float(np.diff(look.data.told.starts_T).mean())]
    with torch.inference_mode():
        expected, made = engine.net(**inputs).logits, engine.net(**ours).logits
    torch.testing.assert_close(made, expected, atol=LOGITS, rtol=LOGITS)
    engine.net.model.rope_deltas = None


# --- true time -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """40 s: 25 pictures a second for 20 s, then one a second. Their average is 13 a second."""
    ticks = [*range(500), *range(500, 1000, 25)]
    durations = [1] * 500 + [25] * 20
    path = tmp_path_factory.mktemp("uneven") / "uneven.mp4"
    return write_media(path, ticks=ticks, durations=durations, tick_s=Fraction(1, 25))


def test_qwen25_positions_follow_the_clock_where_theirs_miss_by_seconds(engines, uneven) -> None:
    engine = engines["qwen2_5_vl"]
    look = engine.look(Video(str(uneven)))
    assert look.info.variable_rate
    layout = engine.layout(look, "What?")
    first = np.array([slot.start for slot in layout.slots])
    steps_T = layout.positions[0, first] - layout.positions[0, first[0]]
    true_s = np.array([slot.pts_s for slot in layout.slots])
    assert np.abs(steps_T / 2 - true_s).max() <= 0.5  # within the step there is
    # Theirs: the pictures by number, and one interval for all, from the average rate.
    total, average_hz = 520, 520 / 40
    count = len(look.times_s)
    metadata = VideoMetadata(
        total_num_frames=total,
        fps=average_hz,
        frames_indices=np.linspace(0, total - 1, count).round().astype(int).tolist(),
    )
    clip = open_clip(uneven, sampling="every", audio=False)
    shown_s = clip.frames.pts_s[np.array(metadata.frames_indices)[::2]]
    told_s = np.arange(len(shown_s)) * (2 / metadata.sampled_fps)
    missed_s = np.abs(told_s - shown_s)
    assert missed_s.max() > 15
    assert missed_s.mean() > 7


def test_qwen3_reads_true_seconds_where_theirs_are_wrong_by_seconds(engines, uneven) -> None:
    engine = engines["qwen3_vl"]
    look = engine.look(Video(str(uneven)))
    told_s = np.array([float(label[1:-9]) for label in look.labels[::2]])
    pairs = look.times_s[: len(look.times_s) // 2 * 2].reshape(-1, 2)
    assert np.abs(told_s[: len(pairs)] - pairs.mean(axis=1)).max() <= 0.0501
    clip = open_clip(uneven, sampling="every", audio=False)
    indices = np.searchsorted(clip.frames.pts_s, look.times_s - 1e-6)
    text = their_text(engine, look, 520 / 40, indices.tolist())
    their_s = np.array([float(part.split("<")[-1]) for part in text.split(" seconds>")[:-1]])
    assert np.abs(their_s[: len(pairs)] - pairs.mean(axis=1)).max() > 15


def test_without_a_rate_theirs_guesses_24_and_ours_needs_none(engines, drawn, caplog) -> None:
    engine = engines["qwen3_vl"]
    look = engine.look(Video(str(drawn("constant").path)))
    indices = list(range(len(look.times_s)))
    with caplog.at_level(logging.ERROR):
        guessed = their_text(engine, look, None, indices)
    assert guessed.startswith("<0.0 seconds>")
    assert look.labels[-1] not in guessed
