"""True times survive from the decoder to the prompt, and to the burnt-in pixels of the family that burns them in."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from families_kit import SHOWN_STEPS, looked

from helpers.draw import with_pictures

LONGEST_HOLD_S = max(SHOWN_STEPS) / 25
SCENES = [
    "constant",
    "variable",
    "ntsc",
    "late_video",
    "edit_list",
    "both_late",
    "fragmented",
    "single_frame",
]


@pytest.mark.parametrize("scene", SCENES)
def test_times_of_the_prompt_are_those_of_the_file(engine, drawn, scene) -> None:
    assert scene in with_pictures()
    clip = drawn(scene)
    look, layout = looked(engine, clip.path)
    true_s = np.asarray(clip.times_s)
    gaps_s = np.abs(look.times_s[:, None] - true_s).min(axis=1)
    assert gaps_s.max() <= clip.rounding_s
    assert (np.diff(look.times_s) >= 0).all()
    assert look.intervals_S2.shape == (len(look.times_s), 2)
    starts_s, ends_s = look.intervals_S2.T
    # Pictures of the other families stand for a second or a hundredth near them.
    if engine.family == "hour-llava":
        assert (starts_s <= look.times_s + clip.rounding_s).all()
        assert (look.times_s < ends_s + clip.rounding_s).all()
    assert (np.diff(starts_s) >= 0).all()
    assert (ends_s >= starts_s).all()
    assert starts_s[0] >= look.window.start_s - 1e-9
    assert ends_s[-1] <= look.window.end_s + 1e-9
    assert len(look.labels) == len(look.times_s)
    frames = [slot for slot in layout.slots if slot.kind == "frame"]
    at = np.searchsorted(
        look.times_s, [slot.pts_s for slot in frames]
    )  # a family may show its model some frames only
    assert (np.diff(at) >= 0).all()
    assert frames
    for slot, row in zip(frames, at, strict=True):
        assert slot.pts_s == look.times_s[row]
    if len(frames) == len(look.times_s):
        for slot, span_2, label in zip(frames, look.intervals_S2, look.labels, strict=True):
            assert (slot.span.start_s, slot.span.end_s) == pytest.approx(tuple(span_2), abs=1e-9)
            assert slot.label == label
    else:
        stretches = {tuple(each) for each in look.intervals_S2.tolist()}
        assert {(slot.span.start_s, slot.span.end_s) for slot in frames} <= stretches


def test_a_window_has_the_times_of_the_whole_clock(engine, drawn) -> None:
    clip = drawn("constant")
    look, layout = looked(engine, clip.path, start_s=1.0, end_s=2.0)
    inside = {time_s for time_s in clip.times_s if 1.0 <= time_s < 2.0}
    assert {round(time_s, 6) for time_s in look.times_s.tolist()} <= {round(time_s, 6) for time_s in inside}
    assert all(slot.span.start_s >= 1.0 - 1e-9 for slot in layout.slots)


def test_a_variable_rate_clip_and_its_constant_rate_twin_get_the_same_labels(engine, twins) -> None:
    (variable, at_variable), (constant, at_constant) = (looked(engine, path) for path in twins)
    assert variable.info.variable_rate
    assert constant.info.variable_rate is False
    assert variable.info.duration_s == pytest.approx(constant.info.duration_s, abs=1e-3)
    assert np.abs(variable.times_s - constant.times_s).max() <= LONGEST_HOLD_S + 1e-6
    own = re.compile(r"(?:<|Time )(\d+\.\d)(?: seconds>|s:)")
    if own.fullmatch(variable.labels[0]):  # pictures' own times: as far apart as the pictures may be
        told_s = np.array(
            [[float(own.fullmatch(each)[1]) for each in look.labels] for look in (variable, constant)]
        )
        assert np.abs(told_s[0] - told_s[1]).max() <= LONGEST_HOLD_S + 0.1
        return
    assert variable.labels == constant.labels
    if any(
        variable.labels
    ):  # what the model is told are stretches of the clock: they do not depend on the frames
        np.testing.assert_allclose(variable.intervals_S2, constant.intervals_S2, atol=1e-3)
    if (
        getattr(variable.data, "small_F", None) is None
    ):  # a router gives other pictures other counts of tokens
        assert at_variable.input_ids_N.tolist() == at_constant.input_ids_N.tolist()


def test_the_clock_burnt_into_a_picture_is_the_stretch_it_stands_for(engine, drawn) -> None:
    """One picture seen as the second second of a clip, and as the first of a window: only its clock differs."""
    if engine.family != "arc-hunyuan-video":
        pytest.skip("this family tells time beside the pictures or by order alone")
    from playhead.media.overlay import hms

    path = drawn("constant").path
    (whole, in_whole), (part, in_part) = looked(engine, path), looked(engine, path, start_s=1.0, end_s=2.0)
    assert whole.labels[:2] == ("00:00:00-00:00:01", "00:00:01-00:00:02")
    assert [label[:8] for label in whole.labels] == [hms(start_s) for start_s in whole.intervals_S2[:, 0]]
    assert part.times_s[0] == whole.times_s[1]
    seen = engine.inputs(whole, in_whole)["pixel_values"][1]
    again = engine.inputs(part, in_part)["pixel_values"][0]
    changed_HW = (seen - again).abs().amax(0) > 1e-3
    rows, columns = torch.where(changed_HW)
    side = changed_HW.shape[-1]
    if part.labels[0] == whole.labels[1]:  # labels count on the whole clock
        assert not changed_HW.any()
    else:
        assert part.labels[0] == "00:00:00-00:00:01"
        assert changed_HW.any()
        assert rows.max() < side / 2
        assert columns.min() > side / 3
    unlike_HW = (engine.inputs(whole, in_whole)["pixel_values"][0] - seen).abs().amax(0) > 1e-3
    assert unlike_HW.any()
