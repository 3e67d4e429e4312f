"""A prompt's positions: the turns, the places of the pictures, and the time of each in the generation's own way.

The form is ChatML. Qwen2-VL and Qwen2.5-VL have a system turn unless the user writes another, and the whole video
between two marks; Qwen3-VL has no system turn, and each group of pictures between marks of its own with its time in
words before them. In transformers from 5.10 on, another pair of marks stands around all of these; the released models
were trained without (their processor replaced all three tokens of the template until 5.9), and here there is none.

Axes: N position in the sequence, T group of pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from transformers import Qwen2Tokenizer

from playhead.media.clip import Times
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.pictures import Seen
from playhead.models.qwen_vl.tokens import TokenIds, encode
from playhead.sequence.layout import Ids, Layout, Slot
from playhead.sequence.mrope import Block, by_order, by_time, positions
from playhead.sequence.timestamps import seconds_text
from playhead.timeline import Span


def labels_of(kind: Kind, means_T: Times) -> list[str]:
    """What is written beside each group of pictures: its time, or nothing where it is told otherwise."""
    if kind.told != "text":
        return [""] * len(means_T)
    return [seconds_text(float(time_s)) for time_s in means_T]


def steps_of(kind: Kind, starts_T: Times, config: Any) -> Ids:  # noqa: ANN401 - a configuration of the line
    """What each group adds along the time axis of its positions."""
    if kind.told == "positions":
        return by_time(starts_T, config.vision_config.tokens_per_second)
    return by_order(len(starts_T))


def prompt_layout(
    kind: Kind,
    tokenizer: Qwen2Tokenizer,
    ids: TokenIds,
    question: str,
    seen: Seen,
    *,
    config: Any,  # noqa: ANN401 - a configuration of the line
) -> Layout:
    """One question about a video, ready to be answered.

    Args:
        kind: The generation.
        tokenizer: Qwen's.
        ids: Its marks.
        question: The user's words.
        seen: The pictures.
        config: The model's configuration.
    """
    parts = _Parts(tokenizer)
    if kind.system:
        parts.mark(ids.turn_start)
        parts.text(f"system\n{kind.system}")
        parts.mark(ids.turn_end)
        parts.text("\n")
    parts.mark(ids.turn_start)
    parts.text("user\n")
    blocks = _put_pictures(parts, kind, ids, config, seen)
    parts.text(question)
    parts.mark(ids.turn_end)
    parts.text("\n")
    parts.mark(ids.turn_start)
    parts.text("assistant\n")
    input_ids_N = parts.array()
    return Layout(input_ids_N, tuple(parts.slots), positions=positions(len(input_ids_N), blocks))


def _put_pictures(parts: _Parts, kind: Kind, ids: TokenIds, config: Any, seen: Seen) -> list[Block]:  # noqa: ANN401 - a configuration of the line
    """The places of the pictures and their marks."""
    groups, rows, columns = seen.grid_THW
    merge = config.vision_config.spatial_merge_size
    rows, columns = rows // merge, columns // merge
    labels = labels_of(kind, seen.means_T)
    steps_T = steps_of(kind, seen.starts_T, config)
    each = rows * columns
    blocks: list[Block] = []
    if kind.told != "text":
        parts.mark(ids.vision_start)
        blocks.append(Block(len(parts.ids), steps_T, rows, columns))
    for number in range(groups):
        if kind.told == "text":
            parts.text(labels[number])
            parts.mark(ids.vision_start)
            blocks.append(Block(len(parts.ids), by_order(1), rows, columns))
        parts.slots.append(_slot(len(parts.ids), each, number, labels[number], seen))
        parts.ids.extend([ids.video] * each)
        if kind.told == "text":
            parts.mark(ids.vision_end)
    if kind.told != "text":
        parts.mark(ids.vision_end)
    return blocks


def _slot(start: int, length: int, number: int, label: str, seen: Seen) -> Slot:
    first = number * (-(-len(seen.times_s) // seen.grid_THW[0]))
    start_s, end_s = seen.stretches_S2[first].tolist()
    return Slot(start, length, "frame", Span(start_s, end_s), float(seen.times_s[first]), label)


class _Parts:
    """A prompt under construction; words between two marks are encoded as a whole, as a tokenizer would."""

    def __init__(self, tokenizer: Qwen2Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._words = ""
        self.ids: list[int] = []
        self.slots: list[Slot] = []

    def text(self, words: str) -> None:
        self._words += words

    def mark(self, token: int) -> None:
        self._flush()
        self.ids.append(token)

    def _flush(self) -> None:
        if self._words:
            self.ids.extend(encode(self._tokenizer, self._words))
            self._words = ""

    def array(self) -> Ids:
        self._flush()
        return np.array(self.ids, np.int64)
