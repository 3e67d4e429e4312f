"""The scale of sureness: what a fit must keep, and the error it is measured by, worked out by hand."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import UsageError
from playhead.refine.calibration import Calibration, expected_error, fit, measured

answers = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(answers)
def test_surer_never_becomes_less_sure(given_answers) -> None:
    curve = fit([raw for raw, _ in given_answers], [right for _, right in given_answers])
    at = [curve(raw) for raw in np.linspace(0, 1, 11)]
    assert at == sorted(at)
    assert all(0 < each < 1 for each in at)


def test_a_known_curve_is_found_again() -> None:
    random = np.random.default_rng(0)
    raw = random.uniform(0, 1, 4000)
    right = random.uniform(0, 1, 4000) < 1 / (1 + np.exp(-(6 * raw - 3)))
    curve = fit(raw.tolist(), right.tolist())
    assert (curve.slope, curve.offset) == (pytest.approx(6, abs=0.4), pytest.approx(-3, abs=0.25))
    assert expected_error([curve(each) for each in raw], right.tolist()) < 0.03


def test_fitting_mends_overconfidence() -> None:
    random = np.random.default_rng(1)
    raw = random.uniform(0.8, 1, 300)
    right = (random.uniform(0, 1, 300) < 0.4).tolist()
    curve = fit(raw.tolist(), right)
    assert expected_error([curve(each) for each in raw], right) < 0.1 < expected_error(raw.tolist(), right)


def test_where_surer_is_wronger_the_curve_is_level() -> None:
    curve = fit([0.1, 0.2, 0.8, 0.9] * 5, [True, True, False, False] * 5)
    assert curve.slope == 0
    assert curve(0.1) == curve(0.9) == pytest.approx(0.5)


def test_expected_error_by_hand() -> None:
    # Two bins: 0.95 twice with one right (off by 0.45 each), 0.25 twice with none (off by 0.25 each).
    assert expected_error([0.95, 0.95, 0.25, 0.25], [True, False, False, False]) == pytest.approx(0.35)
    assert expected_error([1.0], [True]) == 0.0
    assert expected_error([], []) == 0.0


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(UsageError, match="0 numbers"):
        fit([], [])
    with pytest.raises(UsageError, match="2 numbers for 1"):
        fit([0.1, 0.2], [True])
    with pytest.raises(UsageError, match="slope -1"):
        Calibration(-1, 0)


def test_the_measured_curves_name_the_command_that_made_them() -> None:
    held = json.loads((resources.files("playhead.refine") / "calibration.json").read_text("utf-8"))
    assert measured().keys() == held["engines"].keys()
    assert held["command"].startswith("python benchmarks/refine.py")
    assert measured()["scout"](0.9) > measured()["scout"](0.3)
