"""Ctrl-C while a model loads ends the process: the binding waits forever when a server goes before its loop has begun."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")

from helpers.tiny_model import write_tiny_model

LOAD = """
import signal, sys, xllamacpp
from pathlib import Path
from playhead.language.llama import LlamaModel

Real = xllamacpp.Server

def interrupted(parameters):
    server = Real(parameters)
    signal.raise_signal(signal.SIGINT)  # arrives as the constructor returns, as one does that came while it loaded
    return server

xllamacpp.Server = interrupted
try:
    LlamaModel(Path(sys.argv[1]), name="tiny", context_tokens=256, threads=1).count_tokens("a")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_while_loading_does_not_hang(tmp_path):
    path = write_tiny_model(tmp_path / "tiny.gguf")
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", LOAD, str(path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.returncode) == ("interrupted\n", 0), done.stderr
