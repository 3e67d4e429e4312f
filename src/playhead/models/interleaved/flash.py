"""InternVL3.5-Flash: InternVL whose router gives each picture 256 or 64 tokens; its released folders are read as they are.

Released folders hold a configuration and tensors in the makers' own layout, which transformers does not know. Both are
translated here: the configuration when it is read, the tensors by rules for transformers' own loader, which writes the
released names back when a model is saved.

Source: InternVL 3.5 (arXiv 2508.18265); names of tensors and keys as released.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoModelForMultimodalLM
from transformers.conversion_mapping import register_checkpoint_conversion_mapping
from transformers.core_model_loading import Chunk, WeightConverter, WeightRenaming

from playhead.errors import WeightsError
from playhead.models.folder import refuse_unknown_keys
from playhead.models.interleaved.internvl import InternVL
from playhead.models.interleaved.vir import InternVLFlashConfig, InternVLFlashForConditionalGeneration
from playhead.sequence.drop import Mask
from playhead.sequence.layout import Ids

RELEASED_TYPE: Final = "internvl_chat"

RENAMED: Final[tuple[tuple[str, str], ...]] = (
    (r"^vision_model\.embeddings\.class_embedding", r"model.vision_tower.embeddings.cls_token"),
    (r"^vision_model\.embeddings\.position_embedding", r"model.vision_tower.embeddings.position_embeddings"),
    (
        r"^vision_model\.embeddings\.patch_embedding\.",
        r"model.vision_tower.embeddings.patch_embeddings.projection.",
    ),
    (r"^vision_model\.encoder\.layers\.(\d+)\.ls1", r"model.vision_tower.encoder.layer.\1.lambda_1"),
    (r"^vision_model\.encoder\.layers\.(\d+)\.ls2", r"model.vision_tower.encoder.layer.\1.lambda_2"),
    (
        r"^vision_model\.encoder\.layers\.(\d+)\.norm1\.",
        r"model.vision_tower.encoder.layer.\1.layernorm_before.",
    ),
    (
        r"^vision_model\.encoder\.layers\.(\d+)\.norm2\.",
        r"model.vision_tower.encoder.layer.\1.layernorm_after.",
    ),
    (r"^vision_model\.encoder\.layers\.(\d+)\.mlp\.", r"model.vision_tower.encoder.layer.\1.mlp."),
    (
        r"^vision_model\.encoder\.layers\.(\d+)\.attn\.proj\.",
        r"model.vision_tower.encoder.layer.\1.attention.projection_layer.",
    ),
    (r"^vision_model\.encoder\.layers\.(\d+)\.attn\.qkv\.", r"model.vision_tower.encoder.layer.\1.attn.qkv."),
    (r"^mlp1\.0\.", r"model.multi_modal_projector.layer_norm."),
    (r"^mlp1\.1\.", r"model.multi_modal_projector.linear_1."),
    (r"^mlp1\.3\.", r"model.multi_modal_projector.linear_2."),
    (r"^mlp2\.", r"model.mlp2."),
    (r"^pooling_before_gating\.", r"model.pooling_before_gating."),
    (r"^gating\.", r"model.gating."),
    (r"^language_model\.model\.", r"model.language_model."),
    (r"^language_model\.lm_head\.", r"lm_head."),
)
"""Released name to ours, of tensors that differ in nothing else."""

_ALSO: Final = frozenset(
    """
    downsample_ratio dynamic_image_size flash_absolute_threshold flash_mode flash_relative_threshold force_image_size
    hidden_size image_fold llm_config max_dynamic_patch min_dynamic_patch pad2square ps_version select_layer
    system_message template tie_word_embeddings use_backbone_lora use_llm_lora use_thumbnail vision_config
    """.split()  # noqa: SIM905
)
_VISION: Final[Mapping[str, str]] = {
    "attention_dropout": "attention_dropout",
    "dropout": "hidden_dropout_prob",
    "hidden_act": "hidden_act",
    "hidden_size": "hidden_size",
    "image_size": "image_size",
    "initializer_range": "initializer_range",
    "intermediate_size": "intermediate_size",
    "layer_norm_eps": "layer_norm_eps",
    "norm_type": "norm_type",
    "num_attention_heads": "num_attention_heads",
    "num_channels": "num_channels",
    "num_hidden_layers": "num_hidden_layers",
    "patch_size": "patch_size",
    "qk_normalization": "use_qk_norm",
    "qkv_bias": "attention_bias",
}
"""Keys of a released vision configuration to transformers' own."""
_VISION_ALSO: Final = frozenset(
    """
    bias capacity_factor drop_path_rate eval_capacity_factor initializer_factor laux_allreduce moe_coeff_ratio
    moe_intermediate_size moe_output_scale noisy_gate_policy num_experts num_routed_experts num_shared_experts
    shared_expert_intermediate_size use_fa3 use_flash_attn use_moe use_residual use_rts use_weighted_residual moe_config
    """.split()  # noqa: SIM905
)


class InternVLFlash(InternVL):
    """InternVL with a router of its own."""

    model_type = InternVLFlashConfig.model_type
    title = "InternVL3.5-Flash"
    config_class: ClassVar[Any] = InternVLFlashConfig
    model_class: ClassVar[Any] = InternVLFlashForConditionalGeneration
    routed = True

    def left_out(self, kept_M: Mask | None, small_F: Mask | None) -> dict[str, torch.Tensor] | None:
        """Its model is told which tiles are small."""
        if small_F is None:
            return super().left_out(kept_M, small_F)
        return {"small_tiles": torch.from_numpy(small_F)}

    def features(
        self,
        model: Any,  # noqa: ANN401 - a model of transformers
        prepared: torch.Tensor,
        grids_F2: Ids,
        small_F: Mask | None,
    ) -> torch.Tensor:
        """By the one projector or the other."""
        del grids_F2
        chosen = np.zeros(len(prepared), np.bool_) if small_F is None else small_F
        made: torch.Tensor = model.model.get_image_features(prepared, torch.from_numpy(chosen)).pooler_output
        return made

    def fitness(self, model: Any, prepared: torch.Tensor) -> npt.NDArray[np.float64]:  # noqa: ANN401
        """The router's probability."""
        made: npt.NDArray[np.float64] = (
            model.model.fitness(model.model.squares(prepared)).double().cpu().numpy()
        )
        return made


FLASH: Final = InternVLFlash()


def rules() -> list[WeightRenaming | WeightConverter]:
    """What transformers' loader does with the released names, in its own terms."""
    from playhead.models.arc_hunyuan_video.weights import ApartConverter

    fused = [("attn.qkv.weight", "attention.{}_proj.weight"), ("attn.qkv.bias", "attention.{}_proj.bias")]
    for number in range(1, 5):  # one rule for each: the loader finds a rule by the text of its pattern alone
        fused += [
            (f"attn{number}.in_proj_{part}", f"attn{number}.{{}}_proj.{part}") for part in ("weight", "bias")
        ]
    return [
        *(WeightRenaming(released, ours) for released, ours in RENAMED),
        *(
            ApartConverter([released], [ours.format(each) for each in "qkv"], operations=[Chunk(dim=0)])
            for released, ours in fused
        ),
    ]


def register() -> None:
    """Tell transformers of the model and its loader of the rules; done when the family is imported."""
    register_checkpoint_conversion_mapping(InternVLFlashConfig.model_type, rules(), overwrite=True)
    AutoConfig.register(InternVLFlashConfig.model_type, InternVLFlashConfig, exist_ok=True)
    for auto in (AutoModel, AutoModelForImageTextToText, AutoModelForMultimodalLM):
        auto.register(InternVLFlashConfig, InternVLFlashForConditionalGeneration, exist_ok=True)


def place_id(folder: Path) -> int:
    """The id of ``<IMG_CONTEXT>`` in a folder's tokenizer; released configurations do not say it.

    Raises:
        WeightsError: It has no such token.
    """
    from playhead.models.interleaved.tokens import read_tokenizer

    tokenizer, mark = read_tokenizer(folder), FLASH.token_name()
    if mark not in tokenizer.get_vocab():
        raise WeightsError(
            f"the tokenizer of {folder}", found=f"no {mark!r}", todo="use the whole released folder"
        )
    return int(tokenizer.convert_tokens_to_ids(mark))


def read_released(where: Path, held: Mapping[str, Any], place: int = 0) -> InternVLFlashConfig:
    """The configuration of a released folder.

    Args:
        where: The file, for messages.
        held: What it says.
        place: Id of the token that stands in a picture's places.

    Raises:
        WeightsError: Unknown keys, no router, or a layout that was never released with one.
    """
    refuse_unknown_keys(str(where), held, _ALSO)
    vision, text = dict(held.get("vision_config") or {}), dict(held.get("llm_config") or {})
    refuse_unknown_keys(f"vision_config of {where}", vision, frozenset(_VISION) | _VISION_ALSO)
    missing = [name for name in ("flash_relative_threshold", "flash_absolute_threshold") if name not in held]
    if held.get("flash_mode") and missing:
        raise WeightsError(
            f"load InternVL3.5-Flash from {where}", found=f"no {missing[0]}", allowed="a number"
        )
    wanted = {"flash_mode": True, "ps_version": "v2", "select_layer": -1, "downsample_ratio": 0.5}
    for name, value in wanted.items():
        if held.get(name) != value:
            raise WeightsError(
                f"load InternVL3.5-Flash from {where}",
                found=f"{name}={held.get(name)!r}",
                allowed=repr(value),
                todo="of other InternVL models use the repository whose name ends in -HF",
            )
    own = {ours: vision[released] for released, ours in _VISION.items() if released in vision}
    image_px = held.get("force_image_size") or own.get("image_size")
    made: Any = InternVLFlashConfig  # its fields are declared by transformers
    config: InternVLFlashConfig = made(
        text_config={
            name: value for name, value in text.items() if name not in ("architectures", "auto_map")
        },
        vision_config={**own, "image_size": image_px},
        image_token_id=place,
        tie_word_embeddings=bool(text.get("tie_word_embeddings", False)),
        **{name: float(held[name]) for name in ("flash_relative_threshold", "flash_absolute_threshold")},
    )
    return config
