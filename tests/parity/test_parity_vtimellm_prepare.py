"""What VTimeLLM's model is given and how its answers are read, against values recorded from the published code."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from playhead.models.vtimellm.dialect import fill_times
from playhead.models.vtimellm.layout import (
    PLACEHOLDER,
    SYSTEM,
    Filling,
    Turn,
    interleave,
    lay_out,
    spread_rows,
)
from playhead.models.vtimellm.tokens import load_tokenizer
from playhead.tasks.base import Clock
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.published import Caption, merge_similar, published_captions, published_events
from playhead.timeline import ParseFailure, Span

GOLDEN = json.loads((Path(__file__).parent / "golden" / "vtimellm_prepare" / "golden.json").read_text())
TOKENS = GOLDEN["c_tokens_transformers_4.31.0"]
VOCABULARY = Path(__file__).parents[3] / "shared" / "tokenizers" / "llama-2-sentencepiece.model"
FRAME = Filling("frame", Span(0.0, 1.0), 0.0)
pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    if not VOCABULARY.is_file():
        pytest.skip("Llama-2's vocabulary is not here")
    folder = tmp_path_factory.mktemp("base")
    (folder / "tokenizer.model").write_bytes(VOCABULARY.read_bytes())
    return load_tokenizer(folder, vocab_size=32_000)


def collapsed(layout):
    """Ids and labels with one -200 where a video stands, as the published code writes them before it splices."""
    filled = layout.filled()
    ids = layout.input_ids_N.copy()
    ids[filled] = -200
    kept = np.setdiff1d(np.arange(len(layout)), filled[np.diff(filled, prepend=-2) == 1])
    return ids[kept].tolist(), None if layout.labels_N is None else layout.labels_N[kept].tolist()


def turns_of(case):
    said = [each["value"] for each in case["turns"]]
    return [Turn(user, answer) for user, answer in zip(said[::2], said[1::2], strict=True)]


@pytest.mark.parametrize("frames", [1, 100])
@pytest.mark.parametrize("name", [name for name in TOKENS if "infer" not in name])
def test_training_samples_have_the_published_ids_and_labels(llama, name, frames):
    case = TOKENS[name]
    layout = lay_out(
        llama,
        turns_of(case),
        [[FRAME] * frames],
        template=case["template"],
        legacy=name.startswith("legacyTrue"),
    )
    assert collapsed(layout) == (case["input_ids"], case["labels"])
    assert int((layout.labels_N != -100).sum()) == case["n_trained"]
    assert len(layout) == len(case["input_ids"]) - 1 + frames


@pytest.mark.parametrize("name", [name for name in TOKENS if "infer" in name and "query" in TOKENS[name]])
def test_prompts_have_the_published_ids(llama, name):
    layout = lay_out(llama, [Turn(TOKENS[name]["query"])], [[FRAME] * 100])
    assert collapsed(layout) == (TOKENS[name]["input_ids"], None)


def test_the_published_dense_captioning_request_encodes_to_its_ids(llama):
    case = TOKENS["legacyFalse.infer_dense_caption"]
    after = case["input_ids"][case["input_ids"].index(-200) + 1 :]
    said = llama.decode(after).removesuffix(" ASSISTANT:")
    request = said.removeprefix("\n ")  # the extra blank of the published evaluation
    assert len(request) == case["query_chars"]
    assert hashlib.sha256(request.encode()).hexdigest() == case["query_sha256"]
    layout = lay_out(llama, [Turn(f"{PLACEHOLDER}\n {request}")], [[FRAME] * 100])
    assert collapsed(layout)[0] == case["input_ids"]


def test_the_system_sentence_is_the_published_one():
    assert hashlib.sha256(SYSTEM.encode()).hexdigest() == GOLDEN["c_system_message_sha256"]


@pytest.mark.parametrize("case", GOLDEN["b_seconds_to_text"], ids=lambda c: f"{c['t']}/{c['duration']}")
def test_seconds_are_written_as_published(case):
    assert fill_times("<s0>", {"<s0>": case["t"]}, case["duration"]) == case["text"]


def test_placeholders_are_filled_as_published():
    case = GOLDEN["b_placeholder_substitution"]
    told = [fill_times(text, case["token"], case["duration"]) for text in case["before"]]
    assert told == case["after"]


def iou_of(case):
    """IoU of what is read of an answer, as hundredths, rounded to two decimals as the published evaluation rounds."""
    reading = Ground("x", reader="vtimellm-published").read(case["answer"], Clock(1.0, bins=100))
    if isinstance(reading, ParseFailure):
        return 0
    return round(reading.events[0].span.iou(Span(*case["gt_fractions"])), 2)


SCORED = [case for case in GOLDEN["f_grounding"] if "iou" in case]  # the others divide by zero there


@pytest.mark.parametrize("case", SCORED, ids=lambda c: c["answer"])
def test_grounding_answers_are_read_as_published(case):
    assert iou_of(case) == case["iou"]


def test_grounding_answers_are_summed_up_as_published():
    ious = np.array([iou_of(case) for case in SCORED])
    expected = dict(GOLDEN["f_grounding_summary"])
    assert len(ious) == expected.pop("n")
    found = {"mIoU": ious.mean() * 100} | {f"R1@{t}": (ious >= t).mean() * 100 for t in (0.3, 0.5, 0.7)}
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("case", GOLDEN["f_merge_similar"])
def test_similar_neighbours_are_merged_as_published(case):
    merged = merge_similar([Caption(text, *bins) for text, bins in case["in"]])
    assert [[each.text, [each.start_bin, each.end_bin]] for each in merged] == case["out"]


DENSE = GOLDEN["g_dense_caption"]


@pytest.mark.parametrize("name", DENSE["answers"])
def test_dense_captions_are_read_as_published(name):
    duration_s = DENSE["ground_truth"][name]["duration"]
    events = published_events(DENSE["answers"][name], duration_s)
    expected = DENSE["parsed_predictions_seconds"][name]
    assert [event.text for event in events] == [each["sentence"] for each in expected]
    for event, each in zip(events, expected, strict=True):
        assert [event.span.start_s, event.span.end_s] == pytest.approx(each["timestamp"], abs=1e-3)


@pytest.mark.parametrize("name", [name for name in DENSE["answers"] if name != "v4"])
def test_the_task_reads_the_same_dense_captions_before_they_are_merged(name):
    duration_s = DENSE["ground_truth"][name]["duration"]
    reading = Events().read(DENSE["answers"][name], Clock(duration_s, bins=100))
    captions = published_captions(DENSE["answers"][name])
    assert [event.text for event in reading.events] == [each.text for each in captions]
    ends_s = [(each.end_bin + 1) / 100 * duration_s for each in captions]
    assert [event.span.end_s for event in reading.events] == pytest.approx(ends_s)


def test_avicuna_sets_sound_among_frames_as_published():
    assert interleave(75, 25).tolist() == list(range(0, 97, 4))
    assert spread_rows(100, 75).tolist() == [j * 100 // 75 for j in range(75)]


def test_a_batch_is_as_long_as_the_published_splice_makes_it(llama):
    torch = pytest.importorskip("torch")
    from playhead.models.vtimellm.collate import Sample, collate

    samples = [
        Sample(
            lay_out(llama, turns_of(TOKENS[f"legacyFalse.{name}"]), [[FRAME] * 100]),
            {"frame": torch.zeros(100, 4)},
        )
        for name in ("turn1", "turn3")
    ]
    assert [len(each.layout) for each in samples] == [164, 219]  # spliced_lengths of the recorded batch
    batch = collate(samples)
    assert batch["labels"].shape == (2, 219)
    assert (batch["labels"] != -100).sum(1).tolist() == [10, 30]
