"""The families by their ``model_type``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from playhead.errors import UnsupportedError
from playhead.models.interleaved.flash import FLASH, register
from playhead.models.interleaved.internvl import INTERNVL
from playhead.models.interleaved.kinds import Kind
from playhead.models.interleaved.llava_onevision import LLAVA_ONEVISION
from playhead.models.interleaved.videollama3 import VIDEOLLAMA3

KINDS: Final[Mapping[str, Kind]] = {
    kind.model_type: kind for kind in (INTERNVL, VIDEOLLAMA3, LLAVA_ONEVISION, FLASH)
}


register()


def kind_of(config: Any) -> Kind:  # noqa: ANN401 - any configuration of transformers
    """The family a configuration is of.

    Raises:
        UnsupportedError: None of these.
    """
    kind = KINDS.get(config.model_type)
    if kind is None:
        raise UnsupportedError(f"use a model of type {config.model_type!r}", allowed=", ".join(KINDS))
    return kind
