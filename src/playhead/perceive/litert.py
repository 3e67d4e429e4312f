"""Opening a TensorFlow Lite model; the one place that knows the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playhead.errors import MissingExtraError


def interpreter(file: Path, threads: int) -> Any:  # noqa: ANN401 - the runtime is untyped
    """Open a model for the CPU, ready to run.

    Raises:
        MissingExtraError: ai-edge-litert is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError(
            f"{file.name} needs ai-edge-litert", todo="pip install 'playhead[scout]'"
        ) from error
    net = Interpreter(str(file), num_threads=threads)
    net.allocate_tensors()
    return net
