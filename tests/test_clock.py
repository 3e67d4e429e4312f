"""The clock: every kind of file says its true times, in pictures and in sound, for every sampling policy.

Each scene is drawn with the truth inside: the picture says its own number, beeps stand at known seconds.
"""

from __future__ import annotations

import numpy as np
import pytest

from helpers.draw import SCENES, beep_onsets, read_number, with_pictures
from playhead.media import Video, index_frames, open_clip, probe, stream_audio, stream_frames
from playhead.media.sampling import POLICIES, Policy, sample

SILENT = {"no_audio", "silent", "cinepak", "theora", "raw_h264", "gif", "webp", "single_frame", "still"}
SOUNDING = tuple(name for name in SCENES if name not in SILENT)
HALF_SECONDS = np.arange(0.0, 30.0, 0.5)

# What the policies that ask something of their caller are given here.
NEEDS = {
    "uniform": {"n": 7},
    "segment-middles": {"n": 5},
    "content": {"cuts_s": (0.5, 1.1), "n": 6},
    "densify": {"spans_s": ((0.0, 2.0),)},
    "internvl-train": {"seed": 0},
}
WITHOUT_TEXT_FORM = {"keye1.5"}  # wants one similarity per candidate frame: tested in its own test below


def make_policy(name: str) -> Policy:
    return POLICIES[name](**NEEDS.get(name, {}))


@pytest.mark.parametrize("scene", with_pictures())
def test_every_frame_has_its_true_time_and_its_own_pixels(scene, drawn):
    truth = drawn(scene)
    frames = list(stream_frames(Video(str(truth.path))))
    assert [read_number(frame.pixels_HWC) for frame in frames] == list(truth.numbers)
    assert [frame.pts_s for frame in frames] == pytest.approx(truth.times_s, abs=truth.rounding_s)
    assert {frame.pixels_HWC.shape for frame in frames} == {(truth.size_px[1], truth.size_px[0], 3)}


@pytest.mark.parametrize("scene", SCENES)
def test_probe_measures_length_rate_and_start(scene, drawn):
    truth = drawn(scene)
    info = probe(truth.path)
    assert info.duration_s == pytest.approx(truth.end_s, abs=truth.end_rounding_s)
    if truth.times_s:
        assert info.frame_count == len(truth.times_s)
        assert info.video is not None
        assert info.video.start_s == pytest.approx(truth.times_s[0], abs=truth.rounding_s)
        if len(truth.times_s) > 1:
            assert info.variable_rate is truth.variable
    else:
        assert info.video is None


@pytest.mark.parametrize("scene", with_pictures())
def test_index_agrees_with_the_truth_without_decoding(scene, drawn):
    truth = drawn(scene)
    info = probe(truth.path)
    index = index_frames(truth.path, info)
    assert index.times_s == pytest.approx(truth.times_s, abs=truth.rounding_s)
    assert index.is_key[0] or scene == "edit_list"  # whose key frame is hidden


@pytest.mark.parametrize("scene", with_pictures())
def test_given_times_give_the_frame_on_show_then(scene, drawn):
    truth = drawn(scene)
    wanted_s = HALF_SECONDS[truth.end_s > HALF_SECONDS] if truth.end_s else np.zeros(1)
    wanted_s = wanted_s + 0.013  # inside a frame, never on its edge
    expected = [max(0, int(np.searchsorted(truth.times_s, at, side="right")) - 1) for at in wanted_s]
    frames = list(stream_frames(Video(str(truth.path)), times_s=wanted_s, size=48))
    assert [read_number(frame.pixels_HWC) for frame in frames] == [truth.numbers[i] for i in expected]
    assert [frame.pts_s for frame in frames] == pytest.approx(
        [truth.times_s[i] for i in expected], abs=truth.rounding_s
    )


@pytest.mark.parametrize("scene", [name for name in with_pictures() if name not in {"still", "single_frame"}])
def test_a_window_holds_what_is_first_shown_in_it(scene, drawn):
    truth = drawn(scene)
    end_s = max(truth.times_s)
    start_s, stop_s = 0.61 * end_s + 0.003, 0.83 * end_s + 0.003
    inside = [i for i, at in enumerate(truth.times_s) if start_s <= at < stop_s]
    clip = open_clip(truth.path, sampling="every", start_s=start_s, end_s=stop_s)
    assert clip.frames is not None
    assert [read_number(pixels) for pixels in clip.frames.pixels_FHWC] == [truth.numbers[i] for i in inside]
    assert clip.frames.pts_s == pytest.approx([truth.times_s[i] for i in inside], abs=truth.rounding_s)
    if clip.waveform is not None:
        assert clip.waveform.start_s == start_s
        assert clip.waveform.duration_s == pytest.approx(stop_s - start_s, abs=1e-4)


@pytest.mark.parametrize("policy_name", sorted(set(POLICIES) - WITHOUT_TEXT_FORM))
@pytest.mark.parametrize("scene", with_pictures())
def test_every_policy_gets_exactly_the_frames_it_chose(scene, policy_name, drawn):
    truth = drawn(scene)
    policy = make_policy(policy_name)
    clip = open_clip(truth.path, sampling=policy, audio=False, size=(96, 64))
    index = index_frames(truth.path, clip.info)
    chosen = sample(policy, index.times_s, 0.0, clip.info.duration_s)
    assert clip.frames is not None
    assert len(chosen) > 0
    assert [read_number(pixels) for pixels in clip.frames.pixels_FHWC] == [
        truth.numbers[i] for i in chosen.indices
    ]
    assert clip.frames.pts_s == pytest.approx(
        [truth.times_s[i] for i in chosen.indices], abs=truth.rounding_s
    )
    assert clip.sampling.times_s == tuple(clip.frames.pts_s)


@pytest.mark.parametrize("scene", ["constant", "variable", "late_video"])
def test_the_slow_fast_policy_gets_exactly_the_frames_it_chose(scene, drawn):
    truth = drawn(scene)
    count = len(sample(POLICIES["per-second"](rate_hz=2.0), np.asarray(truth.times_s), 0.0, truth.end_s))
    policy = POLICIES["keye1.5"](similarity_F=np.linspace(0.1, 0.99, count), budget_tokens=4096)
    clip = open_clip(truth.path, sampling=policy, audio=False)
    chosen = sample(policy, index_frames(truth.path, clip.info).times_s, 0.0, clip.info.duration_s)
    assert clip.frames is not None
    assert [read_number(pixels) for pixels in clip.frames.pixels_FHWC] == [
        truth.numbers[i] for i in chosen.indices
    ]


def test_all_policies_are_covered():
    assert WITHOUT_TEXT_FORM | set(NEEDS) <= set(POLICIES)


@pytest.mark.parametrize("scene", SOUNDING)
def test_beeps_are_heard_at_their_seconds(scene, drawn):
    truth = drawn(scene)
    blocks = list(stream_audio(Video(str(truth.path)), block_s=0.7))
    starts_s = [block.start_s for block in blocks]
    assert starts_s == pytest.approx([0.7 * i for i in range(len(blocks))])
    samples_N = np.concatenate([block.samples_N for block in blocks])
    assert samples_N.dtype == np.float32
    assert beep_onsets(samples_N, 16_000) == pytest.approx(truth.beeps_s, abs=0.01)
    assert len(samples_N) / 16_000 == pytest.approx(truth.end_s, abs=truth.end_rounding_s)


@pytest.mark.parametrize("scene", SOUNDING)
def test_beeps_in_a_window_keep_their_seconds(scene, drawn):
    truth = drawn(scene)
    start_s, end_s = truth.beeps_s[-1] - 0.31, truth.beeps_s[-1] + 0.2
    clip = open_clip(truth.path, sampling="uniform:n=1", start_s=start_s, end_s=end_s)
    assert clip.waveform is not None
    assert clip.waveform.start_s == start_s
    found = beep_onsets(clip.waveform.samples_N, 16_000, clip.waveform.start_s)
    assert found == pytest.approx(truth.beeps_s[-1:], abs=0.01)


def test_the_variable_twin_has_the_same_pictures_at_other_times(drawn):
    constant, variable = drawn("constant"), drawn("variable")
    same = [
        [read_number(frame.pixels_HWC) for frame in stream_frames(Video(str(truth.path)))]
        for truth in (constant, variable)
    ]
    assert same[0] == same[1]
    info = probe(variable.path)
    stated_s = np.arange(len(variable.times_s)) * info.duration_s / len(variable.times_s)
    assert np.abs(stated_s - variable.times_s).max() > 0.3  # index over average rate would be this wrong
