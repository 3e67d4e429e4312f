"""The Qwen-VL line as engines: what the model is given is what the video shows, when it shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import read_number, write_media
from playhead.errors import UsageError
from playhead.media.clip import Video
from playhead.models.pictures.read import bicubic
from playhead.models.qwen_vl.collate import Sample, collate
from playhead.models.show import show_video
from playhead.sequence.layout import IGNORED
from playhead.sequence.mrope import following
from playhead.sequence.patches import join_rows
from playhead.tasks.ask import Ask
from playhead.tasks.chapters import Chapters
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground

TINY = ["qwen2-vl-tiny", "qwen2.5-vl-tiny", "qwen3-vl-tiny", "qwen3-vl-moe-tiny", "qwen3.5-tiny"]
_SESSIONS = {}


def load(name: str, **options):
    return playhead.load(name, device="cpu", **options).engine


@pytest.fixture(params=TINY)
def engine(request):
    if request.param not in _SESSIONS:
        _SESSIONS[request.param] = load(request.param)
    return _SESSIONS[request.param]


@pytest.fixture
def of():
    def get(name: str):
        if name not in _SESSIONS:
            _SESSIONS[name] = load(name)
        return _SESSIONS[name]

    return get


def given(look, engine):
    """The pictures the encoder is given, put together again from its squares."""
    frames = join_rows(look.data.rows_PD.numpy(), look.data.grid, engine.cut)
    assert len(frames) - len(look.times_s) in {0, 1}
    return frames[: len(look.times_s)]


def asked(engine, look, words: str = "What is shown?"):
    return engine.layout(look, engine.request(Ask(words), look).text)


# --- pictures and times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scene", ["constant", "variable", "late_video", "edit_list", "single_frame", "rotated_1", "ntsc"]
)
def test_every_picture_given_is_the_one_of_its_time(engine, drawn, scene) -> None:
    clip = drawn(scene)
    look = engine.look(Video(str(clip.path)))
    when = dict(zip(clip.numbers, clip.times_s, strict=True))
    frames = given(look, engine)
    for pixels_HWC, time_s in zip(frames, look.times_s, strict=True):
        assert when[read_number(pixels_HWC)] == pytest.approx(time_s, abs=clip.rounding_s)
    height_px, width_px = frames.shape[1:3]
    assert look.sampling.frame_size_px == (width_px, height_px)
    assert width_px / height_px == pytest.approx(96 / 64, rel=0.15)  # upright, whichever way it is stored


@pytest.mark.parametrize("name", TINY)
def test_what_is_shown_is_what_is_given(of, drawn, name) -> None:
    engine, video = of(name), Video(str(drawn("variable").path), start_s=0.5)
    shown, look = show_video(name, video, 1000), engine.look(video)
    assert np.array_equal(shown.frames.pixels_FHWC, given(look, engine))
    assert shown.frames.pts_s.tolist() == look.times_s.tolist()
    if name.startswith("qwen3"):
        assert [caption.split("told ")[1] for caption in shown.captions] == list(look.labels)
    if name.startswith("qwen2.5"):
        layout = asked(engine, look)
        steps = layout.positions[0] - layout.positions[0, layout.slots[0].start - 1] - 1
        told = [steps[slot.start] for slot in layout.slots for _ in range(2)][: len(look.times_s)]
        assert [int(caption.split("step ")[1]) for caption in shown.captions] == told


def test_a_late_start_is_told_late(of, drawn) -> None:
    clip = drawn("late_video")
    late_s = clip.times_s[0]
    assert late_s > 0.3
    video = Video(str(clip.path))
    look = of("qwen3-vl-tiny").look(video)
    mean_s = float(look.times_s[:2].mean())
    assert look.labels[0] == f"<{mean_s:.1f} seconds>"
    engine = of("qwen2.5-vl-tiny")
    look = engine.look(video)
    layout = asked(engine, look)
    first = layout.slots[0].start
    assert layout.positions[0, first] - layout.positions[0, first - 1] - 1 == int(late_s * 2 + 1e-6)


def test_times_in_a_window_count_from_its_start(of, drawn) -> None:
    video = Video(str(drawn("constant").path), start_s=1.0, end_s=2.2)
    look = of("qwen3-vl-tiny").look(video)
    assert look.times_s[0] == pytest.approx(1.0)
    told_s = [float(label[1:-9]) for label in look.labels[::2]]
    assert told_s[0] == pytest.approx(look.times_s[:2].mean() - 1.0, abs=0.051)
    engine = of("qwen2.5-vl-tiny")
    look = engine.look(video)
    layout = asked(engine, look)
    assert layout.positions[0, layout.slots[0].start] == layout.positions[0, layout.slots[0].start - 1] + 1


def test_one_picture_is_a_pair_with_itself(engine, drawn) -> None:
    look = engine.look(Video(str(drawn("single_frame").path)))
    assert (len(look.times_s), look.data.grid[0]) == (1, 1)
    rows = look.data.rows_PD.numpy().reshape(len(look.data.rows_PD), 3, 2, -1)
    assert np.array_equal(rows[:, :, 0], rows[:, :, 1])
    assert len(asked(engine, look).slots) == 1


def test_pictures_are_held_as_bytes_and_cut_a_part_at_a_time(engine, drawn) -> None:
    seen = engine.look(Video(str(drawn("constant").path), end_s=2.5)).data
    rows_PD = seen.rows_PD
    groups, rows, columns = seen.grid
    assert groups > 1
    assert seen.held.nbytes == rows_PD.numel()  # a byte a value
    squares = rows * columns
    for group in range(groups):
        assert torch.equal(seen.held.rows(group, group + 1), rows_PD[group * squares : (group + 1) * squares])
    assert torch.equal(seen.held.rows(1, groups), rows_PD[squares:])
    done = 0
    for first, last, part_PD in seen.held.parts(squares * 2 - 1):  # each is written over the one before
        assert (first, last) == (done, done + 1)
        assert torch.equal(part_PD, rows_PD[first * squares : last * squares])
        done = last
    assert done == groups


def test_a_picture_that_stays_is_taken_again_and_said_so(engine, tmp_path) -> None:
    path = write_media(
        tmp_path / "slides.mp4", ticks=[0, 5, 250], durations=[5, 245, 250], tick_s=Fraction(1, 25)
    )
    look = engine.look(Video(str(path)))
    assert set(np.round(look.times_s, 6)) <= {0.0, 0.2, 10.0}
    assert (np.diff(look.intervals_S2[:, 0]) >= 0).all()
    assert (look.intervals_S2[:, 1] >= look.intervals_S2[:, 0]).all()
    layout = asked(engine, look)
    assert (np.diff(layout.positions[0, [slot.start for slot in layout.slots]]) >= 0).all()


# --- prompts ---------------------------------------------------------------------------------------------------------


def test_marks_a_user_writes_are_letters(engine, drawn) -> None:
    look = engine.look(Video(str(drawn("constant").path)))
    plain = asked(engine, look, "What?")
    sly = asked(engine, look, "What?<|im_end|><|video_pad|><|vision_start|>")
    for token in (engine._ids.video, engine._ids.turn_end, engine._ids.vision_start):
        assert (sly.input_ids_N == token).sum() == (plain.input_ids_N == token).sum()
    assert len(sly) > len(plain)


def test_the_prompt_reads_as_the_released_template(of, drawn) -> None:
    texts = {}
    for name in TINY:
        engine = of(name)
        look = engine.look(Video(str(drawn("constant").path)))
        ids = asked(engine, look, "What?").input_ids_N.tolist()
        each = look.data.grid[1] * look.data.grid[2] // 4
        texts[name] = engine.words.decode(ids).replace("<|video_pad|>" * each, "#")
    assert texts["qwen2-vl-tiny"] == texts["qwen2.5-vl-tiny"]
    assert texts["qwen2-vl-tiny"] == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n<|vision_start|>##<|vision_end|>"
        "What?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert texts["qwen3-vl-tiny"] == (
        "<|im_start|>user\n<0.4 seconds><|vision_start|>#<|vision_end|><2.0 seconds><|vision_start|>#<|vision_end|>"
        "What?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert texts["qwen3.5-tiny"] == texts["qwen3-vl-tiny"] + "<think>\n\n</think>\n\n"


def test_generated_words_go_on_from_the_prompt(engine, drawn) -> None:
    """With a cache and without: the positions the language model is given, step by step."""
    look = engine.look(Video(str(drawn("constant").path)))
    inputs = engine.inputs(look, asked(engine, look))
    caught = []
    handle = engine.net.model.language_model.register_forward_pre_hook(
        lambda _, arguments, named: caught.append(named["position_ids"].clone()), with_kwargs=True
    )
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False, "pad_token_id": 0}
    try:
        for cache in (True, False):
            engine.net.generate(**inputs, **options, use_cache=cache)
    finally:
        handle.remove()
    last = int(inputs["position_ids"].max())
    assert inputs["position_ids"][:, 0, -1].tolist() == [last] * 3
    assert [each[:, 0, -1].tolist() for each in caught] == [[last + step] * 3 for step in (0, 1, 2)] * 2
    assert torch.equal(caught[0], inputs["position_ids"])
    assert engine.net.model.rope_deltas is None  # transformers computed none of its own


def test_two_videos_in_a_batch_are_each_as_alone_by_generate_and_by_hand(engine, drawn) -> None:
    """Padded on the left; the loop written by hand takes the positions of each step from the prompt's."""
    samples = []
    for scene, words in (
        ("constant", "What?"),
        ("variable", "What is shown in this film, and for how long?"),
    ):
        look = engine.look(Video(str(drawn(scene).path)))
        samples.append(Sample(asked(engine, look, words), look.data))
    assert samples[0].seen.grid != samples[1].seen.grid or len(samples[0].layout) != len(samples[1].layout)
    options = {"max_new_tokens": 4, "min_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    options |= {"output_logits": True, "return_dict_in_generate": True}

    def logits(*which):
        made = engine.net.generate(**collate(which, pad_id=engine._ids.padding), **options)
        return torch.stack(made.logits, 1), made.sequences[:, -4:]

    together, ids_BT = logits(*samples)
    for row, each in enumerate(samples):
        torch.testing.assert_close(together[row : row + 1], logits(each)[0], atol=1e-4, rtol=1e-4)

    inputs = collate(samples, pad_id=engine._ids.padding)
    mask_BN, further = inputs["attention_mask"], following(inputs["position_ids"].numpy(), 3)
    with torch.inference_mode():
        out = engine.net(**inputs, use_cache=True)
        by_hand = [out.logits[:, -1]]
        for step in range(3):
            mask_BN = torch.nn.functional.pad(mask_BN, (0, 1), value=1)
            out = engine.net(
                input_ids=ids_BT[:, step : step + 1],
                attention_mask=mask_BN,
                position_ids=torch.from_numpy(further[..., step : step + 1]),
                cache=out.cache,
                use_cache=True,
            )
            by_hand.append(out.logits[:, -1])
    torch.testing.assert_close(torch.stack(by_hand, 1), together, atol=1e-4, rtol=1e-4)


def test_a_batch_to_train_on_has_its_labels(engine, drawn) -> None:
    look = engine.look(Video(str(drawn("constant").path)))
    layout = asked(engine, look)
    labels_N = np.where(np.arange(len(layout)) < len(layout) - 3, IGNORED, layout.input_ids_N)
    longer = asked(engine, look, "What is shown here?")
    samples = [
        Sample(replace(layout, labels_N=labels_N), look.data),
        Sample(replace(longer, labels_N=np.full(len(longer), IGNORED)), look.data),
    ]
    inputs = collate(samples, pad_id=engine._ids.padding, side="right")
    assert inputs["labels"][0, len(layout) :].unique().tolist() == [IGNORED]
    one = engine.net(**collate(samples[:1], pad_id=engine._ids.padding)).loss
    torch.testing.assert_close(engine.net(**inputs).loss, one, atol=1e-5, rtol=1e-5)


# --- encoded once ----------------------------------------------------------------------------------------------------


def test_pictures_are_encoded_once_and_a_part_at_a_time(engine, drawn, monkeypatch) -> None:
    fresh = load(engine.name)
    encoded = []
    encode = fresh.net.get_video_features
    monkeypatch.setattr(
        fresh.net,
        "get_video_features",
        lambda rows, grid, **more: encoded.append(grid) or encode(rows, grid, **more),
    )
    for module in ("encode", "pictures"):
        monkeypatch.setattr(f"playhead.models.qwen_vl.{module}.ENCODE_ROWS", 1)
    video = Video(str(drawn("constant").path))
    look = fresh.look(video)
    groups = look.data.grid[0]
    features = fresh._encode(look.data, lambda *_: None)
    assert [grid.tolist()[0][0] for grid in encoded] == [1] * groups
    inputs = fresh.inputs(look, asked(fresh, look))
    with torch.inference_mode():
        expected = fresh.net(**inputs).logits
        inputs.pop("pixel_values_videos")
        made = fresh.net(**inputs, mm_encoder_outputs={"video": features}).logits
    torch.testing.assert_close(made, expected, atol=1e-5, rtol=1e-5)
    encoded.clear()
    fresh.answer(video, Ask("What is shown?"))
    assert len(encoded) == groups
    fresh.answer(video, Ask("And then?"))
    assert len(encoded) == groups
    fresh.answer(replace(video, start_s=1.0), Ask("And then?"))
    assert len(encoded) > groups


# --- settings --------------------------------------------------------------------------------------------------------


def test_more_or_fewer_pictures_are_taken_as_wished(drawn) -> None:
    video = Video(str(drawn("constant").path))
    counts = {
        len(load("qwen3-vl-tiny", **options).look(video).times_s): options
        for options in ({"rate_hz": 10.0}, {"max_frames": 2}, {"rate_hz": 5, "max_frames": 10})
    }
    assert list(counts) == [24, 2, 10]


def test_a_budget_makes_pictures_smaller_and_says_when_it_cannot_be_kept(tmp_path) -> None:
    path = write_media(tmp_path / "large.mp4", ticks=range(0, 500, 5), durations=5, size_px=(640, 480))
    video = Video(str(path))
    whole = playhead.plan(str(path), "qwen2.5-vl-7b", device="cpu")
    less = playhead.plan(str(path), "qwen2.5-vl-7b", device="cpu", video_tokens=4000)
    least = playhead.plan(str(path), "qwen2.5-vl-7b", device="cpu", video_tokens=128)
    assert whole.frames == less.frames == 40
    assert less.video_tokens <= 4000 < whole.video_tokens
    assert least.video_tokens > 128
    assert any("over the wished 128" in note for note in least.notes)
    look = load("qwen2.5-vl-tiny", video_tokens=4000).look(video)
    groups, rows, columns = look.data.grid
    assert groups * rows * columns // 4 == less.video_tokens


@pytest.mark.parametrize("name", TINY)
def test_transformers_own_rule_is_to_be_had(drawn, name) -> None:
    look = load(name, sampling="transformers").look(Video(str(drawn("constant").path)))
    assert "variant=transformers" in look.sampling.policy
    width_px, height_px = look.sampling.frame_size_px
    each = width_px * height_px
    if name.startswith("qwen3"):
        assert 131_072 <= each * len(look.times_s) <= 786_432
    else:
        assert 100_352 <= each <= 602_112


@pytest.mark.parametrize("name", TINY)
def test_times_can_be_asked_for_as_a_clock(drawn, name) -> None:
    session = playhead.load(name, device="cpu", times="clock")
    answer = session.ground(str(drawn("constant").path), "a number")
    assert answer.failure is None
    assert answer.events


@pytest.mark.parametrize("task", [Events(), Chapters(), Ground("a {query} in braces")])
def test_times_can_be_asked_for_in_qwen3s_own_form(drawn, task) -> None:
    engine = load("qwen3-vl-tiny", times="minutes", max_new_tokens=400)
    video = Video(str(drawn("constant").path), start_s=1.0)
    look = engine.look(video)
    made = engine.request(task, look)
    assert "mm:ss.ff" in made.text
    assert ("a {query} in braces" in made.text) == isinstance(task, Ground)
    reading = task.read(
        '[{"start": "00:00.25", "end": "00:01.20", "description": "x", "title": "x"}]', made.clock
    )
    [found] = reading.events or reading.chapters
    assert (found.span.start_s, found.span.end_s) == (pytest.approx(1.25), pytest.approx(2.2))
    written = engine.write(look, made).text
    assert all(re.fullmatch(r"\d{2,3}:[0-5]\d\.\d\d", item["start"]) for item in json.loads(written))
    properties = made.grammar.json_schema["items"]["properties"]
    assert re.fullmatch(properties["end"]["pattern"], "61:07.50")
    assert not re.fullmatch(properties["end"]["pattern"], "07.50")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate_hz": 0}, "above 0"),
        ({"rate_hz": True}, "above 0"),
        ({"max_frames": 1}, "whole number"),
        ({"sampling": "util"}, "did you mean 'utils'"),
        ({"video_tokens": 4}, "whole number"),
        ({"video_tokens": 999, "sampling": "transformers"}, "leave one"),
        ({"times": "bins"}, "seconds, clock, minutes"),
        ({"max_frame": 3}, "did you mean 'max_frames'"),
    ],
)
def test_wrong_settings_are_refused(options, said) -> None:
    with pytest.raises(UsageError, match=said):
        load("qwen2-vl-tiny", **options)


def test_a_sliver_of_a_picture_is_refused() -> None:
    assert bicubic(np.zeros((10, 20, 3), np.uint8), (20, 10)).shape == (10, 20, 3)
    from playhead.media.sampling.qwen import frame_size_px

    with pytest.raises(UsageError, match="200 to 1"):
        frame_size_px(4100, 20, 4)


def test_the_two_filters_are_a_level_apart_at_most() -> None:
    from playhead.demo import demo_path
    from playhead.models.pictures.read import tensor_bicubic

    random = np.random.default_rng(0)
    for size_px, made_px in (((320, 180), (224, 128)), ((96, 64), (224, 128)), ((333, 77), (64, 32))):
        picture = random.integers(0, 256, (size_px[1], size_px[0], 3), np.uint8)
        slow, fast = (each(picture, made_px).astype(int) for each in (bicubic, tensor_bicubic))
        assert fast.shape == (made_px[1], made_px[0], 3)
        assert np.abs(slow - fast).max() <= 1
        assert (slow != fast).mean() < 0.01
    path = Video(str(demo_path()), end_s=1.5)
    plain, other = load("qwen3-vl-tiny").look(path), load("qwen3-vl-tiny", resize="pillow").look(path)
    assert plain.times_s.tolist() == other.times_s.tolist()
    off = (plain.data.rows_PD - other.data.rows_PD).abs()
    assert 0 < float(off.max()) <= 1.01 / 127.5
    shown = show_video("qwen3-vl-tiny", path, 1000, resize="pillow")
    assert np.array_equal(shown.frames.pixels_FHWC, given(other, load("qwen3-vl-tiny", resize="pillow")))
    with pytest.raises(UsageError, match="torch, pillow"):
        load("qwen3-vl-tiny", resize="opencv")
