"""What is true of the clips the quality benchmark runs on, in one shape.

Three sources: the bundled clip's own truth file; ``facts.jsonl`` beside the real clips (each fact names how it was
verified); and the tables below, read off the pictures and the facts by a person, plus queries for what no clip shows.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playhead.timeline import Span


@dataclass(frozen=True)
class RunningClock:
    """A clock ``HH:MM:SS:FF`` in the picture: its frames per second, and what it shows at second 0."""

    rate_hz: float
    offset_s: float


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One clip and what is known of it; None or empty where nothing is known.

    Attributes:
        clear: Whether the speech is clear narration, not film dialogue or single letters.
        speech: What is said up to ``speech_until_s``; empty text with ``quiet`` set where nobody speaks.
        cuts_s: Hard cuts in seconds; None when unknown.
        gradual: Dissolves and fades, where a found cut is neither right nor wrong.
        ground: Queries with their spans, none for what is not there.
        choices: Question, options, label of the right one.
    """

    name: str
    path: Path
    speech: str = ""
    speech_until_s: float | None = None
    clear: bool = True
    quiet: bool = False
    cuts_s: tuple[float, ...] | None = None
    gradual: tuple[Span, ...] = ()
    clock: RunningClock | None = None
    texts: tuple[tuple[Span, str], ...] = ()
    sounds: tuple[tuple[Span, tuple[str, ...]], ...] = ()
    ground: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    choices: tuple[tuple[str, tuple[str, ...], str], ...] = ()


ABSENT = ("a football match", "a penguin on the ice", "fish swimming under water")
"""Nothing in ``facts.jsonl``'s clips shows or says any of these."""

ALSO_TRUE: dict[str, dict[str, Any]] = {
    "autoeditor_example.mp4": {
        "cuts_s": (),
        "clock": RunningClock(30, 3600.0),
        "ground": (
            ("the speaker announces that he will say banana at forty seconds", (Span(13.7, 17.5),)),
            ("the speaker says hello", (Span(0.1, 0.8),)),
        ),
        "choices": (
            (
                "Which word will the speaker say at forty seconds?",
                ("apple", "banana", "cherry", "orange"),
                "B",
            ),
        ),
    },
    "timecode_pattern.mp4": {
        "clock": RunningClock(25, 0.0),
        "quiet": True,
        "choices": (
            (
                "How large is the picture according to the banner?",
                ("640 x 480", "800 x 600", "1024 x 768", "1920 x 1080"),
                "C",
            ),
        ),
    },
    "nasa_13013.mp4": {
        # The strip at 3 pictures per second: a dissolve around 5.5 s, one hard cut. The last cue of the text is
        # spoken past the end of the sound, so the comparison stops before it.
        "cuts_s": (8.08,),
        "gradual": (Span(4.6, 6.4),),
        "speech_until_s": 12.4,
        "ground": (("where the cleanroom is: Greenbelt, Maryland", (Span(8.35, 12.47),)),),
        "choices": (("Which telescope is this about?", ("Hubble", "Webb", "Kepler", "Spitzer"), "B"),),
    },
    "friday.mp4": {
        "clear": False,  # film dialogue of several voices
        "cuts_s": (),  # strip at 3 pictures per second: one take
        "ground": (("someone asks whether the lord of the universe is in", (Span(1.5, 3.0),)),),
        "choices": (
            (
                "What must somebody have stolen?",
                ("a horse", "the crown jewels", "a hat", "a newspaper"),
                "B",
            ),
        ),
    },
    "bigbuckbunny_5s.mp4": {
        "cuts_s": (),
        "quiet": True,
    },  # strip at 3 pictures per second; the film has no words
    "grid_bbaf2n.mpg": {"clear": False},  # "bin blue at f two now"
    "flower.mp4": {"quiet": True},
    "calais1906.ogv": {"quiet": True},
    "bottle-detection.mp4": {"quiet": True},
    "tree.avi": {"quiet": True},
}


def bundled() -> Facts:
    """The clip that comes with playhead."""
    from playhead.demo import demo_path, demo_truth

    truth = demo_truth()
    return Facts(
        name="demo.mp4",
        path=demo_path(),
        speech=" ".join(item["text"] for item in truth["sentences"]),
        cuts_s=tuple(truth["cuts"]),
        texts=tuple((Span(item["start"], item["end"]), item["text"]) for item in truth["texts"]),
        sounds=tuple((Span(item["start"], item["end"]), tuple(item["accept"])) for item in truth["sounds"]),
        ground=tuple(
            (item["query"], tuple(Span(*span) for span in item["spans"])) for item in truth["grounding"]
        ),
        choices=tuple(
            (item["question"], tuple(item["options"]), item["answer"]) for item in truth["choices"]
        ),
    )


def real_clips(folder: Path) -> list[Facts]:
    """The clips of a folder with ``facts.jsonl``; an empty list when there is no such file."""
    listing = folder / "facts.jsonl"
    if not listing.is_file():
        return []
    rows = [json.loads(line) for line in listing.read_text(encoding="utf-8").splitlines() if line.strip()]
    clips: dict[str, Facts] = {}
    for row in rows:
        clip = clips.get(row["file"], Facts(name=row["file"], path=folder / row["file"]))
        clips[row["file"]] = _with_row(clip, row, folder)
    for name in ALSO_TRUE:
        if (folder / name).is_file():
            clips.setdefault(name, Facts(name=name, path=folder / name))
    return [_with_table(clip) for name, clip in sorted(clips.items()) if name in ALSO_TRUE or clip.speech]


def _with_row(clip: Facts, row: dict[str, Any], folder: Path) -> Facts:
    task, query, answer = row["task"], row["query"], row["answer"]
    if task == "shot_boundaries":
        return replace(clip, cuts_s=tuple(answer))
    if task == "temporal_grounding":
        return replace(clip, ground=(*clip.ground, (query, (Span(*answer),))))
    if task == "mcq":
        question, options = split_options(query)
        return replace(clip, choices=(*clip.choices, (question, options, answer)))
    if task == "asr":
        return replace(clip, speech=_spoken(clip.name, answer, folder))
    return clip


def _spoken(name: str, answer: list[list[Any]] | str, folder: Path) -> str:
    if isinstance(answer, list):
        until_s = ALSO_TRUE.get(name, {}).get("speech_until_s")
        return " ".join(text for start_s, _, text in answer if until_s is None or start_s < until_s)
    if ".vtt" in answer:
        cues = (folder / answer.split()[0]).read_text(encoding="utf-8").split("\n\n")
        lines = [
            line for cue in cues if "-->" in cue for line in cue.split("\n") if line and "-->" not in line
        ]
        return " ".join(re.sub(r"<[^>]+>", "", line) for line in lines)
    return answer


def split_options(text: str) -> tuple[str, tuple[str, ...]]:
    """Split ``When? A 0-5 s B 5-10 s`` into the question and its options.

    Raises:
        ValueError: When the options are not labelled A, B, ... in order.
    """
    question, mark, rest = text.partition("?")
    parts = re.split(r"(?:^|\s)([A-H])\s", rest)
    labels, options = parts[1::2], tuple(part.strip() for part in parts[2::2])
    if not mark or len(options) < 2 or "".join(labels) != "ABCDEFGH"[: len(labels)]:
        raise ValueError(f"no options A, B, ... in {text!r}")
    return question + mark, options


def _with_table(clip: Facts) -> Facts:
    more = dict(ALSO_TRUE.get(clip.name, {}))
    more["ground"] = (*clip.ground, *more.get("ground", ()), *((query, ()) for query in ABSENT))
    more["choices"] = (*clip.choices, *more.get("choices", ()))
    return replace(clip, **more)
