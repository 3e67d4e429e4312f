"""Tensors of released files by name, read one at a time: safetensors, torch pickles, whole or in shards.

Pickles are read with ``weights_only``, so that a file can hold tensors and nothing that runs.
"""

# mypy: allow-untyped-calls
# (safetensors and torch leave some of their functions without types)

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open

from playhead.errors import WeightsError

_GLOBAL: Final = re.compile(r"GLOBAL ([\w.]+)")


class TensorFiles(Mapping[str, torch.Tensor]):
    """The tensors of some files by name; a tensor is read when it is asked for.

    Args:
        paths: Files of safetensors or torch pickles; a name may be in one of them only.

    Raises:
        WeightsError: If a file cannot be read or a name is given twice.
    """

    def __init__(self, *paths: Path) -> None:
        self._where: dict[str, Any] = {}
        for path in paths:
            for name, source in _open(path).items():
                if name in self._where:
                    raise WeightsError(
                        f"read weights from {path}", found=f"{name} twice", todo="keep one of them"
                    )
                self._where[name] = source

    def __getitem__(self, name: str) -> torch.Tensor:
        """The tensor of a name, on the CPU."""
        source = self._where[name]
        tensor: torch.Tensor = source if isinstance(source, torch.Tensor) else source.get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        """All names."""
        return iter(self._where)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self._where)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it."""
        source = self._where[name]
        if isinstance(source, torch.Tensor):
            return tuple(source.shape)
        return tuple(source.get_slice(name).get_shape())


def weight_files(folder: Path, *stems: str) -> tuple[Path, ...]:
    """The files of a folder that hold a model's weights, all shards of it; safetensors where there are both.

    Args:
        folder: Folder of a model or an adapter.
        stems: Names without ending, ``model`` and ``pytorch_model`` by default.

    Raises:
        WeightsError: If there are none, or a shard is missing.
    """
    asked = f"find weights in {folder}"
    names = stems or ("model", "pytorch_model")
    for ending in (".safetensors", ".bin"):
        for stem in names:
            index = folder / f"{stem}{ending}.index.json"
            if index.is_file():
                return _shards(index, asked)
            if (path := folder / f"{stem}{ending}").is_file():
                return (path,)
    allowed = ", ".join(f"{stem}{ending}" for stem in names for ending in (".safetensors", ".bin"))
    raise WeightsError(asked, found="none" if folder.is_dir() else "no such folder", allowed=allowed)


def _shards(index: Path, asked: str) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(asked, found=f"{index.name} cannot be read: {error}") from error
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise WeightsError(asked, found=f"no {', '.join(missing)}", todo="fetch every shard of the folder")
    return tuple(index.parent / name for name in names)


def _open(path: Path) -> dict[str, Any]:
    """Name to a tensor, or to the open file it lies in."""
    asked = f"read weights from {path}"
    try:
        if path.suffix == ".safetensors":
            file = safe_open(path, framework="pt", device="cpu")
            return dict.fromkeys(file.keys(), file)
        return _unpickle(path, asked)
    except (OSError, RuntimeError, SafetensorError, pickle.UnpicklingError, EOFError) as error:
        todo = "check that the file is whole and holds tensors only"
        raise WeightsError(asked, found=_told(path, error), todo=todo) from error


def _told(path: Path, error: Exception) -> str:
    """What is wrong with a file; torch's own words advise to run what is in it."""
    if path.is_dir():
        return "a folder"
    if isinstance(error, pickle.UnpicklingError):
        named = _GLOBAL.search(str(error))
        return f"a pickle that would run {named[1]}" if named else "no file of torch"
    size = f"{path.stat().st_size} bytes" if path.is_file() else "no such file"
    return f"{size}, {str(error).split(chr(10), 1)[0][:200] or 'nothing that can be read'}"


def _unpickle(path: Path, asked: str) -> dict[str, Any]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError as error:
        if "mmap" not in str(error):
            raise
        found = torch.load(path, map_location="cpu", weights_only=True)  # files from before torch 1.6
    if not isinstance(found, dict) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise WeightsError(asked, found=type(found).__name__, allowed="a dictionary of tensors")
    return found
