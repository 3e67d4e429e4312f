"""Sampling policies against index lists recorded from the published code."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from playhead.errors import WindowError
from playhead.media.sampling.arc import arc
from playhead.media.sampling.hour_llava import hour_llava
from playhead.media.sampling.qwen import qwen2_vl
from playhead.media.sampling.vtimellm import vtimellm

GOLDEN = json.loads((Path(__file__).parent / "golden" / "sampling.json").read_text())
pytestmark = pytest.mark.parity

ROUNDINGS = {"exact": None, "90 kHz": 90_000, "microseconds": 1_000_000}


def times(frames, fps, ticks_per_s=None):
    exact = np.arange(frames) / fps
    return exact if ticks_per_s is None else np.round(exact * ticks_per_s) / ticks_per_s


@pytest.mark.parametrize("ticks", ROUNDINGS.values(), ids=ROUNDINGS)
@pytest.mark.parametrize("case", GOLDEN["arc"].values(), ids=GOLDEN["arc"])
def test_arc_takes_the_published_middle_frames(case, ticks):
    got = arc()(case["duration"], times(case["vlen"], case["fps"], ticks))
    assert got.indices.tolist() == case["indices_middle"]
    assert len(got) == case["num_frames"]


@pytest.mark.parametrize("case", GOLDEN["arc"].values(), ids=GOLDEN["arc"])
def test_arc_training_draws_from_the_published_ranges(case):
    drawn = np.stack(
        [
            arc(pick_by="random", seed=s)(case["duration"], times(case["vlen"], case["fps"])).indices
            for s in range(300)
        ]
    )
    ranges = np.array(case["training_random_ranges"])
    assert (drawn >= ranges[:, 0]).all()
    assert (drawn < ranges[:, 1]).all()
    assert (drawn.min(axis=0) <= ranges[:, 0] + 1).all()
    assert (drawn.max(axis=0) >= ranges[:, 1] - 2).all()


@pytest.mark.parametrize("case", GOLDEN["vtimellm"], ids=lambda c: f"{c['frames']}@{c['fps']}:{c['split']}")
def test_vtimellm_takes_the_published_frames(case):
    start_s, end_s = case["split"] or (None, None)
    listed = times(case["frames"], case["fps"])
    choose = vtimellm(start_s=start_s, end_s=end_s)
    duration_s = case["frames"] / case["fps"]
    if case["indices"] != sorted(case["indices"]) or max(case["indices"]) >= case["frames"]:
        with pytest.raises(WindowError):
            choose(duration_s, listed)
    else:
        assert choose(duration_s, listed).indices.tolist() == case["indices"]


def digest(indices):
    return hashlib.sha256(json.dumps(indices).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "case",
    GOLDEN["hour_llava"],
    ids=lambda c: f"{c['frames']}@{c['fps']}:{c.get('frames_upbound')}:{c.get('force_sample')}",
)
def test_hour_llava_takes_the_published_frames(case):
    listed = times(case["frames"], case["fps"])
    choose = hour_llava(max_frames=case.get("frames_upbound"), force=case.get("force_sample", False))
    got = choose(case["frames"] / case["fps"], listed).indices.tolist()
    if "upstream_error" in case:
        assert got == list(range(case["frames"]))
        return
    assert (len(got), got[: len(case["first"])], got[-len(case["last"]) :]) == (
        case["n_sampled"],
        case["first"],
        case["last"],
    )
    assert digest(got) == case["sha256_16"]


@pytest.mark.parametrize("case", GOLDEN["hour_llava_features"], ids=lambda c: f"{c['frames']}@{c['fps']}")
def test_hour_llava_extracts_features_of_the_published_frames(case):
    listed = times(case["frames"], case["fps"])
    got = hour_llava(form="features")(case["frames"] / case["fps"], listed).indices.tolist()
    assert digest(got) == case["sha256_16"]


QWEN = json.loads((Path(__file__).parent / "golden" / "sampling_qwen.json").read_text())["cases"]


@pytest.mark.parametrize("case", QWEN, ids=lambda c: f"{c['frames']}@{c['fps']}")
@pytest.mark.parametrize("variant", ["utils", "transformers"])
def test_qwen_rounds_as_32_bit_floats_do(case, variant):
    listed = times(case["frames"], case["fps"])
    got = qwen2_vl(variant=variant)(case["frames"] / case["fps"], listed).indices.tolist()
    assert (len(got), got[:6], got[-3:]) == (case["n"], *case[variant][:2])
    assert digest(got) == case[variant][2]
