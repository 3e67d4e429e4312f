"""The beginning of a prompt that questions share, read once: its keys and values are kept for the next question.

Axes: B sample, N position, A axis of a position.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Prefix:
    """A beginning that was read.

    Attributes:
        ids: Its token ids.
        cache: What the model keeps of it.
    """

    ids: tuple[int, ...]
    cache: DynamicCache

    def for_question(self) -> DynamicCache:
        """The cache to go on from; the prefix itself stays as it is.

        Keys and values are shared until something is appended, which makes new tensors of them; states of linear
        attention, which are changed in place, are copied.
        """
        made = copy.copy(self.cache)
        made.layers = [_shared(layer) for layer in self.cache.layers]
        return made


def _shared(layer: Any) -> Any:  # noqa: ANN401 - a layer of a cache of transformers
    """A layer whose growing leaves the other one as it is."""
    plain = hasattr(layer, "keys") and not hasattr(layer, "conv_states")
    return copy.copy(layer) if plain else copy.deepcopy(layer)


def read_prefix(model: PreTrainedModel, inputs: dict[str, Any], length: int) -> Prefix:
    """Read the beginning of a prompt.

    Args:
        model: A model of transformers.
        inputs: What ``model.generate`` takes of the whole prompt, batch of one: ``input_ids`` (1, N), ``attention_mask``,
            ``position_ids`` of shape (A, 1, N) or none, and what fills its places, all of it in the beginning.
        length: Tokens of the beginning, fewer than N.
    """
    own = {name: value for name, value in inputs.items() if name not in {"input_ids", "attention_mask"}}
    if (position_ids := own.get("position_ids")) is not None:
        own["position_ids"] = position_ids[..., :length]
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    with torch.inference_mode():
        model(
            input_ids=inputs["input_ids"][:, :length],
            attention_mask=inputs["attention_mask"][:, :length],
            **own,
            cache=cache,
            use_cache=True,
            logits_to_keep=1,
        )
    return Prefix(tuple(inputs["input_ids"][0, :length].tolist()), cache)


def after_prefix(inputs: dict[str, Any], prefix: Prefix) -> dict[str, Any]:
    """Inputs of a prompt that goes on from a prefix: what fills its places is in the prefix already."""
    kept = {"input_ids", "attention_mask", "position_ids"}
    return {
        **{name: value for name, value in inputs.items() if name in kept},
        "cache": prefix.for_question(),
    }


def prefix_tensors(prefix: Prefix) -> dict[str, torch.Tensor] | None:
    """Keys and values of every layer by name, to be kept; None where a layer holds something else."""
    made: dict[str, torch.Tensor] = {}
    for number, layer in enumerate(prefix.cache.layers):
        if not isinstance(layer, DynamicLayer) or hasattr(layer, "conv_states") or layer.is_sliding:
            return None
        keys, values = layer.keys, layer.values
        if keys is None or values is None:
            return None
        made |= {f"keys.{number}": keys, f"values.{number}": values}
    return made


def prefix_from(model: PreTrainedModel, ids: tuple[int, ...], tensors: Mapping[str, torch.Tensor]) -> Prefix:
    """A prefix from the tensors :func:`prefix_tensors` gave.

    Raises:
        KeyError: One is missing.
    """
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    for number in range(len(tensors) // 2):
        keys, values = (tensors[f"{name}.{number}"].to(model.device) for name in ("keys", "values"))
        cache.update(keys, values, number)
    return Prefix(ids, cache)
