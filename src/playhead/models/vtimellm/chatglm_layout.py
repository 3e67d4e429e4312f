"""A conversation about videos as positions, in the form of VTimeLLM on ChatGLM3.

    [gMASK] sop <|user|> text, video, text <|assistant|> answer <|user|> ... <|assistant|> answer </s>

A role's content follows it directly; ChatGLM3 itself has a line end there. Each text is encoded as a text of its own.
The mask of the loss is shifted by one: the answer's tokens are trained, and the token that ends it, which is the next
role or ``</s>``; the role that opens an answer is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playhead.models.vtimellm.chatglm_tokens import (
    ASSISTANT_ROLE,
    BEGIN,
    END_ID,
    START,
    USER_ROLE,
    encode,
    special_id,
)
from playhead.models.vtimellm.layout import FILLED_ID, PLACEHOLDER, Filling, Turn, check_turns
from playhead.sequence.layout import IGNORED, Layout, Slot

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def lay_out_chatglm(
    tokenizer: PreTrainedTokenizerFast,
    turns: Sequence[Turn],
    videos: Sequence[Sequence[Filling]] = (),
) -> Layout:
    """The positions of a conversation; labels are given when every turn is answered.

    Args:
        tokenizer: ChatGLM3's.
        turns: At least one; only the last may lack its answer, and the prompt then ends with ``<|assistant|>``.
        videos: What fills each ``<video>``, in the order of the placeholders.

    Raises:
        UsageError: Placeholders and videos differ in number, an answer is missing or empty in the middle.
    """
    check_turns(turns, videos)
    ids: list[int] = []
    labels: list[int] = []
    slots: list[Slot] = []
    left = iter(videos)
    for part in _parts(tokenizer, turns):
        new = part.ids
        if part.video:
            fillings = next(left)
            slots += [
                Slot(len(ids) + at, 1, each.kind, each.span, each.pts_s) for at, each in enumerate(fillings)
            ]
            new = [FILLED_ID] * len(fillings)
        ids += new
        labels += new if part.trained else [IGNORED] * len(new)
    answered = turns[-1].answer is not None
    return Layout(np.array(ids, np.int64), tuple(slots), np.array(labels, np.int64) if answered else None)


@dataclass(frozen=True, slots=True)
class _Part:
    """Tokens, or the place of a video."""

    ids: list[int]
    trained: bool = False
    video: bool = False


def _parts(tokenizer: PreTrainedTokenizerFast, turns: Sequence[Turn]) -> Iterator[_Part]:
    begin, start, user, assistant = (
        special_id(tokenizer, name) for name in (BEGIN, START, USER_ROLE, ASSISTANT_ROLE)
    )
    yield _Part([begin, start])
    for at, turn in enumerate(turns):
        yield _Part([user], trained=at > 0)  # it ends the answer before it
        first, *others = turn.user.split(PLACEHOLDER)
        yield _Part(encode(tokenizer, first))
        for text in others:
            yield _Part([], video=True)
            yield _Part(encode(tokenizer, text))
        yield _Part([assistant])
        if turn.answer is not None:
            yield _Part(encode(tokenizer, turn.answer), trained=True)
    if turns[-1].answer is not None:
        yield _Part([END_ID], trained=True)
