"""Means, intervals that know which items share a video, and comparisons of two runs."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.metrics import Scores, compare


def scores(values, videos=None, items=None, metric="m") -> Scores:
    names = tuple(items or (str(at) for at in range(len(values))))
    return Scores("queries", names, tuple(videos or names), {metric: np.asarray(values, dtype=float)})


def test_the_mean_is_the_mean_of_what_the_metric_is_about() -> None:
    found = scores([1, 0, np.nan, 1], videos="aabb").estimates()["m"]
    assert (found.value, found.n, found.videos) == (pytest.approx(2 / 3), 3, 2)
    assert np.isnan(scores([np.nan, np.nan]).mean("m"))


def test_one_video_has_no_interval() -> None:
    found = scores([1, 0, 1], videos="aaa").estimates()["m"]
    assert (found.low, found.high) == (None, None)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        found = scores(rng.random(80) < 0.3).estimates(resamples=300)["m"]
        hits += found.low <= 0.3 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_items_of_one_video_are_not_counted_as_independent() -> None:
    rng = np.random.default_rng(5)
    by_video = (rng.random(40) < 0.5).astype(float)
    values, videos = np.repeat(by_video, 10), [str(at) for at in range(40) for _ in range(10)]
    alone = scores(values).estimates()["m"]
    together = scores(values, videos=videos).estimates()["m"]
    assert together.value == alone.value
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval_and_another_nearly() -> None:
    one = scores(np.arange(50) % 3)
    assert one.estimates(seed=1) == one.estimates(seed=1)
    assert one.estimates(seed=1)["m"].low == pytest.approx(one.estimates(seed=2)["m"].low, abs=0.1)


def test_two_runs_are_compared_item_by_item() -> None:
    rng = np.random.default_rng(8)
    first = rng.random(100) < 0.5
    better = first | (rng.random(100) < 0.2)
    found = compare(scores(first), scores(better), "m")
    assert found.value == pytest.approx(better.mean() - first.mean())
    assert 0 < found.low < found.value < found.high
    assert found.p_value < 0.01
    assert compare(scores(better), scores(first), "m").value == -found.value


def test_runs_that_are_alike_are_told_so() -> None:
    same = scores([1, 0, 1, 1])
    assert (compare(same, same, "m").value, compare(same, same, "m").p_value) == (0.0, 1.0)
    rng = np.random.default_rng(2)
    p_values = [
        compare(scores(rng.random(40)), scores(rng.random(40)), "m", resamples=200).p_value
        for _ in range(100)
    ]
    assert np.mean(np.array(p_values) < 0.05) < 0.15
    assert 0.35 < np.mean(p_values) < 0.65


def test_only_items_of_both_runs_count() -> None:
    found = compare(scores([1, 0, 1], items="abc"), scores([1, 1, np.nan], items="bcd"), "m")
    assert (found.n, found.value) == (2, 0.5)
    with pytest.raises(ValueError, match="no item in common"):
        compare(scores([1], items="a"), scores([1], items="b"), "m")
    with pytest.raises(ValueError, match="different videos"):
        compare(scores([1], items="a", videos="x"), scores([1], items="a", videos="y"), "m")


def test_lengths_and_names_are_checked() -> None:
    with pytest.raises(ValueError, match="differ in number"):
        Scores("queries", ("a",), ("v", "w"), {"m": np.zeros(1)})
    with pytest.raises(ValueError, match="one name"):
        scores([1, 2], items="aa")


def test_many_videos_are_drawn_in_parts_and_the_parts_add_up(monkeypatch) -> None:
    one, other = (scores(np.roll(np.arange(300) % 7 / 7, by)) for by in (0, 1))
    whole, p_value = one.estimates(resamples=1000)["m"], compare(one, other, "m").p_value
    monkeypatch.setattr("playhead.metrics.interval._CELLS", 900)
    assert one.estimates(resamples=1000)["m"] == whole
    assert compare(one, other, "m").p_value == p_value
