"""Sentences as unit vectors whose dot product says how alike they mean: all-MiniLM-L6-v2 in plain numpy.

The network is BERT (Devlin et al. 2018, arXiv:1810.04805) with 6 layers of width 384 and 12 heads, distilled as MiniLM
(Wang et al. 2020, arXiv:2002.10957) and trained for sentence similarity by the sentence-transformers project: mean over
the tokens' last states, then unit length. The publisher's safetensors file is read as it is; at this size numpy needs
no deep-learning runtime beside it.

Axes: N texts, B texts of one batch, T tokens, H heads, K numbers per head, D numbers per token, F numbers inside the
feed-forward step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from playhead.errors import MissingExtraError, WeightsError

Array = npt.NDArray[np.float32]

SIZE: Final = 384
MAX_TOKENS: Final = 256  # sentence-transformers' own limit for this model; longer texts are cut there
_HEADS: Final = 12
_LAYERS: Final = 6
_NORM_EPSILON: Final = 1e-12
_BATCH_TOKENS: Final = 2048  # keeps one batch's activations within the processor's caches
_UNUSED: Final = frozenset({"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"})


class SentenceEmbedder:
    """all-MiniLM-L6-v2 from a folder with its ``model.safetensors`` and ``tokenizer.json``.

    Args:
        folder: What ``hub.fetch("minilm")`` returns.

    Raises:
        WeightsError: A file is missing or does not hold this network.
        MissingExtraError: ``tokenizers`` is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError(
                "sentence embeddings need tokenizers", found=str(error), todo="pip install 'playhead[scout]'"
            ) from error
        for name in ("model.safetensors", "tokenizer.json"):
            if not (folder / name).is_file():
                raise WeightsError(
                    f"sentence embeddings from {folder}", found=f"no {name}", todo="fetch 'minilm'"
                )
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._weights = _Weights(folder / "model.safetensors")

    def embed(self, texts: Sequence[str]) -> Array:
        """Embed texts; the dot product of two rows is their cosine similarity, from -1 to 1.

        Args:
            texts: Any number of texts; only the first 256 tokens of each count.

        Returns:
            float32 (N, 384), rows of unit length, in the order of the texts.
        """
        vectors_ND = np.zeros((len(texts), SIZE), np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        for rows in _batches([len(text_ids) for text_ids in ids]):
            longest = max(len(ids[row]) for row in rows)
            ids_BT = np.zeros((len(rows), longest), np.int64)
            mask_BT = np.zeros((len(rows), longest), np.float32)
            for place, row in enumerate(rows):
                ids_BT[place, : len(ids[row])] = ids[row]
                mask_BT[place, : len(ids[row])] = 1.0
            vectors_ND[rows] = _pool(self._weights.states(ids_BT, mask_BT), mask_BT)
        return vectors_ND


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows in batches of like length, so that little is computed on padding."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if not batches or (len(batches[-1]) + 1) * lengths[row] > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    return batches


def _pool(states_BTD: Array, mask_BT: Array) -> Array:
    mean_BD = np.einsum("btd,bt->bd", states_BTD, mask_BT) / mask_BT.sum(axis=1, keepdims=True)
    return np.asarray(mean_BD / np.linalg.norm(mean_BD, axis=1, keepdims=True), np.float32)


class _Weights:
    """The network's tensors under short names, and its forward pass."""

    def __init__(self, path: Path) -> None:
        tensors = read_safetensors(path)
        try:
            take = tensors.pop
            self._words = take("embeddings.word_embeddings.weight")
            self._places = (
                take("embeddings.position_embeddings.weight")
                + take("embeddings.token_type_embeddings.weight")[0]
            )
            self._norm = (take("embeddings.LayerNorm.weight"), take("embeddings.LayerNorm.bias"))
            self._layers = [_Layer(tensors, f"encoder.layer.{layer}.") for layer in range(_LAYERS)]
        except KeyError as error:
            raise WeightsError(f"sentence embeddings from {path}", found=f"no tensor {error}") from error
        if strangers := set(tensors) - _UNUSED:
            raise WeightsError(
                f"sentence embeddings from {path}", found=f"unknown tensors {sorted(strangers)[:3]}"
            )

    def states(self, ids_BT: npt.NDArray[np.int64], mask_BT: Array) -> Array:
        states_BTD = _normalise(self._words[ids_BT] + self._places[: ids_BT.shape[1]], *self._norm)
        hidden_B11T = ((1.0 - mask_BT) * np.float32(-1e9))[:, None, None, :]
        for layer in self._layers:
            states_BTD = layer(states_BTD, hidden_B11T)
        return states_BTD


class _Layer:
    """One block: tokens look at each other, then each is transformed by itself."""

    def __init__(self, tensors: dict[str, Array], prefix: str) -> None:
        def dense(name: str) -> tuple[Array, Array]:
            return tensors.pop(f"{prefix}{name}.weight").T, tensors.pop(f"{prefix}{name}.bias")

        parts = [dense(f"attention.self.{name}") for name in ("query", "key", "value")]
        self._look = (
            np.concatenate([part[0] for part in parts], axis=1),
            np.concatenate([part[1] for part in parts]),
        )
        self._gather = dense("attention.output.dense")
        self._widen = dense("intermediate.dense")
        self._narrow = dense("output.dense")
        norms = ("attention.output.LayerNorm", "output.LayerNorm")
        self._norms = [
            (tensors.pop(f"{prefix}{name}.weight"), tensors.pop(f"{prefix}{name}.bias")) for name in norms
        ]

    def __call__(self, states_BTD: Array, hidden_B11T: Array) -> Array:
        batch, tokens, _ = states_BTD.shape
        looks = _affine(states_BTD, self._look).reshape(batch, tokens, 3, _HEADS, SIZE // _HEADS)
        query_BHTK, key_BHTK, value_BHTK = looks.transpose(2, 0, 3, 1, 4)
        scores_BHTT = (
            query_BHTK @ key_BHTK.swapaxes(-1, -2) / np.float32(math.sqrt(SIZE // _HEADS)) + hidden_B11T
        )
        scores_BHTT = np.exp(scores_BHTT - scores_BHTT.max(axis=-1, keepdims=True))
        scores_BHTT /= scores_BHTT.sum(axis=-1, keepdims=True)
        seen_BTD = (scores_BHTT @ value_BHTK).transpose(0, 2, 1, 3).reshape(batch, tokens, SIZE)
        states_BTD = _normalise(states_BTD + _affine(seen_BTD, self._gather), *self._norms[0])
        wide_BTF = _gelu(_affine(states_BTD, self._widen))
        return _normalise(states_BTD + _affine(wide_BTF, self._narrow), *self._norms[1])


def _affine(values: Array, weights: tuple[Array, Array]) -> Array:
    flat = values.reshape(-1, values.shape[-1]) @ weights[0] + weights[1]
    return flat.reshape(*values.shape[:-1], -1)


def _normalise(values: Array, scale_D: Array, shift_D: Array) -> Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.float32(_NORM_EPSILON)) * scale_D + shift_D, np.float32)


def _gelu(values: Array) -> Array:
    """Values times the normal distribution's area below them; its erf by Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    size = np.abs(values) * np.float32(math.sqrt(0.5))
    step = 1.0 / (1.0 + np.float32(0.3275911) * size)
    series = np.zeros_like(step)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * step
    erf = np.copysign(1.0 - series * np.exp(-size * size), values)
    return np.asarray(0.5 * values * (1.0 + erf), np.float32)


def read_safetensors(path: Path) -> dict[str, Array]:
    """Read the float32 tensors of a safetensors file: 8 bytes of header length, a JSON header, then the numbers.

    Raises:
        WeightsError: The file is not safetensors, or ends before a tensor does.
    """
    try:
        with path.open("rb") as stream:
            header_bytes = int.from_bytes(stream.read(8), "little")
            if header_bytes > path.stat().st_size:
                raise WeightsError(f"weights {path}", found="no safetensors header")
            header: dict[str, Any] = json.loads(stream.read(header_bytes))
            header.pop("__metadata__", None)
            numbers = stream.read()
    except (OSError, ValueError) as error:
        raise WeightsError(f"weights {path}", found=str(error), allowed="a safetensors file") from error
    tensors: dict[str, Array] = {}
    for name, about in header.items():
        start, end = about["data_offsets"]
        if end > len(numbers):
            raise WeightsError(f"weights {path}", found=f"the file ends inside {name}", todo="fetch it anew")
        if about["dtype"] == "F32":
            tensors[name] = np.frombuffer(numbers, "<f4", (end - start) // 4, start).reshape(about["shape"])
        elif name not in _UNUSED:
            raise WeightsError(f"weights {path}", found=f"{name} of type {about['dtype']}", allowed="F32")
    return tensors
