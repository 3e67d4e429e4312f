"""Repositories of the Hugging Face hub, models and data: every file checked against the digest the hub itself states.

A repository that was fetched once is used as it is, without a network, until another revision is asked for.

CACHE/models/OWNER--NAME/COMMIT/...          the files (data: CACHE/datasets/...); FILE.part is the beginning of one
CACHE/models/OWNER--NAME/COMMIT/listing.json what the hub said of them; written when the last one is whole
CACHE/models/OWNER--NAME/refs/REVISION       the commit a revision was when it was fetched
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from playhead.errors import ChecksumError, OutputError
from playhead.hub import checks, site
from playhead.hub.cache import CACHE_VARIABLE, cache_folder, disk_errors, exclusive
from playhead.hub.folder import has_size
from playhead.hub.kept import write_whole
from playhead.hub.listing import COMMIT, WANTED, HubFile, Repository, commit_of, list_files, wanted
from playhead.hub.table import WeightFile
from playhead.progress import Progress, silent

TRIES: Final = 5  # how often a broken line is taken up again, as long as each try brings something
LISTING: Final = "listing.json"


def snapshot(
    repository: str,
    *,
    revision: str = "main",
    files: Sequence[str] = WANTED,
    progress: Progress = silent,
) -> Path:
    """The folder of a repository's files, fetched and checked where they are not here yet.

    Args:
        repository: ``owner/name``, or ``datasets/owner/name`` for data.
        revision: Branch, tag or commit.
        files: Patterns of the files that are needed.
        progress: Told ``("weights REPOSITORY", bytes so far, bytes in all)`` while something is downloaded.

    Raises:
        UsageError: The name is none of a repository.
        WeightsUnavailableError: Not here, and the hub is switched off, not reachable, or has it not.
        ChecksumError: Bytes that are not the published ones, with both digests.
        OutputError: The disk refuses, or is full.
    """
    place = Repository(repository, revision)
    kept = _kept(place, files)
    if kept is not None:
        return kept
    with exclusive(f"{place.kind}--{place.flat_name}"):
        kept = _kept(place, files)  # a process we waited for may have brought it
        return kept if kept is not None else _fetch(place, files, progress)


def is_here(repository: str, *, revision: str = "main") -> bool:
    """Whether a repository was fetched before, here or by the hub's client library; nothing is hashed.

    Raises:
        UsageError: The name is none of a repository.
    """
    place = Repository(repository, revision)
    commit = _known_commit(place)
    return bool(commit and (place.home / commit / LISTING).is_file()) or _clients_folder(place) is not None


# --- what is here -----------------------------------------------------------------------------------------------------


def _kept(repository: Repository, patterns: Sequence[str]) -> Path | None:
    """The complete and verified folder of a revision that was fetched before, or None."""
    commit = _known_commit(repository)
    folder = repository.home / commit
    if not commit or not (folder / LISTING).is_file():
        return _from_clients_cache(repository, patterns)
    try:
        listed = [HubFile(**each) for each in json.loads((folder / LISTING).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):  # half a listing: it is asked for again
        return None
    files = wanted(listed, patterns)
    if not all(has_size(folder / each.path, each.size_bytes) for each in files):
        return None
    for each in files:
        _verify(folder / each.path, each, delete_if_bad=True)
    return folder


def _known_commit(repository: Repository) -> str:
    if COMMIT.fullmatch(repository.revision):
        return repository.revision
    try:
        return _ref(repository).read_text("ascii").strip()
    except OSError:  # never fetched
        return ""


def _ref(repository: Repository) -> Path:
    return repository.home / "refs" / repository.revision.replace("/", "--")


def _from_clients_cache(repository: Repository, patterns: Sequence[str]) -> Path | None:
    """The copy of the hub's own client library, when it is whole: no gigabyte is fetched or kept twice.

    It keeps every file under the name of its digest, so it can be checked without asking the hub.
    """
    folder = _clients_folder(repository)
    if folder is None:
        return None
    here = [_digest_by_name(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    chosen = wanted([each for each in here if each is not None], patterns)
    names = {each.path for each in chosen}
    if not (_is_whole_model(names, folder) if repository.kind == "models" else set(patterns) <= names):
        return None
    for each in chosen:
        _verify(folder / each.path, each, delete_if_bad=False)
    return folder


def _is_whole_model(names: set[str], folder: Path) -> bool:
    """Whether a folder holds a model's configuration and all the weights its indices list."""
    if not names & {"config.json", "adapter_config.json"} or _shards(folder) - names:
        return False
    return any(name.endswith((".safetensors", ".bin")) for name in names)


def _clients_folder(repository: Repository) -> Path | None:
    """Where the hub's client library keeps a revision, if it has it."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")).expanduser()
    cache = (
        Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
        / f"{repository.kind}--{repository.flat_name}"
    )
    commit = repository.revision
    if not COMMIT.fullmatch(commit):
        try:
            commit = (cache / "refs" / commit).read_text("ascii").strip()
        except OSError:  # the client never fetched it
            return None
    folder = cache / "snapshots" / commit
    return folder if folder.is_dir() else None


def _digest_by_name(path: Path, folder: Path) -> HubFile | None:
    """A file of the client's cache with the digest its real name is, or None when the name is none."""
    digest, name, size_bytes = path.resolve().name, path.relative_to(folder).as_posix(), path.stat().st_size
    if re.fullmatch(r"[0-9a-f]{64}", digest):
        return HubFile(name, size_bytes, sha256=digest)
    return HubFile(name, size_bytes, git_sha1=digest) if COMMIT.fullmatch(digest) else None


def _shards(folder: Path) -> set[str]:
    """Names of all weight files that the folder's indices list."""
    found: set[str] = set()
    for index in folder.glob("*.index.json"):
        try:
            found |= set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError):  # a broken index: the hub is asked
            return {str(index)}
    return found


# --- what is fetched --------------------------------------------------------------------------------------------------


def _fetch(repository: Repository, patterns: Sequence[str], progress: Progress) -> Path:
    if site.offline():
        raise repository.unavailable("the hub is switched off by HF_HUB_OFFLINE")
    commit = commit_of(repository)
    listed = list_files(repository, commit)
    files = wanted(listed, patterns)
    if not files:
        raise repository.unavailable(f"{len(listed)} files, none like {', '.join(patterns)}")
    folder = repository.home / commit
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    missing = [each for each in files if not has_size(folder / each.path, each.size_bytes)]
    _check_space(repository, folder, missing)
    all_bytes = sum(each.size_bytes for each in files)
    done_bytes = all_bytes - sum(each.size_bytes for each in missing)
    for each in missing:
        before = done_bytes

        def told(file_bytes: int, before: int = before) -> None:
            progress(f"weights {repository.name}", float(before + file_bytes), float(all_bytes))

        _fetch_file(Repository(repository.name, commit), each, folder / each.path, told)
        done_bytes += each.size_bytes
    for each in files:
        _verify(folder / each.path, each, delete_if_bad=True)
    facts = json.dumps([asdict(each) for each in listed]).encode()
    with disk_errors(folder):
        write_whole(folder / LISTING, lambda file: file.write(facts))
        write_whole(_ref(repository), lambda file: file.write(commit.encode()))
    return folder


def _fetch_file(repository: Repository, file: HubFile, path: Path, told: Callable[[int], None]) -> None:
    """One file, taken up where it broke off; it takes its name when it is whole, and keeps it when its digest is right."""
    part = path.with_name(f"{path.name}.part")
    entry = WeightFile(
        file.path, file.size_bytes, file.sha256, repository.name, file.path, repository.revision
    )
    with disk_errors(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        if part.stat().st_size > file.size_bytes:
            part.write_bytes(b"")  # changed by hand: it cannot be the beginning of this file
    told(0)
    for _ in range(TRIES):
        before = part.stat().st_size
        if site.download(entry, part, told, then="trying again"):
            break
        if part.stat().st_size <= before:
            raise repository.unavailable(f"the hub broke off at {file.path}")
    else:
        raise repository.unavailable(f"the hub broke off {TRIES} times at {file.path}")
    with disk_errors(path):
        part.replace(path)
    _verify(path, file, delete_if_bad=True)  # once: a kill before this line leaves a file without a receipt


def _verify(path: Path, file: HubFile, *, delete_if_bad: bool) -> None:
    """Make sure a file is the published one: sha256 (once, by a receipt), or git's digest of a small file."""
    if file.sha256:
        entry = WeightFile(file.path, file.size_bytes, file.sha256)
        checks.verify(path, entry, delete_if_bad=delete_if_bad)
        return
    data = path.read_bytes()
    found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    if found == file.git_sha1:
        return
    if delete_if_bad:
        path.unlink(missing_ok=True)
    raise ChecksumError(
        f"{path} is not the published file",
        found=f"git digest {found}",
        allowed=file.git_sha1,
        todo="the bad file was deleted: run again to fetch it anew"
        if delete_if_bad
        else "replace the file and run again",
    )


def _check_space(repository: Repository, folder: Path, missing: list[HubFile]) -> None:
    with disk_errors(folder):
        free_bytes = shutil.disk_usage(folder).free
        held_bytes = sum(part.stat().st_size for part in folder.rglob("*.part"))
    wanted_bytes = sum(each.size_bytes for each in missing) - held_bytes
    if free_bytes < wanted_bytes:
        raise OutputError(
            f"cannot keep {repository.name} in {cache_folder()}",
            found=f"{free_bytes / 1e6:.0f} MB free",
            allowed=f"at least {wanted_bytes / 1e6:.0f} MB",
            todo=f"free space there, or set {CACHE_VARIABLE} to another folder",
        )
