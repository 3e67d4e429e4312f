"""The vocabulary everything shares: spans of time, what happened in them, and answers.

All times are seconds on the video's own clock (0 is what a player shows as 0), as floats. Spans are half-open,
``[start_s, end_s)``. Nothing here knows files, models or frame rates; standard library only.

    Span        a stretch of time
    Mark        one measured thing on one lane: a shot, a sentence, a line of text on screen, a sound, an object
    Event       something that happened, with the marks it rests on
    Transcript  words with times
    Sampling    what was really seen and heard
    Step        one look on the way to an answer, and what came of it
    Answer      what every engine returns for every task
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playhead.errors import ParseError, nearest

SCHEMA_VERSION: Final = "1.1"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time ``[start_s, end_s)`` in seconds; a point has equal ends.

    Raises:
        ValueError: If a bound is not finite or the end lies before the start.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            raise ValueError(f"span bounds must be finite, found [{self.start_s}, {self.end_s})")
        if self.end_s < self.start_s:
            raise ValueError(f"a span ends before it starts: [{self.start_s}, {self.end_s})")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    @property
    def middle_s(self) -> float:
        """Middle in seconds."""
        return (self.start_s + self.end_s) / 2

    def contains(self, time_s: float) -> bool:
        """Whether ``start_s <= time_s < end_s`` (a point contains itself)."""
        return self.start_s <= time_s < self.end_s or time_s == self.start_s

    def overlap_s(self, other: Span) -> float:
        """Seconds both spans share."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))

    def iou(self, other: Span) -> float:
        """Intersection over union, 0 to 1; two equal points give 1."""
        inter = self.overlap_s(other)
        union = self.duration_s + other.duration_s - inter
        if union == 0.0:
            return 1.0 if self == other else 0.0
        return inter / union

    def shift(self, by_s: float) -> Span:
        """The same span, ``by_s`` seconds later."""
        return Span(self.start_s + by_s, self.end_s + by_s)

    def clip(self, to: Span) -> Span | None:
        """The part inside ``to``, or None when they do not touch."""
        start, end = max(self.start_s, to.start_s), min(self.end_s, to.end_s)
        return Span(start, end) if end > start or (end == start and self.duration_s == 0) else None

    def hull(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start_s, other.start_s), max(self.end_s, other.end_s))


def merge_spans(spans: Iterable[Span], gap_s: float = 0.0) -> tuple[Span, ...]:
    """Sort spans and join those that overlap, touch, or lie at most ``gap_s`` seconds apart."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s <= merged[-1].end_s + gap_s:
            merged[-1] = merged[-1].hull(span)
        else:
            merged.append(span)
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class Mark:
    """One measured thing on one lane of evidence.

    Attributes:
        span: When, in seconds.
        lane: Which sense saw it: ``shots``, ``speech``, ``text``, ``sounds``, ``objects``, ...
        text: What it is: the sentence spoken, the line read, the label.
        confidence: 0 to 1, or None where the sense gives none.
        box: Where in the picture, ``(left, top, right, bottom)`` as fractions of its size, or None.
    """

    span: Span
    lane: str
    text: str
    confidence: float | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens over a span, with the evidence it was written from.

    Attributes:
        span: When, in seconds.
        text: What happens, in a sentence or more.
        title: A short name, for chapters and lists.
        confidence: 0 to 1, or None.
        evidence: The marks that support it.
        flags: What a reader should know: ``clipped`` (ran past the end), ``reversed`` (was written end first), ...
    """

    span: Span
    text: str
    title: str = ""
    confidence: float | None = None
    evidence: tuple[Mark, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and when it is heard, in seconds."""

    span: Span
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of speech, usually a sentence, with its words where they are known."""

    span: Span
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said and when; no segments means that no speech was heard."""

    segments: tuple[Segment, ...] = ()
    language: str | None = None
    language_confidence: float | None = None

    @property
    def text(self) -> str:
        """All segments as one text."""
        return " ".join(segment.text.strip() for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Sampling:
    """What was really seen and heard, so that nobody has to guess.

    Attributes:
        policy: Name of the sampling policy, with its parameters.
        window: The part of the video that was looked at, in seconds.
        times_s: Presentation times of the pictures that were looked at, in seconds, ascending.
        frame_size_px: ``(width, height)`` given to the model, or None when no picture was used.
        audio_s: Seconds of sound that were heard.
        notes: Plain sentences about anything left out, repaired or limited.
    """

    policy: str
    window: Span
    times_s: tuple[float, ...] = ()
    frame_size_px: tuple[int, int] | None = None
    audio_s: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to an answer: what was looked at, and what came of it.

    Attributes:
        name: The mechanism and which of its steps: ``zoom 2 of 2``, ``vote 3 of 5``, ``snap``.
        window: The part of the video it is about, in seconds.
        frames: Pictures that were looked at for it; 0 where none were.
        tokens: Positions of the language model that what was seen and heard filled, or None where that is not known.
        spans: What was found, in seconds.
        text: What was done and why, in words.
    """

    name: str
    window: Span
    frames: int = 0
    tokens: int | None = None
    spans: tuple[Span, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """A model's text that could not be read: counted, never turned into a zero."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine returns, whatever the task; a field the task does not fill stays empty.

    Attributes:
        task: ``watch``, ``describe``, ``events``, ``chapters``, ``ground``, ``ask``, ``choose`` or ``transcribe``.
        source: The video, as it was named by the caller.
        duration_s: Length of the whole video in seconds.
        model: Engine and weights that answered.
        sampling: What was seen and heard.
        query: The question, query or options' question that was asked.
        title: A short name for the whole video.
        text: Summary, description or answer in words.
        events: Timed events; for ``ground`` every span found, none when nothing supports the query.
        chapters: Timed chapters that cover the video.
        choice: Label of the chosen option (``A``, ``B``, ...), or None.
        transcript: Spoken words with times.
        lanes: Evidence by lane, each ascending in time.
        evidence: The marks this answer rests on.
        thinking: The model's reasoning where it gives any, kept apart from the answer.
        confidence: 0 to 1, or None.
        reason: Why the answer is empty, when it is.
        failure: Set when a model's text could not be read.
        trace: The looks this answer was made from, in their order, where there was more than one.
    """

    task: str
    source: str
    duration_s: float
    model: str
    sampling: Sampling
    query: str = ""
    title: str = ""
    text: str = ""
    events: tuple[Event, ...] = ()
    chapters: tuple[Event, ...] = ()
    choice: str | None = None
    transcript: Transcript | None = None
    lanes: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    evidence: tuple[Mark, ...] = ()
    thinking: str = ""
    confidence: float | None = None
    reason: str = ""
    failure: ParseFailure | None = None
    trace: tuple[Step, ...] = ()
    schema_version: str = SCHEMA_VERSION

    @property
    def spans(self) -> tuple[Span, ...]:
        """The events' spans as a set: sorted, joined where they overlap, possibly empty."""
        return merge_spans(event.span for event in self.events)


# --- plain data: what JSON holds -------------------------------------------------------------------------------
# A span is written as "start" and "end" (float seconds), never nested; every other field keeps its name, less the
# unit suffix where the unit is seconds: "duration", "times", "audio".

_RENAMES: Final = {
    "duration_s": "duration",
    "times_s": "times",
    "audio_s": "audio",
    "frame_size_px": "frame_size",
}
_TIME_DIGITS: Final = 6


def to_dict(value: object) -> Any:  # noqa: ANN401 - plain JSON data of any shape
    """Turn any type of this module into JSON data: seconds as floats, spans as ``start`` and ``end``."""
    if isinstance(value, float):
        return round(value, _TIME_DIGITS)
    if isinstance(value, Span):
        return {"start": to_dict(value.start_s), "end": to_dict(value.end_s)}
    if isinstance(value, Mapping):
        return {str(key): to_dict(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_dict(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        out: dict[str, Any] = {}
        for name in value.__dataclass_fields__:
            item = getattr(value, name)
            if name == "span":
                out.update(to_dict(item))
            else:
                out[_RENAMES.get(name, name)] = to_dict(item)
        return out
    return value


def answer_from_dict(data: Mapping[str, Any]) -> Answer:
    """Read an Answer back from the data :func:`to_dict` wrote.

    Raises:
        ParseError: On an unknown or missing field, a bad span, or another major schema version.
    """
    version = str(data.get("schema_version", ""))
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ParseError(
            "cannot read an answer",
            found=f"schema_version {version!r}",
            allowed=SCHEMA_VERSION,
            todo="write it again",
        )
    names = {_RENAMES.get(name, name): name for name in Answer.__dataclass_fields__}
    for key in data:
        if key not in names:
            raise ParseError(
                "cannot read an answer", found=f"unknown field {key!r}", todo=nearest(key, names)
            )
    try:
        fields: dict[str, Any] = {names[key]: value for key, value in data.items()}
        fields["duration_s"] = float(data["duration"])
        fields["sampling"] = _sampling(data["sampling"])
        fields["events"] = tuple(event_from_dict(item) for item in data.get("events", ()))
        fields["chapters"] = tuple(event_from_dict(item) for item in data.get("chapters", ()))
        fields["evidence"] = tuple(mark_from_dict(item) for item in data.get("evidence", ()))
        fields["lanes"] = {k: tuple(mark_from_dict(m) for m in v) for k, v in data.get("lanes", {}).items()}
        transcript, failure = data.get("transcript"), data.get("failure")
        fields["transcript"] = None if transcript is None else transcript_from_dict(transcript)
        fields["failure"] = None if failure is None else ParseFailure(failure["text"], failure["reason"])
        fields["trace"] = tuple(_step(item) for item in data.get("trace", ()))
        return Answer(**fields)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ParseError("cannot read an answer", found=f"{type(error).__name__}: {error}") from error


def mark_from_dict(data: Mapping[str, Any]) -> Mark:
    """Read a Mark from plain data."""
    box = data.get("box")
    corners = None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    return Mark(_span(data), data["lane"], data["text"], data.get("confidence"), corners)


def transcript_from_dict(data: Mapping[str, Any]) -> Transcript:
    """Read a Transcript from plain data."""
    segments = tuple(
        Segment(
            _span(item),
            item["text"],
            tuple(Word(_span(word), word["text"], word.get("confidence")) for word in item.get("words", ())),
            item.get("confidence"),
        )
        for item in data.get("segments", ())
    )
    return Transcript(segments, data.get("language"), data.get("language_confidence"))


def _span(data: Mapping[str, Any]) -> Span:
    return Span(float(data["start"]), float(data["end"]))


def event_from_dict(data: Mapping[str, Any]) -> Event:
    """Read an Event from plain data."""
    return Event(
        _span(data),
        data["text"],
        data.get("title", ""),
        data.get("confidence"),
        tuple(mark_from_dict(item) for item in data.get("evidence", ())),
        tuple(data.get("flags", ())),
    )


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        name=data["name"],
        window=_span(data["window"]),
        frames=int(data.get("frames", 0)),
        tokens=None if data.get("tokens") is None else int(data["tokens"]),
        spans=tuple(_span(item) for item in data.get("spans", ())),
        text=data.get("text", ""),
    )


def _sampling(data: Mapping[str, Any]) -> Sampling:
    size = data.get("frame_size")
    return Sampling(
        policy=data["policy"],
        window=Span(float(data["window"]["start"]), float(data["window"]["end"])),
        times_s=tuple(float(t) for t in data.get("times", ())),
        frame_size_px=None if size is None else (int(size[0]), int(size[1])),
        audio_s=float(data.get("audio", 0.0)),
        notes=tuple(data.get("notes", ())),
    )
