"""Help and usage: every verb is listed, explained with an example, and wrong words are answered with the nearest."""

from __future__ import annotations

import importlib

import pytest
import typer

from helpers.command import playhead
from playhead.cli.main import VERBS


def test_help_lists_every_verb_with_its_line() -> None:
    done = playhead("--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for verb, line in VERBS.items():
        assert f"{verb} {line}" in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb) -> None:
    done = playhead(verb, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"playhead {verb}" in done.stdout.split("Example")[1]
    assert VERBS[verb] in " ".join(done.stdout.split())  # the list of verbs says what the verb says of itself


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_file_of_its_own_name(verb) -> None:
    assert isinstance(importlib.import_module(f"playhead.cli.{verb.replace('-', '_')}").app, typer.Typer)


@pytest.mark.parametrize("verb", ["pull", "list"])
def test_subverbs_of_models_have_examples(verb) -> None:
    assert f"Example: playhead models {verb}" in playhead("models", verb, "--help").stdout


def test_help_imports_no_verb() -> None:
    code = "import sys; sys.argv=['playhead','--help']; from playhead.cli.main import main; main(); "
    code += "print([m for m in sys.modules if m.startswith('playhead.cli.')])"
    done = playhead("-c", code, module=None)
    assert done.stdout.splitlines()[-1] == "['playhead.cli.main', 'playhead.cli.terminal']"


def test_version() -> None:
    from playhead import __version__

    assert playhead("--version").stdout == f"playhead {__version__}\n"


def test_no_verb_shows_the_help_and_fails() -> None:
    done = playhead()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "transcribe" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wach", "x.mp4"], "did you mean 'watch'?"),
        (["dance"], "known: ask, chapters"),
        (["ask", "x.mp4"], "Missing argument"),
        (["watch", "x.mp4", "--formt", "srt"], "--format"),
        (["watch", "x.mp4", "--format", "vttt"], "did you mean 'vtt'?"),
        (["watch", "x.mp4", "--start", "noon"], "--start"),
        (["watch", "x.mp4", "--video-stream", "first"], "--video-stream"),
        (["models", "pul"], "pull"),
        (["models", "pull", "wisper-base"], "did you mean 'whisper-base'?"),
        (["watch", "x.mp4", "--engine", "scuot"], "did you mean 'scout'?"),
        (["choose", "x.mp4", "Where?", "-o", "here"], "two"),
    ],
)
def test_a_wrong_word_is_a_usage_error_on_one_line(words, said, tmp_path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"never opened")
    done = playhead(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = [line for line in done.stderr.splitlines() if line.startswith("playhead: error: ")]
    assert said in line
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback_wherever_it_stands(tmp_path) -> None:
    for words in (["--debug", "probe", "gone.mp4"], ["probe", "gone.mp4", "--debug"]):
        done = playhead(*words, cwd=tmp_path)
        assert done.returncode == 3
        assert "Traceback" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("playhead: error: ")
