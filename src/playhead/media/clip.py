"""What comes out of a file: pictures and sound that never travel without their presentation times.

Axes: F frame, H row, W column, C colour channel (red, green, blue), N sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from playhead.timeline import Sampling, Span

AUDIO_RATE_HZ = 16_000

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
StreamKind = Literal["video", "audio", "subtitle", "data"]


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the container says of one stream; times are seconds on the clip's clock.

    Attributes:
        index: Position in the container, the number to choose it by.
        kind: video, audio, subtitle or data.
        codec: Name of the codec, as FFmpeg spells it.
        start_s: When its first sample is presented; above 0 for a stream that starts late.
        duration_s: Its length where the container states one.
        language: ISO 639-2 code where stated.
        default: Whether the container marks it as the one to play.
    """

    index: int
    kind: StreamKind
    codec: str
    start_s: float | None
    duration_s: float | None
    language: str | None = None
    title: str | None = None
    default: bool = False
    width_px: int | None = None
    height_px: int | None = None
    rotation_deg: int = 0
    pixel_format: str | None = None
    interlaced: bool = False
    stated_rate_hz: float | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A container: what it says of itself, and what was measured from its packets.

    Attributes:
        source: The file or address, as it was named.
        container: Format name, as FFmpeg spells it.
        duration_s: Length of the presentation in seconds, measured from the chosen streams' samples where possible.
        zero_s: The container's own time that is second 0 here: the earliest presented sample of the chosen streams.
        streams: Every stream of the file.
        video: The chosen video stream, or None.
        audio: The chosen audio stream, or None.
        frame_count: Frames counted in the chosen video stream, or None where not counted.
        variable_rate: Whether true frame intervals differ by more than the container's rounding; None if not measured.
        frame_interval_s: Median true interval between frames, or None.
        notes: Plain sentences on anything odd: damage, missing times, sound that ends early.
    """

    source: str
    container: str
    duration_s: float
    zero_s: float
    streams: tuple[StreamInfo, ...]
    video: StreamInfo | None
    audio: StreamInfo | None
    frame_count: int | None = None
    variable_rate: bool | None = None
    frame_interval_s: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The true presentation times of all frames of a video stream, in seconds, ascending, and which are key frames.

    Attributes:
        times_s: Float64 of shape (frames,).
        is_key: Bool of shape (frames,).
        end_s: When the last frame stops being shown.
    """

    times_s: Times
    is_key: npt.NDArray[np.bool_]
    end_s: float

    def __post_init__(self) -> None:
        if self.times_s.shape != self.is_key.shape:
            raise ValueError(
                f"{self.times_s.shape[0]} frame times but {self.is_key.shape[0]} key frame flags"
            )


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and when it is first shown.

    Attributes:
        pts_s: Presentation time in seconds on the clip's clock.
        pixels_HWC: uint8 RGB, upright (rotation applied), axes row, column, channel.
    """

    pts_s: float
    pixels_HWC: Pixels


@dataclass(frozen=True, slots=True)
class Frames:
    """Pictures with their presentation times; the two counts are checked where they meet.

    Attributes:
        pixels_FHWC: uint8 RGB, axes frame, row, column, channel.
        pts_s: Float64 of shape (frames,), seconds on the clip's clock, ascending.
    """

    pixels_FHWC: Pixels
    pts_s: Times

    def __post_init__(self) -> None:
        if self.pixels_FHWC.ndim != 4 or self.pixels_FHWC.shape[0] != self.pts_s.shape[0]:
            raise ValueError(
                f"pixels of shape {self.pixels_FHWC.shape} but {self.pts_s.shape[0]} presentation times"
            )

    def __len__(self) -> int:
        return int(self.pts_s.shape[0])


@dataclass(frozen=True, slots=True)
class Waveform:
    """Mono sound on the clip's clock: sample n is heard at ``start_s + n / rate_hz``.

    Attributes:
        samples_N: float32 in -1..1, shape (samples,).
        rate_hz: Samples per second.
        start_s: Clip time of sample 0: 0 for a whole clip, the window's start for a window.
    """

    samples_N: Samples
    rate_hz: int = AUDIO_RATE_HZ
    start_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples_N.shape[0]) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Video:
    """Which part of which file: what a caller names and an engine opens in its own way.

    Attributes:
        source: Path, http(s) or fsspec address.
        start_s: Start of the window on the clip's clock, or None for the beginning.
        end_s: End of the window, or None for the end.
        video_stream: Index of the video stream, or None for the default one.
        audio_stream: Index or language (``eng``) of the audio stream, or None for the default one.
        instants_s: The pictures on show at these seconds of the clip's clock are looked at, and no others; None leaves
            the choice to the engine. Ascending, within the window. Engines with the seam ``instants`` can.
    """

    source: str
    start_s: float | None = None
    end_s: float | None = None
    video_stream: int | None = None
    audio_stream: int | str | None = None
    instants_s: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A window of a video in memory: pictures, sound, and the facts of the file.

    Attributes:
        info: The container's facts.
        window: The part that was opened, in seconds on the clip's clock.
        frames: The chosen pictures, or None when the file has none or none were asked for.
        waveform: The sound of the window, or None when the file has none or none was asked for.
        sampling: What was chosen, by which policy.
        intervals_S2: Start and end of the stretch each picture stands for, in seconds on the clip's clock, float64 of
            shape (frames, 2); None where the policy has no such stretches. The last end may lie past the video's.
    """

    info: MediaInfo
    window: Span
    frames: Frames | None
    waveform: Waveform | None
    sampling: Sampling
    intervals_S2: Times | None = None
