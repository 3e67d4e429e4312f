"""The picture that ``playhead plan --sheet`` writes: what a model would see of a video."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from playhead.cli import terminal
from playhead.errors import OutputError, UsageError
from playhead.timecode import format_time

if TYPE_CHECKING:
    from playhead.media.clip import Video
    from playhead.models.family import Shown

_FEW: Final = 12  # as many go four in a row, more go six


def check_place(path: Path, *, videos: int, overwrite: bool) -> None:
    """Refuse a sheet that could not be written, before anything is read.

    Raises:
        UsageError: Several videos, an ending of no picture, or a file that is there already.
    """
    from playhead.media.sheet import FORMATS

    if videos > 1:
        raise UsageError(f"cannot draw {path}", found=f"{videos} videos", allowed="one video a sheet")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"cannot draw {path}", allowed=f"a file that ends in {', '.join(FORMATS)}")
    if path.exists() and not overwrite:
        raise UsageError(
            f"cannot draw {path}", found="something of that name", todo="choose another name or --overwrite"
        )


def draw(path: Path, video: Video, engine: str, most: int, options: dict[str, Any]) -> None:
    """Write the sheet whole and say so.

    Args:
        path: Where; checked by :func:`check_place`.
        video: The file and the window.
        engine: Whose pictures.
        most: Pictures on it.
        options: Settings of the engine.

    Raises:
        UnsupportedError: The engine is not given a choice of pictures.
        MediaError: The file cannot be read.
        OutputError: The sheet cannot be written.
    """
    from playhead.media.sheet import SheetStyle, contact_sheet, encode_sheet
    from playhead.models.show import show_video

    shown = show_video(engine, video, most, **options)
    style = SheetStyle(columns=4 if len(shown.frames) <= _FEW else 6)
    sheet_HWC = contact_sheet(shown.frames, shown.captions, heading=_heading(shown), style=style)
    _write_whole(path, encode_sheet(sheet_HWC, path.suffix))
    terminal.say(f"wrote {path}")


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside the place and rename, so that nobody ever sees half a picture.

    Raises:
        OutputError: What the disk refuses; nothing is left behind.
    """
    part = path.with_name(f".playhead-{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # where nothing can be written there may be nothing to delete
            part.unlink()
        raise OutputError(
            f"cannot write {path}",
            found=error.strerror or str(error),
            todo="free some space or choose another place",
        ) from error


def _heading(shown: Shown) -> str:
    """Whose pictures, of what and how many, and what a reader should know, a line each."""
    count = len(shown.frames)
    span = f"{format_time(shown.window.start_s)} to {format_time(shown.window.end_s)}"
    there = f"all {count} pictures" if count == shown.total else f"{count} of {shown.total}, evenly chosen"
    first = f"What {shown.engine} is given of {PurePath(shown.source).name}, {span}: {there}."
    return "\n".join((first, *(f"{note[:1].upper()}{note[1:]}." for note in shown.notes)))
