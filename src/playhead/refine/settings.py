"""Which mechanisms are put around an engine, in one frozen record; wrong values are refused before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from playhead.errors import UsageError, nearest
from playhead.models.merge import NONE, OWN, check_merge
from playhead.refine.calibration import Calibration

ZoomMode = Literal["soft", "hard"]
ZOOM_MODES: Final[tuple[ZoomMode, ...]] = ("hard", "soft")
SNAP_S: Final = 0.5
"""How far a boundary is moved at most where ``snap`` is only asked for, in seconds."""
MOST_LOOKS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """What is done around an engine; the defaults only cut videos that are longer than the engine sees well.

    Attributes:
        zoom: Rounds of looking in all: 1 is a single look, 2 looks again around what the first found.
        zoom_mode: ``hard`` looks at a window around each span; ``soft`` at the whole, ``ratio`` times denser inside the
            spans (VideoChat-R1.5), for engines with the seam ``instants``.
        ratio: How much denser the spans are in a soft zoom.
        margin: What a hard zoom leaves around a span on either side, in lengths of the span; never less than the
            distance of the pictures the span was found in.
        coarse: Whether a thing is sought thinly in the whole and then closely where it was seen (UniTime). None: in
            videos longer than the engine looks at with its full density.
        segment_s: Length in seconds of the segments a coarse look picks; None for a 24th of what the engine looks at
            with full density, else of the video.
        parts: Whether events, chapters and descriptions are made part by part. None: as for ``coarse``.
        part_s: Length of such a part in seconds; None for what the engine looks at with its full density, else 300.
        merge: Who makes one text of the parts': ``none`` (they follow one another), a language model of playhead by
            name or file, or a function from a prompt to a text.
        votes: Looks that vote, each shifted by a fraction of the distance between pictures; 1 for no vote.
        snap: How far a boundary may move to a cut or an edge of speech, in seconds. True for half a second; None or
            False for not at all.
        unsure: Spans that are less sure than this, 0 to 1, are left out.
        calibration: The scale on which an answer says how sure it is; None for the engine's measured one, where there
            is one.
        choose_frames: What says how well pictures fit a query: a function from pictures and text to scores, a CLIP or
            SigLIP folder or repository of the hub, or ``auto`` for one in the folder of one's own weights. None leaves
            the choice of pictures to the engine.
        alpha: How strongly pictures that fit are preferred (BOLT's sharpness); 0 not at all.

    Raises:
        UsageError: A value that is not allowed.
    """

    zoom: int = 1
    zoom_mode: ZoomMode = "hard"
    ratio: float = 1.5
    margin: float = 0.5
    coarse: bool | None = None
    segment_s: float | None = None
    parts: bool | None = None
    part_s: float | None = None
    merge: Any = NONE
    votes: int = 1
    snap: float | bool | None = None
    unsure: float = 0.0
    calibration: Calibration | None = None
    choose_frames: str | Callable[..., Any] | None = None
    alpha: float = 3.0

    def __post_init__(self) -> None:
        _whole("zoom", self.zoom, "rounds of looking")
        _whole("votes", self.votes, "looks that vote")
        if self.zoom_mode not in ZOOM_MODES:
            raise UsageError(
                f"zoom_mode={self.zoom_mode!r:.40}", todo=nearest(str(self.zoom_mode), ZOOM_MODES)
            )
        for name in ("coarse", "parts"):
            if getattr(self, name) not in (None, True, False):
                raise UsageError(f"{name}={getattr(self, name)!r:.40}", allowed="True, False or None")
        for name in ("segment_s", "part_s"):
            if getattr(self, name) is not None:
                _number(name, getattr(self, name), least=1.0, most=1e9)
        _number("ratio", self.ratio, least=1.0, most=1000.0)
        _number("margin", self.margin, least=0.0, most=1000.0)
        _number("unsure", self.unsure, least=0.0, most=1.0)
        _number("alpha", self.alpha, least=0.0, most=100.0)
        if not isinstance(self.snap, bool) and self.snap is not None:
            _number("snap", self.snap, least=0.0, most=60.0)
        if check_merge(self.merge) == OWN:
            raise UsageError(
                f"merge={OWN!r}",
                found="an engine that is asked about videos only",
                allowed=f"{NONE}, a model, a function",
            )
        if self.calibration is not None and not isinstance(self.calibration, Calibration):
            raise UsageError(
                f"calibration={self.calibration!r:.40}", allowed="a playhead.refine.calibration.Calibration"
            )
        chosen = self.choose_frames
        if chosen is not None and not callable(chosen) and not (isinstance(chosen, str) and chosen.strip()):
            raise UsageError(
                f"choose_frames={chosen!r:.40}", allowed="a function, 'auto', a folder or owner/name"
            )

    @property
    def snap_s(self) -> float:
        """How far a boundary may move, in seconds; 0 for not at all."""
        return SNAP_S if self.snap is True else float(self.snap or 0.0)


def refinement(base: Refinement, **settings: Any) -> Refinement:  # noqa: ANN401 - checked one by one
    """Settings with some of them changed; an unknown name is refused with the nearest one.

    Args:
        base: What stays where nothing is given.
        settings: Fields of :class:`Refinement`.

    Raises:
        UsageError: An unknown name or a value that is not allowed.
    """
    known = {each.name for each in fields(Refinement)}
    for name in settings:
        if name not in known:
            raise UsageError(f"no mechanism has a setting {name!r}", todo=nearest(name, known))
    return replace(base, **settings)


def _whole(name: str, value: object, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_LOOKS:
        raise UsageError(
            f"{name}={value!r:.40}",
            allowed=f"a whole number of {what}, 1 to {MOST_LOOKS}",
            todo="leave it out for one look",
        )


def _number(name: str, value: object, *, least: float, most: float) -> None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not least <= value <= most:  # type: ignore[operator]  # a number, as was just seen
        raise UsageError(f"{name}={value!r:.40}", allowed=f"a number from {least:g} to {most:g}")
