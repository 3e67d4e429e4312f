"""Attention over a memory too long for a table of scores: every query sees every key, nothing is masked.

Query heads that share a key head are stacked into one longer row of queries. Without a mask that is exact, needs no
repeated keys, and lets every fused kernel of torch take it.

Axes: Q query head, H key head, N query, M key, D width of a head, R query of any of the heads that share a key head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import scaled_dot_product_attention

TILE_ELEMENTS = {"cpu": 2**20}
"""Most scores :class:`OnlineAttention` holds at once, by device: 4 MiB of 32-bit floats, twice that at the peak."""
_TILE_ELEMENTS = 2**26  # of an accelerator, which wants large products


def attend(query_QND: torch.Tensor, key_HMD: torch.Tensor, value_HMD: torch.Tensor) -> torch.Tensor:
    """Softmax attention of all queries to all keys through torch's fused kernels, as (Q, N, D).

    Query head q reads key head ``q // (Q / H)``. The scale is ``1 / sqrt(D)``.
    """
    rows_HRD = _stack(query_QND, key_HMD.shape[0])
    out_HRD = scaled_dot_product_attention(rows_HRD[None], key_HMD[None], value_HMD[None])[0]
    return out_HRD.reshape(query_QND.shape)


def attend_plainly(query_QND: torch.Tensor, key_HMD: torch.Tensor, value_HMD: torch.Tensor) -> torch.Tensor:
    """The same with the whole table of scores, to check the others against; memory grows with N times M."""
    rows_HRD = _stack(query_QND, key_HMD.shape[0])
    scores_HRM = (rows_HRD @ key_HMD.transpose(-1, -2)) * query_QND.shape[-1] ** -0.5
    weights_HRM = torch.softmax(scores_HRM, dim=-1, dtype=_wide(scores_HRM.dtype)).to(value_HMD.dtype)
    return (weights_HRM @ value_HMD).reshape(query_QND.shape)


class OnlineAttention:
    """Exact attention whose keys and values arrive in chunks that need not be kept.

    The running maximum, sum and weighted sum of each query are rescaled as larger scores arrive (online softmax), in
    32-bit floats or wider. Extra memory: the running sums, and a table of at most ``tile_elements`` scores.

    Args:
        query_QND: Queries.
        key_heads: Number of key heads H.
        tile_elements: Most scores at once; None for what suits the device.
    """

    def __init__(self, query_QND: torch.Tensor, key_heads: int, *, tile_elements: int | None = None) -> None:
        self._shape, self._dtype = query_QND.shape, query_QND.dtype
        self._wide = _wide(query_QND.dtype)
        self._tile_elements = tile_elements or TILE_ELEMENTS.get(query_QND.device.type, _TILE_ELEMENTS)
        scaled = query_QND.to(self._wide) * query_QND.shape[-1] ** -0.5
        self._rows_HRD = _stack(scaled, key_heads)
        self._tiles: dict[int, _Running] = {}
        self._tile_rows = 0

    def add(self, key_HMD: torch.Tensor, value_HMD: torch.Tensor) -> None:
        """Let all queries see these keys too; the first chunk should be the longest."""
        heads, rows, _ = self._rows_HRD.shape
        if not self._tile_rows:
            self._tile_rows = max(1, min(rows, self._tile_elements // max(1, heads * key_HMD.shape[1])))
        key_HDM = key_HMD.to(self._wide).transpose(-1, -2)
        value_HMD = value_HMD.to(self._wide)
        for first in range(0, rows, self._tile_rows):
            scores_HRM = self._rows_HRD[:, first : first + self._tile_rows] @ key_HDM
            seen = _Running.of(scores_HRM, value_HMD)
            before = self._tiles.get(first)
            self._tiles[first] = seen if before is None else before.joined(seen)

    def result(self) -> torch.Tensor:
        """Attention over all keys added, as (Q, N, D) in the queries' type.

        Raises:
            ValueError: If no key was added.
        """
        if not self._tiles:
            raise ValueError("attention over no keys")
        parts = [each.total_HRD / each.weight_HR1 for each in self._tiles.values()]
        return torch.cat(parts, dim=1).reshape(self._shape).to(self._dtype)


@dataclass(frozen=True, slots=True)
class _Running:
    """What some queries have seen so far: the largest score, the sum of weights, the weighted sum of values."""

    largest_HR1: torch.Tensor
    weight_HR1: torch.Tensor
    total_HRD: torch.Tensor

    @classmethod
    def of(cls, scores_HRM: torch.Tensor, value_HMD: torch.Tensor) -> _Running:
        largest_HR1 = scores_HRM.amax(dim=-1, keepdim=True)
        weights_HRM = (scores_HRM - largest_HR1).exp_()
        return cls(largest_HR1, weights_HRM.sum(dim=-1, keepdim=True), weights_HRM @ value_HMD)

    def joined(self, other: _Running) -> _Running:
        largest_HR1 = torch.maximum(self.largest_HR1, other.largest_HR1)
        mine, theirs = (self.largest_HR1 - largest_HR1).exp(), (other.largest_HR1 - largest_HR1).exp()
        return _Running(
            largest_HR1,
            self.weight_HR1 * mine + other.weight_HR1 * theirs,
            self.total_HRD * mine + other.total_HRD * theirs,
        )


def _stack(query_QND: torch.Tensor, key_heads: int) -> torch.Tensor:
    heads, count, width = query_QND.shape
    return query_QND.reshape(key_heads, heads // key_heads * count, width)


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)
