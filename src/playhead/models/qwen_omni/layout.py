"""A prompt's positions: the turns, the places of pictures and sound in their order, and the time of each.

The form is ChatML. Qwen2.5-Omni has a system turn unless the user writes another, Qwen3-Omni none. Pictures with sound
stand between the marks of both (vision, then sound; sound, then vision), pictures alone between those of vision.

Axes: N position in the sequence, T group of pictures, K token of sound, M token of pictures or sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from playhead.models.pictures.words import encode
from playhead.models.qwen_omni.kinds import Omni
from playhead.models.qwen_omni.sound import Heard
from playhead.models.qwen_omni.tokens import TokenIds
from playhead.models.qwen_vl.pictures import Seen
from playhead.sequence.drop import drop
from playhead.sequence.layout import Ids, Layout, Slot
from playhead.sequence.mrope import Block, by_time
from playhead.sequence.mrope import positions as positions_of_pictures
from playhead.sequence.tmrope import positions, together
from playhead.timeline import Span


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was seen and heard of a window.

    Attributes:
        seen: The pictures.
        heard: The sound; None where there is none, or it is left out.
    """

    seen: Seen
    heard: Heard | None


def prompt_layout(
    omni: Omni,
    tokenizer: PreTrainedTokenizerFast,
    ids: TokenIds,
    question: str,
    perceived: Perceived,
    *,
    config: Any,  # noqa: ANN401 - a configuration of a thinker
) -> Layout:
    """One question about a video, ready to be answered.

    Args:
        omni: The system.
        tokenizer: Its tokenizer.
        ids: Its marks.
        question: The user's words.
        perceived: Pictures and sound.
        config: The thinker's configuration.
    """
    system = omni.kind.system
    turns: list[str | int] = [ids.turn_start, f"system\n{system}", ids.turn_end, "\n"] if system else []
    before = _ids(tokenizer, *turns, ids.turn_start, "user\n")
    after = _ids(tokenizer, question, ids.turn_end, "\n", ids.turn_start, "assistant\n")
    seen = perceived.seen
    if perceived.heard is None:
        made = _pictures_alone(ids, (before, after), seen, config)
    else:
        made = _with_sound(omni, ids, (before, after), seen, perceived.heard, config=config)
    return made if seen.kept_M is None else drop(made, seen.kept_M)


def _pictures_alone(ids: TokenIds, words: tuple[list[int], list[int]], seen: Seen, config: Any) -> Layout:  # noqa: ANN401 - a configuration of a thinker
    before, after = words
    rows, columns = _tokens(seen, config)
    start, each = len(before) + 1, rows * columns
    groups = len(seen.grids_T2)
    all_ids = np.array(
        [*before, ids.vision_start, *[ids.video] * (groups * each), ids.vision_end, *after], np.int64
    )
    block = Block(start, picture_steps(seen, config), rows, columns)
    slots = tuple(_frame(start + number * each, each, number, seen) for number in range(groups))
    return Layout(all_ids, slots, positions=positions_of_pictures(len(all_ids), [block]))


def _with_sound(
    omni: Omni,
    ids: TokenIds,
    words: tuple[list[int], list[int]],
    seen: Seen,
    heard: Heard,
    *,
    config: Any,  # noqa: ANN401 - a configuration of a thinker
) -> Layout:
    before, after = words
    rows, columns = _tokens(seen, config)
    each = rows * columns
    runs = omni.runs(seen.told.starts_T, heard.steps_K, config)
    inside_AM = together(runs, picture_steps(seen, config), rows, columns, heard.steps_K)
    all_ids = [*before, ids.vision_start, ids.sound_start]
    slots: list[Slot] = []
    for run in runs:
        if run.kind == "sound":
            slots.append(Slot(len(all_ids), len(run), "sound", heard.span(run.first, run.last)))
            all_ids += [ids.sound] * len(run)
            continue
        for number in range(run.first, run.last):
            slots.append(_frame(len(all_ids), each, number, seen))
            all_ids += [ids.video] * each
    all_ids += [ids.sound_end, ids.vision_end, *after]
    made_AN = positions(len(before), inside_AM, len(after), marks=omni.beside)
    return Layout(np.array(all_ids, np.int64), tuple(slots), positions=made_AN)


def picture_steps(seen: Seen, config: Any) -> Ids:  # noqa: ANN401 - a configuration of a thinker
    """What each group of pictures adds along the time axis: whole steps from the start of the window."""
    return by_time(seen.told.starts_T, float(config.position_id_per_seconds))


def _tokens(seen: Seen, config: Any) -> tuple[int, int]:  # noqa: ANN401 - a configuration of a thinker
    """Rows and columns of tokens of a picture."""
    _, rows, columns = seen.grid
    merge = config.vision_config.spatial_merge_size
    return rows // merge, columns // merge


def _frame(start: int, length: int, number: int, seen: Seen) -> Slot:
    first = number * (-(-len(seen.times_s) // len(seen.grids_T2)))
    start_s, end_s = seen.told.stretches_S2[first].tolist()
    return Slot(start, length, "frame", Span(start_s, end_s), float(seen.times_s[first]))


def _ids(tokenizer: PreTrainedTokenizerFast, *parts: str | int) -> list[int]:
    """Words and marks as ids; words between two marks are encoded as a whole."""
    made: list[int] = []
    for part in parts:
        made += [part] if isinstance(part, int) else encode(tokenizer, part)
    return made
