"""Draws the clip that comes with playhead, and the truth file beside it.

    pip install scikit-image kokoro-onnx
    python examples/make_demo.py --out src/playhead/demo

Five freely licensed photographs (scikit-image's), camera moves, hard cuts, title cards, a narrator (Kokoro-82M), a
bell on every card and three countdown beeps. What is shown and said when stands in ``demo_clip/programme.py``; the
truth file is written from the same constants. The same tools give the same pictures, sound and truth file; the bytes
of the compressed pictures have been seen to differ between runs.
"""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from demo_clip.pictures import frames
from demo_clip.programme import HEIGHT_PX, RATE_HZ, WIDTH_PX, shot_starts_s
from demo_clip.sound import TRACK_RATE_HZ, compose
from demo_clip.truth import truth
from demo_clip.voice import VOICE_RATE_HZ, Narrator

AAC_FRAME_SAMPLES = 1024
MAX_BYTES = 2_000_000


def write_clip(path: Path, track: npt.NDArray[np.float32]) -> None:
    """Write H.264 and AAC into an MP4 that browsers start playing before it has arrived whole."""
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        video = container.add_stream(
            "libx264", rate=RATE_HZ, options={"crf": "26", "preset": "slow", "profile": "high"}
        )
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.gop_size = 4 * RATE_HZ
        video.thread_count = 1  # the number of threads changes x264's bytes
        audio = container.add_stream("aac", rate=TRACK_RATE_HZ, layout="mono")
        audio.bit_rate = 80_000
        heard = 0
        for index, image in enumerate(frames()):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = index, Fraction(1, RATE_HZ)
            container.mux(video.encode(frame))
            until = min(len(track), (index + 1) * TRACK_RATE_HZ // RATE_HZ)
            while until - heard >= AAC_FRAME_SAMPLES:
                container.mux(audio.encode(_sound(track, heard, heard + AAC_FRAME_SAMPLES)))
                heard += AAC_FRAME_SAMPLES
        if heard < len(track):
            container.mux(audio.encode(_sound(track, heard, len(track))))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _sound(track: npt.NDArray[np.float32], first: int, last: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(track[None, first:last], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = TRACK_RATE_HZ, first, Fraction(1, TRACK_RATE_HZ)
    return frame


def main() -> None:
    """Draw, write, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder for demo.mp4 and demo.truth.json"
    )
    parser.add_argument(
        "--voice-dir", type=Path, default=Path(".cache/kokoro"), help="where the voice's two files lie"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    track, heard = compose(Narrator(options.voice_dir).say, VOICE_RATE_HZ)
    clip = options.out / "demo.mp4"
    write_clip(clip, track)
    if clip.stat().st_size > MAX_BYTES:
        raise RuntimeError(f"{clip} has {clip.stat().st_size} bytes, allowed {MAX_BYTES}")
    text = json.dumps(truth(heard), indent=1, ensure_ascii=False)
    (options.out / "demo.truth.json").write_text(text + "\n", encoding="utf-8")
    print(f"{clip}: {shot_starts_s()[-1]} s, {clip.stat().st_size} bytes")
    for item in heard:
        print(f"  {item.start_s:6.2f} - {item.end_s:6.2f}  {item.kind}  {item.text}")


if __name__ == "__main__":
    main()
