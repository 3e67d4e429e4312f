"""What a video would take: the published counts, and the tiny model's real ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from helpers.draw import Sound, write_media
from playhead.errors import EmptyMediaError
from playhead.media.clip import Video
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration, tiny_config
from playhead.models.arc_hunyuan_video.family import FAMILY
from playhead.models.arc_hunyuan_video.plan import PUBLISHED, dimensions_of, video_tokens
from playhead.models.family import EngineOptions


def test_the_published_sizes() -> None:
    assert round(PUBLISHED.parameters / 1e9, 3) == 8.635
    assert PUBLISHED.slots == 112
    assert PUBLISHED.cache_bytes(1, 2) == 128 * 1024
    assert round(PUBLISHED.cache_bytes(17_102, 2) / 1e9, 2) == 2.24
    assert (video_tokens(60), video_tokens(150)) == (6842, 17_102)


def test_operations_are_of_the_size_that_was_estimated_before() -> None:
    """Specification 8.4, for 60 frames: the vision tower and the prompt take about 0.1 PFLOP each."""
    assert 60 * PUBLISHED.frame_flops() == pytest.approx(1e14, rel=0.3)
    assert PUBLISHED.prefill_flops(6900) == pytest.approx(1e14, rel=0.3)
    assert PUBLISHED.token_flops(0) == pytest.approx(2 * PUBLISHED.decoder_parameters, rel=0.01)


def test_the_count_of_parameters_is_the_models_own() -> None:
    config = tiny_config(vocab_size=600, pad_token_id=4)
    model = ArcHunyuanVideoForConditionalGeneration(config)
    assert dimensions_of(config).parameters == sum(each.numel() for each in model.parameters())


def drawn_clip(folder, seconds, **how):
    """A clip of one picture a second, so that a long one is quick to draw."""
    return Video(
        str(
            write_media(
                folder / "clip.mkv", ticks=range(seconds), tick_s=Fraction(1), size_px=(64, 48), **how
            )
        )
    )


def sound(seconds):
    return (Sound(beeps_s=(), end_s=seconds, rate_hz=16_000, codec="pcm_s16le", sample_format="s16"),)


PRESETS = FAMILY.presets
ON_CPU = EngineOptions(device="cpu")


def test_the_plan_of_a_minute(tmp_path) -> None:
    options = EngineOptions(device="cpu", dtype="bfloat16")
    plan = FAMILY.plan(PRESETS["arc-hunyuan-video"], drawn_clip(tmp_path, 60, sounds=sound(60)), options)
    assert (plan.frames, plan.video_tokens, plan.audio_s) == (60, 6842, 60.0)
    assert round(plan.weights_bytes / 1e9, 2) == 17.27
    assert 18e9 < plan.peak_bytes < 30e9
    assert plan.flops == pytest.approx(2.3e14, rel=0.3)
    assert plan.notes == ()


def test_the_plan_says_what_one_picture_stands_for(tmp_path) -> None:
    plan = FAMILY.plan(PRESETS["arc-hunyuan-video"], drawn_clip(tmp_path, 201), ON_CPU)
    assert (plan.frames, plan.video_tokens, plan.audio_s) == (150, 17_102, 0.0)
    assert any("each stands for 1.34 s" in note for note in plan.notes)
    assert any("silence" in note for note in plan.notes)


def test_the_plan_says_which_parts_are_merged_and_which_sound_is_not_heard(tmp_path) -> None:
    video = drawn_clip(tmp_path, 380, sounds=sound(380))
    plan = FAMILY.plan(PRESETS["arc-hunyuan-video"], video, ON_CPU)
    assert (plan.frames, plan.video_tokens, plan.audio_s) == (230, 17_102 + video_tokens(80), 380)
    assert "answered in 2 parts" in plan.notes[0]
    assert "merging is not counted" in plan.notes[0]
    assert "each stands for 2 s" in plan.notes[1]
    one = FAMILY.plan(
        PRESETS["arc-hunyuan-video"], video, EngineOptions(device="cpu", family={"segment_s": 0})
    )
    assert (one.frames, one.audio_s) == (150, 300)
    assert 1.7 < plan.answer_flops_per_token / one.answer_flops_per_token < 2  # every part is answered
    assert any("only the first 2 s" in note for note in one.notes)
    assert one.peak_bytes == pytest.approx(plan.peak_bytes, rel=0.01)  # the largest part is what counts


def test_the_plan_of_a_window_and_of_fewer_pictures(tmp_path) -> None:
    video = drawn_clip(tmp_path, 60, sounds=sound(60))
    windowed = replace(video, start_s=10.0, end_s=25.0)
    assert FAMILY.plan(PRESETS["arc-hunyuan-video"], windowed, ON_CPU).frames == 15
    few = EngineOptions(device="cpu", family={"max_frames": 6})
    plan = FAMILY.plan(PRESETS["arc-hunyuan-video"], video, few)
    assert plan.frames == 6
    assert any("2.24 s of sound" in note for note in plan.notes)


@pytest.mark.parametrize("sound_s", [9, 13, 4])
def test_the_tiny_plan_is_what_the_tiny_engine_does(tmp_path, sound_s) -> None:
    video = drawn_clip(tmp_path, 9, sounds=sound(sound_s))
    preset = PRESETS["arc-hunyuan-video-tiny"]
    plan = FAMILY.plan(preset, video, ON_CPU)
    engine = FAMILY.make(preset, None, ON_CPU)
    look = engine.look(video)
    layout = engine.layout(look, "What?")
    slots = sum(slot.length for slot in layout.slots)
    assert plan.frames == len(look.times_s) == len(look.sampling.times_s)
    assert plan.video_tokens == slots + 2 * plan.frames + 2
    assert plan.audio_s == look.sampling.audio_s
    assert plan.weights_bytes == sum(each.numel() * 4 for each in engine.model.parameters())
    assert engine.plan(video).video_tokens == plan.video_tokens


def test_sound_alone_has_no_plan(tmp_path, drawn) -> None:
    with pytest.raises(EmptyMediaError, match="pictures"):
        FAMILY.plan(PRESETS["arc-hunyuan-video"], Video(str(drawn("audio_only_wav").path)), ON_CPU)
