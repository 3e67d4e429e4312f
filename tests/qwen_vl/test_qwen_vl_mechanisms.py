"""Mechanisms of other systems on the Qwen-VL line: which pictures, how large, how their time is told, which tokens stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import read_number
from playhead.errors import UnsupportedError, UsageError, WindowError
from playhead.media.clip import Video
from playhead.media.overlay import hms
from playhead.models.mechanisms import seams_of
from playhead.models.pictures.tell import TELLERS
from playhead.models.presets import PRESETS
from playhead.models.qwen_vl.held import alike
from playhead.sequence.patches import join_rows
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock
from playhead.tasks.ground import Ground

TINY = ["qwen2-vl-tiny", "qwen2.5-vl-tiny", "qwen3-vl-tiny"]


@pytest.fixture(scope="module")
def engine_of():
    made = {}

    def get(name: str, **options):
        key = (name, tuple(sorted(options.items())))
        if key not in made:
            made[key] = playhead.load(name, device="cpu", **options).engine
        return made[key]

    return get


def prompt(engine, look):
    return engine.layout(look, engine.request(Ask("What is shown?"), look).text)


def said(engine, layout) -> str:
    """The words of a prompt, placeholders left out."""
    words = [token for token in layout.input_ids_N.tolist() if token < 256]
    return engine.words.decode(words)


# --- which pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("scene", ["variable", "late_video"])
def test_the_pictures_on_show_at_the_named_instants_are_looked_at(engine_of, drawn, name, scene) -> None:
    clip, engine = drawn(scene), engine_of(name)
    instants_s = (clip.times_s[1], clip.times_s[1] + 0.02, clip.times_s[-1])
    look = engine.look(Video(str(clip.path), instants_s=instants_s))
    on_show = [max(time_s for time_s in clip.times_s if time_s <= at_s + 1e-6) for at_s in instants_s]
    assert look.times_s.tolist() == pytest.approx(on_show, abs=1e-4)
    frames = join_rows(look.data.rows_PD.numpy(), look.data.grid, engine.cut)[: len(on_show)]
    when = dict(zip(clip.numbers, clip.times_s, strict=True))
    assert [when[read_number(each)] for each in frames] == pytest.approx(on_show, abs=1e-4)


def test_instants_outside_the_window_are_refused(engine_of, drawn) -> None:
    engine = engine_of("qwen3-vl-tiny")
    with pytest.raises(WindowError, match="outside the window"):
        engine.look(Video(str(drawn("constant").path), start_s=0.5, end_s=1.0, instants_s=(0.2, 0.7)))
    with pytest.raises(UsageError, match="ascending"):
        engine.look(Video(str(drawn("constant").path), instants_s=(0.7, 0.2)))


def test_a_family_without_the_seam_names_it(drawn) -> None:
    engine = playhead.load("vtimellm-tiny", device="cpu").engine
    with pytest.raises(UnsupportedError, match="no seam 'instants'"):
        engine.answer(Video(str(drawn("constant").path), instants_s=(0.1, 0.2)), Ask("What is shown?"))


@pytest.mark.parametrize("name", TINY)
def test_a_ladder_grants_whole_tokens_within_its_budget(engine_of, drawn, name) -> None:
    engine = engine_of(name, frames="seed1.5-vl:rate_hz=5,budget_tokens=2048")
    look = engine.look(Video(str(drawn("constant").path)))
    layout = prompt(engine, look)
    tokens = sum(slot.length for slot in layout.slots)
    pictures = len(look.times_s)
    level = next(each for each in (640, 512, 384, 256, 160, 128) if (pictures + pictures % 2) * each <= 2048)
    width_px, height_px = look.sampling.frame_size_px
    each_group = width_px * height_px // engine.cut.token_px**2
    assert tokens == -(-pictures // 2) * each_group <= 2048
    assert 0.5 * 2 * level < each_group <= 2 * level
    assert (np.diff(look.times_s) > 0).all()


def test_slow_and_fast_pictures_have_sizes_of_their_own(engine_of, slides) -> None:
    engine = engine_of("qwen3-vl-tiny", frames="keye1.5:budget_tokens=1200,rate_hz=2")
    look = engine.look(Video(str(slides)))
    layout = prompt(engine, look)
    lengths = [slot.length for slot in layout.slots]
    assert not alike(look.data.grids_T2)
    assert sum(lengths) <= 1200
    assert min(lengths) < 0.6 * max(lengths)
    # The pictures at the cut are large, those of a still slide small.
    first_of_second = next(number for number, time_s in enumerate(look.times_s) if time_s >= 4.0)
    assert lengths[first_of_second // 2] == max(lengths)
    assert lengths[2] == min(lengths)
    answer = engine.answer(Video(str(slides)), Ask("What is shown?"))
    assert any("given large" in note for note in answer.sampling.notes)


@pytest.mark.parametrize("name", ["qwen2-vl-tiny", "qwen2.5-vl-tiny"])
def test_one_grid_for_a_video_refuses_sizes_of_their_own(name) -> None:
    with pytest.raises(UnsupportedError, match="no seam 'mixed sizes'"):
        playhead.load(name, device="cpu", frames="keye1.5")


def test_a_budget_too_small_is_said(engine_of, slides) -> None:
    engine = engine_of("qwen3-vl-tiny", frames="keye1.5:budget_tokens=40")
    with pytest.raises(UsageError, match="at least 32 tokens per slow frame"):
        engine.look(Video(str(slides)))
    with pytest.raises(UsageError, match="budget_tokens=100"):
        engine_of("qwen3-vl-tiny", frames="seed1.5-vl:budget_tokens=100").look(Video(str(slides)))


# --- how the time is told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("told", [each for each in TELLERS if TELLERS[each].where == "words"])
def test_words_stand_before_every_group_and_say_its_time(engine_of, drawn, name, told) -> None:
    engine = engine_of(name, tell=told)
    look = engine.look(Video(str(drawn("variable").path)))
    layout = prompt(engine, look)
    words = said(engine, layout)
    at = 0
    for slot in layout.slots:
        assert slot.label
        at = words.index(slot.label, at) + 1
    mean_s = look.times_s[:2].mean()
    if told == "seed1.5-vl":
        assert layout.slots[0].label == f"[{mean_s:.1f} second]"
    if told == "vtimellm":
        assert int(layout.slots[-1].label[:2]) == round(
            look.times_s[-2:].mean() / look.window.duration_s * 100
        )
    assert (np.diff(layout.positions[0]) >= 0).all()


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("told", ["arc", "numpro"])
def test_something_is_drawn_on_every_picture_and_nothing_written(engine_of, drawn, name, told) -> None:
    video = Video(str(drawn("constant").path))
    plain, marked = engine_of(name, tell="none"), engine_of(name, tell=told)
    look = marked.look(video)
    before, after = (
        join_rows(each.data.rows_PD.numpy(), each.data.grid, marked.cut).astype(int)
        for each in (plain.look(video), look)
    )
    assert (np.abs(before - after).max(axis=(1, 2, 3)) > 60).all()
    assert said(marked, prompt(marked, look)) == said(plain, prompt(plain, plain.look(video)))
    ends_s = [*look.times_s[1:], look.window.end_s]
    clocks = [f"{hms(a)}-{hms(b)}" for a, b in zip(look.times_s, ends_s, strict=True)]
    assert list(look.labels) == ([str(n) for n in range(len(clocks))] if told == "numpro" else clocks)


def test_frame_numbers_in_an_answer_are_the_seconds_of_these_pictures(engine_of, drawn) -> None:
    engine = engine_of("qwen3-vl-tiny", tell="numpro")
    look = engine.look(Video(str(drawn("variable").path)))
    clock = engine.request(Ground("a square"), look).clock
    read = Ground("a square").read("[[1, 2]]", clock)
    assert read.events[0].span.start_s == pytest.approx(look.times_s[1])
    assert read.events[0].span.end_s == pytest.approx(look.times_s[3])
    last = len(look.times_s) - 1
    assert Ground("a square").read(f"[[0, {last}]]", clock).events[0].span.end_s == clock.duration_s
    assert "no frame 5 among 4" in Ground("a square").read(f"[[{last + 2}, {last + 3}]]", clock).reason


def test_a_range_that_ends_with_a_picture_ends_when_the_next_begins() -> None:
    clock = Clock(10.0, start_s=100.0, frames_s=(0.0, 1.0, 4.0))
    read = Ground("x").read("frames 1 to 1", clock)
    assert (read.events[0].span.start_s, read.events[0].span.end_s) == (101.0, 104.0)


@pytest.mark.parametrize("told", ["numpro", "arc", "vtimellm", "seed1.5-vl", "none"])
@pytest.mark.parametrize("name", ["qwen2.5-vl-tiny", "qwen3-vl-tiny"])
def test_every_way_of_telling_ends_in_spans_that_can_be_read(engine_of, drawn, name, told) -> None:
    answer = engine_of(name, tell=told).answer(Video(str(drawn("variable").path)), Ground("a square"))
    assert answer.failure is None
    assert all(0 <= event.span.start_s <= event.span.end_s <= answer.duration_s for event in answer.events)


def test_the_axis_counts_order_or_time_as_is_wished(engine_of, drawn) -> None:
    video = Video(str(drawn("variable").path))
    steps = {}
    for axis in ("order", "time"):
        engine = engine_of("qwen2-vl-tiny", axis=axis)
        layout = prompt(engine, engine.look(video))
        first = layout.slots[0].start
        steps[axis] = [int(layout.positions[0, s.start] - layout.positions[0, first]) for s in layout.slots]
    assert steps["order"] == list(range(len(steps["order"])))
    look = engine_of("qwen2-vl-tiny", axis="time").look(video)
    starts_s = look.times_s[::2]
    assert steps["time"] == [int(t * 2 + 1e-6) - int(starts_s[0] * 2 + 1e-6) for t in starts_s]
    with pytest.raises(UsageError, match="positions of its own"):
        playhead.load("qwen3-vl-tiny", device="cpu", axis="time", tell="qwen3-vl")


# --- which tokens stay ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TINY)
def test_places_that_do_not_change_are_given_once_and_the_rest_keeps_its_places(
    engine_of, slides, name
) -> None:
    plain, pruned = engine_of(name), engine_of(name, drop=2.0)
    video = Video(str(slides))
    full, look = prompt(plain, plain.look(video)), pruned.look(video)
    layout = prompt(pruned, look)
    kept_M = look.data.kept_M
    assert kept_M.sum() == sum(slot.length for slot in layout.slots) < 0.5 * len(kept_M)
    per_group = np.split(kept_M, len(look.data.grids_T2))
    assert per_group[0].all()
    assert min(group.sum() for group in per_group) >= 1
    change = next(n for n, time_s in enumerate(look.times_s[::2]) if time_s >= 4.0)
    assert per_group[change].mean() > 0.8
    assert per_group[change - 2].mean() < 0.2
    assert layout.positions[:, layout.filled()].tolist() == full.positions[:, full.filled()[kept_M]].tolist()
    assert layout.positions[:, -1].tolist() == full.positions[:, -1].tolist()
    assert [slot.pts_s for slot in layout.slots] == [slot.pts_s for slot in full.slots]


@pytest.mark.parametrize("name", TINY)
def test_features_of_the_tokens_that_stay_are_those_of_the_whole(engine_of, slides, name) -> None:
    plain, pruned = engine_of(name), engine_of(name, drop=2.0)
    video = Video(str(slides))
    whole, look = plain.look(video), pruned.look(video)
    kept = torch.from_numpy(look.data.kept_M)
    made = pruned.inputs(look, prompt(pruned, look))["mm_encoder_outputs"]["video"]
    all_made = plain._encode(whole.data, lambda *_: None)
    assert torch.equal(made.pooler_output[0], all_made.pooler_output[0][kept])
    answer = pruned.answer(video, Ask("What is shown?"))
    assert any(f"{int(kept.sum())} of {len(kept)} tokens are given" in note for note in answer.sampling.notes)


@pytest.mark.parametrize("name", TINY)
def test_dropping_nothing_changes_nothing(engine_of, drawn, name) -> None:
    video = Video(str(drawn("constant").path))
    plain, kept = engine_of(name), engine_of(name, drop=0.0)
    look = kept.look(video)
    everything = replace(look, data=replace(look.data, kept_M=np.ones_like(look.data.kept_M)))
    with torch.inference_mode():
        first = plain.model(**plain.inputs(plain.look(video), prompt(plain, plain.look(video)))).logits
        second = kept.model(**kept.inputs(everything, prompt(kept, everything))).logits
    assert torch.allclose(first, second, atol=1e-5)


def test_presets_and_engines_agree_on_their_seams(engine_of) -> None:
    for name in TINY:
        assert engine_of(name).seams == PRESETS[name].seams == seams_of(engine_of(name).kind.model_type)
