"""Opening a TensorFlow Lite model; the one place that knows the runtime."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playhead.errors import MissingExtraError

_CHATTER: Final = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_STDERR: Final = 2
_one_at_a_time = threading.Lock()


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
    with _without_chatter():
        net = Interpreter(str(file), num_threads=threads)
        net.allocate_tensors()
    return net


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Leave out the line that the runtime's native code writes to stderr when the first model opens.

    The runtime offers no setting for it: neither an environment variable nor an option of the interpreter reaches its
    logger. So stderr is held back while the model opens, and all of it but that line is written afterwards.
    """
    with _one_at_a_time:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # stderr is closed: nobody would read the line
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        with tempfile.TemporaryFile() as held:
            os.dup2(held.fileno(), _STDERR)
            try:
                yield
            finally:
                os.dup2(kept, _STDERR)
                os.close(kept)
                held.seek(0)
                for line in held:
                    if line.strip() != _CHATTER:
                        os.write(_STDERR, line)
