"""A local folder of a model: what its ``config.json`` says, which family it belongs to, which keys nobody knows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from playhead.errors import UnsupportedError, WeightsError, nearest
from playhead.models.family import Family

CONFIG: Final = "config.json"
ADAPTER: Final = "adapter_config.json"

# What any config.json of transformers may carry, of this version and of older ones, whatever the model.
STANDARD_KEYS: Final = frozenset(
    """
    _name_or_path architectures auto_map bos_token_id chunk_size_feed_forward dtype eos_token_id id2label
    is_encoder_decoder label2id model_type output_attentions output_hidden_states pad_token_id problem_type
    quantization_config return_dict sep_token_id tie_word_embeddings torch_dtype transformers_version use_cache
    _attn_implementation _attn_implementation_autoset _commit_hash _flash_attn_2_enabled add_cross_attention
    attn_implementation
    bad_words_ids begin_suppress_tokens cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample
    early_stopping encoder_no_repeat_ngram_size exponential_decay_length_penalty finetuning_task forced_bos_token_id
    forced_eos_token_id is_decoder length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams
    num_return_sequences output_scores prefix pruned_heads remove_invalid_values repetition_penalty
    return_dict_in_generate suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder
    tokenizer_class top_k top_p torchscript typical_p use_bfloat16
    """.split()  # noqa: SIM905 - sixty names on sixty lines are not easier to read
)

# What reading a config, or laying out its model, raises where a value is of the wrong kind or contradicts another.
VALUE_ERRORS: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RuntimeError)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a model's folder.

    Raises:
        WeightsError: It is not there, cannot be read, or holds no JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(
            f"cannot read {path}",
            found=error.strerror or str(error),
            todo="name a folder that holds the whole model",
        ) from error
    except ValueError as error:
        raise WeightsError(
            f"cannot read {path}", found=f"no JSON ({error})", todo="copy the file again"
        ) from error
    if not isinstance(data, dict):
        raise WeightsError(f"cannot read {path}", found=type(data).__name__, allowed="a JSON object")
    return data


def read_config(folder: Path, known_keys: Collection[str]) -> dict[str, Any]:
    """The ``config.json`` of a folder, refused when it holds a key that its family does not know.

    Args:
        folder: The model's folder.
        known_keys: The family's own keys: the fields of its config class and what its released configs carry besides.
            The keys any config of transformers may carry are known already.

    Raises:
        WeightsError: No readable ``config.json``, or unknown keys, each with the nearest known one.
    """
    config = read_json(folder / CONFIG)
    refuse_unknown_keys(str(folder / CONFIG), config, known_keys)
    return config


def refuse_unknown_keys(where: str, config: Mapping[str, Any], known_keys: Collection[str]) -> None:
    """Refuse a config, or a part of one, that holds keys nobody reads: a setting would be lost in silence.

    Raises:
        WeightsError: With every unknown key and the nearest known one.
    """
    known = {*known_keys, *STANDARD_KEYS}
    unknown = sorted(key for key in config if key not in known)
    if unknown:
        hints = "; ".join(f"{key}: {nearest(key, known_keys)}" for key in unknown[:3])
        raise WeightsError(
            f"cannot use {where}", found=f"unknown keys {', '.join(unknown)}", todo=f"correct them ({hints})"
        )


def family_of_folder(folder: Path, families: Iterable[Family]) -> Family:
    """The family a folder's ``model_type`` belongs to.

    An adapter without a config of its own belongs to the family of the base it names.

    Raises:
        WeightsError: The folder holds neither ``config.json`` nor ``adapter_config.json``, or they cannot be read.
        UnsupportedError: No family here has this ``model_type``; the nearest ones are named.
    """
    families = list(families)
    if not (folder / CONFIG).is_file() and (folder / ADAPTER).is_file():
        return _family_of_base(folder, families)
    model_type = read_json(folder / CONFIG).get("model_type")
    by_type = {each: family for family in families for each in family.model_types}
    if model_type in by_type:
        return by_type[str(model_type)]
    # Releases differ in the case of the word; nothing else is guessed.
    folded = {each.casefold(): family for each, family in by_type.items()}
    if isinstance(model_type, str) and model_type.casefold() in folded:
        return folded[model_type.casefold()]
    claiming = [family for family in families if family.claims is not None and family.claims(str(model_type))]
    if claiming:
        return claiming[0]
    known = ", ".join(f"{each} ({family.title})" for each, family in sorted(by_type.items()))
    raise UnsupportedError(
        f"cannot open the folder {folder}",
        found=f"a model of type {model_type!r}" if model_type else f"a {CONFIG} without model_type",
        allowed=known,
        todo=nearest(str(model_type), by_type),
    )


def _family_of_base(folder: Path, families: list[Family]) -> Family:
    base = read_json(folder / ADAPTER).get("base_model_name_or_path")
    if isinstance(base, str) and base:
        for family in families:
            repositories = {
                repository_of(each) for preset in family.presets.values() for each in preset.repositories
            }
            if base in family.presets or base in repositories:
                return family
        for place in (Path(base), folder / base):
            if (place / CONFIG).is_file():
                return family_of_folder(place, families)
    raise UnsupportedError(
        f"cannot open the adapter {folder}",
        found=f"base_model_name_or_path {base!r}",
        allowed="the folder, the hub id or the name of a model that can be opened here",
        todo=f"correct it in {folder / ADAPTER}",
    )


def repository_of(entry: str) -> str:
    """The ``owner/name`` of a preset's entry, without its revision and without the words on what is in it."""
    return entry.split(maxsplit=1)[0].partition("@")[0].rstrip(":")


def check_values(folder: Path) -> None:
    """Refuse a ``config.json`` whose values make no configuration: words for numbers, sizes that contradict each other.

    Raises:
        WeightsError: With what transformers says of the values.
        UsageError: If the family refuses one by itself.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if not (folder / CONFIG).is_file() or read_json(folder / CONFIG).get("model_type") not in CONFIG_MAPPING:
        return  # an adapter, or a released layout that its family reads itself
    try:
        AutoConfig.from_pretrained(folder)
    except (*VALUE_ERRORS, StrictDataclassError) as error:
        raise refused_values(f"cannot use {folder / CONFIG}", error) from error


def refused_values(asked: str, error: Exception) -> WeightsError:
    """The error for values of a ``config.json`` that no model can be made of."""
    found = f"values that make no model ({type(error).__name__}: {error!s:.300})"
    return WeightsError(asked, found=found, todo="correct them, or copy the file again")


def weights_bytes(folder: Path) -> int:
    """Bytes of the weight files in a folder, as they lie on disk; safetensors count alone where both kinds are there."""
    for pattern in ("*.safetensors", "*.bin"):
        sizes = [path.stat().st_size for path in folder.glob(pattern)]
        if sizes:
            return sum(sizes)
    return 0


def count_weights(folder: Path) -> int:
    """About how many weights a folder holds, from the sizes of its files and the precision its config states.

    A quantised folder counts as fewer weights of two bytes, which is the memory it takes.
    """
    config = read_json(folder / CONFIG) if (folder / CONFIG).is_file() else {}
    stated = config.get("dtype", config.get("torch_dtype"))
    return weights_bytes(folder) // (4 if stated == "float32" else 2)
