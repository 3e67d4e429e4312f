"""What was encoded of a video, kept on disk by content: a second question, in another process too, encodes nothing.

An entry is one safetensors file named by a digest of everything its numbers depend on. It appears under its name only
when it is whole, is memory-mapped when it is read, and the entries unused for longest go when the folder grows too large.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from playhead.errors import PlayheadWarning
from playhead.hub.cache import cache_folder, exclusive
from playhead.hub.kept import trim, write_whole

FORMAT: Final = 1
"""Raise whenever what is stored, or how it is made, changes."""
DEFAULT_BYTES: Final = 20_000_000_000

_SUFFIX: Final = ".safetensors"
_FACTS: Final = "facts"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a look.

    Attributes:
        tensors: By name; memory-mapped where they were read from disk.
        facts: Plain JSON data kept beside them.
    """

    tensors: Mapping[str, torch.Tensor]
    facts: Mapping[str, Any]


class Looks:
    """A folder of entries, bounded in size.

    Args:
        folder: Where it is; in the platform's cache folder when None.
        max_bytes: Size at which old entries are deleted.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = DEFAULT_BYTES) -> None:
        self.folder = folder if folder is not None else cache_folder() / "looks"
        self.max_bytes = max_bytes

    def load(self, key: str) -> Entry | None:
        """An entry, or None when there is none; a damaged one is deleted with a warning."""
        from safetensors import SafetensorError, safe_open

        path = self._path(key)
        try:
            with safe_open(path, framework="pt") as file:
                facts = json.loads((file.metadata() or {})[_FACTS])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            warnings.warn(
                f"{path} cannot be used ({type(error).__name__}: {error}); it is made again",
                PlayheadWarning,
                stacklevel=2,
            )
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with suppress(OSError):  # a folder that is only read has no order of use to keep
            os.utime(path)
        return Entry(tensors, facts)

    def __contains__(self, key: str) -> bool:
        """Whether there is something under a key; it may still turn out to be damaged."""
        return self._path(key).is_file()

    def save(self, key: str, entry: Entry) -> None:
        """Keep an entry; a disk that refuses is warned about, for what was made is not lost."""
        from safetensors.torch import save

        data = save(
            {name: each.detach().to("cpu").contiguous() for name, each in entry.tensors.items()},
            metadata={_FACTS: json.dumps(entry.facts)},
        )
        path = self._path(key)
        try:
            write_whole(path, lambda file: file.write(data))
            trim(self.folder, frozenset({_SUFFIX}), self.max_bytes, keep=path)
        except OSError as error:
            warnings.warn(
                f"what was seen cannot be kept in {self.folder} ({error}); the next question looks again",
                PlayheadWarning,
                stacklevel=2,
            )

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Held while an entry is made, so that a second process waits and then finds it.

        Raises:
            OutputError: The cache folder cannot be written.
        """
        return exclusive(f"look-{key[:32]}", doing="encoding this video")

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"


def entry_key(**facts: object) -> str:
    """Name of an entry: a digest of everything its numbers depend on.

    Args:
        facts: What JSON can hold, or what says all of itself as text.
    """
    known = json.dumps({"format": FORMAT, **facts}, sort_keys=True, default=str)
    return hashlib.sha256(known.encode()).hexdigest()


def weights_digest(*modules: torch.nn.Module, without: str = "") -> str:
    """A digest of all weights of some modules, their names and types included.

    Args:
        modules: The modules.
        without: Name of a part of theirs that does not count.
    """
    digest = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            if without and name.startswith(f"{without}."):
                continue
            for part in _plain(tensor):
                held = part.detach().to("cpu").contiguous()
                digest.update(f"{name}|{held.dtype}|{tuple(held.shape)}".encode())
                digest.update(held.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _plain(tensor: Any) -> Iterator[torch.Tensor]:  # noqa: ANN401 - a tensor, or what a quantiser makes of one
    """The plain tensors of one: itself, or the numbers and scales a quantised one consists of."""
    if not hasattr(tensor, "__tensor_flatten__"):
        yield tensor
        return
    for name in tensor.__tensor_flatten__()[0]:
        yield from _plain(getattr(tensor, name))
