"""InternVL, VideoLLaMA 3 and LLaVA-OneVision as engines: what the model is given is what the video shows, when it shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import draw_slides, read_number
from playhead.errors import UnsupportedError, UsageError
from playhead.media.clip import Video
from playhead.models.interleaved.collate import Sample, collate
from playhead.models.interleaved.settings import OPTIONS
from playhead.models.pictures.tell import TELLERS
from playhead.models.presets import INTERLEAVED, PRESETS
from playhead.models.show import show_video
from playhead.sequence.layout import IGNORED
from playhead.sequence.patches import Cut, join_rows
from playhead.tasks.ask import Ask
from playhead.tasks.ground import Ground

TINY = ["internvl-tiny", "videollama3-tiny", "llava-onevision-tiny"]
TILES = ["internvl-tiny", "llava-onevision-tiny"]
_MADE = {}


@pytest.fixture
def of():
    def get(name: str, **options):
        key = (name, tuple(sorted(options.items())))
        if key not in _MADE:
            _MADE[key] = playhead.load(name, device="cpu", **options).engine
        return _MADE[key]

    return get


@pytest.fixture(params=TINY)
def engine(request, of):
    return of(request.param)


def given(look, engine) -> np.ndarray:
    """The pictures the encoder is given, as bytes again."""
    prepared = look.data.prepared.numpy()
    if prepared.ndim == 2:
        rows, columns = (look.data.grids_F2[0] * 2).tolist()
        return join_rows(prepared, (len(look.times_s), rows, columns), Cut(14, 2, 1, *engine.colours))
    mean, std = (np.array(each)[:, None, None] for each in engine.colours)
    return ((prepared * std + mean) * 255).round().clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def prompt(engine, look, words: str = "What is shown?"):
    return engine.layout(look, engine.request(Ask(words), look).text)


def said(engine, layout) -> str:
    return engine.words.decode(layout.input_ids_N.tolist())


# --- pictures and times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scene", ["constant", "variable", "late_video", "edit_list", "single_frame", "rotated_1", "ntsc"]
)
def test_every_picture_given_is_the_one_of_its_time(engine, drawn, scene) -> None:
    clip = drawn(scene)
    look = engine.look(Video(str(clip.path)))
    when = dict(zip(clip.numbers, clip.times_s, strict=True))
    frames = given(look, engine)
    assert len(frames) == len(look.times_s)
    for pixels_HWC, time_s in zip(frames, look.times_s, strict=True):
        assert when[read_number(pixels_HWC)] == pytest.approx(time_s, abs=clip.rounding_s)
    assert look.sampling.frame_size_px == frames.shape[2:0:-1]


def test_what_is_shown_is_what_is_given(engine, drawn) -> None:
    video = Video(str(drawn("variable").path), start_s=0.5)
    shown, look = show_video(engine.name, video, 1000), engine.look(video)
    assert np.array_equal(shown.frames.pixels_FHWC, given(look, engine))
    assert shown.frames.pts_s.tolist() == look.times_s.tolist()


@pytest.mark.parametrize(
    ("scene", "window"), [("variable", {}), ("late_video", {}), ("constant", {"start_s": 1.0})]
)
def test_videollama3_reads_true_times_from_the_start_of_the_window(of, drawn, scene, window) -> None:
    engine = of("videollama3-tiny", rate_hz=4)
    look = engine.look(Video(str(drawn(scene).path), **window))
    start_s = window.get("start_s", 0.0)
    assert [float(label[5:-2]) for label in look.labels] == pytest.approx(look.times_s - start_s, abs=0.0501)
    words = said(engine, prompt(engine, look))
    at = 0
    for label in look.labels:
        at = words.index(label, at) + 1
    assert words.count("s:<") == words.count(",Time ") + 1 == len(look.labels)
    if scene == "late_video":
        assert float(look.labels[0][5:-2]) > 0.3


def test_internvl_numbers_its_pictures_and_is_told_no_time(of, drawn) -> None:
    engine = of("internvl-tiny", max_frames=5)
    look = engine.look(Video(str(drawn("variable").path)))
    lines = said(engine, prompt(engine, look)).split("\n")
    place = "<IMG_CONTEXT>" * 16
    assert lines[1:7] == [
        *(f"Frame{number}: <img>{place}</img>" for number in range(1, 6)),
        "What is shown?<|im_end|>",
    ]
    assert set(look.labels) == {""}
    assert any("told no times" in note for note in engine.plan(Video(str(drawn("variable").path))).notes)


def test_llava_onevision_has_one_place_that_ends_the_video(of, drawn) -> None:
    engine = of("llava-onevision-tiny", max_frames=3)
    look = engine.look(Video(str(drawn("constant").path)))
    layout = prompt(engine, look)
    assert (layout.input_ids_N == engine.chat.place).sum() == 3 * 16 + 1 == len(layout.filled()) + 1


@pytest.mark.parametrize("count", [16, 32, 48, 64])
def test_internvl_takes_exactly_so_many_pictures(count, drawn) -> None:
    made = playhead.plan(str(drawn("constant").path), "internvl3.5-1b", max_frames=count, device="cpu")
    assert (made.frames, made.video_tokens) == (count, 256 * count)


def test_tokens_of_published_sizes(tmp_path, drawn) -> None:
    path = str(drawn("constant").path)
    llava = playhead.plan(path, "llava-onevision-0.5b", device="cpu")
    assert (llava.frames, llava.video_tokens) == (32, 32 * 196)
    small = playhead.plan(path, "videollama3-2b", device="cpu")
    assert small.video_tokens == small.frames * 4 * 5  # 96 x 64 pixels grow to at least 16 tokens


# --- mechanisms ------------------------------------------------------------------------------------------------------


def test_the_pictures_on_show_at_the_named_instants_are_looked_at(engine, drawn) -> None:
    clip = drawn("variable")
    instants_s = (clip.times_s[1], clip.times_s[1] + 0.02, clip.times_s[-1])
    look = engine.look(Video(str(clip.path), instants_s=instants_s))
    on_show = [max(time_s for time_s in clip.times_s if time_s <= at_s + 1e-6) for at_s in instants_s]
    assert look.times_s.tolist() == pytest.approx(on_show, abs=1e-4)


def test_a_ladder_grants_whole_tokens_where_sizes_are_free(of, drawn) -> None:
    engine = of("videollama3-tiny", frames="seed1.5-vl:rate_hz=2,budget_tokens=1024", drop=False)
    look = engine.look(Video(str(drawn("constant").path)))
    tokens = [slot.length for slot in prompt(engine, look).slots]
    level = next(each for each in (640, 512, 384, 256, 160, 128) if len(tokens) * each <= 1024)
    width_px, height_px = look.sampling.frame_size_px
    assert set(tokens) == {width_px * height_px // 28**2}
    assert 0.5 * level < tokens[0] <= level


@pytest.mark.parametrize("drop", [False, 2.0])
def test_slow_and_fast_pictures_have_sizes_of_their_own(of, tmp_path, drop) -> None:
    path = draw_slides(tmp_path / "slides.mp4")
    engine = of("videollama3-tiny", frames="keye1.5:budget_tokens=600,rate_hz=2", drop=drop)
    look = engine.look(Video(str(path)))
    tokens = look.data.grids_F2.prod(axis=1)
    change = next(number for number, time_s in enumerate(look.times_s) if time_s >= 4.0)
    assert tokens.sum() <= 600
    assert tokens[change] == tokens.max() > tokens.min() == tokens[change + 1]
    layout = prompt(engine, look)
    kept = len(layout.filled())
    assert kept < tokens.sum() if drop else kept == tokens.sum()
    with torch.inference_mode():
        given = engine.model(**engine.inputs(look, layout)).logits
        features = engine.model(**engine._with_features(look, layout, lambda *_: None)).logits
    torch.testing.assert_close(given, features, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", TILES)
@pytest.mark.parametrize(("frames", "seam"), [("seed1.5-vl", "sizes"), ("keye1.5", "sizes")])
def test_a_ladder_for_pictures_of_one_size_names_the_seam(name, frames, seam) -> None:
    with pytest.raises(UnsupportedError, match=f"no seam '{seam}'"):
        playhead.load(name, device="cpu", frames=frames)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("told", ["seed1.5-vl", "qwen3-vl", "vtimellm"])
def test_words_stand_before_every_picture_and_say_its_time(of, drawn, name, told) -> None:
    engine = of(name, tell=told, max_frames=4)
    look = engine.look(Video(str(drawn("variable").path)))
    layout = prompt(engine, look)
    words = said(engine, layout)
    at = 0
    for slot, moment in zip(layout.slots, look.data.moments, strict=True):
        assert slot.label == TELLERS[told].text(moment) != ""
        at = words.index(slot.label, at) + 1
    assert "Frame1" not in words
    assert "Time " not in words
    answer = engine.answer(Video(str(drawn("variable").path)), Ground("a square"))
    assert answer.failure is None


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("told", ["arc", "numpro"])
def test_something_is_drawn_on_every_picture_and_nothing_written(of, drawn, name, told) -> None:
    video = Video(str(drawn("constant").path))
    plain, marked = (
        of(name, tell="none", drop=False, max_frames=4),
        of(name, tell=told, drop=False, max_frames=4),
    )
    before, after = plain.look(video), marked.look(video)
    change = np.abs(given(before, plain).astype(int) - given(after, marked)).max(axis=(1, 2, 3))
    assert (change > 60).all()
    assert said(marked, prompt(marked, after)) == said(plain, prompt(plain, before))
    assert all(after.labels)


@pytest.mark.parametrize("name", TINY)
def test_places_that_do_not_change_are_left_out_and_positions_close_up(of, drawn, name) -> None:
    video = Video(str(drawn("constant").path))
    plain, pruned = of(name, drop=False, max_frames=5), of(name, drop=3.0, max_frames=5)
    whole, look = plain.look(video), pruned.look(video)
    full, layout = prompt(plain, whole), prompt(pruned, look)
    kept_M = look.data.kept_M
    assert 0 < kept_M.sum() == sum(slot.length for slot in layout.slots) < len(kept_M)
    assert layout.positions is None
    assert len(full) - len(layout) == (~kept_M).sum()
    kept = torch.from_numpy(kept_M)
    assert torch.equal(
        pruned._encode(look.data, lambda *_: None), plain._encode(whole.data, lambda *_: None)[kept]
    )
    everything = replace(look, data=replace(look.data, kept_M=np.ones_like(kept_M)))
    with torch.inference_mode():
        first = plain.model(**plain.inputs(whole, full)).logits
        second = pruned.model(**pruned.inputs(everything, full)).logits
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
    answer = pruned.answer(video, Ask("What is shown?"))
    assert any(
        f"{int(kept_M.sum())} of {len(kept_M)} tokens are given" in note for note in answer.sampling.notes
    )


def test_dropping_is_on_for_videollama3_and_can_be_turned_off(of) -> None:
    assert of("videollama3-tiny").settings.wanted.drop == 0.1
    assert of("videollama3-tiny", drop=False).settings.wanted.drop is None
    assert of("internvl-tiny").settings.wanted.drop is None


# --- settings, batches, seams ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("internvl-tiny", {"rate_hz": 2.0}, "an option of VideoLLaMA 3"),
        ("llava-onevision-tiny", {"video_tokens": 100}, "an option of VideoLLaMA 3"),
        ("internvl-tiny", {"max_frames": 0}, "a whole number"),
        ("internvl-tiny", {"flash_relative": 0.5}, "add flash=true"),
        ("internvl-tiny", {"flash": True, "drop": 0.1}, "choose one of them"),
        ("internvl-tiny", {"times": "minutes"}, "seconds, clock"),
        ("videollama3-tiny", {"drop": "much"}, "or false"),
        ("videollama3-tiny", {"max_frame": 3}, "did you mean 'max_frames'"),
    ],
)
def test_wrong_options_are_refused(name, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        playhead.load(name, device="cpu", **options)


def test_two_rates_need_their_seam() -> None:
    with pytest.raises(UnsupportedError, match="no seam 'rates'"):
        playhead.load("videollama3-tiny", device="cpu", flash=True)


def test_presets_and_engines_agree_on_their_seams(of) -> None:
    for name in TINY:
        assert of(name).seams == PRESETS[name].seams != frozenset()
    assert all(preset.seams for preset in INTERLEAVED)
    assert set(OPTIONS) >= {"frames", "tell", "drop"}


@pytest.mark.parametrize("name", TINY)
def test_two_samples_to_train_are_padded_on_the_right(of, drawn, name) -> None:
    engine = of(name)
    look = engine.look(Video(str(drawn("constant").path)))
    layouts = [prompt(engine, look, words) for words in ("What?", "What is shown in this film?")]
    labelled = [
        replace(each, labels_N=np.where(np.arange(len(each)) < len(each) - 4, IGNORED, each.input_ids_N))
        for each in layouts
    ]
    samples = [Sample(each, look.data) for each in labelled]
    batch = collate(engine.kind, engine.net.config, samples, pad_id=engine.end_ids[-1], side="right")
    loss = engine.model(**batch).loss
    each = [
        engine.model(**collate(engine.kind, engine.net.config, [one], pad_id=engine.end_ids[-1])).loss
        for one in samples
    ]
    torch.testing.assert_close(loss, sum(each) / 2, atol=1e-4, rtol=1e-4)
