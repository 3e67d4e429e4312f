"""Prediction and truth files of every kind that is scored, drawn from a seed: small, and free of anybody's data."""

from __future__ import annotations

import json
import random
from pathlib import Path

SUBJECTS = ("a man", "a woman", "the girl", "two dogs", "the cook")
VERBS = ("opens", "kicks", "fries", "throws", "lifts", "waxes")
OBJECTS = ("the red door", "a ball", "an onion in a pan", "heavy weights", "a pair of skis")


def draw_all(folder: Path, seed: int = 7) -> dict[str, tuple[Path, list[Path]]]:
    """Write every kind's files into a folder; name of the kind to its predictions and truths."""
    made = {}
    for name, draw in DRAWN.items():
        predictions, truths = draw(random.Random(f"{seed} {name}"))
        paths = [folder / f"{name}.predictions", *(folder / f"{name}.truth{at}" for at in range(len(truths)))]
        for path, text in zip(paths, (predictions, *truths), strict=True):
            path.write_text(text, encoding="utf-8")
        made[name] = (paths[0], paths[1:])
    return made


def lines(records: list[dict]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in records)


def sentence(rng: random.Random) -> str:
    return f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}."


def span(rng: random.Random, duration_s: float) -> list[float]:
    start_s, end_s = sorted(round(rng.uniform(0, duration_s), 1) for _ in range(2))
    return [start_s, end_s + 0.5 if end_s == start_s else end_s]


def near(rng: random.Random, true: list[float], duration_s: float) -> list[float]:
    """A span like a true one, or one drawn anew."""
    if rng.random() < 0.3:
        return span(rng, duration_s)
    start_s, end_s = (min(max(0.0, round(each + rng.gauss(0, 4), 1)), duration_s) for each in true)
    return [min(start_s, end_s), max(start_s, end_s) + 0.5]


def qvhighlights(rng: random.Random) -> tuple[str, list[str]]:
    predictions, truth = [], []
    for qid in range(40):
        duration = rng.choice((150, 150, 128))
        first = sorted(rng.sample(range(duration // 2), 2 * rng.randint(1, 2)))
        windows = [[2 * a, 2 * b] for a, b in zip(first[::2], first[1::2], strict=True)]
        clips = [clip for a, b in windows for clip in range(a // 2, b // 2)]
        truth.append(
            {
                "qid": qid,
                "vid": f"video{qid % 31}",
                "duration": duration,
                "relevant_clip_ids": clips,
                "saliency_scores": [[rng.randint(0, 4) for _ in range(3)] for _ in clips],
                "relevant_windows": windows,
            }
        )
        said = [
            [*near(rng, rng.choice(windows), duration), round(rng.random(), 2)]
            for _ in range(rng.randint(1, 12))
        ]
        scores = [rng.choice((0.0, 0.0, 0.5, round(rng.random(), 3))) for _ in range(75)]
        predictions.append(
            {
                "qid": qid,
                "vid": f"video{qid % 31}",
                "pred_relevant_windows": said,
                "pred_saliency_scores": scores,
            }
        )
    return lines(predictions[:-2]), [lines(truth)]


def charades(rng: random.Random) -> tuple[str, list[str]]:
    truth = [
        {"image_id": f"video{at // 3}.mp4", "caption": sentence(rng), "timestamp": span(rng, 30), "id": at}
        for at in range(60)
    ]
    said = {
        str(each["id"]): {"timestamp": [near(rng, each["timestamp"], 30)] if rng.random() < 0.8 else []}
        for each in truth[:50]
    }
    return json.dumps(said, indent=2), [json.dumps({"annotations": truth}, indent=1)]


def captions(rng: random.Random) -> tuple[str, list[str]]:
    truths, said = [{}, {}], {}
    for at in range(8):
        video, duration = f"v_{at}", round(rng.uniform(20, 200), 2)
        for truth in truths:
            spans = [span(rng, duration) for _ in range(rng.randint(1, 4))]
            truth[video] = {
                "duration": duration,
                "timestamps": spans,
                "sentences": [sentence(rng) for _ in spans],
            }
        told = [near(rng, each, duration) for each in truths[0][video]["timestamps"]]
        said[video] = [{"sentence": sentence(rng), "timestamp": each} for each in told]
    del said["v_7"], truths[1]["v_0"]
    return json.dumps({"version": "1", "results": said, "external_data": {}}), [
        json.dumps(each) for each in truths
    ]


def log(rng: random.Random) -> tuple[str, list[str]]:
    _, truths = captions(rng)
    records = []
    for video, true in json.loads(truths[0]).items():
        events = [
            {"event": sentence(rng), "timestamps": f"from {a:02d} to {b:02d}"}
            for a, b in (sorted(rng.sample(range(100), 2)) for _ in range(rng.randint(1, 3)))
        ]
        answer = json.dumps(events) if rng.random() < 0.6 else "I see nothing."
        records.append({"video_id": video, "task": "captioning", "query_id": 0, "answer": answer})
        for at in range(len(true["sentences"])):
            a, b = rng.randint(0, 99), rng.randint(0, 99)
            text = f"It is from {a:02d} to {b:02d}." if rng.random() < 0.8 else f"At {a}-{b}."
            info = {"sentence_id": at, "iou": 0.0}
            records.append(
                {"video_id": video, "task": "grounding", "query_id": 0, "answer": text, "info": info}
            )
    return lines(records), [truths[0]]


def replies(rng: random.Random) -> tuple[str, list[str]]:
    records = []
    for at in range(60):
        options = [f"{letter}. {each}." for letter, each in zip("ABCD", rng.sample(OBJECTS, 4), strict=True)]
        right = rng.choice("ABCD")
        said = rng.choice(
            (right, f"{right}.", rng.choice("ABCD"), f"The best answer is ({right})", "none of these")
        )
        records.append(
            {
                "question_id": f"{at:03d}-1",
                "duration": ("short", "medium", "long")[at % 3],
                "domain": "Knowledge",
                "videoID": f"video{at // 2}",
                "options": options,
                "answer": right,
                "response": said,
            }
        )
    return lines(records), []


def recipes(rng: random.Random) -> tuple[str, list[str]]:
    annotations, said = [], {}
    for at in range(6):
        spans = [span(rng, 300) for _ in range(rng.randint(1, 4))]
        text = ". ".join(sentence(rng).rstrip(".") for _ in spans)
        annotations.append({"image_id": f"val/{at}.mp4", "segments": spans, "pure_cap": text})
        said[f"{at}.mp4"] = [{"timestamp": near(rng, each, 300), "caption": sentence(rng)} for each in spans]
    del said["5.mp4"]
    return json.dumps(said), [json.dumps({"annotations": annotations})]


DRAWN = {
    "qvhighlights": qvhighlights,
    "charades-sta": charades,
    "activitynet-captions": captions,
    "vtimellm": log,
    "video-mme": replies,
    "youcook2": recipes,
}
