"""Whether a prompt's token ids and positions say what they should: words as a tokenizer would, a place for every picture.

Axes: N position in the sequence, A axis of a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.sequence.layout import Kind, Layout

_KINDS: Final[Mapping[Kind, str]] = {"frame": "pictures", "sound": "sound", "speech": "speech"}


def wrong_ids(tokenizer: Any, layout: Layout) -> list[str]:  # noqa: ANN401 - a tokenizer of transformers
    """What is wrong with the ids of a prompt, in plain sentences.

    The words between the places for pictures, decoded and encoded again, must come out as the same ids: others would
    not be those the model was trained on. All places of a kind must hold one id, which stands nowhere else.
    """
    filled_N = np.zeros(len(layout), bool)
    for slot in layout.slots:
        filled_N[slot.start : slot.start + slot.length] = True
    faults = []
    places = set(layout.input_ids_N[filled_N].tolist())
    for kind, what in _KINDS.items():
        own = set(layout.input_ids_N[layout.filled(kind)].tolist())
        if len(own) > 1:
            faults.append(f"the places for {what} hold {len(own)} different ids")
    strays = int(np.isin(layout.input_ids_N[~filled_N], list(places)).sum())
    if strays:
        faults.append(f"{strays} ids of a place for pictures stand where no picture is")
    edges = np.flatnonzero(np.diff(filled_N)) + 1
    runs = zip(np.split(layout.input_ids_N, edges), np.split(filled_N, edges), strict=True)
    others = sum(not _comes_back(tokenizer, ids_N.tolist()) for ids_N, filled in runs if not filled[0])
    if others:
        faults.append(f"{others} stretches of words have other token ids than the tokenizer gives them")
    return faults


def _comes_back(tokenizer: Any, ids: list[int]) -> bool:  # noqa: ANN401 - a tokenizer of transformers
    words = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    again: list[int] = tokenizer(words, add_special_tokens=False)["input_ids"]
    return again == ids


def overlapping(positions_AN: npt.NDArray[np.int64], last: int) -> list[str]:
    """Whether words after a video have positions within it; they go on after the largest of any axis.

    Args:
        positions_AN: Positions of shape (A, N), or (N,).
        last: Index of the last place of a picture.
    """
    rows_AN = np.atleast_2d(positions_AN)
    if last + 1 >= rows_AN.shape[1]:
        return []
    most, after = int(rows_AN[:, : last + 1].max()), int(rows_AN[:, last + 1].min())
    if after > most:
        return []
    return [f"words after the video begin at position {after}, though its pictures reach {most}"]
