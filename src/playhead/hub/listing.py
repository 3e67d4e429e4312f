"""What the Hugging Face hub says of a repository: the commit of a revision, and every file with its digest.

The documented addresses ``/api/models/REPO/revision/REVISION`` and ``/api/models/REPO/tree/COMMIT`` (``/api/datasets/...``
for data) are asked over plain HTTP; long lists come in pages.
"""

from __future__ import annotations

import fnmatch
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from playhead.errors import UsageError, WeightsUnavailableError
from playhead.hub import site
from playhead.hub.cache import cache_folder

WANTED: Final = ("*.json", "*.safetensors", "*.tiktoken", "*.model", "*.txt", "*.jinja", "*.bin")
# What training leaves behind, and the same weights for other libraries.
UNWANTED: Final = (
    "optimizer*", "scheduler*", "training_args*", "rng_state*", "trainer_state*", "onnx/*", "openvino/*"
)  # fmt: skip
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
DATA: Final = "datasets/"  # in front of a name, as in the hub's own addresses
_NAME: Final = re.compile(r"(?:datasets/)?[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository, as the hub lists it.

    Attributes:
        path: Where it lies in the repository.
        size_bytes: Its size.
        sha256: Digest of a large file; empty for a small one.
        git_sha1: Digest git knows a small file by; empty for a large one.
    """

    path: str
    size_bytes: int
    sha256: str = ""
    git_sha1: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of the hub at one revision.

    Attributes:
        name: ``owner/name``, or ``datasets/owner/name`` for data.
        revision: Branch, tag or commit.

    Raises:
        UsageError: The name is none of a repository.
    """

    name: str
    revision: str = "main"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or ".." in self.revision or not self.revision:
            raise UsageError(f"repository {self.name!r} at {self.revision!r}", allowed="owner/name")

    @property
    def kind(self) -> str:
        """``models`` or ``datasets``, as in the hub's addresses."""
        return "datasets" if self.name.startswith(DATA) else "models"

    @property
    def flat_name(self) -> str:
        """The name as one folder's."""
        return self.name.removeprefix(DATA).replace("/", "--")

    @property
    def api(self) -> str:
        """Where the hub answers questions about it."""
        return f"/api/{self.kind}/{self.name.removeprefix(DATA)}"

    @property
    def home(self) -> Path:
        """The cache's folder for all its commits."""
        return cache_folder() / self.kind / self.flat_name

    def unavailable(self, reason: str) -> WeightsUnavailableError:
        """The error for files that are neither here nor to be had, with what to do by hand."""
        if self.kind == "datasets":
            return WeightsUnavailableError(
                f"the data {self.name} (revision {self.revision}) is not here and cannot be fetched",
                found=reason,
                todo=f"download it from {site.endpoint()}/{self.name}/tree/{self.revision} by hand into the folder that "
                f"is to be read, or copy {self.home} from a machine that has it",
            )
        return WeightsUnavailableError(
            f"the model {self.name} (revision {self.revision}) is not here and cannot be fetched",
            found=reason,
            todo=f"download {', '.join(WANTED)} of {site.endpoint()}/{self.name}/tree/{self.revision} into a folder by "
            f"hand and name that folder instead of {self.name}, or copy {self.home} from a machine that has it",
        )


def commit_of(repository: Repository) -> str:
    """The commit a revision is now.

    Raises:
        WeightsUnavailableError: The hub cannot be reached, or has it not.
    """
    revision = urllib.parse.quote(repository.revision, safe="")
    facts, _ = _ask(repository, f"{repository.api}/revision/{revision}")
    commit = str(facts.get("sha", "")) if isinstance(facts, dict) else ""
    if not COMMIT.fullmatch(commit):
        raise repository.unavailable(f"the hub names the commit {commit!r}")
    return commit


def list_files(repository: Repository, commit: str) -> list[HubFile]:
    """Every file of a commit.

    Raises:
        WeightsUnavailableError: The hub cannot be reached, has it not, or names a file outside its folder.
    """
    found: list[HubFile] = []
    address: str | None = f"{repository.api}/tree/{commit}?recursive=true"
    while address is not None:
        rows, address = _ask(repository, address)
        found += [_file(repository, row) for row in rows if row.get("type") == "file"]
    return found


def wanted(listed: Sequence[HubFile], patterns: Sequence[str]) -> list[HubFile]:
    """The files of a listing that a model needs; ``.bin`` weights only where the folder has no safetensors of them."""
    chosen = [
        each
        for each in listed
        if any(fnmatch.fnmatchcase(each.path, pattern) for pattern in patterns)
        and not any(_is_like(each.path, pattern) for pattern in UNWANTED)
    ]
    safe = {PurePosixPath(each.path).parent for each in chosen if each.path.endswith(".safetensors")}

    def doubled(each: HubFile) -> bool:
        path = PurePosixPath(each.path)
        return path.name.startswith(("pytorch_model", "adapter_model")) and path.parent in safe

    return [
        each for each in chosen if not (each.path.endswith((".bin", ".bin.index.json")) and doubled(each))
    ]


def _is_like(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path if "/" in pattern else PurePosixPath(path).name, pattern)


def _file(repository: Repository, row: dict[str, Any]) -> HubFile:
    name, size_bytes, large = str(row["path"]), int(row["size"]), row.get("lfs")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise repository.unavailable(f"a file that would lie outside its folder, {name!r}")
    if large:
        return HubFile(name, size_bytes, sha256=str(large["oid"]).removeprefix("sha256:"))
    return HubFile(name, size_bytes, git_sha1=str(row["oid"]))


def _ask(repository: Repository, address: str) -> tuple[Any, str | None]:
    """JSON of one of the hub's addresses, and the address of the next page if there is one."""
    url = address if "://" in address else site.endpoint() + address
    try:
        with urllib.request.urlopen(urllib.request.Request(url), timeout=site.STALL_S) as reply:
            link = re.search(r'<([^>]+)>\s*;\s*rel="next"', reply.headers.get("Link", ""))
            return json.loads(reply.read()), link.group(1) if link else None
    except urllib.error.HTTPError as error:
        reasons = {401: "it does not exist, or is private or gated", 403: "it is private or gated"}
        reason = reasons.get(error.code, str(error.reason))
        raise repository.unavailable(f"{site.endpoint()} answers {error.code}: {reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise repository.unavailable(f"{site.endpoint()} is not reachable ({error})") from error
