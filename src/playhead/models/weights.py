"""Weights into models, strictly: every tensor of the folder is used and every tensor of the model is given.

A checkpoint of another shape is refused with a table: which tensors are missing, which are unexpected, which have
another shape than the model's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from playhead.errors import WeightsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

M = TypeVar("M", bound="PreTrainedModel")
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What did not fit between a checkpoint and a model.

    Attributes:
        missing: Tensors the model needs and the checkpoint does not hold.
        unexpected: Tensors the checkpoint holds and the model does not know.
        misshaped: Name to (shape in the checkpoint, shape in the model).
    """

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] | None = None

    def refuse(self, asked: str) -> None:
        """Raise if anything did not fit.

        Raises:
            WeightsError: With the table.
        """
        shapes = [f"{name} {a} for {b}" for name, (a, b) in sorted((self.misshaped or {}).items())]
        parts = [
            f"{len(names)} {what}: {_few(names)}"
            for what, names in (
                ("missing", sorted(self.missing)),
                ("unexpected", sorted(self.unexpected)),
                ("of another shape", shapes),
            )
            if names
        ]
        if parts:
            raise WeightsError(asked, found=" | ".join(parts), todo="use the whole released checkpoint")


def load_pretrained(cls: type[M], folder: Path, *, asked: str, **options: Any) -> M:  # noqa: ANN401 - passed on
    """``from_pretrained`` that refuses anything missing, unexpected or of another shape.

    Args:
        cls: The model class.
        folder: Folder with ``config.json`` and weights in the released or in our own layout.
        asked: What the user wanted, for the error: ``load arc-hunyuan-video from /data/arc``.
        options: More of ``from_pretrained``: ``dtype``, ``device_map``, ``quantization_config``, ...

    Raises:
        WeightsError: With a table of what did not fit, or the reason why the files cannot be read.
    """
    from safetensors import SafetensorError  # an Exception of its own, no OSError

    try:
        loaded: Any = cls.from_pretrained(
            folder, output_loading_info=True, ignore_mismatched_sizes=True, **options
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(asked, found=str(error)[:500], todo="check the folder's files") from error
    model: M = loaded[0]
    info: dict[str, Any] = loaded[1]
    KeyReport(
        tuple(info["missing_keys"]),
        tuple(info["unexpected_keys"]),
        {name: (tuple(a), tuple(b)) for name, a, b in info["mismatched_keys"]},
    ).refuse(asked)
    return model


def _few(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
