"""Every mechanism on every tiny engine: what the table says runs runs, what it says does not is refused, spans are sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from refine_kit import draw_lamp

import playhead
from playhead.errors import UnsupportedError
from playhead.models.presets import PRESETS
from playhead.models.registry import ENGINES
from playhead.refine.mechanisms import MECHANISMS, TASKS
from playhead.refine.table import ALL, cells, engine_seams, markdown
from playhead.timeline import Span

pytest.importorskip("torch")
pytest.importorskip("transformers")

TINY = [name for name, preset in PRESETS.items() if preset.tiny]
LOCAL = ["scout-tiny", *TINY]


def brightness(pixels_FHWC, text) -> np.ndarray:
    return pixels_FHWC.mean(axis=(1, 2, 3))


# How each mechanism around an engine is asked for, and each of a family's own.
SETTINGS = {
    "hard zoom": {"zoom": 2, "margin": 0.1},
    "soft zoom": {"zoom": 2, "zoom_mode": "soft"},
    "coarse to fine": {"coarse": True, "segment_s": 1.0},
    "part by part": {"parts": True, "part_s": 1.5},
    "query-aware frames": {"choose_frames": brightness},
    "votes over shifts": {"votes": 2},
    "snapping": {"snap": 0.5},
    "nothing when unsure": {"unsure": 0.02, "votes": 2},
}
OPTIONS = {
    "frames": {"frames": "uniform:n=4"},
    "token ladder": {"frames": "seed1.5-vl"},
    "slow and fast": {"frames": "keye1.5"},
    "time in words": {"tell": "seed1.5-vl"},
    "time burnt in": {"tell": "arc"},
    "pixel-difference dropping": {"drop": 0.1},
    "time on an axis": {"axis": "order"},
    "two rates": {"flash": True},
    "index once": {"cache": True},
}

_SESSIONS: dict[str, playhead.api.Session] = {}


def session(name: str) -> playhead.api.Session:
    """An engine that answers shortly and, where its weights are random, in a form that can be read."""
    if name not in _SESSIONS:
        quick = {"think": False, "max_frames": 4} if name.startswith("arc") else {}
        _SESSIONS[name] = playhead.load(name, cache=False, **quick)
    return _SESSIONS[name]


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Three seconds, light in the middle of them."""
    return draw_lamp(tmp_path_factory.mktemp("lamp") / "three.mp4", 3, ((1.0, 2.0),))


def system(name: str) -> str:
    return name.removesuffix("-tiny")


def test_every_mechanism_is_tested() -> None:
    assert {**OPTIONS, **SETTINGS}.keys() == ALL.keys()
    assert SETTINGS.keys() == MECHANISMS.keys() == TASKS.keys()
    assert set(engine_seams()) == {system(name) for name in [*LOCAL, *ENGINES]}


def needing(seam: str | None) -> list[str]:
    """Mechanisms around an engine that ground and need this seam, or none."""
    wanted = frozenset({seam} if seam else ())
    return [name for name in SETTINGS if MECHANISMS[name].needs == wanted and "ground" in TASKS[name]]


def merged(names) -> dict:
    return {key: value for name in names for key, value in SETTINGS[name].items()}


@pytest.mark.parametrize("name", LOCAL)
def test_what_needs_nothing_runs_together_on_every_engine(name, clip) -> None:
    names = needing(None)
    assert all(cells()[each][system(name)] for each in names)
    answer = session(name).refined(**merged(names)).ground(clip, "light", start_s=0.4)
    sound(answer, Span(0.4, 3.0))
    steps = " ".join(step.name for step in answer.trace)
    if name == "scout-tiny":  # it names only what a sense has words for, and this one has none
        assert answer.events == ()
        assert steps == "coarse"
    else:
        assert all(word in steps for word in ("coarse", "fine", "vote 2 of 2", "round 1 of 2"))
        assert not answer.events or "snap" in steps


@pytest.mark.parametrize("name", LOCAL)
def test_parts_run_on_every_engine(name, clip) -> None:
    answer = session(name).refined(**SETTINGS["part by part"]).describe(clip)
    assert [step.name for step in answer.trace][:1] == ["part 1 of 2: describe"]
    assert "answered in 2 parts" in answer.sampling.notes[-1]


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize("mechanism", needing("instants"))
def test_what_needs_instants_runs_where_they_can_be_told(mechanism, name, clip) -> None:
    if not cells()[mechanism][system(name)]:
        with pytest.raises(UnsupportedError, match="found no seam") as caught:
            session(name).refined(**SETTINGS[mechanism])
        assert ALL[mechanism].instead in str(caught.value)
        return
    answer = session(name).refined(**SETTINGS[mechanism]).ground(clip, "light", start_s=0.4)
    sound(answer, Span(0.4, 3.0))
    assert "instants" in answer.sampling.policy


def sound(answer, window: Span) -> None:
    """No span that could not be read, and none outside what was asked about."""
    assert answer.failure is None
    for span in answer.spans:
        assert window.start_s - 1e-6 <= span.start_s <= span.end_s <= window.end_s + 1e-6


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("mechanism", [each for each in OPTIONS if each != "index once"])
def test_the_table_is_right_about_what_a_family_prepares(mechanism, name, clip) -> None:
    options = OPTIONS[mechanism]
    if not cells()[mechanism][system(name)]:
        with pytest.raises(UnsupportedError, match="seam"):
            playhead.load(name, **options)
        return
    answer = playhead.load(name, cache=False, **options).ground(clip, "light")
    assert answer.failure is None
    assert answer.sampling.times_s


@pytest.mark.parametrize("name", TINY)
def test_the_table_is_right_about_what_is_kept(name, clip, tmp_path) -> None:
    playhead.load(name, **OPTIONS["index once"]).ground(
        clip, "light"
    )  # on for all, so that nothing is refused
    assert any((tmp_path / "cache").rglob("*.*")) == cells()["index once"][system(name)]


def test_the_documented_table_is_the_generated_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    assert markdown() in page
