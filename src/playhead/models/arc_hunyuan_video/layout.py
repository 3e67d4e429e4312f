"""ARC-Hunyuan-Video's prompt: what stands at every position, for which second, and where on its four axes.

    <|startoftext|> <vid> frame ... frame </vid> LF question LF suffix <sep>  answer <|endoftext|>

A frame is ``<img>``, a begin slot, rows of patches each ended by a newline slot, an end slot, ``</img>``: 114 tokens of
which 112 are filled, for pictures of 640 px. There is no system prompt, no role and no chat template. The released vLLM
path leaves ``<vid>`` and ``</vid>`` out; training and the transformers path have them, and so does this.

Axes: N position in the sequence, 4 rotary axis (sequence, column, row, frame ordinal).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from transformers import PreTrainedTokenizerFast

from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video.config import slots_per_frame
from playhead.models.arc_hunyuan_video.tokens import SpecialIds, special_ids
from playhead.sequence.layout import IGNORED, Ids, Layout, Slot
from playhead.timeline import Span

ROWS: Final = 10
"""Rows of patches in a frame of 640 px."""

ROW_PX: Final = 64
"""Pixels of the picture's side that one row of patches stands for."""

VIDEO: Final = "<video>"
"""Where training data puts the video in a human turn; plain text, followed by a line feed."""

PositionRule = Literal["inference", "training"]


@dataclass(frozen=True, slots=True)
class FrameTime:
    """When a picture is, and how the model is told.

    Attributes:
        span: The stretch of the video it stands for, in seconds on the video's clock.
        pts_s: Its true presentation time on the video's clock.
        label: What is burnt into it, on the window's clock: ``00:00:03-00:00:04``.
    """

    span: Span
    pts_s: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a human says, and what the model answered; None where it is still to answer."""

    human: str
    answer: str | None = None


def rows_of(side_px: int) -> int:
    """Rows of patches of a square picture.

    Raises:
        UsageError: If the side is no multiple of 64.
    """
    if side_px < ROW_PX or side_px % ROW_PX:
        raise UsageError(
            "size of ARC-Hunyuan-Video's pictures", found=f"{side_px} px", allowed="a multiple of 64"
        )
    return side_px // ROW_PX


def layout(
    tokenizer: PreTrainedTokenizerFast,
    frames: Sequence[FrameTime],
    question: str,
    *,
    suffix: str = "",
    answer: str | None = None,
    rows: int = ROWS,
    positions: PositionRule = "inference",
    special_text: bool = False,
    max_tokens: int | None = None,
) -> Layout:
    """The layout of one question about one video.

    Args:
        tokenizer: ARC-Hunyuan-Video's.
        frames: When each picture is, in the order of their positions.
        question: The user's words.
        suffix: What follows after a line feed, the words that say in which tags to answer; empty for none.
        answer: What is to be learnt; None to generate.
        rows: Rows of patches in a frame, :func:`rows_of` its side.
        positions: See :func:`positions_of`.
        special_text: Whether special strings in the words are special, as in the released tokenizer. Otherwise they
            are words like any other, so that one can ask about an ``<img>`` tag.
        max_tokens: Longest sample; what is over is cut off at the end, as in training. None for no limit.

    Raises:
        UsageError: If special strings in the words break the frames apart, or the limit cuts into the video.
    """
    words = f"{question}\n{suffix}" if suffix else question
    turns = (Turn(f"{VIDEO}\n{words}", answer),)
    return conversation(
        tokenizer,
        frames,
        turns,
        rows=rows,
        positions=positions,
        special_text=special_text,
        max_tokens=max_tokens,
    )


def conversation(
    tokenizer: PreTrainedTokenizerFast,
    frames: Sequence[FrameTime],
    turns: Sequence[Turn],
    *,
    rows: int = ROWS,
    positions: PositionRule = "inference",
    special_text: bool = False,
    max_tokens: int | None = None,
) -> Layout:
    """The layout of several turns about one video, as training data has them.

    The video stands where the first turn says ``<video>`` and a line feed, or before the turn if it does not say so.
    Labels are given when the last turn is answered: answers and the ``<|endoftext|>`` after each are learnt, everything
    else is not.

    Args:
        tokenizer: ARC-Hunyuan-Video's.
        frames: When each picture is, in the order of their positions.
        turns: At least one; all but the last are answered.
        rows: See :func:`layout`.
        positions: See :func:`layout`.
        special_text: See :func:`layout`.
        max_tokens: See :func:`layout`.

    Raises:
        UsageError: As :func:`layout`; no turn, an early turn without answer, or ``<video>`` without line feed.
    """
    if not turns or any(turn.answer is None for turn in turns[:-1]):
        found = "no turn" if not turns else "a turn without answer before the last"
        raise UsageError("lay out a conversation", found=found, allowed="turns, all but the last answered")
    special = special_ids(tokenizer)
    ids: list[int] = [special.startoftext]
    learnt: list[tuple[int, int]] = []
    first_frame = 0
    for number, turn in enumerate(turns):
        before, after = _around_video(turn.human) if number == 0 else (turn.human, "")
        ids += _encode(tokenizer, before, special_text=special_text)
        if number == 0:
            first_frame = len(ids) + 1
            ids += _video_ids(special, len(frames), rows)
            ids += _encode(tokenizer, after, special_text=special_text)
        ids.append(special.sep)
        if turn.answer is not None:
            start = len(ids)
            ids += [*_encode(tokenizer, turn.answer, special_text=special_text), special.endoftext]
            learnt.append((start, len(ids)))
    video_end = first_frame + len(frames) * (slots_per_frame(rows) + 2) + 1
    ids_N = np.asarray(ids if max_tokens is None else ids[:max_tokens], np.int64)
    if len(ids_N) < video_end:
        raise UsageError(
            "lay out a video", found=f"a limit of {max_tokens} tokens", allowed=f"{video_end} and more"
        )
    _check_frames(ids_N, special, len(frames), rows)
    labels_N = _labels(ids_N, learnt) if turns[-1].answer is not None else None
    return Layout(
        rewrite_newlines(ids_N, special),
        _slots(frames, first_frame, rows),
        labels_N,
        positions_of(ids_N, special, positions),
    )


def positions_of(ids_N: Ids, special: SpecialIds, rule: PositionRule = "inference") -> Ids:
    """Positions on the four axes (sequence, column, row, frame ordinal) of ids whose newlines are still there, (4, N).

    All axes count up plainly, text after the video too, except in the grid of a frame: there column, row and ordinal of
    the frame stand on the last three. Newlines say where rows end, so they may be rewritten only afterwards.

    Args:
        ids_N: Token ids.
        special: The tokenizer's special ids.
        rule: ``inference`` counts once through. ``training`` starts again after every ``<|endoftext|>``, frames
            counted from 0 again, and gives a frame its grid only if an ``<|endoftext|>`` follows in the same document:
            what the released training code does, seen in samples of several turns and in cut ones.

    Source: released inference and training code of ARC-Hunyuan-Video.

    Raises:
        UsageError: On a frame that is not ended or whose rows are not equally long; or an unknown rule.
    """
    if rule not in ("inference", "training"):
        raise UsageError("rotary positions", found=f"rule={rule!r}", allowed="inference or training")
    count = ids_N.shape[0]
    if rule == "inference":
        return _document(ids_N, special, grids=True)
    ends = (np.flatnonzero(ids_N == special.endoftext) + 1).tolist()
    edges = sorted({0, *ends, count})
    parts = [_document(ids_N[start:end], special, grids=end in ends) for start, end in pairwise(edges)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((4, 0), np.int64)


def rewrite_newlines(ids_N: Ids, special: SpecialIds) -> Ids:
    """The same ids with the newlines of frames made slots like the patches; call it after :func:`positions_of`."""
    return np.where(ids_N == special.newline, special.image_context, ids_N)


def _document(ids_N: Ids, special: SpecialIds, *, grids: bool) -> Ids:
    """Positions of one run of ids that counts from 0."""
    positions_4N = np.tile(np.arange(ids_N.shape[0], dtype=np.int64), (4, 1))
    if not grids:
        return positions_4N
    starts, ends = np.flatnonzero(ids_N == special.img), np.flatnonzero(ids_N == special.img_end)
    if len(starts) != len(ends) or bool(np.any(starts >= ends)):
        raise UsageError(
            "rotary positions", found=f"{len(starts)} <img> and {len(ends)} </img>", allowed="pairs"
        )
    for ordinal, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        grid = slice(start + 2, end - 1)
        cells = max(0, end - start - 3)
        rows = int(np.count_nonzero(ids_N[grid] == special.newline))
        if rows == 0 or cells % rows:
            found = f"{rows} rows in {cells} slots"
            raise UsageError(
                f"rotary positions of frame {ordinal}", found=found, allowed="rows of one length"
            )
        row, column = np.divmod(np.arange(cells), cells // rows)
        positions_4N[1, grid], positions_4N[2, grid], positions_4N[3, grid] = column, row, ordinal
    return positions_4N


def _video_ids(special: SpecialIds, frames: int, rows: int) -> list[int]:
    row = [special.image_context] * rows + [special.newline]
    frame = [special.img, special.image_context, *row * rows, special.image_context, special.img_end]
    return [special.vid, *frame * frames, special.vid_end]


def _around_video(text: str) -> tuple[str, str]:
    """What a first turn says before and after the video; the line feed after it stays."""
    if VIDEO not in text:
        return "", f"\n{text}"
    before, found, after = text.partition(f"{VIDEO}\n")
    if not found:
        raise UsageError(
            "place the video in the first turn",
            found=f"{VIDEO} without a line feed after it",
            allowed=f"{VIDEO} and a line feed, or neither",
        )
    return before, f"\n{after}"


def _encode(tokenizer: PreTrainedTokenizerFast, text: str, *, special_text: bool) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=not special_text)
    return ids


def _slots(frames: Sequence[FrameTime], first: int, rows: int) -> tuple[Slot, ...]:
    """One run of filled positions for each frame; ``first`` is the position of the first ``<img>``."""
    filled = slots_per_frame(rows)
    return tuple(
        Slot(first + number * (filled + 2) + 1, filled, "frame", frame.span, frame.pts_s, frame.label)
        for number, frame in enumerate(frames)
    )


def _labels(ids_N: Ids, learnt: Sequence[tuple[int, int]]) -> Ids:
    labels_N = np.full(ids_N.shape, IGNORED, np.int64)
    for start, end in learnt:
        labels_N[start:end] = ids_N[start:end]
    return labels_N


def _check_frames(ids_N: Ids, special: SpecialIds, frames: int, rows: int) -> None:
    """Refuse special strings in the words that stand for frames or parts of one."""
    found = int(np.isin(ids_N, [special.image_context, special.newline]).sum())
    marks = int(np.count_nonzero(ids_N == special.img))
    wanted = frames * slots_per_frame(rows)
    if found != wanted or marks != frames:
        raise UsageError(
            "lay out a video",
            found=f"{found} picture slots and {marks} <img> where {frames} frames need {wanted} and {frames}",
            todo="take <img>, <IMG_CONTEXT> and <newline> out of the words, or leave special_text off",
        )
