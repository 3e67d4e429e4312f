"""ChatGLM3-6B's released weights as transformers' GLM, which computes the same: names, rows, settings.

    released, below ``transformer.``               GLM
    embedding.word_embeddings                      model.embed_tokens
    encoder.layers.N.input_layernorm               model.layers.N.input_layernorm
    encoder.layers.N.self_attention.query_key_value   ...self_attn.q_proj, k_proj, v_proj: its rows, in this order
    encoder.layers.N.self_attention.dense          ...self_attn.o_proj
    encoder.layers.N.post_attention_layernorm      ...post_attention_layernorm
    encoder.layers.N.mlp.dense_h_to_4h             ...mlp.gate_up_proj: gate first, then up, in both
    encoder.layers.N.mlp.dense_4h_to_h             ...mlp.down_proj
    encoder.final_layernorm                        model.norm
    output_layer                                   lm_head

An adapter's update of a fused matrix is ``B @ A``; the rows of B that belong to a part are that part's update, so
adapters are renamed in the same way as the base, and are merged in their order as everywhere.

Source: GLM-130B (arXiv 2210.02414) and ChatGLM3's published settings and names of tensors.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from transformers import GlmConfig

from playhead.errors import WeightsError
from playhead.models.vtimellm.files import TensorFiles
from playhead.models.vtimellm.lora import Adapter
from playhead.models.weights import KeyReport

RELEASED_TYPE: Final = "VTimeLLM_ChatGLM"
"""``model_type`` in the config.json of VTimeLLM's folders made for ChatGLM3; their fields are ChatGLM3's."""

MODEL_TYPES: Final = ("chatglm", RELEASED_TYPE)
"""``model_type`` of the base, and of those folders."""

TARGETS: Final = r".*language_model\..*\.(q_proj|k_proj|v_proj|o_proj|gate_up_proj|down_proj)|lm_head"
"""``target_modules`` for PEFT: what the published adapters were put on by ChatGLM3's names, the head among them."""

_PREFIX: Final = "transformer."
_COMPUTED: Final = "transformer.rotary_pos_emb.inv_freq"  # stored, and computed by GLM
_PROJECTOR: Final = "mm_projector"

# Settings without which GLM does not compute the same; what a config leaves out has this value.
_FIXED: Final[dict[str, Any]] = {
    "rmsnorm": True,
    "add_qkv_bias": True,
    "add_bias_linear": False,
    "apply_residual_connection_post_layernorm": False,
    "post_layer_norm": True,
    "multi_query_attention": True,
    "original_rope": True,
    "rope_ratio": 1,
    "interleaved_qkv": False,
    "quantization_bit": 0,
    "pre_seq_len": None,
    "tie_word_embeddings": False,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a released tensor: ``stop`` is None for all that follow."""

    name: str
    start: int = 0
    stop: int | None = None


class RowFiles(TensorFiles):
    """Tensors of released files by other names, each some rows of a released one; read when asked for.

    Args:
        files: The released tensors.
        rows: New name to what it is made of.
    """

    def __init__(self, files: TensorFiles, rows: Mapping[str, Rows]) -> None:
        super().__init__()
        self._files, self._rows = files, dict(rows)

    def __getitem__(self, name: str) -> torch.Tensor:
        """The rows of a name, on the CPU."""
        each = self._rows[name]
        return self._files[each.name][each.start : each.stop]

    def __iter__(self) -> Iterator[str]:
        """All new names."""
        return iter(self._rows)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self._rows)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a name's rows, without reading them."""
        each = self._rows[name]
        count, *others = self._files.shape(each.name)
        return (len(range(count)[each.start : each.stop]), *others)


def is_chatglm(folder: Path) -> bool:
    """Whether a folder's ``config.json`` is of ChatGLM3, or of VTimeLLM made for it."""
    path = folder / "config.json"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever needs the file says what is wrong with it
        return False
    return isinstance(fields, dict) and fields.get("model_type") in MODEL_TYPES


def chatglm3_6b() -> GlmConfig:
    """The shape of ChatGLM3-6B."""
    return _glm(
        vocab_size=65_024,
        hidden_size=4096,
        intermediate_size=13_696,
        num_hidden_layers=28,
        num_attention_heads=32,
        num_key_value_heads=2,
        head_dim=128,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
    )


def tiny_glm(vocab_size: int) -> GlmConfig:
    """The same parts in a few thousand weights: two groups of heads, half of each head turned."""
    return _glm(
        vocab_size=vocab_size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=4096,
        rms_norm_eps=1e-5,
    )


def text_config(fields: Mapping[str, Any], asked: str) -> GlmConfig:
    """GLM's configuration for the released one of ChatGLM3.

    Args:
        fields: The released ``config.json``.
        asked: What the user wanted, for the error.

    Raises:
        WeightsError: A size is not given, or a setting asks for something GLM does not compute.
    """
    for name, value in _FIXED.items():
        if (found := fields.get(name, value)) != value:
            raise WeightsError(asked, found=f"{name} {found!r}", allowed=f"{name} {value!r}, as ChatGLM3-6B")
    try:
        heads, width = int(fields["num_attention_heads"]), int(fields["hidden_size"])
        return _glm(
            vocab_size=int(fields["padded_vocab_size"]),
            hidden_size=width,
            intermediate_size=int(fields["ffn_hidden_size"]),
            num_hidden_layers=int(fields["num_layers"]),
            num_attention_heads=heads,
            num_key_value_heads=int(fields["multi_query_group_num"]),
            head_dim=int(fields["kv_channels"]),
            max_position_embeddings=int(fields["seq_length"]),
            rms_norm_eps=float(fields["layernorm_epsilon"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            asked, found=f"a config.json of ChatGLM with {error!r}", todo="use the released config.json"
        ) from error


def rename_base(files: TensorFiles, text: GlmConfig, asked: str) -> TensorFiles:
    """The released tensors by GLM's names; projectors among them keep theirs.

    Raises:
        WeightsError: With a table, in the released names, of what is missing, unexpected or of another shape.
    """
    wanted = released_shapes(text)
    others = [name for name in files if name not in wanted and name != _COMPUTED]
    projectors = [name for name in others if _PROJECTOR in name.split(".")]
    KeyReport(
        tuple(name for name in wanted if name not in files),
        tuple(name for name in others if name not in projectors),
        {
            name: (files.shape(name), shape)
            for name, shape in wanted.items()
            if name in files and files.shape(name) != shape
        },
    ).refuse(asked)
    return RowFiles(files, {**places(text), **{name: Rows(name) for name in projectors}})


def rename_adapter(adapter: Adapter, text: GlmConfig) -> Adapter:
    """An adapter by GLM's names, its updates of a fused matrix cut into those of the parts.

    Raises:
        WeightsError: With a table, in the released names, of updates of matrices that are not there or of another shape.
    """
    wanted = {name: shape for name, shape in released_shapes(text).items() if len(shape) == 2}
    KeyReport(
        unexpected=tuple(name for name in adapter.pairs if name not in wanted),
        misshaped={
            name: (adapter.shape(name), wanted[name])
            for name in adapter.pairs
            if name in wanted and adapter.shape(name) != wanted[name]
        },
    ).refuse(f"read the adapter {adapter.path}")
    rows: dict[str, Rows] = {}
    pairs: dict[str, tuple[str, str]] = {}
    for ours, place in places(text).items():
        if place.name in adapter.pairs:
            a, b = adapter.pairs[place.name]
            part = f"{b}[{place.start}:{place.stop}]"
            rows[a], rows[part] = Rows(a), Rows(b, place.start, place.stop)
            pairs[ours] = (a, part)
    return replace(adapter, tensors=RowFiles(adapter.tensors, rows), pairs=pairs)


def places(text: GlmConfig) -> dict[str, Rows]:
    """GLM's name of every tensor to the released rows it is made of."""
    queries, keys = _rows_of_queries(text), _rows_of_keys(text)
    found = {
        "model.embed_tokens.weight": Rows(f"{_PREFIX}embedding.word_embeddings.weight"),
        "model.norm.weight": Rows(f"{_PREFIX}encoder.final_layernorm.weight"),
        "lm_head.weight": Rows(f"{_PREFIX}output_layer.weight"),
    }
    for layer in range(text.num_hidden_layers):
        ours, theirs = f"model.layers.{layer}.", f"{_PREFIX}encoder.layers.{layer}."
        for kind in ("weight", "bias"):
            fused, at = f"{theirs}self_attention.query_key_value.{kind}", 0
            for part, count in (("q", queries), ("k", keys), ("v", keys)):
                found[f"{ours}self_attn.{part}_proj.{kind}"] = Rows(fused, at, at + count)
                at += count
        for name, released in (
            ("input_layernorm", "input_layernorm"),
            ("post_attention_layernorm", "post_attention_layernorm"),
            ("self_attn.o_proj", "self_attention.dense"),
            ("mlp.gate_up_proj", "mlp.dense_h_to_4h"),
            ("mlp.down_proj", "mlp.dense_4h_to_h"),
        ):
            found[f"{ours}{name}.weight"] = Rows(f"{theirs}{released}.weight")
    return found


def released_shapes(text: GlmConfig) -> dict[str, tuple[int, ...]]:
    """Released name of every tensor to its shape."""
    width, ffn, words = text.hidden_size, text.intermediate_size, text.vocab_size
    queries, fused = _rows_of_queries(text), _rows_of_queries(text) + 2 * _rows_of_keys(text)
    found: dict[str, tuple[int, ...]] = {
        f"{_PREFIX}embedding.word_embeddings.weight": (words, width),
        f"{_PREFIX}encoder.final_layernorm.weight": (width,),
        f"{_PREFIX}output_layer.weight": (words, width),
    }
    for layer in range(text.num_hidden_layers):
        at = f"{_PREFIX}encoder.layers.{layer}."
        found |= {
            f"{at}input_layernorm.weight": (width,),
            f"{at}self_attention.query_key_value.weight": (fused, width),
            f"{at}self_attention.query_key_value.bias": (fused,),
            f"{at}self_attention.dense.weight": (width, queries),
            f"{at}post_attention_layernorm.weight": (width,),
            f"{at}mlp.dense_h_to_4h.weight": (2 * ffn, width),
            f"{at}mlp.dense_4h_to_h.weight": (width, ffn),
        }
    return found


def _rows_of_queries(text: GlmConfig) -> int:
    return int(text.num_attention_heads * (text.head_dim or 0))


def _rows_of_keys(text: GlmConfig) -> int:
    return int((text.num_key_value_heads or 0) * (text.head_dim or 0))


def _glm(**sizes: Any) -> GlmConfig:  # noqa: ANN401 - sizes of a GlmConfig
    """What every ChatGLM3 has in common: the first half of each head is turned, by neighbouring pairs, to base 10,000."""
    return GlmConfig(
        hidden_act="silu",
        attention_bias=True,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5},
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **sizes,
    )
