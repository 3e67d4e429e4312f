"""Every figure that the published evaluations gave on real prediction files, to the last digit they print.

The real files are other people's and are not part of this project: where they lie beside it (``../shared/metrics``) they
are scored whole, else these tests are skipped. What is always held: VTimeLLM's recorded answers and captions, and files
drawn from a seed, whose figures were computed once by the code that had reproduced all of the real ones.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from helpers.predictions import DRAWN, draw_all
from playhead.metrics import Caption, java, ngrams, score_grounding, score_vtimellm, top_iou
from playhead.metrics.files import Record
from playhead.metrics.score import KINDS, score_files
from playhead.metrics.soda import ordered_matching, score_soda
from playhead.metrics.vtimellm import read_captions, score_vtimellm_log
from playhead.tasks.bins import published_bin_range

pytestmark = pytest.mark.parity

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden" / "metrics" / "vtimellm.json").read_text(encoding="utf-8"))
DENSE = GOLDEN["g_dense_caption"]
RECORDED = json.loads((HERE / "golden" / "metrics" / "drawn.json").read_text(encoding="utf-8"))
REAL = HERE.parents[2] / "shared" / "metrics"

real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real prediction files are not beside the project"
)
JAVA = shutil.which("java") is not None and importlib.util.find_spec("pycocoevalcap") is not None
NO_JAVA = "METEOR needs a Java runtime and the extra metrics"
has_java = pytest.mark.skipif(not JAVA, reason=NO_JAVA)


SODA = {video: each for video, each in DENSE["soda_per_video"].items() if each}  # nothing was read of v4


@pytest.fixture(scope="module")
def meteor():
    with java.Meteor() as running:
        yield running


def expected(start: str) -> dict:
    recorded = json.loads((REAL / "expected.json").read_text(encoding="utf-8"))
    return next(value for name, value in recorded.items() if name.startswith(start))


def printed(scored, digits: int) -> dict[str, str]:
    return {name: f"{100 * each.mean(name):.{digits}f}" for each in scored for name in each.values}


def texts(figures: dict[str, float], digits: int = 2) -> dict[str, str]:
    return {name: f"{value:.{digits}f}" for name, value in figures.items()}


def held(found: dict[str, str], wanted: dict[str, str]) -> None:
    assert {name: found.get(name) for name in wanted} == wanted


@real_files
def test_moment_detr_on_qvhighlights() -> None:
    recorded = expected("qvh_momentdetr")
    (scored,) = score_files(
        REAL / "qvh_momentdetr_sample_preds.jsonl.gz", [REAL / "qvh_val_gt.jsonl.gz"], "qvhighlights"
    )
    wanted = texts(recorded["brief"])
    for length in ("full", "long", "middle", "short"):
        for metric, by_overlap in recorded[length].items():
            for overlap, value in by_overlap.items():
                name = f"MR-{length}-{metric.removeprefix('MR-')}"
                wanted[name if overlap == "average" else f"{name}@{float(overlap):g}"] = f"{value:.2f}"
    assert len(wanted) == 90
    held(printed([scored], 2), wanted)
    assert (scored.n, scored.unparsable, scored.missing) == (1550, 0, 0)


@real_files
def test_timechat_on_qvhighlights() -> None:
    (scored,) = score_files(
        REAL / "timechat_vhd_pred.json.gz", [REAL / "timechat_vhd_gt.json.gz"], "qvhighlights"
    )
    held(printed([scored], 2), texts(expected("timechat_vhd")["brief"]))
    assert (scored.n, scored.missing) == (1463, 87)


@real_files
def test_timechat_on_charades_sta() -> None:
    (scored,) = score_files(
        REAL / "timechat_tvg_pred.json.gz", [REAL / "timechat_tvg_gt.json.gz"], "charades-sta"
    )
    recorded = expected("timechat_tvg")
    assert scored.n == recorded.pop("n")
    held(printed([scored], 1), texts(recorded, 1))
    assert (scored.unparsable, scored.missing) == (280, 3220)


@real_files
def test_video_xl_2_on_video_mme() -> None:
    path = REAL / "videomme_videoxl2_pure.jsonl.gz"
    (scored,) = score_files(path, [], "video-mme")
    recorded = expected("videomme")
    assert f"{100 * scored.mean('overall'):.2f}" == f"{recorded['overall']:.2f}"
    right = {name: int((scored.values[name] == 1).sum()) for name in ("overall", "short", "medium", "long")}
    assert right == {"overall": recorded["correct"]} | {
        name: recorded[name] for name in ("short", "medium", "long")
    }
    assert scored.n == recorded["n"]
    assert scored.mean("overall, read with care") == scored.mean("overall")


@real_files
@has_java
def test_vtimellm_on_its_example_log(meteor) -> None:
    truth = [REAL / "vtimellm_example_gt_val2_subset.json.gz"]
    told, grounded = score_files(REAL / "vtimellm_example_log.txt.gz", truth, "vtimellm", meteor=meteor)
    recorded = expected("vtimellm")
    assert (told.n, grounded.n) == (recorded.pop("n_caption_logs"), recorded.pop("n_grounding_logs"))
    held(printed([told, grounded], 2), texts(recorded))


@real_files
@has_java
@pytest.mark.slow
def test_bmt_on_activitynet_captions(meteor) -> None:
    truth = [REAL / "anet_val1_gt_no_missings.json.gz"]
    (scored,) = score_files(
        REAL / "anet_bmt_gtprop_val1.json.gz", truth, "activitynet-captions", meteor=meteor
    )
    held(printed([scored], 4), texts(expected("anet_bmt")["val1"], 4))


@pytest.mark.parametrize("kind", DRAWN)
def test_drawn_files_keep_their_figures(kind: str, tmp_path: Path, request) -> None:
    if KINDS[kind].uses_meteor and not JAVA:
        pytest.skip(NO_JAVA)
    meteor = request.getfixturevalue("meteor") if KINDS[kind].uses_meteor else None
    predictions, truths = draw_all(tmp_path)[kind]
    scored = score_files(predictions, truths, kind, meteor=meteor)
    assert printed(scored, 6) == RECORDED[kind]["printed"]
    counts = [[each.n, each.unparsable, each.missing] for each in scored]
    assert counts == RECORDED[kind]["counts"]
    assert KINDS[kind].digits < 6


@pytest.mark.parametrize("case", GOLDEN["f_grounding"], ids=lambda case: case["answer"][:24] or "empty")
def test_vtimellm_reads_and_rounds_grounding(case: dict) -> None:
    bins = published_bin_range(case["answer"])
    said = [] if bins is None else [(bins[0] / 100, bins[1] / 100)]
    found = top_iou(said, [case["gt_fractions"]], vtimellm_rounding=True)
    if "iou" in case:
        assert found == case["iou"]
    else:
        assert found == 1.0  # divides by zero there; a point on itself is met


def test_vtimellm_summary_of_grounding() -> None:
    cases = [case for case in GOLDEN["f_grounding"] if "iou" in case]
    predicted, true = {}, {}
    for at, case in enumerate(cases):
        bins = published_bin_range(case["answer"])
        predicted[str(at)] = None if bins is None else [(bins[0] / 100, bins[1] / 100)]
        true[str(at)] = [case["gt_fractions"]]
    scored = score_grounding(predicted, true, {name: name for name in true}, vtimellm_rounding=True)
    summary = dict(GOLDEN["f_grounding_summary"])
    assert scored.n == summary.pop("n")
    for name, value in summary.items():
        assert 100 * scored.mean(name) == pytest.approx(value, abs=1e-12)


def told(videos: dict) -> dict[str, list[Caption]]:
    return {
        video: [
            Caption(*span, text) for span, text in zip(each["timestamps"], each["sentences"], strict=True)
        ]
        for video, each in videos.items()
    }


def test_vtimellm_reads_dense_captions() -> None:
    for video, answer in DENSE["answers"].items():
        found = read_captions(answer, DENSE["ground_truth"][video]["duration"])
        wanted = [
            Caption(*each["timestamp"], each["sentence"])
            for each in DENSE["parsed_predictions_seconds"][video]
        ]
        assert found == wanted


@has_java
def test_vtimellm_dense_captions(meteor) -> None:
    true = told(DENSE["ground_truth"])
    lengths = {video: each["duration"] for video, each in DENSE["ground_truth"].items()}
    said = {video: read_captions(answer, lengths[video]) for video, answer in DENSE["answers"].items()}
    scored = score_vtimellm(said, true, meteor=meteor)
    wanted = DENSE["metrics_by_python_random_seed"]["0"]
    for name, value in wanted.items():
        found = 100 * scored.mean("SODA_c" if name == "soda_c" else name)
        assert found == pytest.approx(value, rel=1e-12)
    assert (scored.n, scored.unparsable, scored.missing) == (5, 1, 1)
    for overlap, figures in DENSE["per_tiou_seed0"].items():
        alone = score_vtimellm(said, true, meteor=meteor, overlaps=[float(overlap)])
        for name in ("METEOR", "CIDEr"):
            assert alone.mean(name) == pytest.approx(figures[name], rel=1e-12)


@has_java
def test_vtimellm_soda_video_by_video(meteor) -> None:
    true = told(DENSE["ground_truth"])
    for video, recorded in SODA.items():
        said = [
            Caption(*e["timestamp"], e["sentence"].replace("é", " "))
            for e in DENSE["parsed_predictions_seconds"][video]
        ]
        (found,) = score_soda([said], [true[video]], meteor)
        assert found == pytest.approx(recorded["f1"], abs=1e-12)
        gains = [
            [overlap * score for overlap, score in zip(*rows, strict=True)]
            for rows in zip(
                recorded["iou_rows_ref_cols_pred"], recorded["meteor_as_upstream_calls_it"], strict=True
            )
        ]
        total, pairs = ordered_matching(gains)
        assert total == pytest.approx(recorded["dp_total"], abs=1e-12)
        if total:
            assert [list(pair) for pair in pairs] == recorded["pairs"]


@has_java
def test_meteor_is_called_with_the_recorded_numbers(meteor) -> None:
    calls = [call for call in DENSE["scorer_calls_seed0"] if call["metric"] == "METEOR"]
    groups = [list(zip(call["hyp"], call["ref"], strict=True)) for call in calls]
    for call, (score, each) in zip(calls, meteor.score(groups), strict=True):
        assert score == pytest.approx(call["score"], abs=1e-12)
        assert len(each) == call["n_pairs"]
    for video in SODA.values():
        grid = [[(p, r) for p in video["pred_sentences"]] for r in video["ref_sentences"]]
        for row, wanted in zip(meteor.score(grid), video["meteor_normal_argument_order"], strict=True):
            assert row[1] == pytest.approx(wanted, abs=1e-12)


def test_cider_gives_the_recorded_numbers() -> None:
    for call in DENSE["scorer_calls_seed0"]:
        if call["metric"] == "CIDEr":
            found = ngrams.cider(list(zip(call["hyp"], call["ref"], strict=True)))
            assert found == pytest.approx(call["score"], rel=1e-12, abs=1e-12)


@has_java
def test_words_are_cut_as_recorded() -> None:
    for video, recorded in SODA.items():
        said = sorted(DENSE["parsed_predictions_seconds"][video], key=lambda each: each["timestamp"][0])
        texts_said = [each["sentence"].replace("é", " ") for each in said]
        words = java.tokenize(texts_said)
        assert [words[each] for each in texts_said] == recorded["pred_sentences"]


def test_an_answer_about_no_known_video_is_named() -> None:
    record = Record("log.txt", 3, "", {"video_id": "other", "task": "captioning", "answer": "[]"})
    with pytest.raises(Exception, match=r"log.txt, line 3: field video_id.*found \"other\""):
        score_vtimellm_log({"other": record}, {}, told(DENSE["ground_truth"]), {})
