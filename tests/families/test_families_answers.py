"""Every tiny preset answers every task on real clips, with times on the video's clock and an honest report."""

from __future__ import annotations

import math
import os
import shutil

import pytest
import torch
from families_kit import TASKS, call, load, looked, replace_looks

from playhead.errors import UnsupportedError, UsageError, WindowError
from playhead.models.machine import Memory, gigabytes
from playhead.timeline import to_dict


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_answered(session, drawn, task) -> None:
    clip = drawn("constant")
    answer = call(session, task, clip.path)
    assert answer.failure is None, answer.failure
    assert (answer.task, answer.model, answer.source) == (task, session.engine.name, str(clip.path))
    timed = [*answer.events, *answer.chapters]
    for event in timed:
        assert 0 <= event.span.start_s <= event.span.end_s <= answer.duration_s + 1e-6
    if task in ("events", "ground", "watch"):
        assert answer.events
    if task in ("chapters", "watch"):
        assert answer.chapters
    if task in ("describe", "ask", "watch"):
        assert answer.text
    if task == "choose":
        assert answer.choice in {"A", "B", "C"}
    assert answer.query == (TASKS[task][0] if TASKS[task] else "")
    to_dict(answer)


def test_the_report_of_what_was_seen_is_true(session, drawn) -> None:
    clip = drawn("constant")
    answer = call(session, "describe", clip.path)
    report = answer.sampling
    assert (report.window.start_s, report.window.end_s) == (0.0, pytest.approx(clip.end_s, abs=0.05))
    assert report.times_s
    assert report.policy
    shown = set(clip.times_s)
    assert all(min(abs(at - time_s) for time_s in shown) < 1e-5 for at in report.times_s)
    assert report.audio_s in (0.0, pytest.approx(clip.end_s, abs=0.05))


def test_a_window_keeps_the_clock_of_the_whole_video(session, drawn) -> None:
    clip = drawn("constant")
    for task in ("ground", "chapters"):
        answer = call(session, task, clip.path, start_s=1.0, end_s=2.0)
        assert answer.failure is None, answer.failure
        assert (answer.sampling.window.start_s, answer.sampling.window.end_s) == (1.0, 2.0)
        assert all(1.0 - 1e-6 <= at < 2.0 for at in answer.sampling.times_s)
        for event in (*answer.events, *answer.chapters):
            assert 1.0 - 1e-6 <= event.span.start_s <= event.span.end_s <= 2.0 + 1e-6
    with pytest.raises(WindowError):
        call(session, "describe", clip.path, start_s=50.0)


@pytest.mark.parametrize("scene", ["no_audio", "single_frame", "late_video", "late_audio", "rotated_1"])
def test_odd_clips_are_answered(session, drawn, scene) -> None:
    clip = drawn(scene)
    answer = call(session, "ground", clip.path)
    assert answer.failure is None, answer.failure
    assert answer.sampling.times_s
    assert all(min(abs(at - each) for each in clip.times_s) < 1e-5 for at in answer.sampling.times_s)
    if scene in ("no_audio", "single_frame"):
        assert answer.sampling.audio_s == 0.0


def test_sound_without_pictures_is_refused_or_heard(session, drawn) -> None:
    from playhead.errors import MediaError

    try:
        answer = call(session, "describe", drawn("audio_only_wav").path)
    except MediaError as error:
        assert "audio only" in str(error) or "no" in str(error)  # noqa: PT017 - either is right, and must be said
    else:
        assert answer.sampling.audio_s > 0


def test_the_same_question_has_the_same_answer(session, drawn, tiny) -> None:
    path = drawn("constant").path
    first = call(session, "ground", path)
    assert call(session, "ground", path) == first
    assert call(load(tiny), "ground", path) == first


def test_a_second_question_looks_no_more_and_a_changed_file_is_looked_at_again(tiny, drawn, tmp_path) -> None:
    session = load(tiny)
    looks = []
    replace_looks(session.engine, lambda look: lambda video, *more: looks.append(video) or look(video, *more))
    path = tmp_path / "clip.mp4"
    shutil.copy(drawn("constant").path, path)
    first = call(session, "ground", path)
    call(session, "describe", path)
    assert len(looks) == 1
    shutil.copy(drawn("variable").path, path)
    os.utime(path, (1, 1))
    again = call(session, "ground", path)
    assert len(looks) == 2
    assert again.sampling.times_s != first.sampling.times_s


def test_progress_is_told_and_an_interrupt_leaves_the_engine_usable(tiny, drawn) -> None:
    session = load(tiny)
    path = drawn("constant").path
    told = []
    before = call(session, "describe", path, progress=lambda stage, done, total: told.append(stage))
    assert "answering" in told

    def interrupt(stage: str, done: float, total: float | None) -> None:
        if stage == "answering" and done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(session, "describe", path, progress=interrupt)
    assert call(session, "describe", path) == before


def test_a_task_no_family_has_is_refused(session, drawn) -> None:
    with pytest.raises(UnsupportedError, match="does not offer the task 'transcribe'"):
        session.transcribe(str(drawn("constant").path))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_new_token": 5}, "did you mean 'max_new_tokens'"),
        ({"dtype": "float33"}, "did you mean 'float32'"),
        ({"device": "cuba"}, "device 'cuba'"),
        ({"max_new_tokens": 0}, "whole number"),
        ({"constrain": "yes"}, "True or False"),
    ],
)
def test_wrong_settings_are_refused(tiny, options, said) -> None:
    with pytest.raises(UsageError, match=said):
        load(tiny, **options)


def numbers_of(plan) -> list[str]:
    """What a message of too little memory has to say of the plan."""
    more_bytes = plan.peak_bytes - plan.weights_bytes
    told = [gigabytes(each) for each in (more_bytes, plan.peak_bytes, plan.weights_bytes)]
    return [*told, f"{plan.frames} frames", f"{plan.video_tokens} video tokens", "shorter window"]


def test_what_does_not_fit_is_refused_before_the_video_is_looked_at(tiny, drawn, monkeypatch) -> None:
    session, path = load(tiny), drawn("constant").path
    plan = session.plan(str(path))
    monkeypatch.setattr("playhead.models.end_to_end.SMALL_PARAMETERS", 0)
    monkeypatch.setattr("playhead.models.machine._host_memory", lambda: Memory(10**9, 12_300))
    replace_looks(session.engine, lambda look: None)  # would fail if it were called
    with pytest.raises(UnsupportedError, match="too little memory to answer") as raised:
        call(session, "describe", path)
    for said in [*numbers_of(plan), gigabytes(12_300)]:
        assert said in str(raised.value)


def test_memory_that_runs_out_is_an_error_with_the_plan_and_the_engine_lives_on(tiny, drawn) -> None:
    session, path = load(tiny), drawn("constant").path
    plan, full = session.plan(str(path)), [True]

    def unless_full(look):
        def made(*words):
            if full:
                raise torch.OutOfMemoryError("no room")
            return look(*words)

        return made

    replace_looks(session.engine, unless_full)
    with pytest.raises(UnsupportedError, match="too little memory to answer") as raised:
        call(session, "describe", path)
    assert all(said in str(raised.value) for said in numbers_of(plan))
    full.clear()
    assert call(session, "describe", path).failure is None


def test_a_cut_off_answer_says_so(tiny, drawn) -> None:
    session = load(tiny, max_new_tokens=3)
    answer = call(session, "describe", drawn("constant").path)
    assert answer.failure is not None or "cut off" in answer.reason


def test_a_plan_counts_what_is_really_used(session, drawn) -> None:
    path = drawn("constant").path
    plan = session.plan(str(path))
    look, layout = looked(session.engine, path)
    assert plan.engine == session.engine.name
    assert plan.frames == len(look.times_s)
    kept_M = getattr(look.data, "kept_M", None)  # what changes too little is left out once it is seen
    filled = len(layout.filled()) if kept_M is None else len(kept_M)
    if getattr(look.data, "small_F", None) is not None:  # pictures a router makes small are counted whole
        filled = int(look.data.grids_F2.prod(axis=1).sum())
    assert (
        filled <= plan.video_tokens <= filled + 2 * len(layout.slots) + 2
    )  # a family may count the marks around them
    assert plan.weights_bytes == sum(each.nbytes for each in session.engine.model.parameters())
    assert plan.peak_bytes > plan.weights_bytes
    assert plan.flops > 0
    assert plan.answer_flops_per_token > 0
    assert math.isfinite(plan.seconds)
    assert (plan.audio_s > 0) == (look.sampling.audio_s > 0)
