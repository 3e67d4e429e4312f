"""What asks the memory: a sample's text and kept rows in the order of their positions; and batches of samples.

Axes: B sample, N position, R kept row, D width of the language model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from playhead.errors import UsageError

Rows = torch.Tensor | Sequence[torch.Tensor]
"""Memory rows kept for one sample: one tensor, or one for each of its placeholders."""


class Query:
    """One sample's MemAug query as pieces in order: text ids, then the rows of a placeholder, then text, ...

    Args:
        ids_N: The sample's ids.
        slots_N: True where a kept row stands.
        asked_N: True where a text token enters the query.
        rows: Memory rows of each placeholder.

    Raises:
        UsageError: If there are more or fewer rows than places.
    """

    def __init__(
        self, ids_N: torch.Tensor, slots_N: torch.Tensor, asked_N: torch.Tensor, rows: Sequence[torch.Tensor]
    ) -> None:
        self._ids_N, self._asked_N, self._rows = ids_N, asked_N & ~slots_N, rows
        self._slots = slots_N.nonzero().flatten().tolist()
        wanted = sum(len(each) for each in rows)
        if self._slots and len(self._slots) != wanted:
            raise UsageError("run MemAug", found=f"{len(self._slots)} places for {wanted} kept rows")

    def pieces(self) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """Text ids and no rows, or no ids and the rows of a placeholder; without a slot, the rows come last."""
        start, taken = 0, 0
        for rows in self._rows:
            first = self._slots[taken] if self._slots else len(self._ids_N)
            yield self._text(start, first), None
            yield self._ids_N[:0], rows
            taken += len(rows)
            start = self._slots[taken - 1] + 1 if self._slots else first
        yield self._text(start, len(self._ids_N)), None

    def _text(self, first: int, stop: int) -> torch.Tensor:
        return self._ids_N[first:stop][self._asked_N[first:stop]]


def repeated(inputs: Mapping[str, Any], times: int) -> dict[str, Any]:
    """Inputs that describe the video, with each sample ``times`` times in a row."""
    if times == 1:
        return dict(inputs)
    out = dict(inputs)
    for key, value in inputs.items():
        if key in {"slot_mask", "query_mask"}:
            out[key] = value.repeat_interleave(times, dim=0)
        elif key != "visual_embeds":
            out[key] = [each for each in value for _ in range(times)]
    if "visual_embeds" in inputs:
        parts = inputs["visual_embeds"].split(inputs["slot_mask"].sum(dim=1).tolist())
        out["visual_embeds"] = torch.cat([part for part in parts for _ in range(times)])
    return out


def stretched(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs whose masks are as long as the ids: what was written since holds no place and asks nothing.

    Where a cache holds the beginning of the ids, the masks are those of the rest.
    """
    out = dict(inputs)
    for key in ("slot_mask", "query_mask"):
        if inputs.get(key) is not None and inputs.get("input_ids") is not None:
            count = inputs["input_ids"].shape[1]
            more = max(0, count - inputs[key].shape[1])
            out[key] = torch.nn.functional.pad(inputs[key], (0, more))[:, -count:]
    return out
