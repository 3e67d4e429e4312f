"""Dense captioning: how predictions are paired, what is averaged over what, and the Java programs."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from playhead.errors import MissingExtraError, PlayheadError
from playhead.metrics import Caption, java, score_activitynet, score_soda, score_vtimellm, score_youcook2
from playhead.metrics.told import published_iou

NEEDS_JAVA = pytest.mark.skipif(
    shutil.which("java") is None or importlib.util.find_spec("pycocoevalcap") is None,
    reason="METEOR needs a Java runtime and the extra metrics",
)


@pytest.fixture(scope="module")
def meteor():
    if shutil.which("java") is None or importlib.util.find_spec("pycocoevalcap") is None:
        pytest.skip("METEOR needs a Java runtime and the extra metrics")
    with java.Meteor() as running:
        yield running


TRUE = {
    "v": [Caption(0, 10, "A man opens the red door."), Caption(20, 40, "Two dogs run across a field.")],
    "w": [Caption(0, 5, "The cook fries an onion.")],
}


def test_the_published_overlap_divides_by_a_little_more() -> None:
    assert published_iou((0, 10), (0, 10)) == pytest.approx(1.0, abs=1e-8)
    assert published_iou((0, 10), (0, 10)) < 1.0
    assert published_iou((0, 10), (20, 30)) == 0.0
    assert published_iou((5, 5), (5, 5)) == 0.0


def test_all_that_is_true_told_is_perfect(meteor) -> None:
    found = score_activitynet(TRUE, [TRUE], meteor=meteor)
    for name in ("Bleu_1", "Bleu_4", "METEOR", "ROUGE_L", "Recall", "Precision"):
        assert found.mean(name) == pytest.approx(1.0, abs=1e-6), name
    assert found.values["CIDEr"].tolist() == pytest.approx(
        [10.0, 0.0]
    )  # a single pair has nothing to be rare among
    youcook = score_youcook2(TRUE, TRUE, meteor=meteor)
    assert youcook.mean("F1_Score") == pytest.approx(1.0)
    assert youcook.mean("SODA_c") == pytest.approx(1.0, abs=1e-6)


def test_a_sentence_told_at_another_time_is_compared_with_garbage(meteor) -> None:
    said = {"v": [Caption(50, 60, "A man opens the red door.")], "w": TRUE["w"]}
    found = score_activitynet(said, [TRUE], meteor=meteor)
    assert found.values["METEOR"][0] == 0.0
    assert found.values["ROUGE_L"].tolist() == pytest.approx([0.0, 1.0])
    assert (found.values["Recall"][0], found.values["Precision"][0]) == (0.0, 0.0)


def test_overlap_decides_pair_by_pair_and_threshold_by_threshold(meteor) -> None:
    said = {
        "v": [Caption(0, 20, "A man opens the red door.")]
    }  # 0.5 with the first, so at 0.3 and 0.5 but not 0.7, 0.9
    found = score_activitynet(said, [TRUE], meteor=meteor)
    assert found.values["ROUGE_L"][0] == pytest.approx(0.25)  # just under 0.5, as published: only at 0.3
    assert found.values["Recall"].tolist() == pytest.approx([0.125, 0.0])
    assert (found.n, found.missing) == (2, 1)


def test_each_reference_counts_and_the_best_covers(meteor) -> None:
    other = {"v": [Caption(0, 10, "Somebody enters.")]}
    said = {"v": [Caption(0, 10, "Somebody enters.")]}
    both = score_activitynet(said, [TRUE, other], meteor=meteor)
    assert both.values["Recall"][0] == 1.0  # of the second person, who saw one event
    alone = score_activitynet(said, [other], meteor=meteor)
    assert 0 < both.values["ROUGE_L"][0] < alone.values["ROUGE_L"][0]


def test_letters_outside_ascii_become_blanks(meteor) -> None:
    said = {"w": [Caption(0, 5, "The cook\u00e9fries an\u4e00onion.")]}
    assert score_activitynet(said, [{"w": TRUE["w"]}], meteor=meteor).mean("ROUGE_L") == pytest.approx(1.0)


def test_vtimellm_leaves_out_what_was_not_answered(meteor) -> None:
    found = score_vtimellm({"v": []}, TRUE, meteor=meteor)
    assert (found.items, found.unparsable, found.missing) == (("v",), 1, 1)
    assert [found.mean(name) for name in ("SODA_c", "METEOR", "CIDEr")] == [0.0, 0.0, 0.0]


def test_youcook2_counts_a_video_without_prediction_and_turns_spans_back(meteor) -> None:
    found = score_youcook2({"w": [Caption(5, 0, "The cook fries an onion.")]}, TRUE, meteor=meteor)
    assert found.values["F1_Score"].tolist() == [0.0, 1.0]
    assert found.missing == 1


def test_soda_keeps_the_order_of_the_story(meteor) -> None:
    true = [Caption(0, 10, "one man runs"), Caption(5, 15, "two dogs sleep")]
    told = score_soda([true], [true], meteor)
    swapped = score_soda([[Caption(0, 10, "two dogs sleep"), Caption(5, 15, "one man runs")]], [true], meteor)
    assert told[0] == pytest.approx(1.0, abs=1e-6)
    assert swapped[0] < 0.5
    assert score_soda([[]], [true], meteor) == [0.0]


def test_the_eleventh_caption_mixes_up_timechats_columns(meteor) -> None:
    true = [Caption(at, at + 1, f"man number {'xyzabcdefghi'[at]} runs {at} times") for at in range(12)]
    for many, same in ((10, True), (12, False)):
        straight = score_soda([true[:many]], [true[:many]], meteor)
        mixed = score_soda([true[:many]], [true[:many]], meteor, timechat_columns=True)
        assert straight[0] == pytest.approx(1.0, abs=1e-6)
        assert (mixed == straight) is same
    youcook = score_youcook2({"v": true}, {"v": true}, meteor=meteor)
    assert youcook.mean("SODA_c") < youcook.mean("SODA_c, by time") == pytest.approx(1.0, abs=1e-6)


def test_meteor_is_not_symmetric_and_roles_can_be_kept(meteor) -> None:
    said, true = [Caption(0, 10, "a girl walks")], [Caption(0, 10, "a small girl in red walks onto a stage")]
    published = score_soda([said], [true], meteor)[0]
    kept = score_soda([said], [true], meteor, swap_roles=False)[0]
    assert published != pytest.approx(kept)


def test_the_garbage_changes_no_score(meteor, monkeypatch) -> None:
    said = {"v": [Caption(50, 60, "A man opens a door."), *TRUE["v"]]}
    first = score_activitynet(said, [TRUE], meteor=meteor)
    monkeypatch.setattr(
        "playhead.metrics.captions._garbage", lambda number: "hwqoeuzxmv" + "k" * (number + 1)
    )
    second = score_activitynet(said, [TRUE], meteor=meteor)
    for name, values in first.values.items():
        assert values.tolist() == pytest.approx(second.values[name].tolist(), abs=1e-15)


@NEEDS_JAVA
def test_sentences_are_cut_into_words_line_by_line() -> None:
    sentences = ["It's 5 p.m., isn't it?", "", "a\nb\u2028c \u00e9\u4e00", "(so) well-known; end"]
    words = java.tokenize([*sentences, *sentences])
    assert list(words) == sentences
    assert words[""] == ""
    assert words["a\nb\u2028c \u00e9\u4e00"].split()[:3] == ["a", "b", "c"]
    assert words["(so) well-known; end"] == "-lrb- so -rrb- well-known end"
    assert words["It's 5 p.m., isn't it?"] == "it 's 5 p.m. is n't it"


def test_words_that_look_like_the_separator_do_no_harm(meteor) -> None:
    (score, each), (nothing, none) = meteor.score([[("a ||| b", "a b"), ("", "a"), ("a", "")], []])
    assert 0 <= score <= 1
    assert len(each) == 3
    assert (nothing, none) == (0.0, [])


@NEEDS_JAVA
def test_a_meteor_that_died_is_an_error() -> None:
    running = java.Meteor()
    running._process.kill()
    running._process.wait()
    with pytest.raises(PlayheadError, match="METEOR failed"):
        running.score([[("a", "b")]])
    running.close()


def test_without_java_it_is_said_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingExtraError, match="apt install default-jre-headless"):
        score_activitynet(TRUE, [TRUE])


def test_without_the_extra_it_is_said_what_to_install(monkeypatch, tmp_path) -> None:
    java_there = tmp_path / "java"
    java_there.write_text("#!/bin/sh\n")
    java_there.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"playhead\[metrics\]"):
        java.require_java()
