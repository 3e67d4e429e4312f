"""Frame counts and picture sizes of the token budgets, from published numbers and from the bounds themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.media.sampling.internvl import internvl, internvl_train
from playhead.media.sampling.qwen import frame_size_px, qwen2_vl, qwen3_vl, video_size_px
from playhead.media.sampling.seed_vl import BUDGET_TOKENS, LADDER, rung, seed_vl, size_for_tokens
from playhead.media.sampling.videollama3 import videollama3


def at(seconds, fps=30):
    return float(seconds), np.arange(round(seconds * fps)) / fps


# --- Seed1.5-VL: frames that fit per level are printed in the report's rule --------------------------------------


@pytest.mark.parametrize(("level", "fit"), list(zip(LADDER, (128, 160, 213, 320, 512, 640), strict=True)))
def test_seed_levels_hold_the_published_number_of_frames(level, fit):
    assert rung(fit) == (level, fit)
    assert rung(fit + 1)[0] < level or rung(fit + 1) == (128, 640)


@pytest.mark.parametrize(
    ("seconds", "task", "frames", "tokens"),
    [
        (1, "default", 1, 640),
        (128, "default", 128, 640),
        (129, "default", 129, 512),
        (213, "default", 213, 384),
        (214, "default", 214, 256),
        (320, "default", 320, 256),
        (321, "default", 321, 160),
        (640, "default", 640, 128),
        (641, "default", 640, 128),
        (3600, "default", 640, 128),
        (64, "fine", 128, 640),
        (320, "fine", 640, 128),
        (321, "fine", 640, 128),
        (60, "counting", 300, 256),
        (129, "counting", 640, 128),
    ],
)
def test_seed_counts_over_durations(seconds, task, frames, tokens):
    chosen = seed_vl(task=task)(*at(seconds))
    assert len(chosen) == frames
    assert set(chosen.tokens_per_frame.tolist()) == {tokens}
    assert chosen.tokens_per_frame.sum() <= BUDGET_TOKENS
    assert chosen.times_s[-1] >= seconds - 1
    assert bool(chosen.notes) == (tokens == 128 and frames == 640 and seconds not in (640, 320))


@given(st.integers(1, 8000), st.integers(1, 8000), st.sampled_from(LADDER))
def test_seed_sizes_keep_within_their_level(width, height, tokens):
    w, h = size_for_tokens(width, height, tokens)
    assert w % 28 == h % 28 == 0
    assert min(w, h) >= 28
    assert (w // 28) * (h // 28) <= tokens


def test_seed_gives_a_size_when_told_the_pictures():
    chosen = seed_vl(width_px=1920, height_px=1080)(*at(10))
    assert chosen.frame_size_px == (924, 504)


# --- Qwen -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [qwen2_vl, qwen3_vl])
@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [
        (0.1, 30, 2),
        (0.2, 30, 4),
        (1, 30, 4),
        (2, 30, 4),
        (10, 30, 20),
        (10.6, 30, 20),
        (384, 30, 768),
        (3600, 30, 768),
    ],
)
def test_qwen_counts_over_durations(make, seconds, fps, frames):
    assert len(make()(*at(seconds, fps))) == frames


def test_qwen3_of_transformers_may_be_odd():
    assert len(qwen3_vl(variant="transformers")(*at(10.6))) == 21
    assert len(qwen3_vl(variant="transformers")(*at(0.1))) == 3


def test_qwen2_of_transformers_takes_starts_of_parts():
    assert qwen2_vl(variant="transformers")(*at(3)).indices.tolist() == [0, 15, 30, 45, 60, 75]
    assert qwen2_vl()(*at(3)).indices.tolist() == [0, 18, 36, 53, 71, 89]


def test_one_frame_is_given_and_said():
    for make in (qwen2_vl, qwen3_vl):
        chosen = make()(0.04, np.zeros(1))
        assert chosen.indices.tolist() == [0]
        assert chosen.notes


@pytest.mark.parametrize(
    ("size", "frames", "factor", "wanted"),
    [
        # 768 tokens per frame up to 300 frames: 2 * 115200 / 300
        ((1280, 720), 16, 28, (1008, 560)),
        ((1280, 720), 300, 28, (1008, 560)),
        # 768 frames: 2 * 115200 / 768 = 300 tokens per frame
        ((1280, 720), 768, 28, (644, 336)),
        ((1280, 720), 768, 32, (736, 384)),
        # small pictures grow to 128 tokens
        ((160, 120), 16, 28, (392, 280)),
    ],
)
def test_qwen_sizes(size, frames, factor, wanted):
    assert frame_size_px(*size, frames, factor) == wanted


@given(st.integers(28, 4000), st.integers(28, 4000), st.integers(2, 768), st.sampled_from([28, 32]))
def test_qwen_sizes_keep_within_their_bounds(width, height, frames, factor):
    if max(width, height) > 20 * min(width, height):
        return
    w, h = frame_size_px(width, height, frames, factor)
    assert w % factor == h % factor == 0
    tokens = (w // factor) * (h // factor)
    assert tokens >= 128 or min(w, h) == factor
    assert tokens <= max(min(768, 2 * 115200 / frames), 128 * 1.05) or min(w, h) == factor


@pytest.mark.parametrize(
    ("size", "seconds", "budget", "frames", "tokens"),
    [
        # Qwen2-VL: 16,384 tokens for a video
        ((1280, 720), 10, 16_384, 20, 20 // 2 * 36 * 20),
        ((1280, 720), 60, 16_384, 120, 120 // 2 * 22 * 12),
        ((1280, 720), 384, 16_384, 768, 768 // 2 * 8 * 4),
        ((720, 1280), 60, 16_384, 120, 120 // 2 * 12 * 22),
        # Qwen2.5-VL: 768 pictures, 24,576 tokens
        ((1280, 720), 60, 24_576, 120, 120 // 2 * 26 * 15),
        ((1280, 720), 384, 24_576, 768, 768 // 2 * 10 * 6),
        ((1920, 1080), 3600, 24_576, 768, 768 // 2 * 10 * 6),
        ((640, 640), 3600, 24_576, 768, 768 // 2 * 8 * 8),
    ],
)
def test_qwens_published_budgets_hold_to_the_token(size, seconds, budget, frames, tokens):
    assert len(qwen2_vl()(*at(seconds))) == frames
    width, height = frame_size_px(*size, frames, 28, budget, min_tokens=16)
    assert frames // 2 * (width // 28) * (height // 28) == tokens <= budget


def test_qwen_refuses_slivers():
    with pytest.raises(UsageError, match="200 to 1"):
        frame_size_px(10000, 10, 4)


def test_qwen3_whole_video_budget():
    uncapped = video_size_px(1280, 720, 8, 131_072, 25_165_824)
    capped = video_size_px(1280, 720, 8, 131_072, 25_165_824, cap_per_frame=True)
    assert uncapped == (1280, 704)
    assert capped[0] * capped[1] <= 768 * 32 * 32 < uncapped[0] * uncapped[1]


# --- InternVL, VideoLLaMA 3 --------------------------------------------------------------------------------------


def test_internvl_rounds_before_adding_half_a_segment():
    segment = 299 / 8
    wanted = [int(segment / 2 + np.round(segment * k)) for k in range(8)]
    assert internvl(n=8)(*at(10)).indices.tolist() == wanted == [18, 55, 93, 130, 168, 205, 242, 280]


def test_internvl_training_modes():
    middle = internvl_train(mode="middle", n=8)(*at(10)).indices.tolist()
    assert middle == [18, 55, 93, 130, 168, 205, 243, 280]
    assert internvl_train(mode="middle", n=8)(0.1, np.arange(3) / 30).indices.tolist() == [
        0,
        1,
        2,
        2,
        2,
        2,
        2,
        2,
    ]
    fps = internvl_train(mode="fps1", max_frames=6)(*at(10))
    assert fps.indices.tolist() == [15, 45, 75, 105, 135, 165]
    assert fps.notes == ("4 frames past the first 6 were cut off",)
    drawn = {len(internvl_train(seed=seed)(*at(60))) for seed in range(400)}
    assert drawn == set(range(8, 33))


def test_videollama3_takes_what_ffmpegs_filter_takes():
    """Indices read off ``fps=1:round=down`` of FFmpeg 5.1 on a counter at 30 frames per second."""
    assert videollama3()(*at(2.5)).indices.tolist() == [29, 59]
    assert videollama3()(*at(2)).indices.tolist() == [29, 59]
    assert videollama3()(*at(3)).indices.tolist() == [29, 59, 89]
    assert videollama3()(*at(0.5)).indices.tolist() == [14]
    assert len(videollama3()(*at(600))) == 180


def test_videollama3_middles():
    assert videollama3(reader="middles")(*at(3)).indices.tolist() == [15, 45, 75]
