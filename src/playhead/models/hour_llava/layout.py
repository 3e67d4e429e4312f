"""A prompt's positions: the turns, the time instruction, and 17 places for every kept frame with its true time.

The form is ChatML with Qwen's default system turn. The first user turn is the video, a newline, the time instruction,
a newline, and the question. What the released training data asks begins with a newline of its own, so a blank line
stands before the question there, and here (spec C7).

The text that enters memory augmentation is a part of the prompt (spec C5). In training it is what is not trained:
system and user words, less the turn marks and lone newlines, which the released label builder trains everywhere. At
inference the same ids are left out and so is the whole assistant header.

Axes: N position, S picture seen, R kept row of the memory, T memory frame, 2 start and end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from transformers import Qwen2Tokenizer

from playhead.media.clip import Times
from playhead.models.hour_llava.forget import (
    FRAME_TOKENS,
    KEPT_PART,
    LEAST_FRAMES,
    MOST_KEPT_FRAMES,
    Kept,
    plan_memory,
    repeat_index,
)
from playhead.models.hour_llava.settings import Settings
from playhead.models.hour_llava.tokens import TokenIds, encode
from playhead.sequence.layout import IGNORED, Ids, Layout, Slot
from playhead.timeline import Span

PLACEHOLDER: Final = "<image>"
SYSTEM: Final = "You are a helpful assistant."

Query = Literal["filtered", "all"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures behind a prompt.

    Attributes:
        times_s: True presentation times, float64 of shape (S,).
        intervals_S2: The stretch each picture stands for, in seconds.
        window: The part of the video that was looked at; the prompt's own clock begins where it does.
    """

    times_s: Times
    intervals_S2: Times
    window: Span


@dataclass(frozen=True, slots=True)
class HourLayout(Layout):
    """A layout with what memory augmentation needs besides.

    Attributes:
        query_N: bool, True where a text token enters memory augmentation.
        kept: Which rows of the memory fill the slots; None for text alone.
    """

    query_N: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    kept: Kept | None = None


def time_instruction(duration_s: float, frames: int, listed_s: Sequence[float] | None = None) -> str:
    """What a prompt says of the video: its length and how many pictures were taken.

    Args:
        duration_s: Length of what was looked at.
        frames: Pictures taken of it.
        listed_s: Their times, to be listed as the non-streaming loader of the released code does; the released models
            were trained without.

    Source: LLaVA-Video's time instruction (LLaVA-NeXT, Apache-2.0), as the released Hour-LLaVA loaders shorten it.
    """
    text = (
        f"The video lasts for {duration_s:.2f} seconds, and {frames} frames are uniformly sampled from it. "
    )
    if listed_s is not None:
        text += f"These frames are located at {','.join(f'{time_s:.2f}s' for time_s in listed_s)}."
    return text + "Please answer the following questions related to this video."


def what_is_shown(pictures: int, settings: Settings) -> tuple[str, ...]:
    """What becomes of so many pictures, in plain sentences: repeated, kept, left to the memory."""
    frames = max(pictures, LEAST_FRAMES)
    kept = len(plan_memory(pictures, spatial="uniform").frames_K)
    given = "1 picture is" if pictures == 1 else f"{pictures} pictures are"
    notes = [f"{given} repeated to a memory of {frames} frames"] if pictures < frames else []
    notes.append(
        f"the language model is shown {kept} of {frames} memory frames ({settings.temporal}), 16 of 64 positions of "
        f"each ({settings.spatial or 'random'}) and a newline; the rest is read through MemAug only"
    )
    if frames // KEPT_PART > MOST_KEPT_FRAMES:
        notes.append(f"no more than {MOST_KEPT_FRAMES} frames are shown directly, one in {frames / kept:.1f}")
    return tuple(notes)


def prompt_layout(
    tokenizer: Qwen2Tokenizer,
    ids: TokenIds,
    question: str,
    seen: Seen,
    kept: Kept,
    *,
    timestamps: bool = False,
    query: Query = "filtered",
) -> HourLayout:
    """One question about a video, ready to be answered.

    Args:
        tokenizer: Qwen2's.
        ids: Its special ids.
        question: The user's words.
        seen: The pictures.
        kept: The rows of the memory that the language model is given.
        timestamps: Whether the pictures' times are listed.
        query: Which text enters memory augmentation: what training's rule leaves, or all of the prompt.
    """
    parts = _Parts(tokenizer, ids)
    parts.turn("system", SYSTEM)
    parts.video_turn(f"\n{question}", seen, kept, timestamps=timestamps)
    header = len(parts.ids)
    parts.add([ids.turn_start, *encode(tokenizer, "assistant\n")])
    asked = parts.text()
    if query == "filtered":
        asked &= ~parts.marks()
        asked[header:] = False
    return HourLayout(parts.array(), tuple(parts.slots), query_N=asked, kept=kept)


def conversation_layout(
    tokenizer: Qwen2Tokenizer,
    ids: TokenIds,
    turns: Sequence[tuple[str, str]],
    seen: Seen | None = None,
    kept: Kept | None = None,
    *,
    timestamps: bool = False,
) -> HourLayout:
    """A conversation to train on, with the labels of the released code.

    Args:
        tokenizer: Qwen2's.
        ids: Its special ids.
        turns: What the human says and what is answered, in order; ``<image>`` in the human's words is taken out and
            the video put first.
        seen: The pictures, or None for text alone.
        kept: The rows of the memory that the language model is given; with ``seen`` only.
        timestamps: Whether the pictures' times are listed.
    """
    parts = _Parts(tokenizer, ids)
    parts.turn("system", SYSTEM)
    for number, (human, answer) in enumerate(turns):
        words = human.replace(PLACEHOLDER, "")
        if number == 0 and seen is not None and kept is not None:
            parts.video_turn(words, seen, kept, timestamps=timestamps)
        else:
            parts.turn("user", words)
        parts.turn("assistant", answer, trained=True)
    labels_N = np.where(parts.trained() | parts.marks(), parts.array(), IGNORED)
    labels_N[~parts.text()] = IGNORED
    query_N = parts.text() & (labels_N == IGNORED)
    return HourLayout(parts.array(), tuple(parts.slots), labels_N, query_N=query_N, kept=kept)


class _Parts:
    """A prompt under construction."""

    def __init__(self, tokenizer: Qwen2Tokenizer, ids: TokenIds) -> None:
        self._tokenizer, self._marks = tokenizer, ids
        self.ids: list[int] = []
        self.slots: list[Slot] = []
        self._trained: list[bool] = []

    def add(self, ids: Sequence[int], *, trained: bool = False) -> None:
        self.ids.extend(ids)
        self._trained.extend([trained] * len(ids))

    def turn(self, role: str, words: str, *, trained: bool = False) -> None:
        """A turn with its header, its end and the newline after it."""
        text = encode(self._tokenizer, f"{role}\n{words}")
        ids = [self._marks.turn_start, *text, self._marks.turn_end, self._marks.newline]
        self.add(ids, trained=trained)

    def video_turn(self, question: str, seen: Seen, kept: Kept, *, timestamps: bool) -> None:
        """The user's turn that holds the video; ``question`` is used as it is, its leading newline included."""
        listed = (seen.times_s - seen.window.start_s).tolist() if timestamps else None
        told = time_instruction(seen.window.duration_s, len(seen.times_s), listed)
        self.add([self._marks.turn_start, *encode(self._tokenizer, "user\n")])
        picture_T = repeat_index(len(seen.times_s)).numpy()
        frames, lengths = np.unique(kept.rows_R.numpy() // FRAME_TOKENS, return_counts=True)
        for frame, length in zip(frames, lengths, strict=True):
            self._slot(int(picture_T[frame]), int(length), seen, timestamps=timestamps)
        self.add(encode(self._tokenizer, f"\n{told}\n{question}"))
        self.add([self._marks.turn_end, self._marks.newline])

    def _slot(self, picture: int, length: int, seen: Seen, *, timestamps: bool) -> None:
        start_s, end_s = seen.intervals_S2[picture].tolist()
        pts_s = float(seen.times_s[picture])
        label = f"{pts_s - seen.window.start_s:.2f}s" if timestamps else ""
        self.slots.append(Slot(len(self.ids), length, "frame", Span(start_s, end_s), pts_s, label))
        self.add([self._marks.padding] * length)

    def array(self) -> Ids:
        return np.array(self.ids, np.int64)

    def text(self) -> npt.NDArray[np.bool_]:
        """True where a token is text."""
        is_text = np.ones(len(self.ids), np.bool_)
        for slot in self.slots:
            is_text[slot.start : slot.start + slot.length] = False
        return is_text

    def marks(self) -> npt.NDArray[np.bool_]:
        """True at the turn marks and lone newlines."""
        return np.isin(self.array(), [self._marks.turn_start, self._marks.turn_end, self._marks.newline])

    def trained(self) -> npt.NDArray[np.bool_]:
        """True within the assistant's turns."""
        return np.array(self._trained, np.bool_)
