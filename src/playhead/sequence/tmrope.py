"""Pictures and sound of one window as one run of tokens: their order, and positions on one clock.

Every picture and every token of sound has its own number of steps since the window began, whole, from its own true time:
pictures at any times (:func:`playhead.sequence.mrope.by_time`), sound in slots of one length (:func:`sound_steps`). A
sound that begins late, a film that begins late, either that ends first: the steps say it.

    Qwen2.5-Omni   25 steps a second. Chunks of 2 s; of each the pictures come first, then the sound (:func:`by_chunks`).
                   The two marks before, and the two behind, have one position together.
    Qwen3-Omni     13 steps a second, as many as there are tokens of sound. A picture comes before the first token of sound
                   that does not begin before it (:func:`by_times`). Marks have a position each.

transformers 5.24 takes one interval for all pictures of a video, from the rate that was asked for (2 a second, for
Qwen3-Omni 1), and pictures and sound as if both began at 0. For evenly spaced pictures of that rate that begin with the
sound, the order and the positions here are those of its ``get_rope_index``. Where its order or its positions are wrong
beside that:

- chunks are counted by tokens that cross a border, one border each: where a chunk holds no picture, the next picture is
  torn into single tokens, which stand in different chunks with sound between them;
- words go on after the greatest position of the last piece, not of all: where sound ends first, they begin before the
  last pictures;
- Qwen3-Omni's positions keep fractions of a step; here they are whole, rounded down, as Qwen2.5-Omni's are.

Source: Qwen2.5-Omni (arXiv 2503.20215), section 2.2; Qwen3-Omni (2509.17765), section 2.3; both as released code has it.

Axes: T group of pictures, K token of sound, A axis (time, row, column), M token of pictures or sound, N position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from playhead.errors import UsageError
from playhead.sequence.layout import Ids
from playhead.sequence.timestamps import Times

_NOISE: Final = 1e-6  # steps; times are fractions of a second in binary
_MARKS: Final = 2  # before the run, and behind it


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring groups of pictures, or neighbouring tokens of sound.

    Attributes:
        kind: Which.
        first: The first of them.
        last: Behind the last.
    """

    kind: Literal["pictures", "sound"]
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first


Order = Callable[[Times, Ids, float], list[Run]]
"""An order of pictures and sound: begins of groups in seconds, steps of the tokens of sound, steps a second."""


def sound_steps(tokens: int, chunk_tokens: int, chunk_steps: int) -> Ids:
    """Steps of so many tokens of sound from the window's start, int64 of shape (K,).

    Args:
        tokens: How many, K.
        chunk_tokens: Tokens the encoder makes of a whole chunk.
        chunk_steps: Steps in the time of a chunk.

    Raises:
        UsageError: Fewer steps than tokens: two would share one.
    """
    if chunk_steps < chunk_tokens:
        raise UsageError(
            "positions of sound",
            found=f"{chunk_tokens} tokens in {chunk_steps} steps",
            allowed="a step for each",
        )
    chunk_K, within_K = np.divmod(np.arange(tokens, dtype=np.int64), chunk_tokens)
    return chunk_K * chunk_steps + within_K


def by_chunks(starts_s: Times, sound_steps_K: Ids, per_second: float, chunk_s: float = 2.0) -> list[Run]:
    """Qwen2.5-Omni: stretches of ``chunk_s`` one after the other, of each the pictures first, then the sound.

    Args:
        starts_s: When each group of pictures begins, in seconds from the start of the window, ascending.
        sound_steps_K: Steps of the tokens of sound, ascending.
        per_second: Steps in a second.
        chunk_s: Length of a stretch in seconds.
    """
    chunk_steps = int(per_second * chunk_s)
    pictures_T = np.floor(starts_s * per_second + _NOISE).astype(np.int64) // chunk_steps
    sound_K = sound_steps_K // chunk_steps
    runs: list[Run] = []
    for chunk in np.union1d(pictures_T, sound_K).tolist():
        runs += [_within("pictures", pictures_T, chunk), _within("sound", sound_K, chunk)]
    return [run for run in runs if len(run)]


def _within(kind: Literal["pictures", "sound"], chunks: Ids, chunk: int) -> Run:
    first, last = np.searchsorted(chunks, [chunk, chunk + 1]).tolist()
    return Run(kind, first, last)


def by_times(starts_s: Times, sound_steps_K: Ids, per_second: float) -> list[Run]:
    """Qwen3-Omni: each group of pictures before the first token of sound that does not begin before it.

    Args:
        starts_s: When each group of pictures begins, in seconds from the start of the window, ascending.
        sound_steps_K: Steps of the tokens of sound, ascending.
        per_second: Steps in a second.
    """
    before_T = np.searchsorted(sound_steps_K, starts_s * per_second - _NOISE).tolist()
    runs: list[Run] = []
    heard = 0
    for group, before in enumerate(before_T):
        if before > heard:
            runs.append(Run("sound", heard, before))
            heard = before
        if runs and runs[-1].kind == "pictures":
            runs[-1] = Run("pictures", runs[-1].first, group + 1)
        else:
            runs.append(Run("pictures", group, group + 1))
    if heard < len(sound_steps_K):
        runs.append(Run("sound", heard, len(sound_steps_K)))
    return runs


def together(runs: Sequence[Run], picture_steps_T: Ids, rows: int, columns: int, sound_steps_K: Ids) -> Ids:
    """Positions of pictures and sound in their order, counted from 0, int64 of shape (3, M).

    Args:
        runs: The order.
        picture_steps_T: Steps of each group of pictures.
        rows: Rows of tokens in a picture.
        columns: Columns of tokens.
        sound_steps_K: Steps of each token of sound.

    Raises:
        UsageError: An order that leaves something out or repeats it.
    """
    counts = {"pictures": len(picture_steps_T), "sound": len(sound_steps_K)}
    parts: list[Ids] = []
    at = dict.fromkeys(counts, 0)
    for run in runs:
        if run.first != at[run.kind]:
            raise UsageError("order pictures and sound", found=f"{run.kind} {run.first} after {at[run.kind]}")
        at[run.kind] = run.last
        if run.kind == "sound":
            parts.append(np.broadcast_to(sound_steps_K[run.first : run.last], (3, len(run))))
        else:
            grid = np.meshgrid(
                picture_steps_T[run.first : run.last], np.arange(rows), np.arange(columns), indexing="ij"
            )
            parts.append(np.stack([axis.ravel() for axis in grid]))
    if at != counts or not parts:
        raise UsageError("order pictures and sound", found=f"{at} of {counts}")
    return np.concatenate(parts, axis=1)


def positions(before: int, inside_AM: Ids, after: int, *, marks: Literal["shared", "apart"]) -> Ids:
    """Positions of a prompt with pictures and sound between two marks and two marks, int64 of shape (3, N).

    Args:
        before: Words before the marks.
        inside_AM: Pictures and sound, counted from 0.
        after: Words behind the marks.
        marks: Whether two marks side by side have one position or two.
    """
    both = np.zeros(_MARKS, np.int64) if marks == "shared" else np.arange(_MARKS)
    opening = np.concatenate([np.arange(before), before + both])
    base = int(opening[-1]) + 1
    end = base + int(inside_AM.max()) + 1
    closing = np.concatenate([end + both, end + int(both[-1]) + 1 + np.arange(after)])
    words = (np.broadcast_to(each, (3, len(each))) for each in (opening, closing))
    first, last = words
    made: Ids = np.concatenate([first, base + inside_AM, last], axis=1).astype(np.int64)
    return made
