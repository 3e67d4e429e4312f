"""The released files into one model: base, projectors, the adapters of every stage, and the encoders.

    base folder            Vicuna / Llama, safetensors or .bin             model.layers.*, lm_head.*
    mm_projector.bin       stage 1                                         *mm_projector.{weight,bias}
    stage-2 adapter        merged into the base, one matrix at a time      lora.py
    stage-3 adapter        merged after it; non_lora_trainables.bin        LongVALE-LLM's sound and speech projectors
    CLIP, CLAP, Whisper    encoders, where one folder shall hold everything

``assemble(...)`` then ``save(...)`` makes one folder that ``VTimeLLMForCausalLM.from_pretrained`` reads strictly.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    ClapAudioModelWithProjection,
    CLIPVisionModelWithProjection,
    GenerationConfig,
    GlmConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.initialization import no_init_weights
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from playhead.errors import UnsupportedError, WeightsError
from playhead.models.folder import CONFIG, read_json, refuse_unknown_keys
from playhead.models.vtimellm import chatglm
from playhead.models.vtimellm.config import Variant, VTimeLLMConfig, variant_fields
from playhead.models.vtimellm.files import TensorFiles, weight_files
from playhead.models.vtimellm.lora import Adapter, in_order, merge
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.models.vtimellm.vision import check_tower
from playhead.models.weights import KeyReport, load_pretrained, without_key_table
from playhead.progress import Progress, silent

RELEASED_TYPE: Final = "VTimeLLM"
"""``model_type`` in the config.json of released folders; their fields are Llama's."""

RELEASED_TYPES: Final = (RELEASED_TYPE, chatglm.RELEASED_TYPE)
"""All of them, the second with ChatGLM3's fields."""

# Released name of a projector to the kind it is for; whole name parts, so that one never swallows another.
_PROJECTORS: Final = {
    "mm_projector": "frame",
    "audio_mm_projector": "sound",
    "mm_projector_a": "sound",
    "asr_mm_projector": "speech",
}
_PROJECTOR_KEY: Final = re.compile(rf"(?:.*\.)?({'|'.join(_PROJECTORS)})\.(weight|bias)")
_OLD_KEYS: Final = ("rope_theta", "rope_scaling", "pretraining_tp")  # of Llama, before transformers 5
_COMPUTED: Final = re.compile(r".*\.rotary_emb\.inv_freq")  # old checkpoints store what is computed now
_SHOWN: Final = 4  # names in a message
_TOKENIZER_FILES: Final = (
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)


def assemble(
    base: Path,
    projector: Path | None = None,
    *,
    adapters: Sequence[Path] = (),
    stages: int | None = 2,
    variant: Variant = "vtimellm",
    sound_projector: Path | None = None,
    tower: Path | None = None,
    sound_tower: Path | None = None,
    speech_tower: Path | None = None,
    antialias: bool = False,
    dtype: torch.dtype = torch.float32,
    merge_dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> VTimeLLMForCausalLM:
    """One model of the released files, every tensor used and every tensor of the model given.

    Memory stays within the finished model and one matrix: files are mapped, matrices are merged one after another.

    Args:
        base: Folder of the base language model, or of a model merged before.
        projector: ``mm_projector.bin`` of stage 1; None where the base or an adapter folder holds it.
        adapters: Adapter folders in the order they were trained.
        stages: How many adapters the weights need: 2 in everything released, 0 for a base merged before, None to not
            check.
        variant: ``vtimellm``, ``longvale`` or ``avicuna``.
        sound_projector: AVicuna's ``mm_projector_a.bin``.
        tower: Folder of CLIP ViT-L/14, whole or its vision half, to be part of the model.
        sound_tower: Folder of LAION-CLAP (AVicuna).
        speech_tower: Folder of Whisper large-v2 (LongVALE-LLM).
        antialias: See :class:`VTimeLLMConfig`.
        dtype: Precision of the model.
        merge_dtype: Precision of the sums of :func:`playhead.models.vtimellm.lora.merge`.
        progress: Called with ("loading weights", tensors done, tensors).

    Raises:
        WeightsError: With a table of what is missing, unexpected or of another shape, or if a stage is missing.
    """
    asked = f"assemble {variant} from {base}"
    config = VTimeLLMConfig(
        text_config=base_config(base),
        antialias=antialias,
        tie_word_embeddings=False,
        **variant_fields(variant),
    )
    files = TensorFiles(*weight_files(base))
    merged = in_order(adapters, stages)
    if chatglm.is_chatglm(base) and isinstance(config.text_config, GlmConfig):
        files = chatglm.rename_base(files, config.text_config, asked)
        merged = tuple(chatglm.rename_adapter(each, config.text_config) for each in merged)
    extra = _trained_apart(projector, sound_projector, merged)
    _check_kinds(config, extra, asked)
    with no_init_weights():
        model = VTimeLLMForCausalLM._from_config(config, dtype=dtype)
    names = {_ours(name): name for name in files if not _COMPUTED.fullmatch(name)}
    _check(model, files, names, merged, extra).refuse(asked)
    _fill(model, files, names, merged, extra, merge_dtype=merge_dtype, progress=progress)
    model.tie_weights()
    _attach(model, tower, sound_tower, speech_tower, dtype)
    text = config.text_config
    # Vicuna's generation_config.json asks for sampling; answers here are greedy unless the caller says otherwise.
    model.generation_config = GenerationConfig(
        bos_token_id=text.bos_token_id, eos_token_id=text.eos_token_id, pad_token_id=text.pad_token_id
    )
    trained: VTimeLLMForCausalLM = model.train(False)
    return trained


def base_config(folder: Path) -> PreTrainedConfig:
    """The language model's configuration in a base folder; ``VTimeLLM`` is read as the Llama it is, ChatGLM3 as GLM.

    Raises:
        WeightsError: If there is no config.json, or it is of something else than a language model.
    """
    fields = read_json(folder / CONFIG)
    kind = fields.get("model_type")
    if kind == RELEASED_TYPE:
        known = LlamaConfig().to_dict()
        fields = {name: value for name, value in fields.items() if name in known or name.startswith("rope_")}
        return LlamaConfig(**{**fields, "model_type": "llama"})
    if kind in chatglm.MODEL_TYPES:
        return chatglm.text_config(fields, f"read the base language model in {folder}")
    if kind is None or kind not in _language_models():
        raise WeightsError(
            f"read the base language model in {folder}",
            found=f"model_type {kind!r}",
            allowed=f"{RELEASED_TYPE}, chatglm or a causal language model of transformers",
            todo="name the folder of the model the adapters were made for: Vicuna v1.5 for what was released",
        )
    config: PreTrainedConfig = AutoConfig.from_pretrained(folder)
    return config


def read_config(folder: Path) -> VTimeLLMConfig:
    """The configuration of a folder :func:`save` has written; keys nobody knows are refused.

    Raises:
        WeightsError: If it is of another family, or holds unknown keys (the nearest is named).
    """
    where, fields = str(folder / CONFIG), read_json(folder / CONFIG)
    if fields.get("model_type") != VTimeLLMConfig.model_type:
        raise WeightsError(
            f"load VTimeLLM from {folder}",
            found=f"model_type {fields.get('model_type')!r}",
            allowed=f"{VTimeLLMConfig.model_type!r}",
            todo="assemble() it first",
        )
    refuse_unknown_keys(where, fields, VTimeLLMConfig().to_dict())
    for name in VTimeLLMConfig.sub_configs_defaults:
        part = fields.get(name)
        if isinstance(part, dict) and part.get("model_type") in CONFIG_MAPPING:
            known = {*CONFIG_MAPPING[part["model_type"]]().to_dict(), *_OLD_KEYS}
            refuse_unknown_keys(f"{name} in {where}", part, known)
    config: VTimeLLMConfig = VTimeLLMConfig.from_pretrained(folder)
    return config


def load(folder: Path, **options: Any) -> VTimeLLMForCausalLM:  # noqa: ANN401 - from_pretrained's own
    """Load a folder :func:`save` has written, strictly, or a released folder merged before.

    Args:
        folder: With ``config.json`` and weights.
        options: ``dtype``, and for folders of ours ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: With a table of what did not fit.
        UnsupportedError: If a released folder is to be loaded with more than a ``dtype``.
    """
    if read_json(folder / CONFIG).get("model_type") in RELEASED_TYPES:
        if other := sorted(options.keys() - {"dtype"}):
            todo = "save() it once in this package's own layout; that one takes every option"
            raise UnsupportedError(
                f"load a released folder with {', '.join(other)}", allowed="dtype", todo=todo
            )
        dtype = options.get("dtype", torch.float32)
        return assemble(
            folder, stages=0, variant=_variant_of(TensorFiles(*weight_files(folder))), dtype=dtype
        )
    read_config(folder)
    return load_pretrained(VTimeLLMForCausalLM, folder, asked=f"load VTimeLLM from {folder}", **options)


def save(model: VTimeLLMForCausalLM, folder: Path, *, tokenizer_from: Path | None = None) -> None:
    """Write a model as one folder, with the base's tokenizer files beside it where the base is named."""
    model.save_pretrained(folder)
    if tokenizer_from is not None:
        for name in _TOKENIZER_FILES:
            if (path := tokenizer_from / name).is_file():
                shutil.copyfile(path, folder / name)


def projector_tensors(path: Path, kind: str) -> dict[str, torch.Tensor]:
    """The tensors of one projector in a released file, under this model's names.

    Args:
        path: ``mm_projector.bin``, ``mm_projector_a.bin`` or the same as safetensors.
        kind: ``frame``, ``sound`` or ``speech``; projectors of other kinds in the file are left alone.

    Raises:
        WeightsError: If the file holds something else, or not both tensors of this kind.
    """
    files, asked = TensorFiles(path), f"read the {kind} projector of {path}"
    matches = {name: _PROJECTOR_KEY.fullmatch(name) for name in files}
    found = {
        f"model.projectors.{kind}.{match[2]}": files[name]
        for name, match in matches.items()
        if match is not None and _PROJECTORS[match[1]] == kind
    }
    if not found and files:
        of = " or ".join(name for name, each in _PROJECTORS.items() if each == kind)
        raise WeightsError(
            asked,
            found=", ".join(sorted(files)[:_SHOWN]),
            allowed=f"weight and bias of {of}",
            todo="name the file of this projector",
        )
    wanted = (f"model.projectors.{kind}.weight", f"model.projectors.{kind}.bias")
    missing = tuple(name for name in wanted if name not in found)
    KeyReport(missing, tuple(name for name, match in matches.items() if match is None)).refuse(asked)
    return found


def _check_kinds(config: VTimeLLMConfig, extra: Mapping[str, torch.Tensor], asked: str) -> None:
    """Refuse parts of another system, by the projectors they bring."""
    kinds = {name.split(".")[2] for name in extra if name.startswith("model.projectors.")}
    if more := sorted(kinds - set(config.modalities or {})):
        raise WeightsError(
            asked,
            found=f"projectors of {' and '.join(more)} in the parts",
            allowed=f"of {' and '.join(config.modalities or {})} only",
            todo="load the system these parts are of: LongVALE-LLM has sound and speech, AVicuna sound",
        )


def _trained_apart(
    projector: Path | None, sound_projector: Path | None, adapters: Sequence[Adapter]
) -> dict[str, torch.Tensor]:
    """What lies outside base and adapters, under our names; what a later stage trained replaces an earlier one's."""
    extra: dict[str, torch.Tensor] = {}
    for path, kind in ((projector, "frame"), (sound_projector, "sound")):
        if path is not None:
            extra |= projector_tensors(path, kind)
    for each in adapters:
        extra |= {_ours(name): tensor for name, tensor in each.others.items()}
    return extra


def _variant_of(names: Iterable[str]) -> Variant:
    """Which system released tensors are of, told by its projectors."""
    found = {match[1] for name in names if (match := _PROJECTOR_KEY.fullmatch(name))}
    if found & {"audio_mm_projector", "asr_mm_projector"}:
        return "longvale"
    return "avicuna" if "mm_projector_a" in found else "vtimellm"


def _ours(name: str) -> str:
    """This model's name of a released tensor."""
    match = _PROJECTOR_KEY.fullmatch(name)
    if match is not None:
        return f"model.projectors.{_PROJECTORS[match[1]]}.{match[2]}"
    if name.startswith("model.") and not name.startswith("model.language_model."):
        return name.replace("model.", "model.language_model.", 1)
    return name


def _check(
    model: VTimeLLMForCausalLM,
    files: TensorFiles,
    names: Mapping[str, str],
    adapters: Sequence[Adapter],
    extra: Mapping[str, torch.Tensor],
) -> KeyReport:
    """What does not fit, before any tensor is read."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {ours: files.shape(name) for ours, name in names.items()}
    given |= {name: tuple(tensor.shape) for name, tensor in extra.items()}
    if model.config.tie_word_embeddings:
        wanted.pop("lm_head.weight", None)
        given.pop("lm_head.weight", None)
    misshaped = {
        name: (shape, wanted[name]) for name, shape in given.items() if wanted.get(name, shape) != shape
    }
    unexpected = sorted(given.keys() - wanted.keys())
    for each in adapters:
        for name in each.pairs:
            told, shape = f"{each.path.name}: {name}", wanted.get(_ours(name))
            if shape is None:
                unexpected.append(told)
            elif each.shape(name) != shape:
                misshaped[told] = (each.shape(name), shape)
    return KeyReport(tuple(sorted(wanted.keys() - given.keys())), tuple(unexpected), misshaped)


def _fill(
    model: VTimeLLMForCausalLM,
    files: TensorFiles,
    names: Mapping[str, str],
    adapters: Sequence[Adapter],
    extra: Mapping[str, torch.Tensor],
    *,
    merge_dtype: torch.dtype,
    progress: Progress,
) -> None:
    """Copy every tensor where it belongs, merging the adapters' updates on the way."""
    places = model.state_dict()  # the model's own tensors, not copies
    with torch.no_grad():
        for done, (name, place) in enumerate(places.items()):
            progress("loading weights", done, len(places))
            if name in extra:
                place.copy_(extra[name])
            elif name in names:
                base = names[name]
                place.copy_(merge(files[base], base, adapters, merge_dtype=merge_dtype, dtype=place.dtype))


def _attach(
    model: VTimeLLMForCausalLM,
    tower: Path | None,
    sound_tower: Path | None,
    speech_tower: Path | None,
    dtype: torch.dtype,
) -> None:
    """Make the named encoders part of the model, and of its configuration."""
    config = model.config
    if tower is not None:
        model.model.vision_tower = load_tower(tower, dtype)
        config.vision_config = model.model.vision_tower.config
    if sound_tower is not None:
        model.model.sound_tower = load_encoder(ClapAudioModelWithProjection, sound_tower, dtype)
        config.sound_config = model.model.sound_tower.config
    if speech_tower is not None:
        model.model.speech_tower = load_encoder(WhisperEncoder, speech_tower, dtype)
        config.speech_config = model.model.speech_tower.config
    config.check_towers()


def load_tower(folder: Path, dtype: torch.dtype = torch.float32) -> CLIPVisionModelWithProjection:
    """The vision half of a CLIP folder.

    Raises:
        WeightsError: If tensors are missing or of another shape.
        UnsupportedError: If it is no CLIP VTimeLLM's features could come from.
    """
    tower: CLIPVisionModelWithProjection = load_encoder(CLIPVisionModelWithProjection, folder, dtype)
    check_tower(tower.config)
    return tower


def load_encoder(cls: type[PreTrainedModel], folder: Path, dtype: torch.dtype = torch.float32) -> Any:  # noqa: ANN401
    """One half of a two-tower folder (CLIP, CLAP) or of Whisper; only the other half's tensors may be left over.

    Raises:
        WeightsError: With a table of tensors missing or of another shape.
    """
    asked = f"load {cls.__name__} from {folder}"
    renames = {r"^model\.encoder\.": "", r"^encoder\.": ""} if cls is WhisperEncoder else None
    read_json(folder / CONFIG)  # a path that is no model's folder would be looked for on the hub
    options: dict[str, Any] = {"dtype": dtype, "key_mapping": renames}
    try:
        with without_key_table():
            loaded: Any = cls.from_pretrained(
                folder, output_loading_info=True, ignore_mismatched_sizes=True, **options
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(asked, found=str(error)[:300], todo="check the folder's files") from error
    encoder, info = loaded
    other = re.compile(r"text_model\.|text_projection\.|logit_scale|(model\.)?decoder\.|proj_out\.")
    KeyReport(
        tuple(info["missing_keys"]),
        tuple(name for name in info["unexpected_keys"] if not other.match(name)),
        {name: (tuple(a), tuple(b)) for name, a, b in info["mismatched_keys"]},
    ).refuse(asked)
    return encoder.train(False)


def _language_models() -> tuple[str, ...]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return tuple(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
