"""Imports point one way (docs/architecture: lower layers know nothing of higher ones), and the core stays light.

Both rules are read from the syntax tree of every file, so lazy imports inside functions count too.
"""

from __future__ import annotations

import ast
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "playhead"

GROUND = {"errors", "timeline", "timecode", "progress"}
MIDDLE = GROUND | {
    "hub",
    "media",
    "tasks",
    "metrics",
    "export",
    "sequence",
    "nn",
    "generate",
    "perceive",
    "language",
}
ON_TOP = MIDDLE | {"demo", "models", "refine", "api"}

# Which of our packages a package may import besides itself. A dotted name allows that module only.
MAY_IMPORT = {
    "errors": set(),
    "progress": set(),
    "timecode": {"errors"},
    "timeline": {"errors"},
    "demo": GROUND,
    "hub": GROUND,
    "media": GROUND,
    "tasks": GROUND,
    "metrics": GROUND | {"tasks"},
    "export": GROUND,
    "sequence": GROUND,
    "nn": {"errors"},
    "generate": GROUND,
    "perceive": GROUND | {"hub", "media"},
    "language": GROUND | {"hub"},
    "models": MIDDLE,
    "refine": MIDDLE | {"models"},
    "api": MIDDLE | {"models", "refine"},
    "train": ON_TOP,
    "evaluate": ON_TOP,
    "annotate": ON_TOP,
    "clockcheck": ON_TOP,
    "serve": ON_TOP,
    "recipes": {"errors", "train", "models"},
    "cli": ON_TOP | {"train", "evaluate", "annotate", "clockcheck", "serve", "recipes"},
    "__main__": {"cli"},
    "__init__": {"api", "timeline", "errors"},
}

# Other people's libraries: first what a file may import on being imported, then what only its functions may.
LIBRARIES = {
    "hub": (set(), {"huggingface_hub", "platformdirs", "filelock"}),
    "media": ({"numpy", "av", "PIL"}, {"fsspec"}),
    "tasks": ({"numpy"}, set()),
    "metrics": ({"numpy"}, {"openpyxl"}),
    "export": ({"numpy"}, {"opentimelineio", "av"}),
    "sequence": ({"numpy"}, {"tokenizers"}),
    "nn": ({"torch"}, set()),
    "perceive": (
        {"numpy"},
        {
            "PIL",
            "onnxruntime",
            "faster_whisper",
            "ctranslate2",
            "rapidocr",
            "ai_edge_litert",
            "tokenizers",
            "fsspec",
        },
    ),
    "language": ({"numpy"}, {"xllamacpp"}),
    "models": (
        {"numpy", "torch", "transformers", "safetensors", "tokenizers"},
        {"PIL", "huggingface_hub", "jinja2"},
    ),
    "refine": ({"numpy"}, {"torch", "transformers"}),
    "generate": ({"numpy", "torch", "transformers"}, {"llguidance"}),
    "clockcheck": ({"numpy"}, {"PIL", "torch", "transformers"}),
    "evaluate": ({"numpy"}, {"filelock", "lmms_eval", "PIL", "pyarrow"}),
    "cli": ({"typer"}, {"rich"}),
}
HEAVY = {
    "numpy",
    "av",
    "PIL",
    "torch",
    "onnxruntime",
    "faster_whisper",
    "rapidocr",
    "xllamacpp",
    "typer",
    "rich",
    "pysubs2",
}


def _files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def _imports(path: Path) -> list[tuple[str, bool, int]]:
    """Every absolute module a file imports, whether only inside functions or for types, and the line."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    later = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node in later, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write the whole name"
            assert node.module is not None
            if node.module in {"playhead", *(f"playhead.{name}" for name in MAY_IMPORT)}:
                found += [(f"{node.module}.{alias.name}", node in later, node.lineno) for alias in node.names]
            else:
                found.append((node.module, node in later, node.lineno))
    return found


def _package(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def _is_allowed(package: str, name: str) -> bool:
    """Whether ``package`` may import ``playhead.<name>``."""
    head = name.split(".", maxsplit=1)[0]
    exact = {name, ".".join(name.split(".")[:2])}
    return (
        head == package
        or head.startswith("__version")
        or head in MAY_IMPORT[package]
        or bool(exact & MAY_IMPORT[package])
    )


def direction_faults(path: Path) -> list[str]:
    package = _package(path)
    assert package in MAY_IMPORT, f"{path}: {package} has no row in the table of layers"
    return [
        f"{path.relative_to(ROOT)}:{line}: {package} may not import {module}"
        for module, _, line in _imports(path)
        if module.startswith("playhead.") and not _is_allowed(package, module.removeprefix("playhead."))
    ]


def library_faults(path: Path) -> list[str]:
    package = _package(path)
    at_once, later = LIBRARIES.get(package, (set(), set()))
    faults = []
    for module, lazily, line in _imports(path):
        top = module.split(".")[0]
        if top == "playhead" or top in sys.stdlib_module_names:
            continue
        if top not in at_once and not (lazily and top in later):
            where = "inside a function" if lazily else "on import"
            faults.append(f"{path.relative_to(ROOT)}:{line}: {package} may not import {top} {where}")
    return faults


def test_lower_layers_never_import_higher_ones() -> None:
    assert [fault for path in _files() for fault in direction_faults(path)] == []


def test_each_layer_uses_only_its_libraries_and_heavy_ones_lazily() -> None:
    assert [fault for path in _files() for fault in library_faults(path)] == []


@pytest.mark.parametrize(
    ("where", "text", "fault"),
    [
        ("media/x.py", "from playhead.models import base", "media may not import playhead.models.base"),
        ("media/x.py", "def f():\n    from playhead import api", "media may not import playhead.api"),
        (
            "sequence/x.py",
            "from playhead.media import decode",
            "sequence may not import playhead.media.decode",
        ),
        ("timeline.py", "import playhead.media", "timeline may not import playhead.media"),
    ],
)
def test_a_wrong_direction_is_seen(tmp_path, monkeypatch, where, text, fault) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).write_text(text)
    assert [line.split(": ", 1)[1] for line in direction_faults(tmp_path / where)] == [fault]


def test_a_heavy_import_on_import_is_seen(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "perceive").mkdir()
    path = tmp_path / "perceive" / "x.py"
    path.write_text("import onnxruntime")
    assert len(library_faults(path)) == 1
    path.write_text("def f():\n    import onnxruntime")
    assert library_faults(path) == []


def documented_layers() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """Every package of the table in docs/architecture.md: what of ours, of others at once, and of others lazily."""
    text = (ROOT.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ([a-z, ]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    layer = {name: int(number) for number, names, *_ in rows for name in names.split(", ")}

    def packages(word: str) -> set[str]:
        if not word[0].isdigit():
            return {word} - {"-"}
        first, _, last = word.partition(" to ")
        return {name for name, at in layer.items() if int(first) <= at <= int(last or first)}

    found = {}
    for _, names, ours, others in rows:
        at_once, _, later = others.partition("(")
        libraries = tuple(set(re.findall(r"\w+", part)) for part in (at_once, later))
        for name in names.split(", "):
            found[name] = (set().union(*map(packages, ours.strip().split(", "))) - {name}, *libraries)
    return found


def test_the_documented_layers_are_the_tested_ones() -> None:
    here = {_package(path) for path in _files()} - {"__main__", "__init__", "__version__"}
    tested = {
        name: ((MAY_IMPORT[name] & here) - {name}, *LIBRARIES.get(name, (set(), set()))) for name in here
    }
    assert documented_layers() == tested


def test_import_playhead_loads_nothing_heavy() -> None:
    code = "import sys, json, playhead; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = set(
        json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    )
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    "module", ["api", "models.registry", "models.family", "models.scout.engine", "models.scout.config"]
)
def test_naming_engines_loads_no_model_library(module) -> None:
    code = f"import sys, playhead.{module}; print({{'torch', 'transformers'}} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert told.strip() == "set()"


@pytest.mark.parametrize("words", [["-c", "import playhead"], ["-m", "playhead", "--help"]])
def test_starting_takes_less_than_300_ms(words) -> None:
    def cpu_seconds() -> float:  # of the processor, so that a busy machine fails nothing
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    cpu_seconds()  # the first start writes bytecode
    assert min(cpu_seconds() for _ in range(3)) < 0.3
