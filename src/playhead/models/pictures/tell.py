"""Ways to tell a model the time of a picture: words beside it, or something burnt into it.

Times are seconds from the start of what is looked at, as answers count them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from playhead.errors import UsageError, nearest
from playhead.media.clip import Pixels
from playhead.media.overlay import NUMPRO, Style, arc_labels, draw_text
from playhead.tasks.base import Clock, TimeStyle
from playhead.tasks.bins import bin_text

Where = Literal["nowhere", "words", "burnt"]

BINS: Final = 100
_NUMPRO_PX: Final = 336  # the side of a picture for which NumPro's size of 40 is meant, as we read it
_MIN_TEXT_PX: Final = 12


@dataclass(frozen=True, slots=True)
class Moment:
    """A picture, or a group of them that shares its tokens, as it can be named.

    Attributes:
        time_s: The time it is named by.
        start_s: When the stretch it stands for begins.
        end_s: When that ends.
        number: Which it is, from 0.
        duration_s: Length of what is looked at.
    """

    time_s: float
    start_s: float
    end_s: float
    number: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """One way to tell the time.

    Attributes:
        name: What it is asked for by.
        where: Whether words stand beside the picture or are drawn into it.
        text: What is written for a picture.
        times: How times are asked for in answers, where it decides that; None leaves it to the family.
        style: How a burnt text is drawn.
        source: Where it is published.
    """

    name: str
    where: Where
    text: Callable[[Moment], str]
    source: str
    times: TimeStyle | None = None
    style: Style | None = None

    def burn(self, pixels_HWC: Pixels, text: str) -> Pixels:
        """The picture with the text drawn into it, before it is shrunk."""
        if self.style is None:
            return pixels_HWC
        height_px = pixels_HWC.shape[0]
        style = self.style
        if style.size_px is not None:  # in proportion to the picture
            style = replace(style, size_px=max(_MIN_TEXT_PX, round(style.size_px * height_px / _NUMPRO_PX)))
        elif style.size_fraction * height_px < _MIN_TEXT_PX:
            style = replace(style, size_px=_MIN_TEXT_PX)
        return draw_text(pixels_HWC, text, style)

    def clock(self, clock: Clock, starts_s: tuple[float, ...]) -> Clock:
        """What the numbers of an answer mean, for pictures that begin at these seconds."""
        if self.times == "bins":
            return replace(clock, bins=BINS)
        if self.times == "frames":
            return replace(clock, frames_s=starts_s)
        return clock


def _arc(moment: Moment) -> str:
    import numpy as np

    return arc_labels(np.array([[moment.start_s, moment.end_s]]))[0]


_CLOCK: Final = Style()

TELLERS: Final[Mapping[str, Teller]] = {
    each.name: each
    for each in (
        Teller(name="none", where="nowhere", text=lambda _: "", source="order alone"),
        Teller(
            name="seed1.5-vl",
            where="words",
            text=lambda moment: f"[{moment.time_s:.1f} second]",
            source="Seed1.5-VL (arXiv 2505.07062)",
        ),
        Teller(
            name="qwen3-vl",
            where="words",
            text=lambda moment: f"<{moment.time_s:.1f} seconds>",
            source="Qwen3-VL (arXiv 2511.21631)",
        ),
        Teller(
            name="videollama3",
            where="words",
            text=lambda moment: f"Time {moment.time_s:.1f}s:",
            source="VideoLLaMA 3 (arXiv 2501.13106)",
        ),
        Teller(
            name="unitime",
            where="words",
            text=lambda moment: f"timestamp: {moment.time_s:.1f} seconds; feature: ",
            source="UniTime (arXiv 2506.18883)",
        ),
        Teller(
            name="internvl",
            where="words",
            text=lambda moment: f"Frame-{moment.number + 1}: ",
            source="InternVL 3.5 (arXiv 2508.18265); numbers, no times",
        ),
        Teller(
            name="vtimellm",
            where="words",
            text=lambda moment: f"{bin_text(moment.time_s, moment.duration_s, BINS)}: ",
            times="bins",
            source="hundredths of the video as in VTimeLLM (arXiv 2311.18445), written beside the picture",
        ),
        Teller(
            name="arc",
            where="burnt",
            text=_arc,
            times="clock",
            style=_CLOCK,
            source="ARC-Hunyuan-Video (arXiv 2507.20939)",
        ),
        Teller(
            name="numpro",
            where="burnt",
            text=lambda moment: str(moment.number),
            times="frames",
            style=NUMPRO,
            source="NumPro (arXiv 2411.10332), section 3",
        ),
    )
}
"""By name."""


def teller(name: str) -> Teller:
    """A way to tell the time.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in TELLERS:
        raise UsageError(f"tell={name!r:.40}", allowed=", ".join(TELLERS), todo=nearest(name, TELLERS))
    return TELLERS[name]
