"""An endpoint that decodes video by itself: what it was told cannot be seen, so it is asked when colours appear.

Clips of plain colours that change at known seconds are sent, one question a colour. Wrong clocks answer wrongly by
seconds at a variable rate and after a late start, and rightly at a constant one; a model that cannot tell colours or
times is wrong there too, so the constant clip says whether the other answers mean anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from playhead.clockcheck.check import Verdict
from playhead.clockcheck.clips import draw_file
from playhead.errors import UsageError
from playhead.media.clip import Pixels, Video
from playhead.models.openai.config import config_from_options
from playhead.models.openai.endpoint import Endpoint
from playhead.models.openai.look import look_at
from playhead.progress import silent

COLOURS: Final = {
    "red": (220, 20, 20),
    "green": (20, 170, 20),
    "blue": (20, 20, 220),
    "yellow": (230, 220, 20),
    "white": (245, 245, 245),
}
ALLOWED_S: Final = 1.0
"""How late an event may be seen: endpoints look at one or two pictures a second, or at 32 in all."""

_PER_SECOND: Final = 25
_SIDE_PX: Final = 224
_QUESTION: Final = (
    "The picture is of one colour at a time. At what time of the video does it become {colour}? "
    "Answer with the number of seconds from the video's beginning, such as 12.5, and nothing else."
)
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_SAID: Final = 60  # letters of an answer that are repeated


@dataclass(frozen=True, slots=True)
class ColourClip:
    """A clip of plain colours.

    Attributes:
        name: Its kind.
        video: The file and the part that is sent.
        begins_s: When each colour begins, in seconds from the start of that part.
    """

    name: str
    video: Video
    begins_s: dict[str, float]


def draw_colours(folder: Path, *, window: bool) -> list[ColourClip]:
    """Three files in H.264, and a window of the first where the way of sending has windows.

    ``variable`` shows 25 pictures a second for 8 s, then one a second for 16 s; the pictures of ``late`` begin 3 s after
    its sound. The colours last 2 to 7 s.
    """
    even, uneven = [1] * 600, [1] * 200 + [_PER_SECOND] * 16
    at_even_s, at_uneven_s = (0.0, 3.0, 7.0, 12.0, 19.0), (0.0, 3.0, 7.0, 12.0, 19.0)
    clips = [
        _colour_clip(folder, "constant", even, at_even_s),
        _colour_clip(folder, "variable", uneven, at_uneven_s),
        _colour_clip(folder, "late", [1] * 500, (0.0, 2.0, 6.0, 11.0, 15.0), first=3 * _PER_SECOND),
    ]
    if window:
        constant, start_s = clips[0], 5.0
        begins_s = {name: at_s - start_s for name, at_s in constant.begins_s.items() if at_s > start_s}
        clips.append(ColourClip("window", Video(constant.video.source, start_s, 22.0), begins_s))
    return clips


def _colour_clip(
    folder: Path, name: str, lasting: list[int], at_s: tuple[float, ...], first: int = 0
) -> ColourClip:
    starts_s = np.cumsum([0, *lasting[:-1]]) / _PER_SECOND
    shown = np.searchsorted(at_s, starts_s, side="right") - 1

    def picture(number: int) -> Pixels:
        colour = list(COLOURS.values())[shown[number]]
        return np.full((_SIDE_PX, _SIDE_PX, 3), colour, np.uint8)

    path = draw_file(folder / f"{name}.mp4", lasting, first=first, picture=picture)
    begins_s = {colour: at + first / _PER_SECOND for colour, at in zip(COLOURS, at_s, strict=True)}
    return ColourClip(name, Video(str(path)), begins_s)


def check_endpoint(address: str, *, allowed_s: float = ALLOWED_S, **options: Any) -> list[Verdict]:  # noqa: ANN401 - the settings of the engine openai
    """Ask an endpoint when the colours of each clip begin.

    Args:
        address: What its paths follow, as in ``http://localhost:8000/v1``.
        allowed_s: How far off an answer may be.
        options: Settings of the engine ``openai``; ``send`` is ``video_url`` where it is not given.

    Raises:
        UsageError: A setting that is not allowed, or no model.
        WeightsUnavailableError: The endpoint cannot be reached or stays busy.
        UnsupportedError: It refuses a request.
    """
    if isinstance(allowed_s, bool) or not isinstance(allowed_s, (int, float)) or not 0 < allowed_s < 3:
        raise UsageError(
            f"allowed_s={allowed_s!r:.40}", allowed="seconds above 0, below the 3 of the late start"
        )
    config = config_from_options({"send": "video_url", "max_tokens": 64, **options, "base_url": address})
    endpoint = Endpoint(config)
    name = f"{config.model} at {address}, {config.send}"
    with TemporaryDirectory(prefix="playhead-clock-") as folder:
        verdicts = []
        for clip in draw_colours(Path(folder), window=config.send != "video_url"):
            content = look_at(clip.video, config, silent).content
            said = {}
            for colour in clip.begins_s:
                question = {"type": "text", "text": _QUESTION.format(colour=colour)}
                said[colour] = endpoint.write([*content, question]).text
            verdicts.append(judge_answers(name, clip, said, float(allowed_s)))
    return verdicts


def judge_answers(name: str, clip: ColourClip, said: dict[str, str], allowed_s: float) -> Verdict:
    """How far off the answers are; one without a time is a fault."""
    off_s, faults = [], []
    for colour, begins_s in clip.begins_s.items():
        answer_s = read_answer_s(said[colour])
        if answer_s is None:
            faults.append(f"no time in the answer about {colour}: {said[colour][:_SAID]!r}")
            continue
        off_s.append(abs(answer_s - begins_s))
        if off_s[-1] > allowed_s:
            faults.append(f"{colour} begins at {begins_s:g} s, the answer says {answer_s:g} s")
    return Verdict(
        name, clip.name, None, None, max(off_s, default=None), "answers", tuple(faults), None, allowed_s
    )


def read_answer_s(text: str) -> float | None:
    """The first time in an answer, as seconds or as a clock; None where there is none."""
    if clock := _CLOCK.search(text):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    number = _NUMBER.search(text)
    return None if number is None else float(number[0])
