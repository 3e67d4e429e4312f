"""The whole default engine, offline: real senses that need no weights, on a film whose truth is known."""

from __future__ import annotations

import av
import numpy as np
import pytest

import playhead
from playhead.errors import PlayheadWarning, SourceError, UnsupportedError, UsageError, WindowError
from playhead.media.clip import Video
from playhead.models.scout.memory import Memory
from playhead.timeline import Span

RATE_HZ = 10
SECONDS = 24
CUT_S = 12.0


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two still pictures of quite different looks, one after the other, without sound."""
    path = tmp_path_factory.mktemp("film") / "two_shots.mp4"
    columns, rows = np.meshgrid(np.arange(96), np.arange(64))
    stripes = np.stack([(columns // 8 % 2) * 200, rows * 3, columns * 2], axis=-1).astype(np.uint8)
    rings = np.hypot(columns - 48, rows - 32)[..., None] * [4, 1, 2]
    pictures = (stripes, np.clip(255 - rings, 0, 255).astype(np.uint8))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=RATE_HZ, width=96, height=64, pix_fmt="yuv420p")
        for n in range(SECONDS * RATE_HZ):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pictures[n >= CUT_S * RATE_HZ], format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    return playhead.load("scout", llm="none", senses=("pictures",))


def test_a_silent_film_is_cut_at_its_cut_and_nothing_is_made_up(session, film):
    answer = session.watch(film)
    assert [event.span for event in answer.events] == [Span(0.0, CUT_S), Span(CUT_S, float(SECONDS))]
    assert all(event.flags == ("measured",) for event in answer.events)
    assert all("No sound" in event.text for event in answer.events)
    assert answer.transcript is None
    assert answer.chapters[0].span.start_s == 0.0
    assert answer.chapters[-1].span.end_s == SECONDS
    assert answer.duration_s == SECONDS
    assert set(answer.lanes) >= {"shots"}


def test_nothing_in_a_silent_film_supports_a_query(session, film):
    answer = session.ground(film, "a dog barks")
    assert answer.events == ()
    assert answer.spans == ()
    assert "supports the query" in answer.reason
    assert answer.query == "a dog barks"


def test_a_question_without_evidence_is_not_answered(session, film):
    answer = session.ask(film, "Who is speaking?")
    assert answer.text == ""
    assert answer.reason


def test_times_in_a_window_are_the_whole_clips(session, film):
    answer = session.watch(film, start_s=6.0, end_s=20.0)
    assert [event.span for event in answer.events] == [Span(6.0, CUT_S), Span(CUT_S, 20.0)]
    assert answer.sampling.window == Span(6.0, 20.0)
    assert answer.duration_s == SECONDS


def test_the_same_question_again_reads_what_was_kept(session, film, monkeypatch):
    first = session.watch(film)
    seen = []
    monkeypatch.setattr("playhead.models.scout.engine.compose", lambda *a, **k: seen.append(a))
    stages = []
    again = session.watch(film, progress=lambda stage, done, total: stages.append(stage))
    assert again == first
    assert seen == []
    assert stages == []


def test_a_damaged_composition_is_made_again_with_a_warning(session, film):
    first = session.watch(film)
    (entry,) = Memory().folder.glob("*.json")
    entry.write_text('{"title": 1')
    with pytest.warns(PlayheadWarning, match="made again"):
        assert session.watch(film) == first


def test_chapters_describe_and_events_fill_their_own_fields(session, film):
    chapters, described, events = session.chapters(film), session.describe(film), session.events(film)
    assert chapters.chapters
    assert not chapters.events
    assert described.text
    assert not described.events
    assert events.events
    assert not events.chapters


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lmm": "none"}, "did you mean 'llm'"),
        ({"llm": "qwen2.5-1.5"}, "did you mean 'qwen2.5-1.5b'"),
        ({"senses": ("speach",)}, "did you mean 'speech'"),
        ({"event_s": -1.0}, "above 0"),
    ],
)
def test_wrong_settings_are_refused_with_the_nearest_name(options, words):
    with pytest.raises(UsageError, match=words):
        playhead.load("scout", **options)


def test_another_device_is_refused():
    with pytest.raises(UnsupportedError, match="cpu"):
        playhead.load("scout", device="cuda")


def test_an_unknown_engine_is_refused():
    with pytest.raises(UsageError, match="scout"):
        playhead.load("scoot")


def test_a_task_scout_does_not_offer_is_refused(session, film):
    class Dance:
        name = "dance"

    with pytest.raises(UnsupportedError, match="dance"):
        session.engine.answer(Video(str(film)), Dance())


def test_bad_files_and_windows_are_errors(session, film, tmp_path):
    with pytest.raises(SourceError):
        session.watch(tmp_path / "absent.mp4")
    with pytest.raises(WindowError):
        session.watch(film, start_s=100.0)
    with pytest.raises(WindowError):
        session.watch(film, start_s=5.0, end_s=4.0)
    with pytest.raises(UsageError):
        session.ground(film, "  ")


def test_scout_tiny_needs_no_weights(film, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path))
    answer = playhead.load("scout-tiny").watch(film)
    assert [event.span.start_s for event in answer.events] == [0.0, CUT_S]
    assert not (tmp_path / "weights").exists()


def test_a_random_model_cannot_move_a_time(film, tmp_path, monkeypatch):
    """The whole code path with a real llama.cpp model of random weights, whose words mean nothing."""
    pytest.importorskip("gguf")
    from helpers.tiny_model import write_tiny_model

    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path))
    model = write_tiny_model(tmp_path / "tiny.gguf")
    session = playhead.load("scout", llm=str(model), senses=("pictures",))
    answer = session.watch(film)
    assert [event.span for event in answer.events] == [Span(0.0, CUT_S), Span(CUT_S, float(SECONDS))]
    assert session.choose(film, "What is shown?", ["stripes", "rings"]).choice in ("A", "B")
    assert session.ground(film, "a dog barks").events == ()


def test_settings_of_the_wrong_type_are_refused():
    with pytest.raises(UsageError, match="language model 3"):
        playhead.load("scout", llm=3)
    with pytest.raises(UsageError, match="engine None"):
        playhead.load(None)


def test_evidence_gathered_ahead_is_not_gathered_again(session, film, monkeypatch):
    session.engine.prepare(Video(str(film)))
    stages = []
    answer = session.watch(film, progress=lambda stage, done, total: stages.append(stage))
    assert "looking" not in stages
    assert answer.events
    without = playhead.load("scout", llm="none", senses=("pictures",), cache=False)
    monkeypatch.setattr("playhead.models.scout.engine.gather", None)
    without.engine.prepare(Video(str(film)))  # nothing would keep it, so nothing is gathered
