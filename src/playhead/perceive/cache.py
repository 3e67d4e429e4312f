"""Evidence kept on disk: a second question about the same file runs no sense again.

An entry is found by what was gathered from (the file's content, the window, the streams) and how (the senses, their
weights' digests, the format). It is one ``.npz`` file: the evidence as JSON, picture times and picture vectors. Files
appear under their name only when complete, so two processes cannot disturb each other.

A local file's content is its sha256, remembered by path, size and time of change so that an unchanged file is hashed
once. A remote file's content is its entity tag or date of change together with its size, as its server states them; a
server that states neither is not cached for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import urllib.error
import urllib.request
import warnings
import zipfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from playhead import hub
from playhead.errors import PlayheadWarning
from playhead.hub.cache import cache_folder
from playhead.hub.kept import trim, write_whole
from playhead.media.clip import MediaInfo, StreamInfo, Video
from playhead.perceive.evidence import Evidence
from playhead.perceive.senses import Senses
from playhead.timeline import Sampling, Span, mark_from_dict, to_dict, transcript_from_dict

FORMAT: Final = 2  # raise whenever a sense, its gates or this file's format changes
_DEFAULT_BYTES: Final = 500_000_000  # an hour of video is about a megabyte
_HEAD_TIMEOUT_S: Final = 5.0
_BLOCK_BYTES: Final = 1 << 20


class EvidenceCache:
    """A folder of evidence, bounded in size; the least recently used entries go first.

    Args:
        folder: Where to keep it; the platform's cache folder when None.
        max_bytes: Size at which old entries are deleted.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = _DEFAULT_BYTES) -> None:
        self.folder = folder if folder is not None else cache_folder() / "evidence"
        self.max_bytes = max_bytes

    def key(self, video: Video, senses: Senses) -> str | None:
        """Name of the entry for a video and senses, or None when the content cannot be identified."""
        content = self.content(video.source)
        if content is None:
            return None
        facts = {
            "format": FORMAT,
            "content": content,
            "window": [video.start_s, video.end_s],
            "streams": [video.video_stream, video.audio_stream],
            "senses": senses.to_dict(),
            "weights": [file.sha256 for name in senses.weights for file in hub.WEIGHTS[name].files],
            "reader": _version("rapidocr") if senses.text else "",
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def load(self, key: str, source: str) -> Evidence | None:
        """The evidence of an entry, or None when there is none; a damaged entry is deleted with a warning.

        Args:
            key: What ``key`` returned.
            source: The file as the caller names it now; the same content may have been gathered under another name.
        """
        path = self._entry(key)
        try:
            with np.load(path, allow_pickle=False) as held:
                data = json.loads(held["evidence"].tobytes())
                evidence = _from_data(data, source, held["times_s"], held["vectors_PD"])
            os.utime(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            warnings.warn(
                f"kept evidence {path} cannot be read ({type(error).__name__}: {error}); it is gathered again",
                PlayheadWarning,
                stacklevel=2,
            )
            _delete(path)
            return None
        return evidence

    def save(self, key: str, evidence: Evidence) -> None:
        """Keep evidence; a disk that refuses is warned about, for the evidence itself is not lost."""
        text = json.dumps(_to_data(evidence), ensure_ascii=False, allow_nan=False)
        try:
            write_whole(
                self._entry(key),
                lambda file: np.savez_compressed(
                    file,
                    evidence=np.frombuffer(text.encode(), np.uint8),
                    times_s=evidence.picture_times_s,
                    vectors_PD=evidence.picture_vectors_PD,
                ),
            )
            trim(self.folder, frozenset({".npz", ".sha256"}), self.max_bytes, keep=self._entry(key))
        except OSError as error:
            warnings.warn(
                f"evidence cannot be kept in {self.folder} ({error}); the next question gathers it again",
                PlayheadWarning,
                stacklevel=2,
            )

    def _entry(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def content(self, source: str, *, note: bool = True) -> str | None:
        """What a source holds, whatever it is called: a digest or what its server says; None when nobody can tell.

        Args:
            source: A file or an address.
            note: Whether a file's digest is noted here, so that it is hashed once.
        """
        scheme = urlsplit(source).scheme.lower() if "://" in source else ""
        if scheme in {"http", "https"}:
            return _web_content(source)
        if scheme and scheme != "file":
            return _remote_content(source)
        path = Path(source.removeprefix("file://"))
        try:
            return f"sha256:{self._hashed(path, note=note)}" if path.is_file() else None
        except OSError:
            return None  # opening it will say what is wrong

    def _hashed(self, path: Path, *, note: bool) -> str:
        """The file's sha256, read from a note when it was hashed before and has not changed since."""
        stat = path.stat()
        facts = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ino}"
        noted = self.folder / f"{hashlib.sha256(os.fsencode(facts)).hexdigest()}.sha256"
        try:
            known = noted.read_text("ascii")
            if len(known) == hashlib.sha256().digest_size * 2:
                if note:
                    with contextlib.suppress(OSError):  # a folder that is only read
                        os.utime(noted)
                return known
        except (OSError, UnicodeDecodeError):
            pass  # no note yet, or one not to be trusted: hash the file
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
        if not note:
            return digest.hexdigest()
        with contextlib.suppress(OSError):  # save() warns when the folder cannot be written
            write_whole(noted, lambda file: file.write(digest.hexdigest().encode()))
        return digest.hexdigest()


def _web_content(address: str) -> str | None:
    """What an http server says identifies the content; None when it says nothing."""
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_HEAD_TIMEOUT_S) as answer:
            head = answer.headers
    except (urllib.error.URLError, OSError, ValueError):
        return None
    mark = head.get("ETag") or head.get("Last-Modified")
    return f"{address}|{mark}|{head.get('Content-Length')}" if mark else None


def _remote_content(address: str) -> str | None:
    """What an fsspec file system says identifies the content; None when it cannot say."""
    try:
        import fsspec
    except ImportError:
        return None  # opening it will say what to install
    try:
        system, path = fsspec.core.url_to_fs(address)
        return f"{address}|{system.ukey(path)}"
    except (OSError, ValueError, ImportError, NotImplementedError):
        return None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(f"{path} cannot be deleted: {error}", PlayheadWarning, stacklevel=3)


def _to_data(evidence: Evidence) -> dict[str, Any]:
    return {
        "info": asdict(evidence.info),
        "window": to_dict(evidence.window),
        "sampling": to_dict(evidence.sampling),
        "transcript": to_dict(evidence.transcript),
        "lanes": to_dict(evidence.lanes),
        "models": list(evidence.models),
    }


def _from_data(
    data: dict[str, Any], source: str, times_s: np.ndarray[Any, Any], vectors_PD: np.ndarray[Any, Any]
) -> Evidence:
    info = dict(data["info"])
    info["source"] = source
    info["streams"] = tuple(StreamInfo(**stream) for stream in info["streams"])
    for kind in ("video", "audio"):
        info[kind] = None if info[kind] is None else StreamInfo(**info[kind])
    info["notes"] = tuple(info["notes"])
    sampling, transcript = data["sampling"], data["transcript"]
    size = sampling["frame_size"]
    return Evidence(
        info=MediaInfo(**info),
        window=_span(data["window"]),
        sampling=Sampling(
            policy=sampling["policy"],
            window=_span(sampling["window"]),
            times_s=tuple(sampling["times"]),
            frame_size_px=None if size is None else (size[0], size[1]),
            audio_s=sampling["audio"],
            notes=tuple(sampling["notes"]),
        ),
        transcript=None if transcript is None else transcript_from_dict(transcript),
        lanes={lane: tuple(mark_from_dict(mark) for mark in marks) for lane, marks in data["lanes"].items()},
        picture_times_s=times_s,
        picture_vectors_PD=vectors_PD,
        models=tuple(data["models"]),
    )


def _span(data: dict[str, float]) -> Span:
    return Span(data["start"], data["end"])
