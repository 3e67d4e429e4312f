"""The README and the docs are run: python blocks are executed, playhead commands are called, make targets exist.

A block is run unless its first line says why not: ```` ```sh skip=weights ```` runs with ``-m weights`` only,
```` ```sh skip=REASON ```` never. All blocks of a file share one namespace and one folder, in which ``talk.mp4`` is the
bundled clip.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from playhead import errors
from playhead.cli.main import VERBS
from playhead.cli.terminal import EXIT_READER_GONE

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<language>[a-z]+)(?P<tags>[^\n`]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
TABLES = sorted((ROOT / "benchmarks").glob("*.md"))
READMES = sorted((ROOT / "src").rglob("README.md"))
SHELLS = {"sh", "console", "bash"}
TIMEOUT_S = 600


@dataclass(frozen=True)
class Block:
    language: str
    skip: str
    code: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            match["language"],
            next((tag.removeprefix("skip=") for tag in match["tags"].split() if tag.startswith("skip=")), ""),
            match["code"],
            text[: match.start()].count("\n") + 1,
        )
        for match in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[str]:
    """The commands of a shell block: lines of a ``console`` block that begin with ``$``, all lines of the others."""
    code = block.code.replace("\\\n", " ")
    lines = [line.strip() for line in code.splitlines()]
    if block.language == "console":
        lines = [line.removeprefix("$").strip() for line in lines if line.startswith("$")]
    return [line for line in lines if line and not line.startswith("#")]


def run_page(page: Path, folder: Path, wanted_skips: set[str]) -> int:
    """Run the blocks whose ``skip`` is in ``wanted_skips``; returns how many were run."""
    namespace: dict[str, object] = {"__name__": "__docs__"}
    count = 0
    for block in blocks(page):
        if block.skip not in wanted_skips:
            continue
        if block.language == "python":
            exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)
            count += 1
        elif block.language in SHELLS:
            for command in commands(block):
                if command.split()[0] == "playhead":
                    _call(command, folder, f"{page.name}:{block.line}")
                    count += 1
    return count


def _call(command: str, folder: Path, where: str) -> None:
    words, *rest = command.split(" | ")
    assert len(rest) <= 1, f"{where}: at most one pipe in docs"
    argv = [sys.executable, "-m", "playhead", *shlex.split(words, comments=True)[1:]]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"{where}: {command}\n{done.stderr}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from playhead.demo import demo_path

    shutil.copy(demo_path(), tmp_path / "talk.mp4")
    (tmp_path / "recordings").mkdir()
    shutil.copy(demo_path(), tmp_path / "recordings" / "monday.mp4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run(page: Path, folder: Path) -> None:
    run_page(page, folder, {""})


@pytest.mark.weights
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run_with_weights(page: Path, folder: Path) -> None:
    if not any(block.skip == "weights" for block in blocks(page)):
        pytest.skip("no block of this page needs weights")
    assert run_page(page, folder, {"", "weights"}) > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shell = [command for block in blocks(page) if block.language in SHELLS for command in commands(block)]
    used = {command.split()[1] for command in shell if command.startswith("make ")}
    assert used <= targets


@pytest.mark.parametrize("page", [*PAGES, *TABLES, *READMES], ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", TABLES, ids=lambda page: page.name)
def test_a_table_of_measurements_says_how_to_make_it_again(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = re.findall(r"python (benchmarks/\w+\.py)", text)
    assert commands, "no command"
    assert [command for command in commands if not (ROOT / command).is_file()] == []
    assert re.search(r"[Cc]ommit:? `?[0-9a-f]{7,40}", text), "no commit"
    assert re.search(r"\d+ (?:shared )?cores", text), "no hardware"


def rows_of(page: str, pattern: str) -> list[str]:
    return re.findall(pattern, (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_documented_exit_codes_are_those_there_are() -> None:
    kinds = [errors.PlayheadError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    there_are = {0, errors.EXIT_INTERRUPTED, EXIT_READER_GONE, *(kind.exit_code for kind in kinds)}
    documented = [int(code) for code in rows_of("docs/cli.md", r"^\| (\d+) \| ")]
    assert sorted(there_are) == documented


@pytest.mark.parametrize(("page", "mark"), [("README.md", "playhead "), ("docs/cli.md", "")])
def test_the_documented_verbs_are_those_there_are(page, mark) -> None:
    assert set(VERBS) <= set(rows_of(page, rf"^\| `{mark}(\w+)"))


def test_a_wrong_block_is_seen(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        run_page(page, tmp_path, {""})
    page.write_text("```sh\nplayhead probe nowhere.mp4\n```\n")
    with pytest.raises(AssertionError):
        run_page(page, tmp_path, {""})
    page.write_text("```sh skip=weights\nplayhead probe nowhere.mp4\n```\n")
    assert run_page(page, tmp_path, {""}) == 0
