"""The released names and shapes of the weights against ours, and the way between them, both ways.

Everything not named here is called the same in the released weights and in the model. Two things are fused:

* a query-key-value matrix is stored **per group**: for each key-value head its query heads, then the key, then the
  value, ``(groups, queries + 2, head, ...)``; with a bias in the vision tower. It is not ``q | k | v``.
* the decoder's gate-and-up matrix is stored **up first**, then gate.

The rules are given to transformers' own loader (:func:`register`), so ``from_pretrained`` reads the released layout,
whatever its precision, device map or quantisation, and ``save_pretrained`` writes it back, bit for bit.
``language_model.lm_head.weight`` is tied to the token embeddings: it may be missing from a folder, or equal.

Source: key names and shapes as stated for the released code; the order in a group was confirmed by execution.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from transformers import PreTrainedConfig
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import (
    Chunk,
    ConversionOps,
    WeightConverter,
    WeightRenaming,
)

_VISION: Final = "vision_model.vit.layers.*."
_DECODER: Final = "language_model.model.layers.*."

RENAMED: Final[dict[str, str]] = {
    f"{_VISION}input_layernorm": f"{_VISION}layer_norm1",
    f"{_VISION}post_attention_layernorm": f"{_VISION}layer_norm2",
    f"{_VISION}self_attn.o_proj": f"{_VISION}self_attn.out_proj",
    f"{_VISION}mlp.dense_h_to_4h": f"{_VISION}mlp.fc1",
    f"{_VISION}mlp.dense_4h_to_h": f"{_VISION}mlp.fc2",
}
"""Released name to ours, of weights and biases that differ in nothing else; ``*`` is the number of a layer."""

FUSED: Final[dict[str, tuple[str, ...]]] = {
    f"{_VISION}self_attn.qkv_proj": tuple(f"{_VISION}self_attn.{each}_proj" for each in "qkv"),
    f"{_DECODER}self_attn.qkv_proj.weight": tuple(
        f"{_DECODER}self_attn.{each}_proj.weight" for each in "qkv"
    ),
    f"{_DECODER}mlp.gate_and_up_proj.weight": (
        f"{_DECODER}mlp.up_proj.weight",
        f"{_DECODER}mlp.gate_proj.weight",
    ),
}
"""Released name to our names, of what one released tensor holds; of weight and bias in the vision tower."""

Tensors = dict[str, Any]


class SplitGroups(ConversionOps):
    """One matrix (or bias) fused per key-value group to query, key and value.

    Args:
        part: The sub-config that says how many heads there are: ``text_config`` or ``vision_config``.
    """

    def __init__(self, part: str) -> None:
        self.part = part

    @torch.no_grad()
    def convert(
        self,
        input_dict: Tensors,
        source_patterns: list[str],
        target_patterns: list[str],
        *,
        config: PreTrainedConfig | None = None,
        **kwargs: Any,  # noqa: ANN401 - what transformers passes to every operation
    ) -> Tensors:
        """Query, key and value by the three target names.

        Rows that do not divide into the config's heads are handed on whole: the loader then refuses them by name with
        both shapes, where an error from here would only reach its report.
        """
        del source_patterns, kwargs
        (value,) = input_dict.values()
        fused = _tensor(value)
        groups, queries = _heads(config, self.part)
        rest = fused.shape[1:]
        if fused.shape[0] % (groups * (queries + 2)):
            return dict.fromkeys(target_patterns, fused)
        grouped = fused.reshape(groups, queries + 2, -1, *rest)
        parts = (grouped[:, :queries], grouped[:, queries], grouped[:, queries + 1])
        return {
            name: part.reshape(-1, *rest).contiguous()
            for name, part in zip(target_patterns, parts, strict=True)
        }

    @property
    def reverse_op(self) -> ConversionOps:
        """Query, key and value to one matrix."""
        return JoinGroups(self.part)


class JoinGroups(ConversionOps):
    """Query, key and value to one matrix (or bias) fused per key-value group; the reverse of :class:`SplitGroups`."""

    def __init__(self, part: str) -> None:
        self.part = part

    @torch.no_grad()
    def convert(
        self,
        input_dict: Tensors,
        source_patterns: list[str],
        target_patterns: list[str],
        *,
        config: PreTrainedConfig | None = None,
        **kwargs: Any,  # noqa: ANN401 - what transformers passes to every operation
    ) -> Tensors:
        """The fused tensor by its one target name."""
        del kwargs
        groups, queries = _heads(config, self.part)
        parts = [_tensor(input_dict[name]) for name in source_patterns]
        rest = parts[0].shape[1:]
        grouped = [
            part.reshape(groups, heads, -1, *rest) for part, heads in zip(parts, (queries, 1, 1), strict=True)
        ]
        return {target_patterns[0]: torch.cat(grouped, dim=1).reshape(-1, *rest).contiguous()}

    @property
    def reverse_op(self) -> ConversionOps:
        """One matrix to query, key and value."""
        return SplitGroups(self.part)


class ApartConverter(WeightConverter):
    """One released tensor to several of ours, of which a quantiser is given one at a time, by its own name.

    transformers hands a quantiser all of them at once; some (torchao's) take the first and lose the others.
    """

    __slots__ = ()

    def convert(
        self,
        layer_name: str,
        model: Any = None,  # noqa: ANN401 - transformers' own signature
        config: Any = None,  # noqa: ANN401
        hf_quantizer: Any = None,  # noqa: ANN401
        loading_info: Any = None,  # noqa: ANN401
    ) -> Tensors:
        """Our tensors by their full names; those that a quantiser has put into the model itself are not among them."""
        apart: Tensors = super().convert(layer_name, model, config, None, loading_info)
        if hf_quantizer is None or self.quantization_operation is None:
            return apart
        done: Tensors = {}
        for name, value in apart.items():
            if not hf_quantizer.param_needs_quantization(model, name):
                done[name] = value
                continue
            done |= self.quantization_operation.convert(
                {name: value},
                source_patterns=self.source_patterns,
                target_patterns=[name],
                full_layer_name=name,
                config=config,
                model=model,
                missing_keys=loading_info.missing_keys if loading_info else None,
            )
        return done


def rules(part: str) -> list[WeightRenaming | WeightConverter]:
    """What transformers' loader does with the keys of ``vision_model`` or ``language_model``, in its own terms.

    The rules are told for each part, because the speech encoder has layers of the same names that are not fused. The
    loader finds an operation by the text of its pattern alone, so no two parts may spell a pattern alike: the vision
    tower's ends before ``weight`` or ``bias``, the decoder's after ``weight``.
    """
    heads = SplitGroups("vision_config" if part == "vision_model" else "text_config")
    return [
        *(
            WeightRenaming(_tail(released), _tail(ours))
            for released, ours in RENAMED.items()
            if released.startswith(part)
        ),
        *(
            ApartConverter(
                [_tail(released)],
                [_tail(each) for each in ours],
                operations=[heads if "qkv" in released else Chunk(dim=0)],
            )
            for released, ours in FUSED.items()
            if released.startswith(part)
        ),
    ]


def register() -> None:
    """Tell transformers' loader the rules; done when the family is imported."""
    register_checkpoint_conversion_mapping("arc_hunyuan_video_vision", rules("vision_model"), overwrite=True)
    register_checkpoint_conversion_mapping("arc_hunyuan_video_text", rules("language_model"), overwrite=True)


def _tail(name: str) -> str:
    """What follows the number of a layer."""
    return name.partition("*.")[2]


def _tensor(value: torch.Tensor | list[torch.Tensor]) -> torch.Tensor:
    """The tensor of one name, which transformers hands over in a list of one."""
    return value[0] if isinstance(value, list) else value


def _heads(config: PreTrainedConfig | None, part: str) -> tuple[int, int]:
    """Key-value groups of a part, and query heads in each.

    Raises:
        ValueError: If there is no config to read them from.
    """
    if config is None:
        raise ValueError("fused weights need the model's config")
    own: Any = getattr(config, part, config)  # a part saved alone brings its own config
    groups = int(getattr(own, "num_key_value_heads", None) or own.num_attention_heads)
    return groups, own.num_attention_heads // groups
