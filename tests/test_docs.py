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
FAMILIES = [page for page in READMES if (page.parent / "family.py").exists()]
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


def _name(page: Path) -> str:
    return f"{page.parent.name}/{page.name}" if page.name == "README.md" else page.name


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from playhead.demo import demo_path

    shutil.copy(demo_path(), tmp_path / "talk.mp4")
    (tmp_path / "recordings").mkdir()
    shutil.copy(demo_path(), tmp_path / "recordings" / "monday.mp4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [*PAGES, *FAMILIES], ids=_name)
def test_blocks_run(page: Path, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("PLAYHEAD_CACHE", str(folder / "cache"))  # nothing is found that another run left
    if page in FAMILIES or page.stem == "families":
        pytest.importorskip("torch")
        pytest.importorskip("peft")
    run_page(page, folder, {""})


@pytest.mark.weights
@pytest.mark.parametrize("page", [*PAGES, *FAMILIES], ids=_name)
def test_blocks_run_with_weights(page: Path, folder: Path) -> None:
    if not any(block.skip == "weights" for block in blocks(page)):
        pytest.skip("no block of this page needs weights")
    assert run_page(page, folder, {"", "weights"}) > 0


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shell = [command for block in blocks(page) if block.language in SHELLS for command in commands(block)]
    used = {command.split()[1] for command in shell if command.startswith("make ")}
    assert used <= targets


@pytest.mark.parametrize("page", [*PAGES, *TABLES, *READMES], ids=_name)
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
    assert set(VERBS) <= set(rows_of(page, rf"^\| `{mark}([\w-]+)"))


# --- the pages of the families ----------------------------------------------------------------------------------------

HEADINGS = [
    "What it sees of a video",
    "How it is asked and answers",
    "What we changed",
    "Weights",
    "What could not be checked without the real weights",
]


def presets_as_rows() -> list[str]:
    """What docs/families.md has to say of every preset, from the code."""
    from playhead.models.registry import families

    rows = []
    for family in families():
        module = family.make.__module__.split(".")[-2]
        for preset in family.presets.values():
            count = "under 1 M" if preset.parameters is None else f"{preset.parameters / 1e9:.2f} G"
            names = ", ".join(f"`{each}`" for each in preset.repositories)
            where = "random, none to fetch" if preset.tiny else names or "in parts, on no hub as a whole"
            link = f"[`{preset.name}`](../src/playhead/models/{module}/README.md)"
            about = preset.about.rstrip(".")
            licence = "-" if preset.tiny else preset.licence
            rows.append(f"| {link} | {about} | {count} | {where} | {licence} |")
    return rows


def test_the_documented_families_are_those_there_are() -> None:
    pytest.importorskip("torch")
    found = rows_of("docs/families.md", r"^\| \[`.*\|$")
    assert "\n".join(found) == "\n".join(presets_as_rows())


@pytest.mark.parametrize("page", FAMILIES, ids=_name)
def test_a_familys_page_has_every_part_and_names_every_option(page: Path) -> None:
    pytest.importorskip("torch")
    from playhead.models.registry import families

    text = page.read_text(encoding="utf-8")
    there = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in there if heading in HEADINGS] == HEADINGS
    assert re.search(r"\]\([./]+/docs/families/[a-z0-9-]+\.jpg\)", text), "no picture of what it sees"
    module = f"playhead.models.{page.parent.name}.family"
    [family] = [each for each in families() if each.make.__module__ == module]
    assert [name for name in family.options if f"`{name}" not in text] == []
    assert [name for name in family.presets if name not in text] == []


def test_the_pictures_of_the_families_are_small_and_all_used() -> None:
    pictures = sorted((ROOT / "docs" / "families").iterdir())
    assert len(pictures) >= len(FAMILIES)
    text = "".join(page.read_text(encoding="utf-8") for page in FAMILIES)
    assert [each.name for each in pictures if each.name not in text] == []
    assert [each.name for each in pictures if each.stat().st_size > 150_000] == []


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
