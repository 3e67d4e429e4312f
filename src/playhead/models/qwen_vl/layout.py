"""A prompt's positions: the turns, the places of the pictures, and the time of each in the generation's own way.

The form is ChatML. Qwen2-VL and Qwen2.5-VL have a system turn unless the user writes another, and the whole video
between two marks; Qwen3-VL has no system turn, and each group of pictures between marks of its own with its time in
words before them. In transformers from 5.10 on, another pair of marks stands around all of these; the released models
were trained without (their processor replaced all three tokens of the template until 5.9), and here there is none.

Axes: N position in the sequence, T group of pictures.
"""

from __future__ import annotations

from typing import Any, Final

from transformers import PreTrainedTokenizerFast

from playhead.media.clip import Times
from playhead.models.pictures.telling import Telling
from playhead.models.pictures.words import Parts
from playhead.models.qwen_vl.kinds import Kind
from playhead.models.qwen_vl.pictures import Seen
from playhead.models.qwen_vl.tokens import TokenIds
from playhead.sequence.drop import drop
from playhead.sequence.layout import Ids, Layout, Slot
from playhead.sequence.mrope import Block, by_order, by_time, positions
from playhead.timeline import Span

STEPS_PER_S: Final = 2
"""Steps of the time axis in a second for a generation whose configuration says none: those of Qwen2.5-VL."""


def steps_of(telling: Telling, starts_T: Times, config: Any) -> Ids:  # noqa: ANN401 - a configuration of the line
    """What each group adds along the time axis of its positions."""
    if telling.told == "positions":
        return by_time(starts_T, getattr(config.vision_config, "tokens_per_second", STEPS_PER_S))
    return by_order(len(starts_T))


def prompt_layout(
    kind: Kind,
    tokenizer: PreTrainedTokenizerFast,
    ids: TokenIds,
    question: str,
    seen: Seen,
    *,
    telling: Telling,
    config: Any,  # noqa: ANN401 - a configuration of the line
) -> Layout:
    """One question about a video, ready to be answered.

    Args:
        kind: The generation.
        tokenizer: Qwen's.
        ids: Its marks.
        question: The user's words.
        seen: The pictures.
        telling: How it is told the time.
        config: The model's configuration.
    """
    parts = Parts(tokenizer)
    if kind.system:
        parts.mark(ids.turn_start)
        parts.text(f"system\n{kind.system}")
        parts.mark(ids.turn_end)
        parts.text("\n")
    parts.mark(ids.turn_start)
    parts.text("user\n")
    blocks = _put_pictures(parts, telling, ids, config, seen)
    parts.text(question)
    parts.mark(ids.turn_end)
    parts.text("\n")
    parts.mark(ids.turn_start)
    parts.text(f"assistant\n{kind.opening}")
    input_ids_N = parts.array()
    made = Layout(input_ids_N, tuple(parts.slots), positions=positions(len(input_ids_N), blocks))
    return made if seen.kept_M is None else drop(made, seen.kept_M)


def _put_pictures(parts: Parts, telling: Telling, ids: TokenIds, config: Any, seen: Seen) -> list[Block]:  # noqa: ANN401 - a configuration of the line
    """The places of the pictures and their marks."""
    tokens_T2 = seen.grids_T2 // config.vision_config.spatial_merge_size
    labels = telling.labels(seen.moments)
    apart = telling.told == "text"
    blocks: list[Block] = []
    if not apart:
        parts.mark(ids.vision_start)
        rows, columns = tokens_T2[0].tolist()
        blocks.append(Block(len(parts.ids), steps_of(telling, seen.told.starts_T, config), rows, columns))
    for number, (rows, columns) in enumerate(tokens_T2.tolist()):
        if apart:
            parts.text(labels[number])
            parts.mark(ids.vision_start)
            blocks.append(Block(len(parts.ids), by_order(1), rows, columns))
        parts.slots.append(_slot(len(parts.ids), rows * columns, number, labels[number], seen))
        parts.ids.extend([ids.video] * (rows * columns))
        if apart:
            parts.mark(ids.vision_end)
    if not apart:
        parts.mark(ids.vision_end)
    return blocks


def _slot(start: int, length: int, number: int, label: str, seen: Seen) -> Slot:
    first = number * (-(-len(seen.times_s) // len(seen.grids_T2)))
    start_s, end_s = seen.told.stretches_S2[first].tolist()
    return Slot(start, length, "frame", Span(start_s, end_s), float(seen.times_s[first]), label)
