"""The quality benchmark end to end on an engine whose answers are written by hand, and its table of facts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import facts as facts_module
import quality
from facts import Facts, RunningClock, bundled, real_clips, split_options
from playhead.demo import demo_truth
from playhead.errors import CorruptMediaError
from playhead.timeline import Answer, Event, Mark, ParseFailure, Sampling, Segment, Span, Transcript
from scores import Counts

SHARED = Path(__file__).parents[3] / "shared" / "media"


def answer(task, **fields):
    return Answer(
        task=task,
        source="demo.mp4",
        duration_s=43.2,
        model="by hand",
        sampling=Sampling("none", Span(0, 43.2)),
        **fields,
    )


class Perfect:
    """Answers the bundled clip from its truth file."""

    def __init__(self):
        self.truth = demo_truth()

    def watch(self, source):
        def lane(name, items, key):
            return tuple(Mark(Span(i["start"], i["end"]), name, i[key]) for i in items)

        truth = self.truth
        segments = tuple(Segment(Span(i["start"], i["end"]), i["text"]) for i in truth["sentences"])
        return answer(
            "watch",
            transcript=Transcript(segments, "en"),
            lanes={
                "shots": lane("shots", truth["shots"], "name"),
                "text": lane("text", truth["texts"], "text"),
                "sounds": lane("sounds", truth["sounds"], "label"),
            },
        )

    def ground(self, source, query):
        spans = next(i["spans"] for i in self.truth["grounding"] if i["query"] == query)
        return answer("ground", events=tuple(Event(Span(*span), query) for span in spans))

    def choose(self, source, question, options):
        right = next(i["answer"] for i in self.truth["choices"] if i["question"] == question)
        return answer("choose", choice=right)


class Useless(Perfect):
    """Hears nothing, finds everything everywhere, cannot be read, and breaks on the cat."""

    def watch(self, source):
        return answer("watch", transcript=Transcript())

    def ground(self, source, query):
        if query == "a cat":
            raise CorruptMediaError("cannot decode demo.mp4")
        return answer("ground", events=(Event(Span(0, 43.2), "everything"),))

    def choose(self, source, question, options):
        return answer("choose", failure=ParseFailure("perhaps", "no label"))


def test_a_perfect_engine_scores_full_marks():
    got = quality.measure(Perfect(), bundled()).counts
    assert got.word_errors == 0
    assert got.words > 60
    assert (got.cuts, got.cuts_hit, got.cuts_false) == (11, 11, 0)
    assert got.texts == got.texts_hit == 17
    assert got.text_iou == 17
    assert got.sounds == got.sounds_hit == 8
    assert got.iou == got.present == 8
    assert got.absent == got.absent_right == 4
    assert got.choices == got.choices_right == 6
    assert (got.failures, got.errors, got.answers) == (0, 0, 19)


def test_a_useless_engine_scores_nothing_and_its_errors_are_counted():
    result = quality.measure(Useless(), bundled())
    got = result.counts
    assert got.word_errors == got.words
    assert (got.cuts_hit, got.texts_hit, got.sounds_hit, got.absent_right, got.choices_right) == (
        0,
        0,
        0,
        0,
        0,
    )
    assert got.iou < 2
    assert got.present == 7  # the eighth ended in an error, and is shown as one
    assert (got.failures, got.errors) == (6, 1)
    assert any("CorruptMediaError" in line for line in result.details)


def test_clocks_quiet_clips_and_dissolves_are_scored():
    clip = Facts(
        name="x",
        path=Path("x"),
        quiet=True,
        clock=RunningClock(25, 0.0),
        cuts_s=(8.0,),
        gradual=(Span(4, 6),),
    )
    shots = tuple(Mark(Span(a, b), "shots", "") for a, b in ((0, 5), (5, 8), (8, 43)))
    marks = tuple(Mark(Span(s, s + 1), "text", f"00:00:{s:02}:00") for s in range(43))
    watched = answer("watch", lanes={"shots": shots, "text": marks}, transcript=Transcript())
    got = quality.score_watch(clip, watched, [])
    assert (got.clock_hit, got.clock_seconds, got.clock_reads_right) == (43, 43, 43)
    assert (got.cuts_hit, got.cuts_false, got.quiet, got.invented_words) == (1, 0, 1, 0)


def test_the_table_has_a_column_per_clip_and_a_total():
    results = [
        quality.Result("a", Counts(words=10, word_errors=1, answers=1)),
        quality.Result("b", Counts(words=30, word_errors=1, quiet=1, answers=1)),
    ]
    lines = quality.table(results).splitlines()
    assert lines[0] == "| measure | a | b | all |"
    assert "| WER | 10.0 % | 3.3 % | 5.0 % |" in lines
    assert "| invented words |  | 0 | 0 |" in lines
    assert not any(line.startswith("| texts read") for line in lines)


def test_an_unknown_clip_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quality.py", "--only", "nothing.mp4"])
    with pytest.raises(SystemExit) as caught:
        quality.main()
    assert caught.value.code == 2
    assert "demo.mp4" in capsys.readouterr().err


def test_the_report_is_json_when_asked(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quality.py", "--only", "demo.mp4", "--json", "--llm", "none"])
    asked = {}

    def load(name, **options):
        asked.update(options, name=name)
        return Perfect()

    monkeypatch.setattr(quality.playhead, "load", load)
    quality.main()
    report = json.loads(capsys.readouterr().out)
    assert asked == {"name": "scout", "llm": "none"}
    assert report["clips"][0]["counts"]["choices_right"] == 6
    assert "cores" in report["run"]


# --- facts ----------------------------------------------------------------------------------------------------


def test_options_are_split_off_a_question():
    assert split_options("When? A 0-5 s B 5-10 s C 10 s") == ("When?", ("0-5 s", "5-10 s", "10 s"))
    for bad in ("When", "When? A only one", "When? A one C three"):
        with pytest.raises(ValueError, match="no options"):
            split_options(bad)


def test_facts_are_read_from_rows(tmp_path):
    rows = [
        {"file": "friday.mp4", "task": "asr", "query": "dialogue", "answer": "friday.vtt (2 cues)"},
        {"file": "tree.avi", "task": "shot_boundaries", "query": "hard cuts (s)", "answer": []},
        {"file": "tree.avi", "task": "temporal_grounding", "query": "a hand", "answer": [2, 3]},
        {
            "file": "nasa_13013.mp4",
            "task": "asr",
            "query": "x",
            "answer": [[0, 4, "one"], [12.47, 16, "late"]],
        },
        {"file": "corrupted.mp4", "task": "robustness", "query": "x", "answer": "y"},
    ]
    (tmp_path / "facts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "friday.vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:01.000 line:80%\n<u>Hildy!</u>\n\n00:01.000 --> 00:02.000\nHow are\nyou?\n"
    )
    clips = {clip.name: clip for clip in real_clips(tmp_path)}
    assert clips["friday.mp4"].speech == "Hildy! How are you?"
    assert clips["nasa_13013.mp4"].speech == "one"
    assert clips["tree.avi"].cuts_s == ()
    assert clips["tree.avi"].ground[0] == ("a hand", (Span(2, 3),))
    assert clips["tree.avi"].ground[1:] == tuple((query, ()) for query in facts_module.ABSENT)
    assert "corrupted.mp4" not in clips
    assert real_clips(tmp_path / "nowhere") == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real clips are not on this machine")
def test_the_real_clips_facts_fit_their_files():
    import av

    clips = real_clips(SHARED)
    assert len(clips) == 10
    for clip in clips:
        with av.open(str(clip.path)) as container:
            longest = float((container.duration or 0) / 1e6)
        for _, spans in clip.ground:
            assert all(span.end_s <= longest + 0.1 for span in spans), clip.name
        assert clip.quiet != bool(clip.speech), clip.name
        for _, options, right in clip.choices:
            assert right in "ABCDEFGH"[: len(options)]
