"""What happens in a drawn clip and when: plain data that pictures, sound and truth are all made from.

All spans are seconds on the clip's own clock. Spans of what is seen begin and end at presentation times of pictures;
spans of what is heard begin and end at samples.
"""

from __future__ import annotations

from dataclasses import dataclass

from playhead.timeline import Span

KINDS = ("shape", "motion", "text", "backdrop", "sound", "speech")


@dataclass(frozen=True, slots=True)
class Thing:
    """A coloured form, such as ``red circle``.

    Attributes:
        colour: A name of the palette.
        form: A name of :mod:`playhead.evaluate.synthetic.forms`.
        faint: Whether it is drawn with little contrast to what is behind it.
    """

    colour: str
    form: str
    faint: bool = False

    @property
    def name(self) -> str:
        """How it is spoken of, without an article."""
        return f"{'faint ' if self.faint else ''}{self.colour} {self.form}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A thing that appears at a place and goes again; ``x`` and ``y`` are fractions of the picture's size."""

    thing: Thing
    x: float
    y: float
    span: Span


@dataclass(frozen=True, slots=True)
class Move:
    """One stretch in which a mover changes its place from each picture to the next.

    The first picture of the span is the first that shows it elsewhere than the one before; the first picture after the
    span shows it where the last one did.

    Attributes:
        span: When.
        rest_s: Time of the picture before the span.
        last_s: Time of the last picture of the span.
        from_x: Where it is at ``rest_s``, as a fraction of the width.
        to_x: Where it is at ``last_s``.
        quick: Whether this is the quick part of a movement of two speeds; None where there is one speed.
    """

    span: Span
    rest_s: float
    last_s: float
    from_x: float
    to_x: float
    quick: bool | None = None

    def x_at(self, time_s: float) -> float:
        """Where it is in a picture of the span."""
        part = (time_s - self.rest_s) / (self.last_s - self.rest_s)
        return self.from_x + (self.to_x - self.from_x) * part


@dataclass(frozen=True, slots=True)
class Mover:
    """A thing that is on screen throughout, at rest but for its moves."""

    thing: Thing
    y: float
    rests_x: float
    moves: tuple[Move, ...]

    def x_at(self, time_s: float) -> float:
        """Where it is in the picture of that time."""
        x = self.rests_x
        for move in self.moves:
            if time_s < move.span.start_s:
                break
            x = move.x_at(time_s) if time_s < move.span.end_s else move.to_x
        return x


@dataclass(frozen=True, slots=True)
class Written:
    """Words on screen."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Painted:
    """A stretch in which the background has another colour."""

    colour: str
    span: Span


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound by its name in :mod:`playhead.evaluate.synthetic.sounds`."""

    sound: str
    span: Span


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the voice; ``number`` counts them, ``about`` is its subject in other words."""

    number: int
    text: str
    about: str
    span: Span


Happening = Shown | Move | Written | Painted | Heard | Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Everything that is in a clip.

    Attributes:
        backdrop: Colour of the background where nothing else is painted.
        side: Side of a shape's box as a fraction of the picture's height.
        edges_s: When each picture is first shown, and when the last one stops being: F pictures, F + 1 edges.
        sound_start_s: When the sound track begins.
        hidden_word: A word that only pictures hold which a player never shows, or empty.
    """

    backdrop: str
    side: float
    edges_s: tuple[float, ...]
    sound_start_s: float
    shown: tuple[Shown, ...] = ()
    movers: tuple[Mover, ...] = ()
    written: tuple[Written, ...] = ()
    painted: tuple[Painted, ...] = ()
    heard: tuple[Heard, ...] = ()
    said: tuple[Said, ...] = ()
    hidden_word: str = ""

    @property
    def pictures(self) -> Span:
        """When there are pictures."""
        return Span(self.edges_s[0], self.edges_s[-1])

    @property
    def seen(self) -> tuple[Span, ...]:
        """Spans of everything that is seen to begin or to end."""
        moves = [move.span for mover in self.movers for move in mover.moves]
        shown, written = [each.span for each in self.shown], [each.span for each in self.written]
        return (*shown, *moves, *written, *(each.span for each in self.painted))
