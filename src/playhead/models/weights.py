"""Weights into models, strictly: every tensor of the folder is used and every tensor of the model is given.

A checkpoint of another shape is refused with a table: which tensors are missing, which are unexpected, which have
another shape than the model's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from playhead.errors import WeightsError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

M = TypeVar("M", bound="PreTrainedModel")
_SHOWN = 8
_TALKING = ("modeling_utils", "distributed.tensor_parallel")  # of transformers; they print lists of keys
_KERNELS = (
    "integrations.hub_kernels"  # tells that plain torch computes where a faster library is not installed
)


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
        with without_key_table():
            loaded: Any = cls.from_pretrained(
                folder, output_loading_info=True, ignore_mismatched_sizes=True, **options
            )
    except SafetensorError as error:
        raise _damaged(asked, folder, error) from error
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError, LookupError) as error:
        _require_layout(cls, folder, asked)
        if isinstance(error, (TypeError, AttributeError, IndexError)):
            raise  # the config is sound: a fault of ours
        raise WeightsError(asked, found=str(error)[:500], todo="check the folder's files") from error
    model: M = loaded[0]
    info: dict[str, Any] = loaded[1]
    KeyReport(
        tuple(info["missing_keys"]),
        tuple(info["unexpected_keys"]),
        {name: (tuple(a), tuple(b)) for name, a, b in info["mismatched_keys"]},
    ).refuse(asked)
    return model


def _require_layout(cls: type[M], folder: Path, asked: str) -> None:
    """Refuse a config of which no model can be made, found by making an empty one.

    Raises:
        WeightsError: With what is wrong with the values.
    """
    import torch

    from playhead.models.folder import VALUE_ERRORS, refused_values

    config = cls.config_class.from_pretrained(folder)  # type: ignore[union-attr]  # every model class has one
    try:
        with torch.device("meta"):
            cls(config)
    except VALUE_ERRORS as error:
        raise refused_values(asked, error) from error


def _damaged(asked: str, folder: Path, error: Exception) -> WeightsError:
    """The error for a file that safetensors cannot read, with its name and size."""
    from safetensors import SafetensorError, safe_open

    found = str(error)
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except SafetensorError as reason:
            found = f"{path.name} of {path.stat().st_size} bytes damaged or cut off ({reason})"
            break
    return WeightsError(asked, found=found, todo="fetch this file again")


@contextmanager
def without_key_table() -> Iterator[None]:
    """Keep transformers from printing its own table of keys, and its own bar.

    What does not fit is refused here, what is left out on purpose is no news, and progress has a callback of its own.
    """
    from transformers.utils import logging as told

    had_bar = told.is_progress_bar_enabled()
    told.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types it not
    try:
        with _hushed(*_TALKING, _KERNELS):
            yield
    finally:
        if had_bar:
            told.enable_progress_bar()  # type: ignore[no-untyped-call]


def without_kernel_notes() -> AbstractContextManager[None]:
    """Keep transformers from telling, in the middle of an answer, which faster libraries are not installed."""
    return _hushed(_KERNELS)


@contextmanager
def _hushed(*names: str) -> Iterator[None]:
    """Let some of transformers' loggers tell errors only."""
    loggers = [logging.getLogger(f"transformers.{name}") for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _few(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
