"""Hour-LLaVA's prompt, labels and query text against ids recorded from the published code with the Qwen2 vocabulary."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from playhead.models.hour_llava.features import resampled
from playhead.models.hour_llava.forget import plan_memory
from playhead.models.hour_llava.layout import (
    Seen,
    conversation_layout,
    prompt_layout,
    time_instruction,
)
from playhead.models.hour_llava.tokens import token_ids
from playhead.sequence.layout import IGNORED
from playhead.timeline import Span

FOLDER = Path(__file__).parent / "golden" / "hour_prepare"
GOLDEN = json.loads((FOLDER / "prepare.json").read_text())
pytestmark = pytest.mark.parity

INSTRUCTIONS = GOLDEN["g_time_instruction"]
MASKS = GOLDEN["g_label_masks_qwen2_ids"]


@pytest.fixture(scope="module")
def tokenizer():
    """The part of Qwen2's vocabulary that the recorded texts need, under its real ids."""
    from transformers import Qwen2Tokenizer

    part = json.loads((FOLDER / "qwen2_part.json").read_text())
    merges = [tuple(merge.split(" ")) for merge in part["merges"]]
    return Qwen2Tokenizer(
        vocab=part["vocabulary"], merges=merges, extra_special_tokens=["<|im_start|>", "<|im_end|>"]
    )


def seen_frames(frames, fps, count):
    """``count`` pictures of a video of so many frames, and what is kept of them."""
    duration_s = frames / fps
    times_s = np.linspace(0, duration_s, count, endpoint=False)
    intervals = np.stack([times_s, np.append(times_s[1:], duration_s)], axis=1)
    seen = Seen(times_s, intervals, Span(0.0, duration_s))
    return seen, plan_memory(count)


def counted(case):
    """How many pictures the recorded instruction tells of, as digits after 'and'."""
    ids = case["ids_after_placeholder_until_im_end"]
    digits, at = "", ids.index(11) + 3
    while 15 <= ids[at] <= 24:
        digits, at = digits + str(ids[at] - 15), at + 1
    return int(digits)


def text_between(layout, ids):
    """Ids from the last slot to the end of the turn."""
    slot = layout.slots[-1]
    rest = layout.input_ids_N[slot.start + slot.length :].tolist()
    return rest[: rest.index(ids.turn_end)]


def collapsed(values_N, layout, placeholder):
    """Values with every run of slots as one placeholder, as the published code holds a prompt."""
    out = []
    first = layout.slots[0].start if layout.slots else -1
    filled = set(layout.filled().tolist())
    for at, value in enumerate(values_N.tolist()):
        if at == first:
            out.append(placeholder)
        elif at not in filled:
            out.append(value)
    return out


@pytest.mark.parametrize("case", INSTRUCTIONS, ids=lambda case: case["human_turn"][:20])
def test_the_time_instruction_has_the_recorded_ids_and_text(case, tokenizer):
    ids = token_ids(tokenizer)
    seen, kept = seen_frames(case["frames"], case["fps"], counted(case))
    layout = conversation_layout(tokenizer, ids, [(case["human_turn"], "No.")], seen, kept)
    got = text_between(layout, ids)
    assert got == case["ids_after_placeholder_until_im_end"]
    text = tokenizer.decode(got)
    assert hashlib.sha256(text.encode()).hexdigest() == case["text_sha256"]
    assert len(text) == case["text_chars"]
    assert layout.slots[0].start == case["n_prefix_tokens"]


def test_inference_asks_as_the_training_data_does(tokenizer):
    case = INSTRUCTIONS[0]
    ids = token_ids(tokenizer)
    seen, kept = seen_frames(case["frames"], case["fps"], counted(case))
    layout = prompt_layout(tokenizer, ids, "What is the man doing?", seen, kept)
    assert text_between(layout, ids) == case["ids_after_placeholder_until_im_end"]
    tail = layout.input_ids_N[-3:].tolist()
    assert tail == [151644, 77091, 198]


def test_the_listing_of_times_has_the_recorded_ids(tokenizer):
    case = GOLDEN["g_time_instruction_non_streaming"]
    ids = token_ids(tokenizer)
    picked = np.linspace(0, case["frames"] - 1, case["frames_upbound"]).astype(int)
    seen, kept = seen_frames(case["frames"], case["fps"], case["frames_upbound"])
    times_s = picked / case["fps"]
    seen = Seen(times_s, np.stack([times_s, times_s], axis=1), seen.window)
    turns = [("<image>\nWhat is the man doing?", "No.")]
    layout = conversation_layout(tokenizer, ids, turns, seen, kept, timestamps=True)
    got = text_between(layout, ids)
    assert got == case["ids_after_placeholder_until_im_end"]
    assert hashlib.sha256(tokenizer.decode(got).encode()).hexdigest() == case["text_sha256"]
    assert layout.slots[0].label == "0.00s"


@pytest.mark.parametrize("case", MASKS, ids=lambda case: case["name"])
def test_labels_are_the_recorded_ones(case, tokenizer):
    ids = token_ids(tokenizer)
    if case["name"] == "text_only":
        layout = conversation_layout(tokenizer, ids, [("Hi there", "Hello!")])
    else:
        words = [turn["value"] for turn in case["turns"]]
        seen, kept = seen_frames(case["frames"], case["fps"], 128)
        turns = list(zip(words[::2], words[1::2], strict=True))
        layout = conversation_layout(tokenizer, ids, turns, seen, kept)
        assert (
            int(layout.query_N[: layout.slots[0].start].sum()) == case["n0_masked_tokens_before_placeholder"]
        )
    assert collapsed(layout.input_ids_N, layout, -200) == case["input_ids"]
    assert collapsed(layout.labels_N, layout, IGNORED) == case["labels"]
    wanted = [
        label == IGNORED and given >= 0
        for label, given in zip(case["labels"], case["input_ids"], strict=True)
    ]
    assert collapsed(layout.query_N, layout, False) == wanted


def test_inference_gives_memory_the_text_that_training_gives(tokenizer):
    case = MASKS[0]
    ids = token_ids(tokenizer)
    seen, kept = seen_frames(case["frames"], case["fps"], 128)
    trained = conversation_layout(
        tokenizer, ids, [("<image>\nWhat is the man doing?", "He is cooking.")], seen, kept
    )
    asked = prompt_layout(tokenizer, ids, "What is the man doing?", seen, kept)
    whole = prompt_layout(tokenizer, ids, "What is the man doing?", seen, kept, query="all")
    assert trained.input_ids_N[trained.query_N].tolist() == asked.input_ids_N[asked.query_N].tolist()
    assert int(whole.query_N[: whole.slots[0].start].sum()) == 14  # against 8 in training
    assert int((~whole.query_N).sum()) == 17 * 32


@pytest.mark.parametrize(
    "case", GOLDEN["f_feature_file_resampling_at_load"], ids=lambda c: str(c["duration"])
)
def test_stored_features_are_resampled_as_the_published_loader_does(case):
    rows = resampled(case["stored"], case["duration"]).tolist()
    assert len(rows) == case["n"]
    assert rows[: len(case["first"])] == case["first"]
    assert rows[len(rows) - len(case["last"]) :] == case["last"]
    assert sum(rows) == case["sum"]


def test_the_instruction_says_what_was_seen():
    assert "lasts for 3600.00 seconds, and 3597 frames" in time_instruction(3600.0, 3597)


@pytest.mark.parametrize("frames", [int(name) for name in GOLDEN["c_token_table_by_input_frames"]])
def test_slots_are_the_recorded_tokens_of_true_pictures(frames, tokenizer):
    case = GOLDEN["c_token_table_by_input_frames"][str(frames)]
    seen, kept = seen_frames(frames, 1.0, frames)
    layout = prompt_layout(tokenizer, token_ids(tokenizer), "What is the man doing?", seen, kept)
    assert len(layout.filled()) == case["visual_tokens"]
    assert len(layout.slots) == case["kept_frames"]
    assert kept.memory_tokens == case["memory_tokens"]
    starts = [slot.pts_s for slot in layout.slots]
    assert starts == sorted(starts)
    assert set(starts) <= set(seen.times_s.tolist())
    assert starts[-1] == seen.times_s[-1]


FULL = json.loads((FOLDER / "full_path.json").read_text())
TURNS = {
    "A3": [
        ("<image>\nWhat happens first?", "A dog runs.\nThen it jumps."),
        ("And then?", "It sleeps."),
    ],
    "B1": [("<image>\nWhat is the man doing?", "He is cooking.")],
    "txt": [("Hi there", "Hello!")],
}


def prepared(name, tokenizer, seed):
    case = FULL[name]
    if not case["frames"]:
        return conversation_layout(tokenizer, token_ids(tokenizer), TURNS[name])
    seen, _ = seen_frames(case["frames"], case["frames"] / case["duration"], case["frames"])
    kept = plan_memory(case["frames"], seed=seed)
    return conversation_layout(tokenizer, token_ids(tokenizer), TURNS[name], seen, kept)


def query_positions(layout, asked_N):
    """Where MemAug's query stands: text before the video, kept rows behind it, text after the memory's last row."""
    first, last = layout.filled()[[0, -1]]
    before, after = int(asked_N[:first].sum()), int(asked_N[last:].sum())
    rows = layout.kept.rows_R.numpy() + before
    return [*range(before), *rows.tolist(), *range(rows[-1] + 1, rows[-1] + 1 + after)]


@pytest.mark.parametrize("name", list(TURNS))
def test_the_whole_preparation_is_the_recorded_one(name, tokenizer):
    layout = prepared(name, tokenizer, 100)
    assert collapsed(layout.input_ids_N, layout, -200) == FULL[name]["input_ids"]
    assert layout.labels_N.tolist() == FULL[name]["labels"]


def test_the_memory_is_asked_at_the_recorded_positions(tokenizer):
    layout = prepared("A3", tokenizer, 100)
    assert query_positions(layout, layout.query_N) == FULL["A3"]["q_position_ids"]
    everything = np.ones(len(layout), np.bool_)
    everything[layout.filled()] = False
    assert query_positions(layout, everything) == FULL["A3"]["q_position_ids_all"]


def test_a_batch_draws_its_positions_in_order(tokenizer):
    generator = torch.Generator().manual_seed(FULL["order"]["seed"])
    first, second = (prepared(name, tokenizer, generator) for name in FULL["order"]["samples"])
    assert query_positions(first, first.query_N) == FULL["order"]["A3_q_position_ids"]
    assert query_positions(second, second.query_N) == FULL["B1"]["q_position_ids"]
