"""VTimeLLM, LongVALE-LLM and AVicuna for the rest of playhead: their sizes, and how their parts become one engine.

The released parts are an adapter each, made for Vicuna v1.5 or ChatGLM3 and published on the authors' shares; no
repository holds a whole model. So a published size is put together from named parts, or opened from a folder that was
put together before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from transformers import ClapAudioConfig, GlmConfig, WhisperConfig

from playhead.errors import UsageError, WeightsError, WeightsUnavailableError
from playhead.hub.folder import FOLDER_VARIABLE
from playhead.media.clip import Video
from playhead.models.family import EngineOptions, Family, Plan, Preset, Shown
from playhead.models.folder import count_weights
from playhead.models.machine import require_memory
from playhead.models.options import resolve_device, resolve_dtype
from playhead.models.vtimellm import chatglm_tokens
from playhead.models.vtimellm.chatglm import is_chatglm
from playhead.models.vtimellm.chatglm_engine import VTimeLLMChatGLM, tiny_chatglm3, vtimellm_chatglm3_6b
from playhead.models.vtimellm.config import (
    CLAP_WIDTH,
    WHISPER_WIDTH,
    Variant,
    VTimeLLMConfig,
    avicuna_7b,
    clip_vit_l_14,
    longvale_7b,
    tiny_config,
    vtimellm_7b,
    vtimellm_13b,
)
from playhead.models.vtimellm.engine import VTimeLLM
from playhead.models.vtimellm.files import TensorFiles
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.models.vtimellm.plan import make_plan
from playhead.models.vtimellm.presets import PRESETS, parts_of
from playhead.models.vtimellm.settings import OPTIONS, PIECES, Settings, chosen_pieces, settings_of
from playhead.models.vtimellm.show import make_show
from playhead.models.vtimellm.tokens import load_tokenizer, tiny_tokenizer
from playhead.models.vtimellm.weights import RELEASED_TYPES, assemble, base_config, load, load_tower

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerFast

SEED: Final = 20231130  # the day of VTimeLLM's paper
ADAPTER_CONFIG: Final = "adapter_config.json"
NON_LORA: Final = "non_lora_trainables.bin"
CHATGLM_TINY: Final = "chatglm3-tiny"


def make(preset: Preset, folder: Path | None, options: EngineOptions) -> VTimeLLM:
    """An engine of a preset: random weights, a folder put together before, or the named parts.

    Raises:
        WeightsUnavailableError: Parts of a published size that were not named, each with where it is published.
        WeightsError: Parts that do not fit.
        UsageError: Parts named for a tiny preset.
    """
    _, variant, size = PRESETS[preset.name]
    settings = settings_of(options.family, variant)
    named = chosen_pieces(settings)
    if preset.tiny:
        if named:
            raise UsageError(
                f"make {preset.name} of parts", found=", ".join(named), allowed="none: its weights are random"
            )
        if size == CHATGLM_TINY:
            model, words = _seeded(tiny_chatglm3()), chatglm_tokens.tiny_tokenizer()
            return _engine(preset.name, model, words, options, settings, random=True)
        tokenizer = tiny_tokenizer()
        return _engine(
            preset.name, tiny_model(variant, len(tokenizer)), tokenizer, options, settings, random=True
        )
    if folder is not None and settings.base is None:
        return open_folder(folder, options)
    _require_parts(preset.name, variant, size, settings)
    _require_size(preset.name, settings)
    return _put_together(preset.name, variant, options, settings)


def open_folder(folder: Path, options: EngineOptions) -> VTimeLLM:
    """An engine of a folder: one that was saved from here, or a released adapter with ``base=`` and the rest named.

    Raises:
        WeightsUnavailableError: A released adapter whose other parts were not named.
        WeightsError: Files that do not fit.
    """
    if not (folder / ADAPTER_CONFIG).is_file():
        return _whole(folder, options)
    named = dict(options.family)
    named.setdefault("stage2" if "stage3" in named else "stage3", folder)
    variant: Variant = "avicuna" if "audio_projector" in named else "vtimellm"
    if _hears_speech(folder):
        variant = "longvale"
    settings = settings_of(named, variant)
    _require_parts(str(folder), variant, "chatglm3-6b" if is_chatglm(folder) else "7b", settings)
    return _put_together(folder.name, variant, replace(options, family=named), settings)


def plan(preset: Preset, video: Video, options: EngineOptions) -> Plan:
    """What a preset would take for a video; nothing is decoded and no weight is read."""
    _, variant, _ = PRESETS[preset.name]
    config = published_config(preset.name)
    base = settings_of(options.family, variant).base
    if base is not None and not preset.tiny:
        config.text_config = base_config(base)  # what is named counts, not what was published
    return make_plan(preset, config, variant, video, options)


def show(preset: Preset, video: Video, options: EngineOptions, most: int) -> Shown:
    """What a preset would see of a video; no weight is read."""
    _, variant, _ = PRESETS[preset.name]
    return make_show(preset, published_config(preset.name), variant, video, options, most=most)


def published_config(name: str) -> VTimeLLMConfig:
    """The configuration of a preset, with the towers it is used with."""
    _, variant, size = PRESETS[name]
    if size == "tiny":
        return tiny_config(variant, len(tiny_tokenizer()))
    if size == CHATGLM_TINY:
        return tiny_chatglm3()
    make_config = {"longvale": longvale_7b, "avicuna": avicuna_7b}.get(
        variant, vtimellm_13b if size == "13b" else vtimellm_7b
    )
    config = vtimellm_chatglm3_6b() if size == "chatglm3-6b" else make_config()
    config.vision_config = clip_vit_l_14()
    if variant == "longvale":
        config.speech_config = _whisper_large_v2()
    if variant == "avicuna":
        config.sound_config = ClapAudioConfig(projection_dim=CLAP_WIDTH, enable_fusion=True)
    return config


def _whisper_large_v2() -> WhisperConfig:
    return WhisperConfig(
        d_model=WHISPER_WIDTH,
        encoder_layers=32,
        encoder_attention_heads=20,
        encoder_ffn_dim=5120,
        decoder_layers=1,
        num_mel_bins=80,
    )


def tiny_model(variant: Variant, vocab_size: int) -> VTimeLLMForCausalLM:
    """A model of random weights, always the same ones; the caller's random state is left as it was."""
    return _seeded(tiny_config(variant, vocab_size))


def _seeded(config: VTimeLLMConfig) -> VTimeLLMForCausalLM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return VTimeLLMForCausalLM(config)


def variant_of(config: VTimeLLMConfig) -> Variant:
    """Which of the three systems a configuration is."""
    return {"beats": "longvale", "clap": "avicuna"}.get(str(config.sound_encoder), "vtimellm")  # type: ignore[return-value]


def _require_parts(name: str, variant: Variant, size: str, settings: Settings) -> None:
    missing = [
        each
        for each in parts_of(variant, size)
        if getattr(settings, each.option) is None and not (each.instead and getattr(settings, each.instead))
    ]
    if not missing:
        return
    told = "; ".join(
        f"{each.option}={f' (or {each.instead}=)' if each.instead else ''}: {each.what}, from {each.where}"
        for each in missing
    )
    saved = f". Or put a folder saved from here into FOLDER/{name} and set {FOLDER_VARIABLE}=FOLDER"
    raise WeightsUnavailableError(
        f"put {name} together",
        found=f"no {', '.join(each.option for each in missing)}",
        allowed="the released parts, each by its option, got by hand",
        todo=told + (saved if name in PRESETS else ""),
    )


def _require_size(name: str, settings: Settings) -> None:
    """Refuse a base of another size than the preset's name says."""
    if settings.base is None:
        return
    found, wanted = base_config(settings.base), published_config(name).text_config
    if (found.hidden_size, found.num_hidden_layers) != (wanted.hidden_size, wanted.num_hidden_layers):
        raise WeightsError(
            f"put {name} together",
            found=f"a base {found.hidden_size} wide with {found.num_hidden_layers} layers",
            allowed=f"{wanted.hidden_size} wide with {wanted.num_hidden_layers} layers",
            todo="name the base of this size, or open the folder of the second adapter instead of a name",
        )


def _put_together(name: str, variant: Variant, options: EngineOptions, settings: Settings) -> VTimeLLM:
    device = resolve_device(options.device)
    base, stages = settings.base, [each for each in (settings.stage2, settings.stage3) if each is not None]
    if base is None:
        raise WeightsUnavailableError(f"put {name} together", found="no base", todo="give base=")
    towers = (settings.vision_tower, settings.sound_tower, settings.speech_tower)
    _require_memory(f"put {name} together", [base, *(each for each in towers if each is not None)], options)
    tokenizer = _load_tokenizer(base, base_config(base))
    model = assemble(
        base,
        settings.projector,
        adapters=stages,
        variant=variant,
        sound_projector=settings.audio_projector,
        tower=settings.vision_tower,
        sound_tower=settings.sound_tower,
        speech_tower=settings.speech_tower,
        antialias=bool(settings.antialias),
        dtype=resolve_dtype(options.dtype, device),
    )
    return _engine(name, model, tokenizer, options, settings)


def _require_memory(asked: str, folders: list[Path], options: EngineOptions) -> None:
    """Refuse folders whose weights this machine cannot hold, in the precision they would have here."""
    device = resolve_device(options.device)
    each_bytes = resolve_dtype(options.dtype, device).itemsize
    weights_bytes = each_bytes * sum(count_weights(folder) for folder in folders)
    require_memory(asked, device=device, weights_bytes=weights_bytes)


def _whole(folder: Path, options: EngineOptions) -> VTimeLLM:
    """A folder that holds a whole model, its tower perhaps named beside it."""
    device = resolve_device(options.device)
    dtype = resolve_dtype(options.dtype, device)
    _require_memory(f"load {folder}", [folder], options)
    model = load(folder, dtype=dtype)
    settings = settings_of(options.family, variant_of(model.config))
    tokenizer = _load_tokenizer(folder, model.config.text_config)
    others = [name for name in chosen_pieces(settings) if name != "vision_tower"]
    if others:
        raise UsageError(
            f"open {folder} with {', '.join(others)}",
            found="a folder that holds a whole model",
            allowed="vision_tower=",
        )
    if settings.vision_tower is not None:
        model.model.vision_tower = load_tower(settings.vision_tower, dtype)
        model.config.vision_config = model.model.vision_tower.config
        model.config.check_towers()
    return _engine(folder.name, model, tokenizer, options, settings)


def _load_tokenizer(folder: Path, text: PreTrainedConfig) -> PreTrainedTokenizerFast:
    """The tokenizer that goes with a language model, compared with its embedding."""
    rows = int(getattr(text, "vocab_size", 0))
    if isinstance(text, GlmConfig):
        return chatglm_tokens.load_tokenizer(folder, vocab_size=rows)
    return load_tokenizer(folder, vocab_size=rows)


def _engine(
    name: str,
    model: VTimeLLMForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    options: EngineOptions,
    settings: Settings,
    *,
    random: bool = False,
) -> VTimeLLM:
    device = resolve_device(options.device)
    for encoder in (model.model.vision_tower, model.model.sound_tower, model.model.speech_tower):
        if encoder is not None:
            encoder.requires_grad_(requires_grad=False)  # no published stage trains them
    movable: Any = model  # transformers wraps to() without types
    movable.to(device=device, dtype=resolve_dtype(options.dtype, device))
    kind = VTimeLLMChatGLM if isinstance(model.config.text_config, GlmConfig) else VTimeLLM
    return kind(name, model, tokenizer, options, settings, constrain=random)


def _hears_speech(folder: Path) -> bool:
    """Whether an adapter brings LongVALE-LLM's own projectors."""
    path = folder / NON_LORA
    return path.is_file() and any("asr_mm_projector" in name for name in TensorFiles(path))


FAMILY: Final = Family(
    name="vtimellm",
    title="VTimeLLM",
    presets={name: preset for name, (preset, _, _) in PRESETS.items()},
    model_types=("vtimellm", *RELEASED_TYPES),
    options=OPTIONS,
    make=make,
    open=open_folder,
    plan=plan,
    show=show,
    parts=tuple(PIECES),
)
