"""What VTimeLLM's model is given and how its answers are read, against values recorded from the published code."""

import hashlib
import json
import struct
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

GOLDEN_FOLDER = Path(__file__).parent / "golden" / "vtimellm_prepare"
GOLDEN = json.loads((GOLDEN_FOLDER / "golden.json").read_text("utf-8"))
TOKENS = GOLDEN["c_tokens_transformers_4.31.0"]
VOCABULARY = Path(__file__).parents[3] / "shared" / "tokenizers" / "llama-2-sentencepiece.model"
FRAME = Filling("frame", Span(0.0, 1.0), 0.0)
pytestmark = pytest.mark.parity


def field(number, data):
    """A field of a protocol buffer: bytes with their length, or an integer."""
    if isinstance(data, int):
        return bytes([number << 3, data])
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def few_pieces():
    """A SentencePiece file of Llama-2's size that holds those of its pieces these texts are cut into.

    A piece's score is 259 less its id; runs of blanks have the lowest. The other places hold pieces nothing uses.
    """
    known = {at: text for text, at in json.loads((GOLDEN_FOLDER / "pieces.json").read_text("utf-8")).items()}
    rows = []
    for at in range(32_000):
        text, score, kind = f"<nothing {at}>", 0.0, 5
        if at < 3:
            text, kind = ("<unk>", "<s>", "</s>")[at], (2, 3, 3)[at]
        elif at < 259:
            text, kind = f"<0x{at - 3:02X}>", 6
        elif at in known:
            text, kind = known[at], 1
            score = -1e9 if set(text) == {"▁"} else 259.0 - at
        score_field = bytes([2 << 3 | 5]) + struct.pack("<f", score)
        rows.append(field(1, field(1, text.encode()) + score_field + field(3, kind)))
    return b"".join(rows) + field(2, field(3, 2))  # trained as BPE


@pytest.fixture(scope="module", params=["few pieces", "the whole vocabulary"])
def llama(request, tmp_path_factory):
    if request.param == "the whole vocabulary" and not VOCABULARY.is_file():
        pytest.skip("Llama-2's vocabulary is not here")
    folder = tmp_path_factory.mktemp("base")
    data = few_pieces() if request.param == "few pieces" else VOCABULARY.read_bytes()
    (folder / "tokenizer.model").write_bytes(data)
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


NEWER = GOLDEN["c_tokens_transformers_4.46.3_multi_turn_only"]


@pytest.mark.parametrize("name", NEWER)
def test_newer_tokenizers_lose_these_samples_and_here_they_keep_their_labels(llama, name):
    layout = lay_out(llama, turns_of(TOKENS[name]), [[FRAME] * 100], legacy=name.startswith("legacyTrue"))
    ids, labels = collapsed(layout)
    if name.startswith("legacyTrue"):  # the same in both versions
        assert (ids, labels) == (NEWER[name]["input_ids"], NEWER[name]["labels"])
        return
    assert NEWER[name]["n_trained"] == 0  # the whole sample is masked there
    assert ids != NEWER[name]["input_ids"]
    assert sum(label != -100 for label in labels) == TOKENS[name]["n_trained"] > 0


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


NO_LENGTH = [case for case in GOLDEN["f_grounding"] if "upstream_error" in case]


@pytest.mark.parametrize("case", NO_LENGTH, ids=lambda c: c["answer"])
def test_a_stretch_without_length_on_itself_divides_by_zero_there_and_is_a_number_here(case):
    assert case["upstream_error"] == "ZeroDivisionError"
    assert iou_of(case) in {0, 1}


def test_every_recorded_grounding_answer_is_read():
    assert (len(SCORED), len(NO_LENGTH), len(GOLDEN["f_grounding"])) == (34, 2, 36)


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


FEATURES = {"plain": 1}  # stage 1 is shown one picture


@pytest.mark.parametrize("case", ["turn3_video", "batch_turn1_turn3", "batch_plain_image_and_video"])
def test_from_words_to_the_recorded_batch(llama, case):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    from playhead.models.vtimellm.collate import Sample, collate

    recorded = load_file(GOLDEN_FOLDER.parent / "vtimellm_model" / "splice.safetensors")
    toy = {int(real): small for real, small in GOLDEN["d_splice"]["compact_id_map_real_to_toy"].items()}
    samples = []
    for name in GOLDEN["d_splice"][case]["samples"]:
        told, frames = TOKENS[f"legacyFalse.{name}"], FEATURES.get(name, 100)
        layout = lay_out(llama, turns_of(told), [[FRAME] * frames], template=told["template"])
        samples.append(Sample(layout, {"frame": torch.zeros(frames, 4)}))
    batch = collate(samples)
    assert torch.equal(batch["attention_mask"].bool(), recorded[f"{case}.attention_mask"].bool())
    labels = [[toy.get(each, each) for each in row] for row in batch["labels"].tolist()]
    assert labels == recorded[f"{case}.labels"].tolist()
    words_BN = (batch["slot_kinds"] == 0) & batch["attention_mask"].bool()
    words = [toy[each] for each in batch["input_ids"][words_BN].tolist()]
    ids_BN, given_BN = recorded[f"{case}.input_ids_toy"], recorded[f"{case}.attention_in"].bool()
    assert words == ids_BN[given_BN & (ids_BN != -200)].tolist()
    for each, given_N, labels_N in zip(samples, given_BN, recorded[f"{case}.labels_in"], strict=True):
        assert [toy.get(label, label) for label in collapsed(each.layout)[1]] == labels_N[given_N].tolist()
