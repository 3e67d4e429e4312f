"""What a run was made with: settings that decide its numbers, and the machine and libraries it ran on.

``settings`` may not change within a run: going on with others is refused, with the first difference named. ``facts`` may.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from playhead import __version__
from playhead.errors import ParseError, SourceError, UsageError
from playhead.export.files import write_texts

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_LIBRARIES: Final = (
    "av",
    "numpy",
    "pillow",
    "torch",
    "transformers",
    "tokenizers",
    "faster-whisper",
    "ctranslate2",
    "onnxruntime",
    "rapidocr",
    "ai-edge-litert",
    "xllamacpp",
    "pycocoevalcap",
)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run's folder, or None where there is none.

    Raises:
        SourceError: If it cannot be read.
        ParseError: If it is of another format.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"cannot read {path}", found=error.strerror or str(error)) from error
    except ValueError as error:
        raise ParseError(f"{path} is no manifest", found=str(error)) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ParseError(f"{path} is no manifest of this release", allowed=f"format {FORMAT}")
    return data


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest, whole or not at all.

    Raises:
        OutputError: If it cannot be written.
    """
    write_texts(
        [(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False) + "\n")]
    )


def refuse_other_settings(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Keep a run from going on with other settings than it began with.

    Raises:
        UsageError: If they differ.
    """
    old, new = _flat(before), _flat(now)
    differing = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if differing:
        name, more = differing[0], f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise UsageError(
            f"cannot go on with the run in {folder}",
            found=f"{name} = {new.get(name)!r:.80}{more}",
            allowed=f"what it began with, {old.get(name)!r:.80}",
            todo="choose another --out, or begin anew with --overwrite",
        )


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Settings as JSON data, without keys to anything; what JSON cannot hold stands as its text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {
            str(key): "(not shown)" if _is_secret(str(key)) else plain(each) for key, each in value.items()
        }
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def describe_engine(engine: object) -> dict[str, Any]:
    """An engine's name and every setting it resolved to, as far as it says."""
    settings = {
        name: plain(getattr(engine, name))
        for name in ("options", "config", "settings")
        if is_dataclass(getattr(engine, name, None))
    }
    model = getattr(engine, "model", None)
    if model is not None:
        settings |= {"device": str(getattr(model, "device", "")), "dtype": str(getattr(model, "dtype", ""))}
    return {
        "name": str(getattr(engine, "name", type(engine).__name__)),
        "class": f"{type(engine).__module__}.{type(engine).__qualname__}",
        **settings,
    }


def versions() -> dict[str, str]:
    """Releases of playhead, with its commit, and of the libraries that are here and can change a number."""
    found = {"playhead": __version__, "commit": commit(), "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit playhead was installed from, and whether its files were changed since; ``unknown`` where neither is told."""
    try:
        origin = metadata.distribution("playhead").read_text("direct_url.json")
        stated = json.loads(origin or "{}").get("vcs_info", {}).get("commit_id")
    except (metadata.PackageNotFoundError, ValueError):
        stated = None
    if stated:
        return str(stated)
    package = Path(__file__).resolve().parents[1]
    if not (package.parents[1] / ".git").exists():
        return "unknown"

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=package, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".")
        return git("rev-parse", "HEAD") + (" with uncommitted changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def hardware() -> dict[str, Any]:
    """Processor, cores, memory, system, and the accelerator where torch has one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found: dict[str, Any] = {"system": platform.platform(), "processor": _processor(), "cores": cores}
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory_gb"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    import sys

    torch = sys.modules.get("torch")  # only where the engine has loaded it
    if torch is not None and torch.cuda.is_available():
        found["accelerators"] = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    return found


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _is_secret(name: str) -> bool:
    return name in ("key", "token", "password", "secret", "authorization") or name.endswith("_key")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
