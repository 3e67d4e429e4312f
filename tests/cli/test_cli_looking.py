"""Looking again from the command line: what is printed of it, what is refused, what counts as finished."""

from __future__ import annotations

import json

import pytest

from helpers.command import playhead
from helpers.lights import draw_lights


@pytest.fixture
def film(tmp_path):
    return draw_lights(tmp_path / "film.mp4", 3)


def ground(film, *words):
    return playhead("ground", film, "light", "--engine", "scout-tiny", *words, cwd=film.parent)


def test_every_look_is_printed_and_written(film) -> None:
    done = ground(film, "--votes", "2", "--zoom", "2", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "Looked at" in done.stdout
    assert "round 1 of 2: vote 2 of 2" in done.stdout
    assert "2 looks at" in done.stdout
    [path] = (film.parent / "out").glob("*.json")
    trace = json.loads(path.read_text())["trace"]
    assert [step["name"] for step in trace][-1] == "end"
    assert trace[0]["frames"] > 0

    again = ground(film, "--votes", "2", "--zoom", "2", "--out", "out")
    assert "finished before" in again.stderr
    assert again.stdout == done.stdout
    other = ground(
        film, "--votes", "3", "--zoom", "2", "--out", "out"
    )  # another way of looking is another result
    assert "finished before" not in other.stderr
    assert "vote 3 of 3" in other.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--zoom", "0"], "zoom=0; allowed: a whole number of rounds of looking, 1 to 64"),
        (["--zoom", "-1"], "zoom=-1"),
        (["--zoom", "2", "--zoom-mode", "sof"], "did you mean 'soft'?"),
        (["--zoom-mode", "soft"], "add --zoom 2"),
        (["--zoom", "2", "--zoom-mode", "soft"], "found no seam 'instants'"),
        (["--unsure", "2"], "unsure=2.0; allowed: a number from 0 to 1"),
        (["--choose-frames", "nowhere"], "found no seam 'instants'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(film, words, told) -> None:
    done = ground(film, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_parts_of_a_description(film) -> None:
    done = playhead("events", film, "--engine", "scout-tiny", "--parts", cwd=film.parent)
    assert done.returncode == 0, done.stderr  # shorter than a part: one look
    assert "Looked at" not in done.stdout


def test_engines_as_table_and_json() -> None:
    plain, table, data = playhead("engines"), playhead("engines", "--table"), playhead("engines", "--json")
    assert "all engines" in plain.stdout
    assert table.stdout.startswith("| mechanism | asked for by | source | scout | openai |")
    held = json.loads(data.stdout)
    assert held["mechanisms"]["soft zoom"]["needs"] == ["instants"]
    assert held["mechanisms"]["soft zoom"]["engines"]["scout"] is False
    assert held["mechanisms"]["hard zoom"]["engines"]["scout"] is True
    assert "instants" in held["seams"]["qwen3-vl"]
