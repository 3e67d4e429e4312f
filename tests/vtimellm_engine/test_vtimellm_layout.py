"""A conversation as positions: what is text, what is filled and for which seconds, what is trained."""

import pytest

from playhead.errors import UsageError
from playhead.models.vtimellm.collate import Sample, collate
from playhead.models.vtimellm.layout import (
    Filling,
    Turn,
    frame_fillings,
    interleave,
    interleaved,
    lay_out,
    row_fillings,
    spread_rows,
)
from playhead.models.vtimellm.tokens import tiny_tokenizer
from playhead.timeline import Span

torch = pytest.importorskip("torch")
TINY = tiny_tokenizer()
FRAMES = tuple(Filling("frame", Span(k, k + 1.0), k + 0.25) for k in range(5))
SOUND = row_fillings("sound", 3, Span(2.0, 14.0))


def test_every_filling_has_one_position_with_its_true_seconds():
    layout = lay_out(TINY, [Turn("<video>\nWhen?")], [(*FRAMES, *SOUND)])
    assert [slot.length for slot in layout.slots] == [1] * 8
    assert [slot.pts_s for slot in layout.slots[:5]] == [0.25, 1.25, 2.25, 3.25, 4.25]
    assert [slot.kind for slot in layout.slots] == ["frame"] * 5 + ["sound"] * 3
    assert [slot.span for slot in layout.slots[5:]] == [Span(2.0, 7.12), Span(7.12, 12.24), Span(12.24, 14.0)]
    assert {slot.label for slot in layout.slots} == {""}
    filled = layout.filled()
    assert filled.tolist() == list(range(filled[0], filled[0] + 8))
    assert set(layout.input_ids_N[filled].tolist()) == {0}
    assert layout.labels_N is None
    said = TINY.decode([each for at, each in enumerate(layout.input_ids_N) if at not in set(filled.tolist())])
    assert said.endswith("ASSISTANT:")


def test_only_answers_and_their_ends_are_trained():
    turns = [Turn("<video>\nWhat?", "A dog."), Turn("And then?", "From 10 to 99.")]
    layout = lay_out(TINY, turns, [FRAMES])
    trained = [each for each in layout.labels_N.tolist() if each != -100]
    assert TINY.decode(trained) == "A dog.</s> From 10 to 99.</s>"
    at = [i for i, label in enumerate(layout.labels_N.tolist()) if label != -100]
    assert layout.input_ids_N[at].tolist() == trained
    assert (layout.labels_N[layout.filled()] == -100).all()


def test_several_videos_are_filled_in_the_order_of_their_placeholders():
    turns = [Turn("<video> or <video>?", "Both."), Turn("And\n<video>", "No.")]
    layout = lay_out(TINY, turns, [FRAMES[:1], FRAMES[1:3], FRAMES[3:]])
    assert [slot.pts_s for slot in layout.slots] == [0.25, 1.25, 2.25, 3.25, 4.25]
    gaps = [b.start - a.start for a, b in zip(layout.slots, layout.slots[1:], strict=False)]
    assert [gap == 1 for gap in gaps] == [False, True, False, True]


def test_words_alone_have_no_slots():
    assert lay_out(TINY, [Turn("Hello")]).slots == ()


@pytest.mark.parametrize(
    ("turns", "videos", "template", "said"),
    [
        ([], [], "v1", "0 turns"),
        ([Turn("a")], [FRAMES], "v1", "0 times <video> in the user's words but 1 videos"),
        ([Turn("<video> <video>")], [FRAMES], "v1", "2 times <video>"),
        ([Turn("a"), Turn("b", "c")], [], "v1", "a turn without its answer"),
        ([Turn("a", "")], [], "v1", "a turn without its answer"),
        ([Turn("a", "b"), Turn("c", "d")], [], "plain", "2 turns in template 'plain'"),
        ([Turn("a", "b")], [], "plain", "0 videos"),
    ],
)
def test_conversations_that_cannot_be_laid_out_are_refused(turns, videos, template, said):
    with pytest.raises(UsageError, match=said):
        lay_out(TINY, turns, videos, template=template)


def test_sound_stands_before_every_three_frames():
    frames = tuple(Filling("frame", Span(k, k + 1.0), float(k)) for k in range(75))
    sounds = tuple(Filling("sound", Span(3.0 * k, 3.0 * k + 3)) for k in range(25))
    order = interleaved(frames, sounds)
    assert len(order) == 100
    assert [at for at, each in enumerate(order) if each.kind == "sound"] == list(range(0, 97, 4))
    assert [each.pts_s for each in order if each.kind == "frame"] == [float(k) for k in range(75)]
    # every row of sound stands right before the frames of its own seconds
    assert all(order[at].span.start_s == order[at + 1].span.start_s for at in range(0, 97, 4))


def test_more_sound_than_places_between_frames_is_refused():
    with pytest.raises(UsageError, match="20 rows for 32 frames"):
        interleave(32, 20)
    assert interleave(75, 0).tolist() == []


def test_fewer_rows_repeat_in_the_order_of_time():
    assert spread_rows(2, 5).tolist() == [0, 0, 0, 1, 1]
    assert spread_rows(100, 75)[:4].tolist() == [0, 1, 2, 4]


def test_rows_past_the_end_stand_for_nothing():
    rows = row_fillings("speech", 5, Span(10.0, 17.0))
    assert [each.span.start_s for each in rows] == pytest.approx([10.0, 15.12, 17.0, 17.0, 17.0])
    assert [each.span.end_s for each in rows] == pytest.approx([15.12, 17.0, 17.0, 17.0, 17.0])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_keeps_every_row_at_its_place(side):
    long = Sample(
        lay_out(TINY, [Turn("<video>\nA long question?", "Yes.")], [(*FRAMES, *SOUND)]),
        {"frame": torch.arange(5.0)[:, None], "sound": torch.arange(3.0)[:, None] + 50},
    )
    short = Sample(
        lay_out(TINY, [Turn("<video>", "No.")], [FRAMES[:2]]), {"frame": torch.tensor([[7.0], [8.0]])}
    )
    batch = collate([short, long], side=side)
    assert batch["frame_features"][:, 0].tolist() == [7, 8, 0, 1, 2, 3, 4]
    assert batch["sound_features"][:, 0].tolist() == [50, 51, 52]
    assert "speech_features" not in batch
    assert (batch["slot_kinds"] == 1).sum(1).tolist() == [2, 5]
    assert (batch["slot_kinds"] == 2).sum(1).tolist() == [0, 3]
    for row, sample in enumerate((short, long)):
        real = batch["attention_mask"][row].bool()
        assert batch["input_ids"][row][real].tolist() == sample.layout.input_ids_N.tolist()
        assert batch["labels"][row][real].tolist() == sample.layout.labels_N.tolist()
        assert batch["slot_kinds"][row][real].nonzero()[:, 0].tolist() == sample.layout.filled().tolist()
    assert bool(batch["attention_mask"][0, 0 if side == "left" else -1]) is False


def test_features_of_another_count_are_refused():
    sample = Sample(lay_out(TINY, [Turn("<video>")], [FRAMES]), {"frame": torch.zeros(4, 1)})
    with pytest.raises(UsageError, match="fill 5 positions of kind 'frame'; found 4 rows"):
        collate([sample])


def test_frames_keep_their_own_time_and_their_share():
    import numpy as np

    fillings = frame_fillings(np.array([0.0, 0.5]), np.array([[0.0, 0.6], [0.6, 1.2]]))
    assert fillings == (Filling("frame", Span(0.0, 0.6), 0.0), Filling("frame", Span(0.6, 1.2), 0.5))
