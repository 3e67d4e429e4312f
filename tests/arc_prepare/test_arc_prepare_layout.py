"""Prompts: what stands where, for which second, and what is learnt."""

import numpy as np
import pytest

from playhead.errors import UsageError, WeightsError
from playhead.models.arc_hunyuan_video.layout import (
    FrameTime,
    Turn,
    conversation,
    layout,
    positions_of,
    rewrite_newlines,
    rows_of,
    slots_per_frame,
)
from playhead.models.arc_hunyuan_video.tokens import special_ids, tiny_tokenizer
from playhead.sequence.layout import IGNORED
from playhead.timeline import Span

TOKENIZER = tiny_tokenizer()
IDS = special_ids(TOKENIZER)


def frames(count, start_s=0.0):
    return [
        FrameTime(Span(start_s + i, start_s + i + 1), start_s + i + 0.48, f"00:00:{i:02d}-00:00:{i + 1:02d}")
        for i in range(count)
    ]


def text_of(ids):
    return TOKENIZER.decode(ids)


@pytest.mark.parametrize(
    ("side_px", "rows", "slots"), [(64, 1, 4), (128, 2, 8), (448, 7, 58), (640, 10, 112)]
)
def test_slots_of_a_square_picture(side_px, rows, slots):
    assert rows_of(side_px) == rows
    assert slots_per_frame(rows) == slots


@pytest.mark.parametrize("side_px", [0, -64, 100, 63])
def test_other_sides_are_refused(side_px):
    with pytest.raises(UsageError, match="a multiple of 64"):
        rows_of(side_px)


@pytest.mark.parametrize("count", [1, 3, 150])
@pytest.mark.parametrize("rows", [2, 10])
def test_every_slot_knows_its_second(count, rows):
    given = frames(count, start_s=40.0)
    made = layout(TOKENIZER, given, "When?", rows=rows)
    assert len(made.slots) == count
    for number, (slot, frame) in enumerate(zip(made.slots, given, strict=True)):
        assert (slot.kind, slot.span, slot.pts_s, slot.label) == (
            "frame",
            frame.span,
            frame.pts_s,
            frame.label,
        )
        assert slot.length == slots_per_frame(rows)
        assert made.input_ids_N[slot.start - 1] == IDS.img
        assert made.input_ids_N[slot.start + slot.length] == IDS.img_end
        assert (made.input_ids_N[slot.start : slot.start + slot.length] == IDS.image_context).all()
        assert made.positions[3, slot.start + 1] == number
    assert np.array_equal(made.filled(), np.flatnonzero(made.input_ids_N == IDS.image_context))
    assert IDS.newline not in made.input_ids_N
    video = (slots_per_frame(rows) + 2) * count + 2
    assert text_of(made.input_ids_N[1 + video :]) == "\nWhen?<sep>"
    assert made.labels_N is None


def test_lengths_of_the_published_examples():
    words = len(layout(TOKENIZER, [], "x"))
    assert len(layout(TOKENIZER, frames(60), "x")) - words + 2 == 6842
    assert len(layout(TOKENIZER, frames(150), "x")) - words + 2 == 17102


def test_positions_of_the_specified_vector():
    """Begin token, video, two frames: the vector the rule is specified with."""
    made = layout(TOKENIZER, frames(2), "x")
    at = {
        0: (0, 0, 0, 0),
        2: (2, 2, 2, 2),
        3: (3, 3, 3, 3),
        4: (4, 0, 0, 0),
        13: (13, 9, 0, 0),
        14: (14, 10, 0, 0),
        15: (15, 0, 1, 0),
        113: (113, 10, 9, 0),
        114: (114,) * 4,
        115: (115,) * 4,
        116: (116,) * 4,
        117: (117,) * 4,
        118: (118, 0, 0, 1),
        229: (229,) * 4,
        230: (230,) * 4,
        231: (231,) * 4,
    }
    assert {index: tuple(made.positions[:, index].tolist()) for index in at} == at
    assert (made.positions[:, -1] == len(made) - 1).all()


def test_the_suffix_follows_on_its_own_line():
    assert (
        text_of(layout(TOKENIZER, [], "a", suffix="b").input_ids_N) == "<|startoftext|><vid></vid>\na\nb<sep>"
    )
    assert text_of(layout(TOKENIZER, [], "a").input_ids_N) == "<|startoftext|><vid></vid>\na<sep>"


def test_only_the_answer_and_its_end_are_learnt():
    made = layout(TOKENIZER, frames(2), "When?", answer="<answer>00:00:01 - 00:00:02</answer>")
    learnt = made.labels_N != IGNORED
    assert text_of(made.labels_N[learnt]) == "<answer>00:00:01 - 00:00:02</answer><|endoftext|>"
    assert np.array_equal(made.labels_N[learnt], made.input_ids_N[learnt])
    assert not learnt[: int(np.flatnonzero(made.input_ids_N == IDS.sep)[0]) + 1].any()


def test_several_turns_are_learnt_each_and_training_starts_their_positions_again():
    turns = (Turn("One?", "yes"), Turn("Two?", "no"))
    made = conversation(TOKENIZER, frames(1), turns, rows=2)
    assert text_of(made.input_ids_N[13:]) == "\nOne?<sep>yes<|endoftext|>Two?<sep>no<|endoftext|>"
    assert text_of(made.labels_N[made.labels_N != IGNORED]) == "yes<|endoftext|>no<|endoftext|>"
    trained = conversation(TOKENIZER, frames(1), turns, rows=2, positions="training")
    assert np.array_equal(trained.input_ids_N, made.input_ids_N)
    again = int(np.flatnonzero(made.input_ids_N == IDS.endoftext)[0]) + 1
    assert (trained.positions[:, again:] == np.arange(len(made) - again)).all()
    assert np.array_equal(trained.positions[:, :again], made.positions[:, :again])
    assert (made.positions[:, again:] == np.arange(again, len(made))).all()


def test_the_last_turn_may_be_open():
    made = conversation(TOKENIZER, frames(1), (Turn("One?", "yes"), Turn("Two?")), rows=2)
    assert text_of(made.input_ids_N).endswith("yes<|endoftext|>Two?<sep>")
    assert made.labels_N is None


@pytest.mark.parametrize("turns", [(), (Turn("a"), Turn("b", "c"))])
def test_turns_without_answers_are_refused(turns):
    with pytest.raises(UsageError, match="lay out a conversation"):
        conversation(TOKENIZER, frames(1), turns)


def test_training_data_places_the_video_within_its_turn():
    made = conversation(TOKENIZER, frames(1), (Turn("title: x\n<video>\nDescribe.", "ok"),), rows=1)
    text = text_of(made.input_ids_N)
    assert text.startswith("<|startoftext|>title: x\n<vid><img>")
    assert "</vid>\nDescribe.<sep>" in text
    assert made.slots[0].start == int(np.flatnonzero(made.input_ids_N == IDS.img)[0]) + 1


def test_a_video_mark_without_line_feed_is_refused():
    with pytest.raises(UsageError, match="without a line feed"):
        conversation(TOKENIZER, frames(1), (Turn("<video> what?", "x"),))


def test_a_question_may_talk_about_tags():
    words = "When is an <img> or <IMG_CONTEXT> tag shown? <video>\n<sep><|endoftext|>"
    made = layout(TOKENIZER, frames(2), words, rows=2)
    assert text_of(made.input_ids_N).endswith(f"</vid>\n{words}<sep>")
    assert int((made.input_ids_N == IDS.sep).sum()) == 1
    assert int((made.input_ids_N == IDS.img).sum()) == 2
    assert len(made.filled()) == 2 * 8


def test_special_text_is_as_released_and_refused_where_it_breaks_frames():
    made = layout(TOKENIZER, frames(1), "a<sep>b", rows=2, special_text=True)
    assert int((made.input_ids_N == IDS.sep).sum()) == 2
    for words in ("<IMG_CONTEXT>", "<img></img>", "<newline>"):
        with pytest.raises(UsageError, match="lay out a video"):
            layout(TOKENIZER, frames(1), words, rows=2, special_text=True)


def test_a_limit_cuts_the_end_as_in_training():
    whole = layout(TOKENIZER, frames(2), "Q", answer="a long answer", rows=2, positions="training")
    cut = layout(
        TOKENIZER,
        frames(2),
        "Q",
        answer="a long answer",
        rows=2,
        positions="training",
        max_tokens=len(whole) - 4,
    )
    assert np.array_equal(cut.input_ids_N, whole.input_ids_N[:-4])
    assert np.array_equal(cut.labels_N, whole.labels_N[:-4])
    assert (cut.positions == np.arange(len(cut))).all()  # no end of text: training gives no grid
    assert not (whole.positions == np.arange(len(whole))).all()
    with pytest.raises(UsageError, match="23 and more"):
        layout(TOKENIZER, frames(2), "Q", rows=2, max_tokens=22)
    assert len(layout(TOKENIZER, frames(2), "Q", rows=2, max_tokens=23)) == 23


def test_positions_refuse_broken_frames():
    frame = [IDS.img, IDS.image_context, IDS.image_context, IDS.newline, IDS.image_context, IDS.img_end]
    ok = positions_of(np.array(frame), IDS)
    assert ok[:, 2].tolist() == [2, 0, 0, 0]
    assert ok[:, 3].tolist() == [3, 1, 0, 0]
    with pytest.raises(UsageError, match="1 <img> and 0 </img>"):
        positions_of(np.array(frame[:-1]), IDS)
    with pytest.raises(UsageError, match="allowed: pairs"):
        positions_of(np.array([IDS.img_end, IDS.img]), IDS)
    with pytest.raises(UsageError, match="rows of one length"):
        positions_of(rewrite_newlines(np.array(frame), IDS), IDS)
    with pytest.raises(UsageError, match="inference or training"):
        positions_of(np.array(frame), IDS, "other")


def test_a_tokenizer_without_the_special_tokens_is_refused():
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    other = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE({"a": 0}, [])))
    with pytest.raises(WeightsError, match="1 ids without"):
        layout(other, frames(1), "a")
