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
    "part by part": {"parts": True, "part_s": 1.0},
    "query-aware frames": {"choose_frames": brightness},
    "votes over shifts": {"votes": 2},
    "snapping": {"snap": 0.5},
    "nothing when unsure": {"unsure": 0.3, "votes": 2},
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
}

_SESSIONS: dict[str, playhead.api.Session] = {}


def session(name: str) -> playhead.api.Session:
    """An engine that answers shortly and, where its weights are random, in a form that can be read."""
    if name not in _SESSIONS:
        _SESSIONS[name] = playhead.load(name, cache=False)
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


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize("mechanism", SETTINGS)
def test_the_table_is_right_about_what_goes_around_an_engine(mechanism, name, clip) -> None:
    engine, settings = session(name), SETTINGS[mechanism]
    if not cells()[mechanism][system(name)]:
        with pytest.raises(UnsupportedError, match="found no seam") as caught:
            engine.refined(**settings)
        assert ALL[mechanism].instead in str(caught.value)
        return
    refined = engine.refined(**settings)
    if mechanism == "part by part":
        answer = refined.events(clip)
        assert "answered in 3 parts" in " ".join(answer.sampling.notes)
        assert len(answer.trace) >= 3
    else:
        answer = refined.ground(clip, "light")
        assert answer.failure is None  # held to the grammar: no span that cannot be read
        assert all(-1e-6 <= span.start_s <= span.end_s <= answer.duration_s + 1e-6 for span in answer.spans)
        told = mechanism == "query-aware frames" or answer.trace
        assert told or not answer.events


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("mechanism", OPTIONS)
def test_the_table_is_right_about_what_a_family_prepares(mechanism, name, clip) -> None:
    options = OPTIONS[mechanism]
    if not cells()[mechanism][system(name)]:
        with pytest.raises(UnsupportedError, match="seam"):
            playhead.load(name, **options)
        return
    answer = playhead.load(name, cache=False, **options).ground(clip, "light")
    assert answer.failure is None
    assert answer.sampling.times_s


def test_the_documented_table_is_the_generated_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    assert markdown() in page


@pytest.mark.parametrize("name", LOCAL)
def test_no_span_is_unreadable_whatever_is_combined(name, clip) -> None:
    everything = {"zoom": 2, "votes": 2, "snap": 1.0, "coarse": True, "segment_s": 1.0, "unsure": 0.05}
    windows = [{}, {"start_s": 0.4, "end_s": 2.6}, {"start_s": 1.5}]
    for window, query in zip(windows, ("light", "a man who ... 3 - 5 s?", "灯"), strict=True):
        answer = session(name).refined(**everything).ground(clip, query, **window)
        assert answer.failure is None
        for span in answer.spans:
            assert window.get("start_s", 0) - 1e-6 <= span.start_s <= span.end_s
            assert span.end_s <= min(window.get("end_s", 3.0), answer.duration_s) + 1e-6
