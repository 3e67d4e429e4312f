"""From a file to pictures and sound with their presentation times.

probe     what a file holds; frame times without decoding
decode    pictures, streamed
audio     sound, streamed
open      a window of a video in memory
sampling  which frames are looked at
"""

from playhead.media.audio import stream_audio
from playhead.media.clip import Clip, Frame, FrameIndex, Frames, MediaInfo, StreamInfo, Video, Waveform
from playhead.media.decode import stream_frames
from playhead.media.open import open_clip
from playhead.media.probe import index_frames, probe
from playhead.media.source import check_path

__all__ = [
    "Clip",
    "Frame",
    "FrameIndex",
    "Frames",
    "MediaInfo",
    "StreamInfo",
    "Video",
    "Waveform",
    "check_path",
    "index_frames",
    "open_clip",
    "probe",
    "stream_audio",
    "stream_frames",
]
