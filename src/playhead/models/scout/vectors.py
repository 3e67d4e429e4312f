"""Sentence vectors kept on disk: of an hour's speech they take seconds to compute and a megabyte to keep.

An entry's name is the sha256 of the texts and of the embedder's weights. Entries appear only when complete; the least
recently used go first. Few texts are quicker embedded than looked up. Axes: N texts, D numbers per text.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from playhead import hub
from playhead.errors import PlayheadWarning
from playhead.hub.cache import cache_folder
from playhead.hub.kept import trim, write_whole
from playhead.models.scout.segment import Vectors

MANY = 64
MAX_BYTES = 200_000_000


class KeptVectors:
    """Embeds texts, many at once only the first time.

    Args:
        embed: Sentence embedder: texts to unit-length vectors of shape (N, D).
        folder: Where to keep them; the platform's cache folder when None.
    """

    def __init__(self, embed: Callable[[Sequence[str]], Vectors], folder: Path | None = None) -> None:
        self._embed = embed
        self.folder = folder if folder is not None else cache_folder() / "vectors"

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (N, D), in the order of the texts."""
        if len(texts) < MANY:
            return self._embed(texts)
        weights = [file.sha256 for file in hub.WEIGHTS["minilm"].files]
        facts = json.dumps([weights, list(texts)]).encode()
        path = self.folder / f"{hashlib.sha256(facts).hexdigest()}.npy"
        kept_ND = self._load(path, len(texts))
        if kept_ND is not None:
            return kept_ND
        vectors_ND = self._embed(texts)
        self._save(path, vectors_ND)
        return vectors_ND

    def _load(self, path: Path, count: int) -> Vectors | None:
        try:
            vectors_ND = np.load(path, allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None  # not there, or damaged: computed and written anew
        return vectors_ND if vectors_ND.ndim == 2 and vectors_ND.shape[0] == count else None

    def _save(self, path: Path, vectors_ND: Vectors) -> None:
        """Keep vectors; a disk that refuses is warned about, for nothing is lost but time."""
        try:
            write_whole(path, lambda file: np.save(file, vectors_ND, allow_pickle=False))
            trim(self.folder, frozenset({".npy"}), MAX_BYTES)
        except OSError as error:
            warnings.warn(
                f"sentence vectors cannot be kept in {self.folder} ({error})", PlayheadWarning, stacklevel=2
            )
