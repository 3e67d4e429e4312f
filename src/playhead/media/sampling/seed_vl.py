"""Seed1.5-VL's sampling: a frame rate by task, and a ladder of tokens per frame under one budget."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.media.sampling.base import Policy, Selection, pick, spread
from playhead.media.sampling.uniform import at_least, ticks

LADDER = (640, 512, 384, 256, 160, 128)
BUDGET_TOKENS = 81_920
TOKEN_SIDE_PX = 28
RATES_HZ = {"default": 1.0, "fine": 2.0, "counting": 5.0}
_SOURCE = "Seed1.5-VL (arXiv 2505.07062), dynamic frame-resolution sampling"


def seed_vl(
    *,
    task: Literal["default", "fine", "counting"] = "default",
    rate_hz: float | None = None,
    budget_tokens: int = BUDGET_TOKENS,
    group: int = 1,
    width_px: int | None = None,
    height_px: int | None = None,
) -> Policy:
    """1, 2 or 5 frames per second, all at the highest token level that fits the budget; fewer frames where none does.

    The frame shown at every tick of the rate is taken once. With n frames, the first level t of 640, 512, 384, 256, 160,
    128 tokens with ``n * t`` within the budget is used for all of them; where not even 128 fits, ``budget // 128`` frames
    (640) spread evenly over the video get 128 each. So 128, 160, 213, 320, 512 and 640 frames fit.

    Args:
        task: ``default`` 1 per second, ``fine`` 2 (detailed temporal perception), ``counting`` 5 (counting, motion).
        rate_hz: A rate of your own instead of the task's.
        budget_tokens: Visual tokens for the whole video.
        group: Pictures that share tokens in the model they are for; a group that is not full costs as a full one.
        width_px: Width of the picture; with the height, ``Selection.frame_size_px`` is filled in.
        height_px: Height of the picture.

    Source: arXiv 2505.07062, section on video encoding. The report gives rates, levels and budget; that timestamps do not
    count, and how a level becomes a picture size (:func:`size_for_tokens`), are our reading.
    """
    if task not in RATES_HZ:
        raise UsageError("sampling policy 'seed1.5-vl'", found=f"task={task!r}", allowed=", ".join(RATES_HZ))
    at_least("seed1.5-vl", group=group)
    at_least("seed1.5-vl", budget_tokens=budget_tokens, minimum=LADDER[-1] * group)
    at_least("seed1.5-vl", width_px=width_px, height_px=height_px)
    chosen_hz = RATES_HZ[task] if rate_hz is None else rate_hz
    if not chosen_hz > 0:
        raise UsageError("sampling policy 'seed1.5-vl'", found=f"rate_hz={rate_hz}", allowed="a rate above 0")
    name = f"seed1.5-vl:rate_hz={chosen_hz:g},budget_tokens={budget_tokens}" + (
        f",group={group}" if group > 1 else ""
    )

    def choose(duration_s: float, times_s: Times) -> Selection:
        indices = np.unique(ticks(duration_s, times_s, chosen_hz))
        frames = int(indices.shape[0])
        level, fitting = rung(-(-frames // group) * group, budget_tokens)
        fitting = min(frames, fitting // group * group)
        notes: tuple[str, ...] = ()
        if fitting < indices.shape[0]:
            notes = (
                f"{indices.shape[0]} frames at {chosen_hz:g} per second do not fit; {fitting} spread evenly",
            )
            indices = spread(times_s, fitting)
        size = None if width_px is None or height_px is None else size_for_tokens(width_px, height_px, level)
        return pick(times_s, indices, name, _SOURCE, tokens_per_frame=level, frame_size_px=size, notes=notes)

    return choose


def rung(frames: int, budget_tokens: int = BUDGET_TOKENS) -> tuple[int, int]:
    """Tokens per frame for so many frames, and how many frames then fit into the budget.

    Returns:
        ``(tokens, frames)``: the frames unchanged, or ``budget // 128`` where not even the lowest level fits.
    """
    for level in LADDER:
        if frames * level <= budget_tokens:
            return level, frames
    return LADDER[-1], budget_tokens // LADDER[-1]


def size_for_tokens(
    width_px: int, height_px: int, tokens: int, side_px: int = TOKEN_SIDE_PX
) -> tuple[int, int]:
    """The largest ``(width, height)`` in multiples of ``side_px`` with the picture's shape and at most so many tokens.

    One token covers ``side_px`` by ``side_px`` pixels (28 in Seed1.5-VL, section 2.1 of the report).
    """
    scale = math.sqrt(tokens * side_px**2 / (width_px * height_px))
    columns = max(1, math.floor(width_px * scale / side_px))
    rows = max(1, math.floor(height_px * scale / side_px))
    return min(columns, tokens) * side_px, min(rows, tokens) * side_px
