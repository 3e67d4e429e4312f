"""The contract of benchmarks: samples, what is missing, what an outcome is worth, by groups and counted apart."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from playhead.errors import ParseError, SourceError, UsageError, WeightsUnavailableError
from playhead.evaluate import registry, scoring
from playhead.evaluate.base import (
    AnnotationFile,
    Benchmark,
    Facts,
    Highlights,
    Loaded,
    Moments,
    Option,
    Outcome,
    Sample,
    Story,
)
from playhead.evaluate.find import Videos, annotation, digests
from playhead.metrics.highlights import Highlighted
from playhead.metrics.told import Caption
from playhead.tasks.ask import Ask
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span


def sample(name: str, task, truth, **more) -> Sample:
    return Sample(
        id=name, video=Path("v.mp4"), video_id=more.pop("video_id", name), task=task, truth=truth, **more
    )


def answer(**fields) -> Answer:
    return Answer(
        task="ground",
        source="v.mp4",
        duration_s=10,
        model="m",
        sampling=Sampling("all", Span(0, 10)),
        **fields,
    )


def moments(name: str, true, found, **more) -> Outcome:
    """An outcome of grounding; ``found`` is spans, a tuple (start, end, confidence) each, "unread" or "failed"."""
    asked = sample(name, Ground("a cat"), Moments(tuple(Span(*each) for each in true)), **more)
    if found == "failed":
        return Outcome(asked, None, "it broke")
    if found == "unread":
        return Outcome(asked, answer(failure=ParseFailure("?", "no times")))
    events = tuple(Event(Span(each[0], each[1]), "", confidence=(*each, None)[2]) for each in found)
    return Outcome(asked, answer(events=events))


def test_grounding_counts_failures_and_unread_answers_as_wrong_and_apart() -> None:
    outcomes = [
        moments("a", [(0, 4)], [(0, 4)], groups={"kind": "sound"}),
        moments("b", [(0, 4)], [(2, 4)], groups={"kind": "sight"}),
        moments("c", [(0, 4)], "unread", groups={"kind": "sight"}),
        moments("d", [(0, 4)], "failed", groups={"kind": "sight"}),
        moments("e", [], []),
    ]
    scores = scoring.grounding().score(outcomes)
    assert scores.mean("mIoU") == pytest.approx((1 + 0.5 + 0 + 0 + 1) / 5)
    assert (scores.unparsable, scores.missing) == (1, 0)
    assert scores.notes == ("1 samples without an answer (the engine failed), scored as wrong",)
    assert scores.mean("mIoU, sound") == 1
    assert scores.mean("mIoU, sight") == pytest.approx(0.5 / 3)
    assert [scoring.quick_value(each)[1] for each in outcomes] == [1, 0.5, 0, 0, 1]


def test_spans_are_ranked_by_confidence_only_where_all_have_one() -> None:
    sure = moments("a", [(5, 6)], [(0, 1, 0.2), (5, 6, 0.9)])
    unsure = moments("b", [(5, 6)], [(0, 1), (5, 6, 0.9)])
    assert scoring.predicted_spans(sure) == [(5, 6), (0, 1)]
    assert scoring.predicted_spans(unsure) == [(0, 1), (5, 6)]


def test_choices_by_group_with_none_chosen_as_unread() -> None:
    task = Choose("what?", ("x", "y"))
    outcomes = [
        Outcome(sample("a", task, Option("A"), groups={"t": "count"}), answer(choice="A")),
        Outcome(sample("b", task, Option("A"), groups={"t": "order"}), answer(choice="B")),
        Outcome(sample("c", task, Option("A"), groups={"t": "order"}), answer()),
    ]
    scores = scoring.multiple_choice().score(outcomes)
    assert scores.mean("overall") == pytest.approx(1 / 3)
    assert (scores.mean("count"), scores.mean("order")) == (1, 0)
    assert scores.unparsable == 1


def test_highlights_are_ranked_windows() -> None:
    truth = Highlights(Highlighted("v", 10, [(2, 6)], [1, 2], [[4, 4, 4], [4, 4, 4]]))
    outcome = Outcome(
        sample("q", Ground("a cat"), truth),
        answer(events=(Event(Span(0, 1), ""), Event(Span(2, 6), ""))),
    )
    scores = scoring.highlights().score([outcome])
    assert scores.mean("MR-full-R1@0.5") == 0
    assert scores.mean("MR-full-mAP") == pytest.approx(0.5)


def test_facts_are_judged_by_the_judge_that_is_named() -> None:
    outcome = Outcome(sample("a", Describe(), Facts(atoms=("a cat", "a dog"))), answer(text="a cat"))
    without = Outcome(sample("b", Describe(), Facts(text="x")), answer(text="a cat"))
    scores = scoring.facts(lambda claim, text: "told" if claim in text else "absent", "substring").score(
        [outcome, without]
    )
    assert scores.items == ("a",)
    assert (scores.mean("recall"), scores.mean("precision")) == (0.5, 1)
    assert "judge: substring" in scores.notes


def test_the_running_score_of_a_story_is_the_f1_of_its_spans() -> None:
    truth = Story(((Caption(0, 4, "a"), Caption(4, 8, "b")),))
    outcome = Outcome(sample("v", Events(), truth), answer(events=(Event(Span(0, 4), "a"),)))
    assert scoring.quick_value(outcome) == ("tF1", pytest.approx(2 / 3))


def test_a_story_is_scored_as_published() -> None:
    from playhead.errors import MissingExtraError

    scorer = scoring.dense_captions("youcook2")
    try:
        scorer.require()
    except MissingExtraError as error:
        pytest.skip(str(error))
    truth = Story(((Caption(0, 4, "a man opens a door"),),))
    outcomes = [
        Outcome(
            sample("s1", Events(), truth, video_id="v"),
            answer(events=(Event(Span(0, 4), "a man opens a door"),)),
        ),
        Outcome(sample("s2", Events(), truth, video_id="v"), None, "it broke"),
    ]
    scores = scorer.score(outcomes)
    assert scores.videos == ("v", "v")
    assert [each > 0.9 for each in scores.values["SODA_c"]] == [True, False]
    assert (scores.unparsable, len(scores.notes)) == (0, 1)


def test_context_comes_before_the_question() -> None:
    asked = sample("a", Choose("why?", ("x", "y")), Option("A"), context="[0:01] hello\n")
    assert asked.asked.question == "[0:01] hello\n\nwhy?"
    assert sample("a", Ask("why?"), Facts("x")).asked == Ask("why?")
    with pytest.raises(UsageError, match="allowed: ask, choose"):
        _ = sample("a", Ground("a cat"), Moments(()), context="words").asked


def test_groups_of_two_kinds_may_share_a_name() -> None:
    outcomes = [moments("a", [], [], groups={"k": "long", "d": "long"}), moments("b", [], [(0, 1)])]
    values = scoring.grounding(first=("mIoU",)).score(outcomes).values
    assert np.array_equal(values["mIoU, long"], [1, math.nan], equal_nan=True)
    assert np.array_equal(values["mIoU, d: long"], [1, math.nan], equal_nan=True)


# --- files ------------------------------------------------------------------------------------------------------------


def test_videos_are_found_by_their_names_and_missing_ones_counted(tmp_path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "v_1.mkv").touch()
    (tmp_path / "v_1.txt").touch()
    videos = Videos(tmp_path)
    assert videos.find("v_1") == tmp_path / "part" / "v_1.mkv"
    assert videos.find("x", "v_1.mkv") == videos.find("part/v_1") == tmp_path / "part" / "v_1.mkv"
    assert videos.missing == {}
    assert [videos.find("v_2"), videos.find("v_2", "v_3")] == [None, None]
    assert videos.missing == {"v_2": 2}
    with pytest.raises(SourceError, match="no such folder"):
        Videos(tmp_path / "none")


def test_a_missing_annotation_file_says_where_it_belongs(tmp_path) -> None:
    file = AnnotationFile("a/test.json", url="https://example.org/a")
    with pytest.raises(
        SourceError, match=r"a/test\.json under the folder of --data; get it from https://example"
    ):
        annotation(tmp_path, file)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "test.json").write_text("{}")
    assert digests(tmp_path, [file]) == {
        "a/test.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    }


def bench(*samples: Sample, missing=None) -> Benchmark:
    return Benchmark(
        name="b",
        title="B",
        source="https://example.org",
        licence="CC0",
        splits={"test": (), "val": ()},
        videos="in videos/",
        load=lambda data, split: Loaded(samples=samples, missing=missing or {}, annotations={}),
        scorers=(scoring.grounding(),),
    )


def test_loading_refuses_two_samples_of_one_id_and_no_sample(tmp_path) -> None:
    one = sample("a", Ground("x"), Moments(()))
    assert registry.load_benchmark(bench(one), tmp_path).samples == (one,)
    with pytest.raises(ParseError, match="two samples have the id 'a'"):
        registry.load_benchmark(bench(one, one), tmp_path)
    with pytest.raises(ParseError, match=r"1 missing, for instance v; allowed: in videos/"):
        registry.load_benchmark(bench(missing={"v": 2}), tmp_path)
    with pytest.raises(UsageError, match="did you mean 'test'"):
        registry.load_benchmark(bench(one), tmp_path, "tset")


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(UsageError, match="no benchmark 'chrades'"):
        registry.find_benchmark("chrades")


@pytest.mark.parametrize("name", registry.BENCHMARKS)
def test_every_benchmark_is_whole(name) -> None:
    found = registry.find_benchmark(name)
    assert found.name == name
    assert found.splits
    assert found.scorers
    assert found.source.startswith("https://")
    assert found.licence


def test_an_annotation_file_may_lie_deeper_and_a_table_may_be_json_lines(tmp_path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "test.jsonl").write_text("{}")
    file = AnnotationFile("data/test.parquet")
    assert annotation(tmp_path, file) == tmp_path / "a" / "b" / "test.jsonl"
    (tmp_path / "a" / "test.parquet").touch()
    with pytest.raises(SourceError, match="2 files of that name below it"):
        annotation(tmp_path, file)


def test_an_annotation_file_on_the_hub_only_says_why_it_cannot_be_fetched(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsUnavailableError, match=r"datasets/acme/bench.*HF_HUB_OFFLINE"):
        annotation(tmp_path, AnnotationFile("test.json", hub="acme/bench"))


def test_two_videos_of_one_name_are_told_apart_by_their_folders_or_refused(tmp_path) -> None:
    for folder in ("clevrer", "perception"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "video_1.mp4").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "clevrer")
    (tmp_path / "clevrer" / "back").symlink_to(tmp_path)
    videos = Videos(tmp_path)
    assert videos.find("linked/video_1") == tmp_path / "linked" / "video_1.mp4"
    assert videos.find("perception/video_1") == tmp_path / "perception" / "video_1.mp4"
    with pytest.raises(
        SourceError, match=r"which file is the video video_1.*clevrer/video_1.mp4, linked/.*perception/"
    ):
        videos.find("video_1")


def test_an_annotation_file_of_the_hub_is_taken_where_the_clients_cache_has_it(tmp_path, monkeypatch) -> None:
    import hashlib

    text = b'[{"video": "a"}]'
    home = tmp_path / "hf" / "hub" / "datasets--acme--bench"
    blob = home / "blobs" / hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
    kept = home / "snapshots" / ("1" * 40) / "annotations" / "test.json"
    for path in (blob, kept, home / "refs" / "v2"):
        path.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(text)
    kept.symlink_to(blob)
    (home / "refs" / "v2").write_text("1" * 40)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("PLAYHEAD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    file = AnnotationFile("test.json", hub="acme/bench@v2", hub_path="annotations/test.json")
    assert annotation(tmp_path / "data", file) == kept
    (tmp_path / "data" / "test.json").write_text("[]")
    assert annotation(tmp_path / "data", file) == tmp_path / "data" / "test.json"
