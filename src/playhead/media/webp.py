"""Animated WebP, which FFmpeg does not decode: read by Pillow and re-wrapped losslessly, times kept to the millisecond.

What comes out is an in-memory Matroska file of FFV1 pictures, so that everything downstream has one way of decoding.
"""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

import av
import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from playhead.errors import CorruptMediaError

FORMAT_TAG: Final = "PLAYHEAD_FORMAT"
_MS: Final = Fraction(1, 1000)
_ANIMATED_BIT: Final = 0x02
_HEAD_BYTES: Final = 21


def is_animated_webp(head: bytes) -> bool:
    """Whether a file's first bytes are those of an animated WebP."""
    extended = head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X"
    return extended and len(head) >= _HEAD_BYTES and bool(head[_HEAD_BYTES - 1] & _ANIMATED_BIT)


def rewrap(source: str | IO[bytes], name: str) -> IO[bytes]:
    """The same animation as an in-memory Matroska file.

    Raises:
        CorruptMediaError: Pillow cannot read it.
    """
    out = io.BytesIO()
    try:
        with Image.open(Path(source) if isinstance(source, str) else source) as animation:
            _write(animation, out)
    except (UnidentifiedImageError, OSError, EOFError, ValueError) as error:
        raise CorruptMediaError(
            f"decode {name!r}", found=f"damaged WebP: {error}", todo="copy it again"
        ) from error
    out.seek(0)
    return out


def _write(animation: Image.Image, out: IO[bytes]) -> None:
    with av.open(out, "w", format="matroska") as container:
        container.metadata[FORMAT_TAG] = "webp"
        stream = container.add_stream("ffv1", rate=Fraction(1000))
        stream.width, stream.height = animation.size
        stream.pix_fmt = "bgr0"
        stream.codec_context.time_base = _MS
        at_ms = 0
        for picture in ImageSequence.Iterator(animation):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
            lasting_ms = int(picture.info.get("duration", 0))
            frame.pts, frame.time_base = at_ms, _MS
            for packet in stream.encode(frame):
                packet.duration = lasting_ms
                container.mux(packet)
            at_ms += lasting_ms
        container.mux(stream.encode(None))
