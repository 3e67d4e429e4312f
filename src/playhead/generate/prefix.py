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
from transformers.cache_utils import DynamicLayer, LinearAttentionLayer

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
    """Keys and values of every layer by name, or its state where it has no more, to be kept; None for anything else."""
    made: dict[str, torch.Tensor] = {}
    for number, layer in enumerate(prefix.cache.layers):
        held = _of_layer(layer)
        if held is None or any(each is None for each in held.values()):
            return None
        made |= {f"{name}.{number}": each for name, each in held.items() if each is not None}
    return made


def _of_layer(layer: Any) -> dict[str, torch.Tensor | None] | None:  # noqa: ANN401 - a layer of a cache of transformers
    """The two tensors that are all of a layer; None where it is more than these."""
    if type(layer) is DynamicLayer:
        return {"keys": layer.keys, "values": layer.values}
    if type(layer) is LinearAttentionLayer and layer.number_of_states == 1:
        return {"conv": layer.conv_states[0], "state": layer.recurrent_states[0]}
    return None


def prefix_from(model: PreTrainedModel, ids: tuple[int, ...], tensors: Mapping[str, torch.Tensor]) -> Prefix:
    """A prefix from the tensors :func:`prefix_tensors` gave.

    Raises:
        KeyError: One is missing.
    """
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    own = {name: each.to(model.device) for name, each in tensors.items()}
    for number in range(len(own) // 2):
        if f"state.{number}" in own:
            conv = own[f"conv.{number}"]
            cache.update_conv_state(conv, number, conv_kernel_size=conv.shape[-1])
            cache.update_recurrent_state(own[f"state.{number}"], number)
        else:
            cache.update(own[f"keys.{number}"], own[f"values.{number}"], number)
    return Prefix(ids, cache)
