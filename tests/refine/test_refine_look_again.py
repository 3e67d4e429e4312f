"""Zoom, coarse to fine, parts and votes around an engine that truly sees, on films whose truth is known."""

from __future__ import annotations

import pytest
from refine_kit import LampEngine

from playhead.api import Session
from playhead.errors import UnsupportedError, UsageError
from playhead.timeline import Span

TRUE = Span(21.3, 25.7)


def error_s(answer, true=TRUE) -> float:
    [found] = answer.spans
    return max(abs(found.start_s - true.start_s), abs(found.end_s - true.end_s))


def fits(spans, least) -> None:
    for found, true in zip(spans, (Span(8.2, 14.4), Span(40.6, 47.1)), strict=True):
        assert found.iou(true) > least


# --- zoom -------------------------------------------------------------------------------------------------------------


def test_a_hard_zoom_names_the_ends_more_exactly(minute) -> None:
    session = Session(LampEngine())
    once = session.ground(minute, "light")
    twice = session.refined(zoom=2).ground(minute, "light")
    thrice = session.refined(zoom=3).ground(minute, "light")
    assert error_s(once) > 2
    assert error_s(twice) < error_s(once) / 2
    assert error_s(thrice) < error_s(twice)
    assert once.trace == ()


def test_the_rounds_of_a_zoom_are_in_the_trace(minute) -> None:
    answer = Session(LampEngine()).refined(zoom=2).ground(minute, "light")
    first, second = answer.trace
    assert (first.name, second.name) == ("round 1 of 2", "round 2 of 2 (hard)")
    assert first.window == Span(0, 60)
    assert (first.frames, second.frames) == (13, 13)
    [seen] = first.spans
    assert second.window.start_s < seen.start_s < seen.end_s < second.window.end_s
    assert second.spans == answer.spans
    assert answer.sampling.window == Span(0, 60)  # of which all was looked at
    assert len(answer.sampling.times_s) > 13
    assert list(answer.sampling.times_s) == sorted(answer.sampling.times_s)


def test_a_soft_zoom_takes_as_many_pictures_and_denser_ones_inside(minute) -> None:
    engine = LampEngine(frames=60)
    answer = Session(engine).refined(zoom=2, zoom_mode="soft", ratio=3.0).ground(minute, "light")
    first, second = answer.trace
    assert second.name == "round 2 of 2 (soft)"
    assert abs(second.frames - first.frames) <= 2  # about n, as published
    assert second.window == first.window == Span(0, 60)
    instants, [seen] = engine.looks[1].instants_s, first.spans
    inside = [each for each in instants if seen.contains(each)]
    outside_hz = (len(instants) - len(inside)) / (60 - seen.duration_s)
    assert len(inside) / seen.duration_s > 2 * outside_hz
    assert error_s(answer) < error_s(Session(LampEngine(frames=60)).ground(minute, "light"))


def test_a_soft_zoom_after_many_looks_takes_no_more_pictures_than_one(minute) -> None:
    session = Session(LampEngine(frames=20, full_s=30.0))
    answer = session.refined(zoom=2, zoom_mode="soft", votes=3).ground(minute, "light")
    assert all(step.frames <= 21 for step in answer.trace)
    asked = session.refined(zoom=2, zoom_mode="soft").ask(minute, "How long is it light?")
    assert all(step.frames <= 21 for step in asked.trace)


def test_several_spans_are_looked_at_each(twice) -> None:
    engine = LampEngine()
    answer = Session(engine).refined(zoom=2).ground(twice, "light")
    fits(answer.spans, 0.8)
    assert [step.name for step in answer.trace] == ["round 1 of 2", *["round 2 of 2 (hard)"] * 2]


def test_nothing_found_is_no_reason_to_zoom(dark) -> None:
    engine = LampEngine()
    answer = Session(engine).refined(zoom=3).ground(dark, "light")
    assert answer.events == ()
    assert len(engine.looks) == 1
    assert "nothing was found" in answer.trace[-1].text


def test_a_zoom_that_would_be_the_whole_again_is_none(minute) -> None:
    engine = LampEngine()
    answer = Session(engine).refined(zoom=2).ground(minute, "light", start_s=22, end_s=25)
    assert answer.spans == (Span(22, 25),)
    assert len(engine.looks) == 1
    assert "fills the window" in answer.trace[-1].text


def test_the_round_before_counts_where_the_last_cannot_be_read(minute) -> None:
    answer = Session(LampEngine(unreadable=(2,))).refined(zoom=2).ground(minute, "light")
    assert answer.failure is None
    assert answer.spans == answer.trace[0].spans
    assert "could not be read" in answer.trace[-1].text
    first = Session(LampEngine(unreadable=(1,))).refined(zoom=2).ground(minute, "light")
    assert first.failure is not None  # and no second look was made for nothing
    assert len(first.trace) == 2


def test_a_question_is_grounded_first_and_answered_close_up(minute) -> None:
    engine = LampEngine()
    answer = Session(engine).refined(zoom=3).ask(minute, "How long is it light?")
    assert answer.task == "ask"
    last = answer.trace[-1]
    assert last.window.duration_s < 15
    assert (
        abs(float(answer.text.split()[2]) - TRUE.duration_s) <= last.window.duration_s / 12
    )  # a picture's distance
    assert [step.name for step in answer.trace] == [
        "round 1 of 3",
        "round 2 of 3 (hard)",
        "round 3 of 3 (hard)",
    ]
    chosen = (
        Session(LampEngine()).refined(zoom=2, zoom_mode="soft").choose(minute, "Is it light?", ["yes", "no"])
    )
    assert (chosen.task, chosen.choice) == ("choose", "A")


def test_a_question_about_nothing_found_is_answered_from_the_whole(dark) -> None:
    answer = Session(LampEngine()).refined(zoom=2).ask(dark, "How long is it light?")
    assert answer.text == "light for 0.0 s"
    assert [step.name for step in answer.trace] == ["round 1 of 2", "answer"]


# --- coarse to fine, part by part ---------------------------------------------------------------------------------------


def test_a_long_video_is_seen_thinly_then_closely(minute) -> None:
    engine = LampEngine(full_s=12.0)
    answer = Session(engine).ground(minute, "light")
    assert error_s(answer) <= 1.0
    names = [step.name for step in answer.trace]
    assert names[:2] == ["coarse", "segments"]
    assert all(name.startswith("fine") for name in names[2:])
    assert all(step.window.duration_s <= 12.0 for step in answer.trace[2:])
    [coarse] = answer.trace[0].spans
    [run] = answer.trace[1].spans
    assert run.start_s <= coarse.start_s
    assert run.end_s > coarse.end_s  # longer by the segment after it


def test_a_short_video_is_not_cut_unless_asked_to(minute) -> None:
    for engine, refined in (
        (LampEngine(full_s=60.5), {}),
        (LampEngine(), {}),
        (LampEngine(full_s=12.0), {"coarse": False}),
    ):
        answer = Session(engine).refined(**refined).ground(minute, "light")
        assert answer.trace == ()
        assert len(engine.looks) == 1
    forced = Session(LampEngine()).refined(coarse=True).ground(minute, "light")
    assert error_s(forced) < error_s(Session(LampEngine()).ground(minute, "light"))


def test_what_is_seen_twice_is_looked_at_twice(twice) -> None:
    answer = Session(LampEngine(full_s=20.0)).ground(twice, "light")
    fits(answer.spans, 0.7)
    assert len(answer.trace[1].spans) == 2


def test_nothing_seen_thinly_says_how_thinly(dark) -> None:
    engine = LampEngine(full_s=12.0)
    answer = Session(engine).ground(dark, "light")
    assert answer.events == ()
    assert "4.99 s apart" in answer.reason or "5 s apart" in answer.reason
    assert len(engine.looks) == 1


def test_the_close_looks_are_zoomed_and_voted_on(minute) -> None:
    answer = Session(LampEngine(full_s=30.0)).refined(zoom=2, votes=2).ground(minute, "light")
    names = [step.name for step in answer.trace]
    assert "fine 1 of 1: round 1 of 2: vote 2 of 2" in names
    assert error_s(answer) < 0.7


def test_long_videos_are_described_part_by_part(twice) -> None:
    engine = LampEngine(full_s=20.0)
    answer = Session(engine).events(twice)
    fits(answer.spans, 0.7)
    assert [(look.start_s, look.end_s) for look in engine.looks] == [(None, 20), (20, 40), (40, None)]
    assert [step.name for step in answer.trace] == [f"part {n} of 3: events" for n in (1, 2, 3)]
    whole = Session(LampEngine(full_s=20.0)).watch(twice)
    assert (whole.task, len(whole.events), len(whole.chapters)) == ("watch", 2, 3)
    assert Session(LampEngine(full_s=20.0)).refined(parts=False).events(twice).trace == ()
    assert len(Session(LampEngine()).refined(parts=True, part_s=30).describe(twice).trace) == 2


def test_a_function_makes_one_text_of_the_parts(twice) -> None:
    def editor(_prompt: str) -> str:
        return "It is light now and then."

    told = Session(LampEngine(full_s=20.0)).refined(merge=editor).describe(twice)
    assert told.text == "It is light now and then."


# --- votes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seams", [(), ("instants",)])
def test_votes_meet_in_the_middle_of_what_single_looks_say(minute, seams) -> None:
    engine = LampEngine(frames=25, seams=seams)
    answer = Session(engine).refined(votes=5).ground(minute, "light")
    singles = [step.spans[0] for step in answer.trace[:-1]]
    assert len(singles) == 5
    assert error_s(answer) < max(abs(each.start_s - TRUE.start_s) for each in singles)
    assert error_s(answer) <= error_s(Session(LampEngine(frames=25, seams=seams)).ground(minute, "light"))
    assert 0.5 < answer.confidence < 1
    assert answer.events[0].confidence == answer.confidence
    told = [video.instants_s is not None for video in engine.looks]
    assert told == [False, *[bool(seams)] * 4]


def test_looks_that_agree_that_nothing_is_there_are_sure_of_it(dark) -> None:
    answer = Session(LampEngine()).refined(votes=3).ground(dark, "light")
    assert (answer.events, answer.confidence) == ((), 1.0)


def test_unsure_is_nothing_with_a_reason(tmp_path) -> None:
    from refine_kit import draw_lamp

    flash = draw_lamp(tmp_path / "flash.mp4", 60, ((30.0, 31.3),))  # seen by every third look or so
    session = Session(LampEngine())
    answer = session.refined(votes=5, unsure=0.9).ground(flash, "light")
    assert answer.events == ()
    assert answer.reason.startswith("unsure")
    assert answer.trace[-1].name in ("votes", "sureness")


def test_a_look_that_cannot_be_read_agrees_with_nothing(minute) -> None:
    all_read = Session(LampEngine()).refined(votes=4).ground(minute, "light")
    answer = Session(LampEngine(unreadable=(2, 3))).refined(votes=4).ground(minute, "light")
    assert answer.failure is None
    assert answer.confidence < all_read.confidence
    none = Session(LampEngine(unreadable=(1, 2))).refined(votes=2).ground(minute, "light")
    assert none.failure is not None


def test_choices_are_voted_on(minute) -> None:
    answer = Session(LampEngine()).refined(votes=3).choose(minute, "Is it light?", ["yes", "no"])
    assert (answer.choice, answer.confidence) == ("A", 1.0)
    assert "A in 3 of 3 looks" in answer.trace[-1].text


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"zoom": 0}, "1 to 64"),
        ({"zoom": -1}, "zoom=-1"),
        ({"zoom": 2.0}, "zoom=2.0"),
        ({"zoom": True}, "zoom=True"),
        ({"zoom_mode": "sofd"}, "did you mean 'soft'"),
        ({"votes": 0}, "votes=0"),
        ({"snap": -1}, "snap=-1"),
        ({"unsure": 1.5}, "0 to 1"),
        ({"unsure": float("nan")}, "unsure=nan"),
        ({"coarse": "yes"}, "True, False or None"),
        ({"segment_s": 0}, "segment_s=0"),
        ({"merge": "own"}, "merge='own'"),
        ({"merge": "nune"}, "did you mean 'none'"),
        ({"ratio": 0.5}, "ratio=0.5"),
        ({"choose_frames": " "}, "choose_frames"),
        ({"calibration": 0.5}, "calibration"),
        ({"zooms": 2}, "did you mean 'zoom'"),
    ],
)
def test_what_is_no_setting_is_refused(settings, told) -> None:
    with pytest.raises(UsageError) as caught:
        Session(LampEngine()).refined(**settings)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "missing"),
    [({"zoom": 2, "zoom_mode": "soft"}, "zoom_mode='hard'"), ({"choose_frames": "auto"}, "zoom=2")],
)
def test_an_engine_without_the_seam_is_named_with_what_works(settings, missing) -> None:
    with pytest.raises(UnsupportedError, match="lamp; found no seam 'instants'") as caught:
        Session(LampEngine(seams=())).refined(**settings)
    assert missing in str(caught.value)


def test_a_mechanism_that_does_nothing_for_a_task_is_not_passed_over(minute) -> None:
    session = Session(LampEngine())
    for refined, ask in (
        ({"zoom": 2}, lambda s: s.events(minute)),
        ({"snap": True}, lambda s: s.ask(minute, "what?")),
        ({"parts": True}, lambda s: s.ground(minute, "light")),
        ({"coarse": True}, lambda s: s.ask(minute, "what?")),
    ):
        with pytest.raises(UnsupportedError, match="does nothing"):
            ask(session.refined(**refined))
    with pytest.raises(UsageError, match="empty"):
        session.refined(zoom=2).ground(minute, " ")


def test_a_threshold_needs_something_to_hold_against_it(minute) -> None:
    with pytest.raises(UnsupportedError, match="votes=5"):
        Session(LampEngine()).refined(unsure=0.5).ground(minute, "light")


def test_settings_add_up(minute) -> None:
    session = Session(LampEngine()).refined(zoom=2).refined(votes=3)
    assert (session.settings.zoom, session.settings.votes) == (2, 3)
