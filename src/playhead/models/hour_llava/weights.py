"""Released and saved Hour-LLaVA folders to a model, strictly.

The model's modules carry the released names, so a released file needs no renaming: fused ``Wqkv`` (queries, keys,
values) and ``Wkv`` (keys, values) rows stay as they are, and what is saved loads in the released layout again. The names are

    model.embed_tokens, model.layers.*, model.norm, lm_head   Qwen2; lm_head may be absent where it is tied (3B)
    model.image_newline                                       the vector behind every frame, image row or image
    model.mm_projector.{0,2}                                  SigLIP's width to the language model's, exact GELU between
    model.vision_tower.vision_tower.vision_model              SigLIP, 26 of 27 layers; post_layernorm is kept and unused
    model.vision_resampler.layers.{0..3}                      MemAug: self_attn.Wqkv and Wo; cross_attn.Wq, Wkv and Wo;
                                                              mlp.{0,2}; norm1 to norm3
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from transformers import SiglipVisionConfig

from playhead.errors import WeightsError, nearest
from playhead.models.folder import CONFIG, read_json, refuse_unknown_keys
from playhead.models.hour_llava.config import MODEL_TYPE, known_keys
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.weights import load_pretrained


def load(folder: Path, *, allow_keys: Collection[str] = (), **options: Any) -> HourLlavaForCausalLM:  # noqa: ANN401 - passed on
    """A model from a released folder or one saved by ``save_pretrained``.

    Args:
        folder: Folder with ``config.json`` and safetensors or ``pytorch_model.bin`` weights.
        allow_keys: Further keys of ``config.json`` to let pass although nothing here reads them.
        options: More of ``from_pretrained``: ``dtype``, ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: If the folder holds another model, unknown keys, or tensors that do not fit (with a table).
        UsageError: If a key asks for a computation this model does not do.
    """
    asked = f"load Hour-LLaVA from {folder}"
    check_config(folder, asked=asked, allow_keys=allow_keys)
    return load_pretrained(HourLlavaForCausalLM, folder, asked=asked, **options)


def check_config(folder: Path, *, asked: str, allow_keys: Collection[str] = ()) -> None:
    """Refuse a ``config.json`` of another model, or one with keys that nothing here reads.

    Raises:
        WeightsError: If there is none, it cannot be read, it is not Hour-LLaVA's, or a key is unknown.
    """
    keys = read_json(folder / CONFIG)
    kind = keys.get("model_type")
    if kind != MODEL_TYPE:
        raise WeightsError(
            asked, found=f"model_type {kind!r}", allowed=MODEL_TYPE, todo=nearest(str(kind), [MODEL_TYPE])
        )
    tower = keys.get("vision_config")
    try:
        refuse_unknown_keys(str(folder / CONFIG), keys, {*known_keys(), *allow_keys})
        if isinstance(tower, dict):
            known = {*SiglipVisionConfig().to_dict(), *allow_keys}
            refuse_unknown_keys(f"vision_config in {folder / CONFIG}", tower, known)
    except WeightsError as error:
        todo = f"{error.todo}, or name them in ignore_config_keys"
        raise WeightsError(error.asked, found=error.found, todo=todo) from error
