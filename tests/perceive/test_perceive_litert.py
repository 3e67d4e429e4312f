"""Opening a TensorFlow Lite model says nothing of its own on stderr, and keeps nothing else from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playhead import hub
from playhead.perceive.litert import _without_chatter

CHATTER = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."


def test_only_the_known_line_is_left_out(capfd) -> None:
    with _without_chatter():
        os.write(2, f"{CHATTER}\nERROR: the model is damaged\n".encode())
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "ERROR: the model is damaged\nafter\n"


def test_stderr_is_given_back_after_an_error(capfd) -> None:
    def fail() -> None:
        with _without_chatter():
            os.write(2, b"why\n")
            raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "why\nafter\n"


@pytest.mark.weights
def test_the_first_model_of_a_process_opens_in_silence() -> None:
    """A process of its own, since the runtime says its line once."""
    if not hub.is_here("yamnet"):
        pytest.skip("weights yamnet are not here: playhead models pull yamnet")
    file = next(Path(hub.fetch("yamnet")).rglob("*.tflite"))
    code = f"from pathlib import Path; from playhead.perceive.litert import interpreter; interpreter(Path({str(file)!r}), 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
