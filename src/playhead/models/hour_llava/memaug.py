"""MemAug: the kept video tokens and the question look things up in the whole memory.

Four blocks, each self-attention, cross-attention to the memory and an MLP, normalised after the residual sum. One
sample at a time, no mask. Names of the weights are the released ones; the fused rows stay fused: queries, then keys,
then values, head after head.

Source: arXiv 2506.05332, section 3; the order of norms, half-width rotary and positions from the released code.

Axes: N query token, M memory token, D width of the language model, H key head, Q query head, X width of a head.
"""

# mypy: allow-untyped-calls
# transformers and parts of torch declare no types.

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from playhead.models.hour_llava.recall import CHUNK_TOKENS, Memory
from playhead.nn.chunked_attention import OnlineAttention, attend, attend_plainly
from playhead.nn.partial_rotary import rotary_tables, rotate

if TYPE_CHECKING:
    from playhead.models.hour_llava.config import HourLlavaConfig

ROTARY_PART: Final = 2
"""One of so many dimensions of a head rotates: the first half."""
MOST_KV_BYTES: Final = 2 * 1024**3
"""Keys and values of the memory above this size are not held for a whole block; one hour at 7B width takes 0.5 GB in
16-bit floats, two hours in 32-bit floats 1.9 GB."""

MOST_SCORES: Final = 2**26
"""Above so many scores plain (eager) attention would hold a table too large."""
FUSED: Final = frozenset({"cpu", "cuda"})
"""Devices on which torch attends without a table of scores."""

Reading = Literal["auto", "whole", "held", "online"]
Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
Tables = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Heads:
    """How vectors are cut into heads.

    Attributes:
        query: Number of query heads.
        key: Number of key heads.
        width: Width of a head.
        theta: Base of the rotary frequencies.
    """

    query: int
    key: int
    width: int
    theta: float

    def split(self, tokens_ND: torch.Tensor, heads: int) -> torch.Tensor:
        """From (N, heads * X) to (heads, N, X)."""
        return tokens_ND.reshape(tokens_ND.shape[0], heads, self.width).transpose(0, 1)

    def merge(self, heads_QNX: torch.Tensor) -> torch.Tensor:
        """From (Q, N, X) to (N, Q * X)."""
        return heads_QNX.transpose(0, 1).flatten(1)

    def tables(self, positions_N: torch.Tensor, dtype: torch.dtype) -> Tables:
        """Cosines and sines for the rotating half of a head."""
        return rotary_tables(positions_N, self.width // ROTARY_PART, self.theta, dtype)


@dataclass(frozen=True, slots=True)
class Looking:
    """A memory, the position of each of its tokens, and how it is looked at (:meth:`MemAug.forward`)."""

    memory: Memory
    positions_M: torch.Tensor
    attention: Attention
    reading: Reading
    chunk_tokens: int

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Where each chunk begins and stops."""
        count = len(self.memory)
        for first in range(0, count, self.chunk_tokens):
            yield first, min(first + self.chunk_tokens, count)


class SelfAttention(nn.Module):
    """Every query token attends to every query token."""

    def __init__(self, width: int, heads: Heads) -> None:
        super().__init__()
        self.heads = heads
        self.Wqkv = nn.Linear(width, (heads.query + 2 * heads.key) * heads.width)
        self.Wo = nn.Linear(heads.query * heads.width, width)

    def forward(self, tokens_ND: torch.Tensor, tables: Tables, attention: Attention) -> torch.Tensor:
        """Attention's output (N, D), before the residual sum."""
        heads = self.heads
        sizes = (heads.query * heads.width, heads.key * heads.width, heads.key * heads.width)
        query, key, value = self.Wqkv(tokens_ND).split(sizes, dim=-1)
        query_QNX = rotate(heads.split(query, heads.query), tables)
        key_HNX = rotate(heads.split(key, heads.key), tables)
        out_QNX = attention(query_QNX, key_HNX, heads.split(value, heads.key))
        return cast("torch.Tensor", self.Wo(heads.merge(out_QNX)))


class CrossAttention(nn.Module):
    """Every query token attends to every memory token."""

    def __init__(self, width: int, heads: Heads) -> None:
        super().__init__()
        self.heads = heads
        self.Wq = nn.Linear(width, heads.query * heads.width)
        self.Wkv = nn.Linear(width, 2 * heads.key * heads.width)
        self.Wo = nn.Linear(heads.query * heads.width, width)

    def forward(self, tokens_ND: torch.Tensor, tables: Tables, looking: Looking) -> torch.Tensor:
        """Attention's output (N, D), before the residual sum."""
        heads, count = self.heads, len(looking.memory)
        query_QNX = rotate(heads.split(self.Wq(tokens_ND), heads.query), tables)
        if looking.reading == "whole":
            out_QNX = looking.attention(query_QNX, *self._keys_values(looking, 0, count))
        elif looking.reading == "online":
            online = OnlineAttention(query_QNX, heads.key)
            for first, stop in looking.chunks():
                online.add(*self._keys_values(looking, first, stop))
            out_QNX = online.result()
        else:
            held_2HMX = query_QNX.new_empty(2, heads.key, count, heads.width)
            for first, stop in looking.chunks():
                held_2HMX[0, :, first:stop], held_2HMX[1, :, first:stop] = self._keys_values(
                    looking, first, stop
                )
            out_QNX = looking.attention(query_QNX, held_2HMX[0], held_2HMX[1])
        return cast("torch.Tensor", self.Wo(heads.merge(out_QNX)))

    def _keys_values(self, looking: Looking, first: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys (rotated) and values of some memory tokens, (H, M, X) each."""
        heads = self.heads
        key_MD, value_MD = self.Wkv(looking.memory.read(first, stop)).chunk(2, dim=-1)
        tables = heads.tables(looking.positions_M[first:stop], key_MD.dtype)
        return rotate(heads.split(key_MD, heads.key), tables), heads.split(value_MD, heads.key)


class MemAugBlock(GradientCheckpointingLayer):
    """Self-attention, cross-attention and MLP, each followed by residual sum and LayerNorm."""

    def __init__(self, width: int, heads: Heads) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.cross_attn = CrossAttention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width, eps=1e-5) for _ in range(3))

    def forward(self, tokens_ND: torch.Tensor, tables: Tables, looking: Looking) -> torch.Tensor:
        """Query tokens that have looked at each other and at the memory, (N, D)."""
        tokens_ND = self.norm1(tokens_ND + self.self_attn(tokens_ND, tables, looking.attention))
        tokens_ND = self.norm2(tokens_ND + self.cross_attn(tokens_ND, tables, looking))
        return cast("torch.Tensor", self.norm3(tokens_ND + self.mlp(tokens_ND)))


class MemAug(nn.Module):
    """All blocks, one sample at a time.

    Args:
        config: The model's configuration; heads and rotary base are the language model's.
    """

    def __init__(self, config: HourLlavaConfig) -> None:
        super().__init__()
        self.config = config
        heads = Heads(
            config.num_attention_heads,
            config.num_key_value_heads or config.num_attention_heads,
            config.head_width,
            config.rotary_theta,
        )
        self.heads = heads
        self.layers = nn.ModuleList(
            MemAugBlock(config.hidden_size, heads) for _ in range(config.memaug_depth)
        )

    def forward(
        self,
        query_ND: torch.Tensor,
        query_positions_N: torch.Tensor,
        memory: Memory,
        memory_positions_M: torch.Tensor | None = None,
        *,
        reading: Reading = "auto",
        chunk_tokens: int = CHUNK_TOKENS,
    ) -> torch.Tensor:
        """Query tokens refreshed from the memory, (N, D).

        Args:
            query_ND: Text before the video, kept video tokens, text after it.
            query_positions_N: Their positions.
            memory: The whole memory.
            memory_positions_M: Its positions; None for 0, 1, 2, ...
            reading: ``whole`` keeps the memory's keys and values as one differentiable tensor; ``held`` fills them
                chunk by chunk, once for a block; ``online`` holds those of one chunk and merges (exact). ``auto`` is
                ``whole`` where gradients are wanted, else ``held`` up to 2 GiB and ``online`` above.
            chunk_tokens: Memory tokens read at once.
        """
        if memory_positions_M is None:
            memory_positions_M = torch.arange(len(memory), device=query_ND.device)
        tables = self.heads.tables(query_positions_N, query_ND.dtype)
        attention = attend_plainly if self.config._attn_implementation == "eager" else attend
        if reading == "auto":
            reading = self._reading(len(memory), query_ND)
        looking = Looking(memory, memory_positions_M, attention, reading, chunk_tokens)
        for layer in self.layers:
            query_ND = layer(query_ND, tables, looking)
        return query_ND

    def _reading(self, count: int, query_ND: torch.Tensor) -> Reading:
        if torch.is_grad_enabled():
            return "whole"
        plain = self.config._attn_implementation == "eager"
        if plain and self.heads.query * query_ND.shape[0] * count > MOST_SCORES:
            return "online"
        if query_ND.device.type not in FUSED:
            return "online"
        held = 2 * self.heads.key * self.heads.width * count * query_ND.element_size()
        return "held" if held <= MOST_KV_BYTES else "online"
