"""What each sense costs, in CPU seconds per minute of video, and what it finds.

    python benchmarks/senses.py VIDEO...          # lanes and costs of these files
    python benchmarks/senses.py --pictures VIDEO...  # CLIP against plain picture vectors

Each sense runs alone on one thread on pictures and sound decoded beforehand, so its cost is its own; the last line per
file is a whole ``gather`` with all senses.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np

from machine import describe_run
from playhead import hub
from playhead.errors import PlayheadError
from playhead.media import Video, probe, stream_audio, stream_frames
from playhead.media.clip import Frame
from playhead.media.shots import ShotDetector
from playhead.perceive.gather import Senses, gather
from playhead.perceive.motion import Motion
from playhead.perceive.objects import ObjectDetector
from playhead.perceive.onscreen import OnScreen, RapidReader
from playhead.perceive.pictures import ClipPictures, PlainPictures
from playhead.perceive.shrink import luma, shrink
from playhead.perceive.sounds import Sounds
from playhead.perceive.speech import Speech

SHOWN = 12


def cpu(job):
    """Result and CPU seconds of a job."""
    started = time.process_time()
    return job(), time.process_time() - started


def costs(video, info):
    """CPU seconds of each sense on one file."""
    spent = {}
    if info.video:
        _, spent["decode to RGB"] = cpu(lambda: [None for _ in stream_frames(video, info=info)])
        small = [Frame(f.pts_s, shrink(f.pixels_HWC, 64, 36)) for f in stream_frames(video, info=info)]
        one = next(iter(stream_frames(video, info=info))).pixels_HWC
        _, per = cpu(lambda: [shrink(one, 64, 36) for _ in range(100)])
        spent["shrink"] = per * len(small) / 100
        shots = ShotDetector()
        _, spent["shots"] = cpu(lambda: [shots.push(frame) for frame in small])
        looks = list(stream_frames(video, info=info, times_s=np.arange(0, info.duration_s, 0.5)))
        motion, reader = Motion(), OnScreen(RapidReader())
        _, spent["motion"] = cpu(
            lambda: [motion.look(f.pts_s, luma(shrink(f.pixels_HWC, 64, 36))) for f in looks]
        )
        _, spent["text"] = cpu(lambda: [reader.look(f.pts_s, f.pixels_HWC) for f in looks[::2]])
        detector = ObjectDetector(hub.fetch(ObjectDetector.name))
        _, spent["objects"] = cpu(lambda: [detector.detect(f.pixels_HWC) for f in looks])
        plain, clip = PlainPictures(), ClipPictures(hub.fetch(ClipPictures.name))
        _, spent["pictures (plain)"] = cpu(lambda: [plain.encode(f.pixels_HWC[None]) for f in looks[::4]])
        _, spent["pictures (clip)"] = cpu(lambda: [clip.encode(f.pixels_HWC[None]) for f in looks[::4]])
    if info.audio:
        blocks = list(stream_audio(video, info=info, block_s=10.0))
        sounds = Sounds(hub.fetch(Sounds.name))
        _, spent["sounds"] = cpu(lambda: ([sounds.push(b) for b in blocks], sounds.finish()))
        speech = Speech(hub.fetch(Speech.name), threads=1, speech_score=sounds.speech_score)
        _, spent["speech"] = cpu(lambda: ([speech.push(b) for b in blocks], speech.finish()))
    return spent


def show(path):
    video = Video(str(path))
    info = probe(str(path))
    minutes = max(info.duration_s, 1e-3) / 60
    print(f"\n== {path.name}: {info.duration_s:.1f} s")
    for sense, seconds in costs(video, info).items():
        print(f"   {sense:18s} {seconds:7.2f} CPU s   {seconds / minutes:7.2f} per minute")
    started = time.perf_counter()
    evidence, seconds = cpu(lambda: gather(video, senses=Senses(), cache=False))
    wall = time.perf_counter() - started
    print(
        f"   {'gather, all':18s} {seconds:7.2f} CPU s   {seconds / minutes:7.2f} per minute   wall {wall:.1f} s"
    )
    for note in evidence.sampling.notes:
        print(f"   note: {note}")
    for lane, marks in evidence.lanes.items():
        print(f"   {lane}: {len(marks)}")
        for mark in marks[:SHOWN]:
            sure = "" if mark.confidence is None else f" ({mark.confidence:.2f})"
            print(f"      {mark.span.start_s:7.2f} {mark.span.end_s:7.2f}  {mark.text}{sure}")


def compare_pictures(paths):
    """Whether vectors of one file are liker to each other than to those of other files."""
    plain, clip = PlainPictures(), ClipPictures(hub.fetch(ClipPictures.name))
    for encoder in (plain, clip):
        files, vectors = [], []
        for path in paths:
            info = probe(str(path))
            if info.video is None:
                continue
            for frame in stream_frames(
                Video(str(path)), info=info, times_s=np.arange(0, info.duration_s, 2.0)
            ):
                files.append(path.name)
                vectors.append(encoder.encode(frame.pixels_HWC[None])[0])
        likeness, names = np.stack(vectors) @ np.stack(vectors).T, np.array(files)
        pairs = np.array(list(itertools.combinations(range(len(names)), 2)))
        same = names[pairs[:, 0]] == names[pairs[:, 1]]
        values = likeness[pairs[:, 0], pairs[:, 1]]
        ranked = np.searchsorted(np.sort(values[~same]), values[same]).mean() / (~same).sum()
        np.fill_diagonal(likeness, -np.inf)
        nearest = (names[likeness.argmax(axis=1)] == names).mean()
        print(
            f"{encoder.name:24s} pictures {len(names)}  ranking of same-file pairs {ranked:.4f}  nearest is same file {nearest:.3f}"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("--pictures", action="store_true")
    options = parser.parse_args()
    print(describe_run())
    if options.pictures:
        compare_pictures(options.videos)
        return
    for path in options.videos:
        try:
            show(path)
        except PlayheadError as error:
            print(f"\n== {path.name}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
