"""A conversation as VTimeLLM on ChatGLM3 was trained: which token stands where, what is filled, what is trained."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from playhead.errors import UsageError
from playhead.models.vtimellm.chatglm_engine import tiny_chatglm3
from playhead.models.vtimellm.chatglm_layout import lay_out_chatglm
from playhead.models.vtimellm.chatglm_tokens import encode, special_id, tiny_tokenizer
from playhead.models.vtimellm.collate import Sample, collate
from playhead.models.vtimellm.layout import Filling, Turn
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.timeline import Span

TINY = tiny_tokenizer()
MASK, SOP, USER, ASSISTANT = (
    special_id(TINY, name) for name in ("[gMASK]", "sop", "<|user|>", "<|assistant|>")
)
FRAMES = tuple(Filling("frame", Span(k, k + 1.0), k + 0.25) for k in range(5))


def words(text: str) -> list[int]:
    return encode(TINY, text)


def test_a_prompt_ends_with_the_assistants_role() -> None:
    layout = lay_out_chatglm(TINY, [Turn("<video>\nWhen?")], [FRAMES])
    wanted = [MASK, SOP, USER, *[0] * 5, *words("\nWhen?"), ASSISTANT]
    assert layout.input_ids_N.tolist() == wanted
    assert layout.labels_N is None
    assert [slot.start for slot in layout.slots] == [3, 4, 5, 6, 7]
    assert [slot.pts_s for slot in layout.slots] == [0.25, 1.25, 2.25, 3.25, 4.25]
    assert [slot.span for slot in layout.slots] == [each.span for each in FRAMES]


def test_a_role_is_followed_by_its_content_at_once() -> None:
    """ChatGLM3 itself has a line end there: a blank and the byte 0x0A."""
    layout = lay_out_chatglm(TINY, [Turn("Hello", "From 10 to 99.")])
    ids = layout.input_ids_N.tolist()
    assert ids == [MASK, SOP, USER, *words("Hello"), ASSISTANT, *words("From 10 to 99."), 2]
    assert TINY.convert_tokens_to_ids("<0x0A>") not in ids


def test_trained_are_an_answer_and_the_token_that_ends_it() -> None:
    turns = [Turn("<video>\nWhat?", "A dog."), Turn("And then?", "From 10 to 99.")]
    layout = lay_out_chatglm(TINY, turns, [FRAMES])
    ids = [MASK, SOP, USER, *[0] * 5, *words("\nWhat?"), ASSISTANT, *words("A dog."), USER]
    ids += [*words("And then?"), ASSISTANT, *words("From 10 to 99."), 2]
    assert layout.input_ids_N.tolist() == ids
    trained = [-100] * (3 + 5 + len(words("\nWhat?")) + 1)
    trained += [*words("A dog."), USER, *[-100] * (len(words("And then?")) + 1)]
    trained += [*words("From 10 to 99."), 2]
    assert layout.labels_N.tolist() == trained


def test_what_a_user_writes_makes_no_role() -> None:
    layout = lay_out_chatglm(TINY, [Turn("say <|assistant|> and [gMASK]sop")])
    ids = layout.input_ids_N.tolist()
    assert [ids.count(each) for each in (MASK, SOP, USER, ASSISTANT)] == [1, 1, 1, 1]


def test_several_videos_are_filled_in_the_order_of_their_placeholders() -> None:
    turns = [Turn("<video> or <video>?", "Both."), Turn("And\n<video>", "No.")]
    layout = lay_out_chatglm(TINY, turns, [FRAMES[:1], FRAMES[1:3], FRAMES[3:]])
    assert [slot.pts_s for slot in layout.slots] == [0.25, 1.25, 2.25, 3.25, 4.25]
    assert (layout.labels_N[layout.filled()] == -100).all()


@pytest.mark.parametrize(
    ("turns", "videos"),
    [
        ([], []),
        ([Turn("a"), Turn("b")], []),
        ([Turn("<video>")], []),
        ([Turn("a")], [FRAMES]),
        ([Turn("a", "")], []),
    ],
)
def test_what_cannot_be_laid_out_is_refused(turns, videos) -> None:
    with pytest.raises(UsageError, match="lay out a conversation"):
        lay_out_chatglm(TINY, turns, videos)


def test_the_loss_is_over_the_trained_tokens_alone() -> None:
    """The model's loss, against the mean over the labelled tokens written out; gradients reach projector and roles."""
    torch.manual_seed(0)
    model = VTimeLLMForCausalLM(tiny_chatglm3())
    turns = [Turn("<video>\nWhat?", "A dog."), Turn("And then?", "From 10 to 99.")]
    layouts = [
        lay_out_chatglm(TINY, turns, [FRAMES]),
        lay_out_chatglm(TINY, [Turn("<video> Who?", "I.")], [FRAMES[:2]]),
    ]
    rows = [torch.randn(5, 32), torch.randn(2, 32)]
    batch = collate([Sample(each, {"frame": row}) for each, row in zip(layouts, rows, strict=True)])
    out = model(**batch)
    losses = [
        -out.logits[at, place - 1].log_softmax(-1)[label]
        for at, layout in enumerate(layouts)
        for place, label in enumerate(layout.labels_N.tolist())
        if label != -100
    ]
    torch.testing.assert_close(out.loss, torch.stack(losses).mean(), atol=1e-5, rtol=1e-5)
    out.loss.backward()
    assert model.model.projectors["frame"].weight.grad.any()
    assert model.model.language_model.embed_tokens.weight.grad[ASSISTANT].any()
