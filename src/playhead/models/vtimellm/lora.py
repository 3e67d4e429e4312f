"""The released adapters: low-rank updates merged into the base weights, one matrix at a time.

Stage 3 was trained on top of the merged stage 2, so the order is part of the weights:
``W = W_base + s2 * B2 @ A2``, then ``W = W + s3 * B3 @ A3``.

Source: VTimeLLM (arXiv 2311.18445), section 3.3 and released files; LoRA (arXiv 2106.09685).
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from playhead.errors import WeightsError
from playhead.models.vtimellm.files import TensorFiles, weight_files
from playhead.models.weights import KeyReport

_KEY: Final = re.compile(r"base_model\.model\.(?P<name>.+)\.lora_(?P<half>[AB])(?:\.default)?\.weight")
_NON_LORA: Final = "non_lora_trainables.bin"
# Settings of PEFT under which the formula of this file does not hold.
_OTHER: Final[dict[str, Any]] = {
    "use_dora": False,
    "fan_in_fan_out": False,
    "bias": "none",
    "rank_pattern": {},
    "alpha_pattern": {},
    "modules_to_save": None,
    "layer_replication": None,
}

TARGETS: Final = r".*language_model\..*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
"""``target_modules`` for PEFT: the published leaf names, in the language model only and never in a tower."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One stage's low-rank updates and whatever else that stage trained.

    Attributes:
        path: The folder.
        scale: What the product is multiplied by: alpha / r.
        rank: Columns of B, rows of A.
        tensors: The file's tensors.
        pairs: Name of a base matrix, ``model.layers.0.self_attn.q_proj.weight``, to its (A, B) names in the file.
        others: Tensors of ``non_lora_trainables.bin`` by the base's names; empty in the released VTimeLLM.
    """

    path: Path
    scale: float
    rank: int
    tensors: TensorFiles
    pairs: Mapping[str, tuple[str, str]]
    others: Mapping[str, torch.Tensor] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, int]:
        """Shape of the update of a base matrix, (out, in)."""
        a, b = self.pairs[name]
        return self.tensors.shape(b)[0], self.tensors.shape(a)[1]

    def add_to(self, weight: torch.Tensor, name: str) -> None:
        """Add this stage's update to a base matrix in float32, in place: no second matrix is made."""
        a, b = (self.tensors[key].float() for key in self.pairs[name])
        weight.addmm_(b, a, alpha=self.scale)


def read_adapter(folder: Path) -> Adapter:
    """Read a PEFT adapter folder as released: settings, matrices, and ``non_lora_trainables.bin`` where there is one.

    Raises:
        WeightsError: With a table of keys that are no part of an adapter, halves without the other, or ranks that
            differ from the settings; or if the settings ask for more than plain low-rank updates.
    """
    asked = f"read the adapter {folder}"
    settings = _settings(folder, asked)
    rank = int(settings["r"])
    tensors = TensorFiles(*weight_files(folder, "adapter_model"))
    halves: dict[str, dict[str, str]] = {}
    unexpected = []
    for key in tensors:
        found = _KEY.fullmatch(key)
        if found is None:
            unexpected.append(key)
        else:
            halves.setdefault(_base_name(found["name"]), {})[found["half"]] = key
    missing = [f"{name} lora_{half}" for name, both in halves.items() for half in "AB" if half not in both]
    misshaped = {}
    for both in halves.values():
        for half, key in both.items():
            shape = tensors.shape(key)
            axis = 0 if half == "A" else 1
            if len(shape) != 2 or shape[axis] != rank:
                misshaped[key] = (shape, (rank, -1) if half == "A" else (-1, rank))
    KeyReport(tuple(missing), tuple(unexpected), misshaped).refuse(asked)
    if not halves:
        raise WeightsError(asked, found="an adapter without any matrix", todo="fetch the folder again")
    alpha = float(settings["lora_alpha"])
    scale = alpha / math.sqrt(rank) if settings.get("use_rslora") else alpha / rank
    pairs = {name: (both["A"], both["B"]) for name, both in halves.items()}
    return Adapter(folder, scale, rank, tensors, pairs, _others(folder))


def merge(
    weight: torch.Tensor,
    name: str,
    adapters: Sequence[Adapter],
    *,
    merge_dtype: torch.dtype = torch.float32,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """A base matrix with every stage's update, in the order of the stages.

    Args:
        weight: The base matrix; left as it is.
        name: Its name in the base.
        adapters: In the order they were trained.
        merge_dtype: What every stage's sum is rounded to. The released code's inference rounds to float16 after each;
            float32 rounds once, at the end.
        dtype: Precision of the result, the base's by default.
    """
    mine = [each for each in adapters if name in each.pairs]
    merged = weight
    if mine:
        merged = weight.to(torch.float32, copy=True)
        for each in mine:
            each.add_to(merged, name)
            if merge_dtype != torch.float32:
                merged.copy_(merged.to(merge_dtype))
    return merged.to(weight.dtype if dtype is None else dtype)


def leaf_names(model: nn.Module) -> tuple[str, ...]:
    """Last names of every linear layer of a language model but its head: what the published adapters were put on."""
    names = {
        name.rsplit(".", 1)[-1] for name, module in model.named_modules() if isinstance(module, nn.Linear)
    }
    return tuple(sorted(names - {"lm_head"}))


def in_order(folders: Sequence[Path], stages: int | None) -> tuple[Adapter, ...]:
    """Read the adapters of all stages, refusing a missing stage or the wrong order.

    Args:
        folders: In the order they were trained.
        stages: How many there must be, or None for any number.

    Raises:
        WeightsError: If a stage is missing, the folders' names count their stages backwards, or two are copies.
    """
    asked = "merge the adapters " + (", ".join(each.name for each in folders) or "(none)")
    if stages is not None and len(folders) != stages:
        todo = "the released weights need every stage: each was trained on top of the merged one before"
        raise WeightsError(asked, found=str(len(folders)), allowed=f"{stages} adapters in order", todo=todo)
    told = [int(found[1]) for each in folders if (found := re.search(r"stage[-_ ]?(\d)", each.name.lower()))]
    if told != sorted(told) or len(set(told)) != len(told):
        raise WeightsError(asked, found=f"stages {told}", allowed="each once, in the order they were trained")
    adapters = tuple(read_adapter(each) for each in folders)
    for first, second in pairwise(adapters):
        if _same(first, second):
            told_twice = f"the same matrices in {first.path} and {second.path}"
            raise WeightsError(asked, found=told_twice, allowed="one folder for each stage")
    return adapters


def _same(one: Adapter, other: Adapter) -> bool:
    """Whether two adapters are copies of each other, told by one matrix: two stages never train the same."""
    name = min(one.pairs)
    halves = zip(one.pairs[name], other.pairs.get(name, ()), strict=False)
    return name in other.pairs and all(torch.equal(one.tensors[a], other.tensors[b]) for a, b in halves)


def _base_name(name: str) -> str:
    """The released base's name of a matrix, also for adapters trained on this package's own model."""
    return name.replace("model.language_model.", "model.", 1) + ".weight"


def _settings(folder: Path, asked: str) -> dict[str, Any]:
    path = folder / "adapter_config.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = "no adapter_config.json" if not path.is_file() else str(error)
        raise WeightsError(asked, found=found, todo="name a folder PEFT has written") from error
    missing = [name for name in ("r", "lora_alpha") if name not in settings]
    if missing or settings.get("peft_type", "LORA") != "LORA":
        found = f"peft_type {settings.get('peft_type')!r}, without {', '.join(missing) or 'nothing'}"
        raise WeightsError(asked, found=found, allowed="peft_type LORA with r and lora_alpha")
    for name, plain in _OTHER.items():
        value = settings.get(name, plain)
        if value != plain and value not in ({}, [], None, False):
            raise WeightsError(asked, found=f"{name} {value!r:.80}", allowed=f"{name} {plain!r}")
    return dict(settings)


def _others(folder: Path) -> dict[str, torch.Tensor]:
    """``non_lora_trainables.bin`` by the base's names: one ``base_model.`` and a doubled ``model.`` are dropped."""
    path = folder / _NON_LORA
    if not path.is_file():
        return {}
    found = {name.removeprefix("base_model."): tensor for name, tensor in TensorFiles(path).items()}
    if any(name.startswith("model.model.") for name in found):
        found = {name.removeprefix("model."): tensor for name, tensor in found.items()}
    return found
