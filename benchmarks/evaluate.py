"""The real clips as a benchmark of one's own: writes the file of tasks that ``playhead evaluate own`` takes.

    python benchmarks/evaluate.py out/clips.jsonl
    playhead evaluate own --data out/clips.jsonl --engine scout --out out/own-scout

What is true of the clips stands in ``facts.py`` and in ``facts.jsonl`` beside them, each fact with how it was verified.
The bundled clip is among them. Videos are named where they lie; nothing is copied.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from facts import Facts, bundled, real_clips
from machine import describe_run

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"


def tasks(clip: Facts, folder: Path) -> list[dict[str, Any]]:
    """Every question that has a known answer about one clip, as records of a file in ``folder``."""
    where = Path(os.path.relpath(clip.path.resolve(), folder.resolve())).as_posix()
    rows: list[dict[str, Any]] = [
        {
            "id": f"{clip.name}: ground {number}",
            "video": where,
            "task": "ground",
            "query": query,
            "spans": [[span.start_s, span.end_s] for span in spans],
            "groups": {"there": "there" if spans else "not there"},
        }
        for number, (query, spans) in enumerate(clip.ground, start=1)
    ]
    rows += [
        {
            "id": f"{clip.name}: choose {number}",
            "video": where,
            "task": "choose",
            "question": question,
            "options": list(options),
            "answer": right,
        }
        for number, (question, options, right) in enumerate(clip.choices, start=1)
    ]
    return rows


def main() -> None:
    """Write the file and say what it was made on."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="the file of tasks to write")
    parser.add_argument("--media", type=Path, default=MEDIA, help="folder with clips and facts.jsonl")
    options = parser.parse_args()
    folder = options.file.parent
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for clip in (bundled(), *real_clips(options.media)) for row in tasks(clip, folder)]
    options.file.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    print(f"{len(rows)} tasks in {options.file}\n{describe_run()}")


if __name__ == "__main__":
    main()
