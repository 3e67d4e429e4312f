"""What a benchmark's numbers were measured on: command, commit, versions, hardware, in one paragraph."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "playhead",
    "av",
    "numpy",
    "faster-whisper",
    "ctranslate2",
    "onnxruntime",
    "rapidocr",
    "xllamacpp",
)


def describe_run() -> str:
    """Command, commit (and whether the tree was changed), Python, packages, processor and cores."""
    command = " ".join(["python", str(Path("benchmarks") / Path(sys.argv[0]).name), *sys.argv[1:]])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"Command: `{command}`. Commit: {_commit()}. Python {platform.python_version()} on {platform.system()}; "
        f"{', '.join(_versions())}. Processor: {_processor()}, {cores} cores."
    )


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, check=True, capture_output=True, text=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "../src")
        return git("rev-parse", "--short", "HEAD") + (" with uncommitted changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"


def _versions() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return found


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
