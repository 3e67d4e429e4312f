"""Every benchmark on tiny files in its official layout: what is read, what is missing, what is malformed, what is perfect."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from helpers.benches import CASES, answered, write
from playhead.errors import ParseError
from playhead.evaluate import registry
from playhead.evaluate.base import AnnotationFile, Highlights, Moments, Outcome
from playhead.evaluate.collect import unlabelled
from playhead.evaluate.rows import read_rows
from playhead.evaluate.scoring import quick_value
from playhead.evaluate.special import nearest_chunks
from playhead.media import probe
from playhead.tasks.base import Clock

JAVA = shutil.which("java") is not None and importlib.util.find_spec("pycocoevalcap") is not None
REAL = Path(__file__).parents[3] / "shared" / "metrics"
real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real annotation files are not beside the project"
)


def loaded(name: str, folder: Path, clip: Path):
    case = CASES[name]
    benchmark = registry.find_benchmark(name.split(maxsplit=1)[0])
    return benchmark, registry.load_benchmark(benchmark, write(case, folder, clip), case.split)


@pytest.fixture(scope="module")
def clip(drawn) -> Path:
    return drawn("constant").path


def test_every_benchmark_of_ours_has_a_case() -> None:
    assert {name.split()[0] for name in CASES} | {"own"} == set(registry.BENCHMARKS)


@pytest.mark.parametrize("name", CASES)
def test_official_layout_is_read_and_what_is_missing_counted(name: str, tmp_path: Path, clip: Path) -> None:
    case = CASES[name]
    benchmark, found = loaded(name, tmp_path, clip)
    assert tuple(sample.id for sample in found.samples) == case.samples
    assert dict(found.missing) == {case.gone[0]: case.gone[1]}
    assert " ".join(found.notes).startswith(case.notes) if case.notes else found.notes == ()
    assert set(found.annotations) == {
        file.path for file in benchmark.splits[case.split or next(iter(benchmark.splits))]
    }
    assert {sample.video.stat().st_ino for sample in found.samples} == {clip.stat().st_ino}
    for field, wanted in case.more.items():
        assert getattr(found.samples[0], field) == wanted
    assert probe(found.samples[0].video).duration_s > 1
    for sample in found.samples:
        assert sample.asked.name in ("choose", "ground", "events", "ask")


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_row_is_named_by_file_line_and_field(name: str, tmp_path: Path, clip: Path) -> None:
    case = CASES[name]
    write(case, tmp_path, clip)
    file, text, match = case.broken
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(ParseError, match=match) as caught:
        registry.load_benchmark(registry.find_benchmark(name.split(maxsplit=1)[0]), tmp_path, case.split)
    assert Path(file).name in str(caught.value)


TOLD = [name for name, case in CASES.items() if case.told]


@pytest.mark.parametrize("name", [name for name in CASES if name not in TOLD])
def test_what_is_true_scores_100_and_something_else_does_not(name: str, tmp_path: Path, clip: Path) -> None:
    benchmark, found = loaded(name, tmp_path, clip)
    for scorer in benchmark.scorers:
        about = [sample for sample in found.samples if isinstance(sample.truth, scorer.truth)]
        assert about
        right, wrong = (scorer.score([answered(each, right=way) for each in about]) for way in (True, False))
        failed = scorer.score([Outcome(each, None, "it broke") for each in about])
        for metric in scorer.first:
            assert right.mean(metric) == pytest.approx(1.0), metric
            assert wrong.mean(metric) < 0.5, metric
            assert not failed.mean(metric) > 0, metric


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_when_it_happens_is_met(name: str, tmp_path: Path, clip: Path) -> None:
    _, found = loaded(name, tmp_path, clip)
    for sample in found.samples:
        assert quick_value(answered(sample, right=True)) == ("tF1", 1.0)
        assert quick_value(answered(sample, right=False)) == ("tF1", 0.0)


@pytest.mark.slow
@pytest.mark.skipif(not JAVA, reason="METEOR needs a Java runtime and the extra metrics")
@pytest.mark.parametrize("name", TOLD)
def test_stories_that_are_true_score_high_as_published(name: str, tmp_path: Path, clip: Path) -> None:
    benchmark, found = loaded(name, tmp_path, clip)
    for scorer in benchmark.scorers:
        right, wrong = (
            scorer.score([answered(each, right=way) for each in found.samples]) for way in (True, False)
        )
        for metric in scorer.first:
            assert right.mean(metric) > 0.5, metric
            assert wrong.mean(metric) < 0.1 * right.mean(metric), metric


# --- what single benchmarks define ------------------------------------------------------------------------------------


def test_a_window_of_tvgbench_is_on_the_files_own_clock(tmp_path, clip) -> None:
    _, found = loaded("tvgbench", tmp_path, clip)
    whole, window = found.samples
    assert (window.start_s, window.end_s) == (254.92, 339.55)
    (span,) = window.truth.spans
    assert (span.start_s, span.end_s) == pytest.approx((264.92, 267.42))
    assert (whole.start_s, whole.end_s, whole.duration_s) == (None, None, 30.6)


def test_chunks_of_didemo(tmp_path, clip) -> None:
    benchmark, found = loaded("didemo", tmp_path, clip)
    (sample,) = found.samples
    assert isinstance(sample.truth, Moments)
    assert [(s.start_s, s.end_s) for s in sample.truth.spans] == [(5, 10)]
    assert len(sample.truth.annotators) == 4
    assert sample.end_s == 30
    assert [nearest_chunks(span) for span in ((5.2, 9.1), (0, 30), (3, 11), (28, 31))] == [
        (1, 1),
        (0, 5),
        (0, 1),
        (5, 5),
    ]
    near = answered(sample, right=False)
    from dataclasses import replace

    from playhead.timeline import Event, Span

    near = replace(near, answer=replace(near.answer, events=(Event(Span(0, 15), ""),)))
    scores = benchmark.scorers[0].score([near])
    assert scores.mean("Rank@1") == 0  # only one of the four marked it
    assert scores.mean("mIoU (chunks)") == pytest.approx((1 + 1 / 3 + 1 / 3) / 3)


def test_one_question_of_next_gqa_needs_both_answers(tmp_path, clip) -> None:
    benchmark, found = loaded("next-gqa", tmp_path, clip)
    choose, ground = found.samples
    scorer = benchmark.scorers[0]
    for choice_right, span_right in ((True, False), (False, True)):
        both = [answered(choose, right=choice_right), answered(ground, right=span_right)]
        scores = scorer.score(both)
        assert (scores.mean("Acc@GQA"), scores.mean("Acc@QA"), scores.n) == (0, float(choice_right), 1)
    assert (
        scorer.score([answered(choose, right=True), Outcome(ground, None, "it broke")]).mean("Acc@GQA") == 0
    )
    assert scorer.score([answered(choose, right=True)]).n == 0  # the other half was not asked
    assert ground.task.query.endswith("why, really? reason 2")


def test_highlights_are_rated_by_what_spans_cover(tmp_path, clip) -> None:
    from playhead.evaluate.special import clip_scores

    _, found = loaded("qvhighlights-highlights", tmp_path, clip)
    (sample,) = found.samples
    assert isinstance(sample.truth, Highlights)
    rated = clip_scores(answered(sample, right=True))
    assert (len(rated), rated[:5], sum(rated)) == (75, [0, 1, 1, 1, 0], 3)


def test_the_mean_over_tasks_counts_each_task_the_same(tmp_path, clip) -> None:
    benchmark, found = loaded("mlvu", tmp_path, clip)
    first, second = found.samples
    from dataclasses import replace

    again = replace(first, id="again")
    scores = benchmark.scorers[0].score(
        [answered(first, right=True), answered(again, right=True), answered(second, right=False)]
    )
    assert scores.mean("M-Avg") == pytest.approx(0.5)
    assert scores.mean("overall") == pytest.approx(2 / 3)


def test_letters_come_off_only_where_every_option_has_its_own() -> None:
    assert unlabelled(["A. one", "(B) two", "C: three"]) == ("one", "two", "three")
    assert unlabelled(["A, then B", "B first"]) == ("A, then B", "B first")


def test_turned_spans_are_set_right_and_counted(tmp_path, clip) -> None:
    case = CASES["charades-sta"]
    write(case, tmp_path, clip)
    (tmp_path / "charades_sta_test.txt").write_text("AAAAA 9.0 4.0##person sits.\nAAAAA 1 2##...\n")
    found = registry.load_benchmark(registry.find_benchmark("charades-sta"), tmp_path)
    (sample,) = found.samples
    assert (sample.truth.spans[0].start_s, sample.truth.spans[0].end_s) == (4, 9)
    assert "1 true spans end before they start" in found.notes[1]
    assert found.notes[0].startswith("1 samples cannot be asked and are left out (AAAAA/1): cannot look for")


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_parquet_table_is_read_as_its_json_lines_are(tmp_path, clip) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    _, plain = loaded("video-mme", tmp_path / "plain", clip)
    folder = write(CASES["video-mme"], tmp_path / "table", clip)
    table = folder / "videomme" / "test-00000-of-00001.jsonl"
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    table.unlink()
    parquet.write_table(pyarrow.Table.from_pylist(rows), table.with_suffix(".parquet"))
    found = registry.load_benchmark(registry.find_benchmark("video-mme"), folder)
    assert [(s.id, s.task, s.truth, s.groups) for s in found.samples] == [
        (s.id, s.task, s.truth, s.groups) for s in plain.samples
    ]
    table.with_suffix(".parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ParseError, match="is no Parquet file"):
        list(read_rows(table.with_suffix(".parquet")))


def test_parquet_without_its_library_says_what_to_install(tmp_path, monkeypatch) -> None:
    import sys

    from playhead.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow is not installed.*playhead\[evaluate\].*\.jsonl"):
        list(read_rows(tmp_path / "x.parquet"))


def test_tables_of_text_are_checked(tmp_path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text('a\tb\n1\t2\n\n"x\ny"\t3\n')
    assert [(record.line, record.data) for record in read_rows(path)] == [
        (2, {"a": "1", "b": "2"}),
        (5, {"a": "x\ny", "b": "3"}),
    ]
    path.write_text("")
    with pytest.raises(ParseError, match="an empty file"):
        list(read_rows(path))


# --- the real files -----------------------------------------------------------------------------------------------------


def unpack(name: str, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(gzip.decompress((REAL / name).read_bytes()))


@real_files
def test_all_of_activitynet_val_1_is_read(tmp_path, clip) -> None:
    unpack("anet_val1_gt_no_missings.json.gz", tmp_path / "val_1.json")
    for video in json.loads((tmp_path / "val_1.json").read_text()):
        os.link(clip, tmp_path / f"{video}.mp4")
    found = registry.load_benchmark(registry.find_benchmark("activitynet-grounding"), tmp_path, "val_1")
    assert (len(found.samples), found.missing, found.notes) == (15921, {}, ())


@real_files
def test_all_of_qvhighlights_is_read_and_is_the_file_whose_digest_we_state(tmp_path, clip) -> None:
    benchmark = registry.find_benchmark("qvhighlights-moments")
    unpack("qvh_val_gt.jsonl.gz", tmp_path / "highlight_val_release.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "highlight_val_release.jsonl").read_text().splitlines()]
    for video in {row["vid"] for row in rows}:
        os.link(clip, tmp_path / f"{video}.mp4")
    found = registry.load_benchmark(benchmark, tmp_path)
    assert (len(found.samples), found.missing, found.notes) == (1550, {}, ())
    (file,) = benchmark.splits["val"]
    assert isinstance(file, AnnotationFile)
    assert found.annotations == {file.path: file.sha256}
    perfect = [answered(sample, right=True) for sample in found.samples]
    scores = benchmark.scorers[0].score(perfect)
    assert scores.mean("MR-full-R1@0.5") == 1
    assert 0.99 < scores.mean("MR-full-mAP") < 1  # some queries have more than the ten windows that count


@real_files
def test_all_of_video_mme_is_read(tmp_path, clip) -> None:
    unpack("videomme_videoxl2_pure.jsonl.gz", tmp_path / "videomme" / "test-00000-of-00001.jsonl")
    rows = [
        json.loads(line)
        for line in (tmp_path / "videomme" / "test-00000-of-00001.jsonl").read_text().splitlines()
    ]
    for video in {row["videoID"] for row in rows}:
        os.link(clip, tmp_path / f"{video}.mp4")
    found = registry.load_benchmark(registry.find_benchmark("video-mme"), tmp_path)
    assert (len(found.samples), found.missing, found.notes) == (2700, {}, ())


@real_files
def test_all_of_charades_sta_is_read(tmp_path, clip) -> None:
    truth = json.loads(gzip.decompress((REAL / "timechat_tvg_gt.json.gz").read_bytes()))["annotations"]
    text = "".join(
        f"{row['image_id'].removesuffix('.mp4')} {row['timestamp'][0]} {row['timestamp'][1]}##{row['caption']}\n"
        for row in truth
    )
    (tmp_path / "charades_sta_test.txt").write_text(text)
    for video in {row["image_id"] for row in truth}:
        os.link(clip, tmp_path / video)
    found = registry.load_benchmark(registry.find_benchmark("charades-sta"), tmp_path)
    assert (len(found.samples), found.missing, found.notes) == (3720, {}, ())


def test_questions_whose_options_repeat_are_asked_and_answered_by_letter(tmp_path, clip) -> None:
    case = CASES["video-mme"]
    write(case, tmp_path, clip)
    table = tmp_path / "videomme" / "test-00000-of-00001.jsonl"
    row = json.loads(table.read_text().splitlines()[0]) | {
        "options": ["A. A door.", "B. A door.", "C. A box."]
    }
    table.write_text(json.dumps(row))
    (sample,) = registry.load_benchmark(registry.find_benchmark("video-mme"), tmp_path).samples
    clock = Clock(10.0)
    assert sample.task.read("B", clock).choice == "B"
    assert "several options" in sample.task.read("A door", clock).reason


def test_the_handbook_names_every_benchmark_with_its_splits() -> None:
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == set(registry.BENCHMARKS) - {"own"}
    for name, row in rows.items():
        benchmark = registry.find_benchmark(name)
        cells = [benchmark.source, benchmark.licence, *(scorer.name for scorer in benchmark.scorers)]
        for wanted in (*cells, *(f"{split}: `{files[0].path}`" for split, files in benchmark.splits.items())):
            assert wanted in row, f"{name}: {wanted}"
