"""What a language model of transformers costs: its parameters, and operations for a prompt and for a token.

A multiply and an add are two operations.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import torch


def parameters(model_class: Any, config: Any) -> int:  # noqa: ANN401 - a model class of transformers and its configuration
    """Parameters of a configuration, counted without making them; tied ones once."""
    config_class: Any = type(config)
    return _parameters(model_class, config_class, config.to_json_string(use_diff=False))


@cache
def _parameters(model_class: Any, config_class: Any, text: str) -> int:  # noqa: ANN401 - classes of transformers
    with torch.device("meta"):
        model = model_class(config_class(**json.loads(text)))
    model.tie_weights()
    return sum(each.numel() for each in model.parameters())


def reading_flops(text: Any, positions: int) -> float:  # noqa: ANN401 - any language model's configuration
    """Operations of the language model for a prompt of so many positions, up to its first token."""
    products = 2 * positions * _weights(text)
    attention = 2 * positions**2 * heads(text)[0]  # half of the square: it looks back only
    state = positions * _state_flops(text)
    return float(products + looking_back(text) * attention + state + 2 * text.vocab_size * text.hidden_size)


def token_flops(text: Any, positions: int) -> float:  # noqa: ANN401 - any language model's configuration
    """Operations for one more token after so many positions."""
    attention = 4 * positions * heads(text)[0] * looking_back(text)
    return float(2 * _weights(text) + attention + _state_flops(text) + 2 * text.vocab_size * text.hidden_size)


def heads(text: Any) -> tuple[int, int]:  # noqa: ANN401 - any language model's configuration
    """Width of all heads, and of all heads of keys."""
    each = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return each * text.num_attention_heads, each * text.num_key_value_heads


def _weights(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """Weights of the decoder's matrices that a token goes through."""
    query, keys = heads(text)
    if experts := getattr(text, "num_experts", 0):  # a token goes through some, chosen by one more matrix
        ffn = 3 * text.num_experts_per_tok * text.moe_intermediate_size + experts
        ffn += 3 * getattr(text, "shared_expert_intermediate_size", 0)
    else:
        ffn = 3 * text.intermediate_size
    looking, state_layers = looking_back(text), text.num_hidden_layers - looking_back(text)
    gates = 3 if state_layers else 2  # Qwen3.5's attention has a gate as wide as its heads
    made = text.num_hidden_layers * ffn + looking * (gates * query + 2 * keys)
    if state_layers:
        keys_width, values_width = _state_widths(text)
        made += state_layers * (2 * keys_width + 3 * values_width + 2 * text.linear_num_value_heads)
    return int(text.hidden_size * made)


def looking_back(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """How many layers look back at every token and keep a cache of them."""
    kinds = getattr(text, "layer_types", None) or ["full_attention"] * text.num_hidden_layers
    return sum(kind != "linear_attention" for kind in kinds)


def _state_widths(text: Any) -> tuple[int, int]:  # noqa: ANN401 - a configuration of Qwen3.5
    """Width of the keys and of the values of a layer that keeps a running state."""
    return (
        text.linear_num_key_heads * text.linear_key_head_dim,
        text.linear_num_value_heads * text.linear_value_head_dim,
    )


def _state_flops(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """Operations for one token in all layers that keep a running state: it is faded, corrected and read."""
    layers = text.num_hidden_layers - looking_back(text)
    return 6 * layers * _state_widths(text)[1] * text.linear_key_head_dim if layers else 0


def state_bytes(text: Any) -> int:  # noqa: ANN401 - any language model's configuration
    """The running states, float32; as large after one token as after all."""
    layers = text.num_hidden_layers - looking_back(text)
    return 4 * layers * _state_widths(text)[1] * text.linear_key_head_dim if layers else 0
