"""A conversation about videos as positions: what is text, what a frame or a sound will fill, what is trained.

    VTimeLLM       100 frames
    LongVALE-LLM   100 frames, then a row of sound for every 5.12 s, then a row of speech for every 5.12 s
    AVicuna        75 frames with 25 rows of sound among them: sound, three frames, sound, three frames, ...

Every position that is filled keeps the true seconds it stands for.

The prompt is Vicuna v1.1's (lm-sys/FastChat, Apache-2.0): a system sentence, then ``USER: ... ASSISTANT: ...</s>``
without anything between turns. The text is cut at ``<video>``, each part is encoded as a text of its own, and the
vectors stand between the parts. Labels follow from the structure; nothing is encoded twice and compared.

Axes: F frame, 2 start and end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from playhead.errors import UsageError
from playhead.media.clip import Times
from playhead.models.vtimellm.tokens import BEGIN_ID, END_ID, encode, encode_after_end
from playhead.sequence.layout import IGNORED, Ids, Kind, Layout, Slot
from playhead.timeline import Span

if TYPE_CHECKING:
    from transformers import LlamaTokenizer

PLACEHOLDER: Final = "<video>"
FILLED_ID: Final = 0
"""Token id at positions that will be filled; the model never looks it up."""

SYSTEM: Final = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)

SOUND_ROW_S: Final = 5.12
"""Seconds of one row of LongVALE-LLM's sound and speech: 512 steps of 10 ms, 256 states of 20 ms."""

Template = Literal["v1", "plain"]


@dataclass(frozen=True, slots=True)
class Filling:
    """One vector that takes one position.

    Attributes:
        kind: ``frame``, ``sound`` or ``speech``.
        span: The stretch of the video it stands for, in seconds on the video's clock.
        pts_s: True presentation time of the picture, None for sound.
    """

    kind: Kind
    span: Span
    pts_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user says and what the assistant answers; None for the answer that is still to be written."""

    user: str
    answer: str | None = None


def lay_out(
    tokenizer: LlamaTokenizer,
    turns: Sequence[Turn],
    videos: Sequence[Sequence[Filling]] = (),
    *,
    template: Template = "v1",
    legacy: bool = False,
) -> Layout:
    """The positions of a conversation; labels are given when every turn is answered.

    Trained are the answers with their ``</s>`` (in ``plain``, the projector's own stage, the caption with its line
    end). Frames tell their time by their order alone, so slots carry no label.

    Args:
        tokenizer: Llama-2's.
        turns: At least one; only the last may lack its answer.
        videos: What fills each ``<video>``, in the order of the placeholders.
        template: ``v1`` or, with one turn, ``plain``.
        legacy: See :func:`playhead.models.vtimellm.tokens.encode_after_end`.

    Raises:
        UsageError: Placeholders and videos differ in number, an answer is missing or empty in the middle.
    """
    check_turns(turns, videos, template)
    ids, labels = [BEGIN_ID], [IGNORED]
    slots: list[Slot] = []
    left = iter(videos)
    for part in _plain(turns[0]) if template == "plain" else _chat(turns):
        if part.place == "video":
            fillings = next(left)
            slots += [
                Slot(len(ids) + at, 1, each.kind, each.span, each.pts_s) for at, each in enumerate(fillings)
            ]
            new = [FILLED_ID] * len(fillings)
        elif part.place == "end":
            new = [END_ID]
        elif part.place == "after end":
            new = encode_after_end(tokenizer, part.text, legacy=legacy)
        else:
            new = encode(tokenizer, part.text, opens=part.place == "opening")
        ids += new
        labels += new if part.trained else [IGNORED] * len(new)
    answered = turns[-1].answer is not None
    return Layout(np.array(ids, np.int64), tuple(slots), np.array(labels, np.int64) if answered else None)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the prompt: a text by where it stands (it opens a text, goes on, follows ``</s>``), or a mark."""

    place: Literal["opening", "going on", "after end", "video", "end"]
    text: str = ""
    trained: bool = False


def _chat(turns: Sequence[Turn]) -> Iterator[_Part]:
    """The parts of the ``v1`` template."""
    place: Literal["opening", "after end"] = "opening"
    before = f"{SYSTEM} "
    for turn in turns:
        first, *others = f"{before}USER: {turn.user} ASSISTANT:".split(PLACEHOLDER)
        yield _Part(place, first)
        for text in others:
            yield _Part("video")
            yield _Part("opening", text)
        if turn.answer is not None:
            yield _Part("going on", f" {turn.answer}", trained=True)
            yield _Part("end", trained=True)
        place, before = "after end", ""


def _plain(turn: Turn) -> Iterator[_Part]:
    """The parts of the ``plain`` template: the user's words are left out, as in training."""
    yield _Part("video")
    yield _Part("opening", "\n")
    if turn.answer is not None:
        yield _Part("going on", f"{turn.answer}\n", trained=True)


def check_turns(
    turns: Sequence[Turn], videos: Sequence[Sequence[Filling]], template: Template = "v1"
) -> None:
    """Refuse a conversation that cannot be laid out.

    Raises:
        UsageError: Placeholders and videos differ in number, an answer is missing or empty in the middle.
    """
    asked = "lay out a conversation"
    if not turns or (template == "plain" and len(turns) != 1):
        raise UsageError(
            asked, found=f"{len(turns)} turns in template {template!r}", allowed="one, or more in v1"
        )
    if any(turn.answer is None for turn in turns[:-1]) or any(turn.answer == "" for turn in turns):
        raise UsageError(asked, found="a turn without its answer", allowed="only the last may lack it")
    wanted = sum(turn.user.count(PLACEHOLDER) for turn in turns)
    if wanted != len(videos):
        raise UsageError(
            asked,
            found=f"{wanted} times {PLACEHOLDER} in the user's words but {len(videos)} videos",
            todo=f"write {PLACEHOLDER} once for each video, and nowhere else",
        )
    if template == "plain" and wanted != 1:
        raise UsageError(asked, found=f"{wanted} videos", allowed="one in template 'plain'")


# --- what fills a video, in which order ------------------------------------------------------------------------------


def frame_fillings(times_s: Times, intervals_F2: Times) -> tuple[Filling, ...]:
    """One position per frame, each with its own true time."""
    return tuple(
        Filling("frame", Span(float(start_s), float(end_s)), float(pts_s))
        for pts_s, (start_s, end_s) in zip(times_s, intervals_F2, strict=True)
    )


def row_fillings(
    kind: Literal["sound", "speech"], rows: int, heard: Span, row_s: float = SOUND_ROW_S
) -> tuple[Filling, ...]:
    """One position per row of features, each with the stretch it was made from.

    Args:
        kind: ``sound`` or ``speech``.
        rows: Number of rows.
        heard: The stretch of the video that was heard, in seconds on its clock.
        row_s: Seconds of one row. What lies past the end is the encoder's padding: an empty stretch at the end.
    """
    edges_s = np.minimum(heard.start_s + row_s * np.arange(rows + 1), heard.end_s)
    return tuple(Filling(kind, Span(a, b)) for a, b in pairwise(edges_s.tolist()))


def interleave(frames: int, sounds: int) -> Ids:
    """Where the sound rows stand among frames: positions of shape (sounds,), ascending (AVicuna).

    Before every ``round(frames / (sounds + 1))`` frames stands one row of sound: with 75 and 25 at 0, 4, 8, ..., 96.

    Raises:
        UsageError: If there are too few frames for so many rows.
    """
    apart = round(frames / (sounds + 1))
    positions = np.arange(sounds, dtype=np.int64) * (apart + 1)
    if sounds and int(positions[-1]) >= frames + sounds:
        raise UsageError(
            "set rows of sound among frames", found=f"{sounds} rows for {frames} frames", allowed="fewer rows"
        )
    return positions


def interleaved(frames: Sequence[Filling], sounds: Sequence[Filling]) -> tuple[Filling, ...]:
    """Frames and rows of sound in AVicuna's order."""
    at = set(interleave(len(frames), len(sounds)).tolist())
    left, heard = iter(frames), iter(sounds)
    return tuple(
        next(heard) if position in at else next(left) for position in range(len(frames) + len(sounds))
    )


def spread_rows(rows: int, wanted: int) -> Ids:
    """Which of so many rows stands at each of ``wanted`` places, in the order of time: ``j * rows // wanted``.

    AVicuna's training takes 75 of 100 stored frame features this way. Its 25 places of sound repeat fewer rows; the
    same rule then gives each row neighbouring places.
    """
    return np.arange(wanted, dtype=np.int64) * rows // wanted
