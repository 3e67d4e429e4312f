"""ARC-Hunyuan-Video as a family: its presets, its options, and how an engine of it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from torch import nn

from playhead.errors import WeightsError
from playhead.models.arc_hunyuan_video.config import (
    ArcHunyuanVideoAudioConfig,
    ArcHunyuanVideoConfig,
    ArcHunyuanVideoTextConfig,
    ArcHunyuanVideoVisionConfig,
)
from playhead.models.arc_hunyuan_video.engine import ArcHunyuanVideo
from playhead.models.arc_hunyuan_video.model import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.plan import plan
from playhead.models.arc_hunyuan_video.processor import ArcHunyuanVideoProcessor
from playhead.models.arc_hunyuan_video.settings import OPTIONS, settings_of
from playhead.models.arc_hunyuan_video.show import show
from playhead.models.arc_hunyuan_video.tiny import tiny_model
from playhead.models.family import EngineOptions, Family, Preset
from playhead.models.folder import CONFIG, read_config, refuse_unknown_keys
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.presets import ARC_HUNYUAN_VIDEO
from playhead.models.weights import load_pretrained

# Our option's name to that of the processor's setting, which a saved folder may hold.
_PROCESSOR: Final = {
    "labels": "labels",
    "alignment": "sound",
    "missing_sound": "missing_sound",
    "max_frames": "max_frames",
}
_PARTS: Final = {
    "text_config": ArcHunyuanVideoTextConfig,
    "vision_config": ArcHunyuanVideoVisionConfig,
    "audio_config": ArcHunyuanVideoAudioConfig,
}
# What a released config may carry beside the fields of its class: other names of fields, and settings that all public
# configs of Hunyuan's decoders and vision towers list whatever the model uses. Those of parts this model does not have
# (experts, shared or latent attention) would bring tensors of their own, which loading refuses.
_CARRIED: Final = frozenset(
    """
    rope_scaling rope_theta head_dim layer_norm_eps num_key_value_heads dtype torch_dtype
    add_classification_head anyres_vit_max_image_size anyres_vit_two_views cat_extra_token cla_share_factor class_num
    dense_list force_image_size group_limited_greedy hidden_dropout image_size img_max_token_num interpolate_mode
    kv_lora_rank learnable_mlp_pooling_size mask_init_id min_image_size moe_drop_tokens moe_intermediate_size
    moe_layer_num_skipped moe_random_routing_dropped_token moe_topk n_group norm_topk_prob num_experts
    num_shared_expert org_vocab_size out_hidden_size pad_id perceive_post_norm perceive_pre_norm pool_type
    pretraining_tp q_lora_rank qk_nope_head_dim qk_rope_head_dim remove_prenorm resize_resolution
    routed_scaling_factor sep_token_id skip_cls_token spatial_merge_size spatial_patch_size temporal_patch_size
    text_end_id text_hidden_size text_start_id topk_group use_cla use_mixed_mlp_moe use_mla v_head_dim video_end_id
    video_max_image_size video_min_image_size video_start_id vit_add_patchemb_bias vit_input_resolution
    vit_mapping_type vit_norm_type vit_patch vit_path vit_remove_prenorm vit_token vit_type vit_used_rms_norm
    """.split()  # noqa: SIM905 - eighty names on eighty lines are not easier to read
)


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> ArcHunyuanVideo:
    """An engine of a preset.

    Args:
        preset: One of :data:`~playhead.models.presets.ARC_HUNYUAN_VIDEO`.
        folder: Its weights; None for the tiny one.
        options: Settings.

    Raises:
        WeightsError: If the weights are not those of the model.
        UsageError: If an option has a value it may not have.
    """
    settings_of(options.family)  # a wrong option is told before anything is loaded
    if folder is not None:
        return _opened(preset.name, folder, options)
    device = resolve_device(options.device)
    model, tokenizer = tiny_model()
    nn.Module.to(model, device=device, dtype=resolve_dtype(options.dtype, device))
    processor = ArcHunyuanVideoProcessor(tokenizer)
    return _engine(preset.name, model, processor, options, constrain=True)


def open_folder(folder: Path, options: EngineOptions) -> ArcHunyuanVideo:
    """An engine of a folder in the released layout, which is also what ``save_pretrained`` writes.

    Raises:
        WeightsError: If a file is missing, the config has unknown keys, or weights and tokenizer do not fit.
        UsageError: If an option has a value it may not have.
    """
    settings_of(options.family)
    return _opened(str(folder), folder, options)


def _opened(name: str, folder: Path, options: EngineOptions) -> ArcHunyuanVideo:
    check_config(folder, settings_of(options.family).ignore_config_keys)
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    asked = f"load {name}" if name == str(folder) else f"load {name} from {folder}"
    config = ArcHunyuanVideoConfig.from_pretrained(folder)
    processor = ArcHunyuanVideoProcessor.from_pretrained(
        folder, config=config
    )  # its errors come before the long wait
    model = load_pretrained(ArcHunyuanVideoForConditionalGeneration, folder, asked=asked, dtype=dtype)
    if not getattr(model, "is_quantized", False):  # a quantised model is where its own loader put it
        nn.Module.to(model, device=device)
    return _engine(name, model, processor, options, constrain=False)


def _engine(
    name: str,
    model: ArcHunyuanVideoForConditionalGeneration,
    processor: ArcHunyuanVideoProcessor,
    options: EngineOptions,
    *,
    constrain: bool,
) -> ArcHunyuanVideo:
    given = {_PROCESSOR[key]: value for key, value in options.family.items() if key in _PROCESSOR}
    side_px = model.config.vision.force_image_size
    processor.settings = replace(processor.settings, side_px=side_px, **given)
    chunk_frames = options.family.get("vision_chunk_frames")
    if chunk_frames is not None:
        model.config.vision.chunk_frames = chunk_frames
    return ArcHunyuanVideo(name, model, processor, options, constrain=constrain)


def check_config(folder: Path, ignored: Collection[str] = ()) -> None:
    """Refuse a ``config.json`` with keys that nothing reads: a setting would be lost in silence.

    Args:
        folder: The model's folder.
        ignored: Keys to pass over, by the option ``ignore_config_keys``.

    Raises:
        WeightsError: With the unknown keys and the nearest known ones.
    """
    try:
        config = read_config(folder, _known(ArcHunyuanVideoConfig, ignored))
        for part, kind in _PARTS.items():
            section = config.get(part)
            if isinstance(section, Mapping):
                refuse_unknown_keys(f"{part} in {folder / CONFIG}", section, _known(kind, ignored))
    except WeightsError as error:
        if not error.found.startswith("unknown keys"):
            raise
        todo = f"{error.todo}, or name them in ignore_config_keys"
        raise WeightsError(error.asked, found=error.found, todo=todo) from error


def _known(kind: Any, ignored: Collection[str]) -> set[str]:  # noqa: ANN401 - a config class, which is a dataclass too
    return {*(field.name for field in fields(kind)), *_CARRIED, *ignored}


FAMILY: Final = Family(
    name="arc-hunyuan-video",
    title="ARC-Hunyuan-Video",
    presets={preset.name: preset for preset in ARC_HUNYUAN_VIDEO},
    model_types=(ArcHunyuanVideoConfig.model_type,),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
)
