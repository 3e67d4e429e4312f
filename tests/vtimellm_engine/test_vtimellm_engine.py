"""The three tiny engines on drawn clips: true times, windows, sound, stored features, and what is said or refused."""

from fractions import Fraction

import numpy as np
import pytest

import playhead
from helpers.draw import spoilt, write_media
from playhead.errors import (
    CorruptMediaError,
    MediaError,
    UsageError,
    WeightsError,
    WeightsUnavailableError,
    WindowError,
)
from playhead.media.clip import Video
from playhead.models.family import EngineOptions
from playhead.models.vtimellm.family import FAMILY, tiny_model
from playhead.models.vtimellm.frames import nearest_rows
from playhead.tasks.ask import Ask
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground

torch = pytest.importorskip("torch")
TINY = ["vtimellm-tiny", "longvale-llm-tiny", "avicuna-tiny"]
_MADE = {}


def engine(name="vtimellm-tiny", **family):
    if family:
        return FAMILY.make(FAMILY.presets[name], None, EngineOptions(device="cpu", family=family))
    if name not in _MADE:
        _MADE[name] = FAMILY.make(FAMILY.presets[name], None, EngineOptions(device="cpu"))
    return _MADE[name]


def look(made, clip, **window):
    return made.look(Video(str(clip.path), **window))


@pytest.mark.parametrize(
    ("name", "scene", "window"),
    [
        ("vtimellm-tiny", "no_audio", {}),
        ("longvale-llm-tiny", "constant", {"start_s": 0.5, "end_s": 2.0}),
        ("avicuna-tiny", "single_frame", {}),
    ],
)
def test_every_task_is_answered(drawn, name, scene, window):
    session = playhead.load(name, device="cpu", max_new_tokens=300)
    path = str(drawn(scene).path)
    watched = session.watch(path, **window)
    assert watched.text
    assert watched.failure is None
    assert watched.events == session.events(path, **window).events != ()
    assert watched.chapters == session.chapters(path, **window).chapters != ()
    assert watched.text == session.describe(path, **window).text
    assert session.ground(path, "A number.", **window).events
    assert session.ask(path, "What is it?", **window).text
    assert session.choose(path, "Which?", ["a", "b"], **window).choice in {"A", "B"}


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("scene", ["constant", "no_audio", "single_frame"])
def test_a_moment_is_found_on_clips_with_and_without_sound(drawn, name, scene):
    answer = engine(name).answer(Video(str(drawn(scene).path)), Ground("A number."))
    [event] = answer.events
    assert 0 <= event.span.start_s < event.span.end_s <= answer.duration_s + 1e-6


@pytest.mark.parametrize("name", TINY)
def test_the_tiny_models_are_small_and_always_the_same(name):
    model = engine(name).model
    assert sum(each.numel() for each in model.parameters()) < 1_000_000
    variant = {"vtimellm-tiny": "vtimellm", "longvale-llm-tiny": "longvale", "avicuna-tiny": "avicuna"}[name]
    again = tiny_model(variant, len(engine(name).tokenizer)).state_dict()
    assert all(torch.equal(each, again[key]) for key, each in model.state_dict().items())


def test_making_a_tiny_model_leaves_the_random_state():
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    tiny_model("vtimellm", 500)
    assert torch.equal(torch.rand(1), wanted)


def test_a_clip_is_a_hundred_frames_at_their_own_times(drawn):
    clip = drawn("constant")
    seen = look(engine(), clip)
    wanted = [clip.times_s[int(at)] for at in np.linspace(0, 59, 100).astype(int)]
    np.testing.assert_allclose(seen.times_s, wanted, atol=1e-5)
    assert seen.data.features["frame"].shape[0] == 100
    assert "the window has 60 frames; they are repeated to 100" in seen.sampling.notes
    assert seen.sampling.frame_size_px == (96, 64)


def test_frames_too_short_to_be_on_show_at_any_of_the_instants_are_not_said_to_be_absent(tmp_path):
    steps = [1, 10, 1, 1, 50, 3, 1, 1, 22, 75] * 4  # in 25ths of a second
    path = write_media(tmp_path / "rare.mp4", ticks=np.cumsum([0, *steps]).tolist(), tick_s=Fraction(1, 25))
    [note] = [each for each in playhead.plan(str(path), "vtimellm-tiny").notes if "the window" in each]
    shown, there = int(note.split()[0]), int(note.split()[4])
    assert there == len(steps) + 1
    assert 20 <= shown < there
    assert "take 100 places" in note


def test_a_repeated_frame_has_one_feature_and_different_frames_differ(drawn):
    rows = look(engine(), drawn("constant")).data.features["frame"]
    indices = np.linspace(0, 59, 100).astype(int)
    for at in range(1, 100):
        assert torch.equal(rows[at], rows[at - 1]) == (indices[at] == indices[at - 1])


def test_hundredths_of_a_stream_that_begins_late_count_from_its_first_picture(drawn):
    clip = drawn("late_video")  # pictures from 1.2 s to 3.6 s
    seen = look(engine(), clip)
    assert seen.data.extent.start_s == pytest.approx(1.2, abs=0.01)
    assert seen.data.extent.end_s == pytest.approx(3.6, abs=0.05)
    assert seen.times_s[0] == pytest.approx(1.2, abs=1e-5)
    request = engine().request(Ground("x"), seen)
    reading = Ground("x").read("From 50 to 99.", request.clock)
    assert reading.events[0].span.start_s == pytest.approx(2.4, abs=0.03)
    assert any("there are pictures from 1.200 s" in note for note in seen.sampling.notes)


def test_bins_of_a_window_are_seconds_of_the_whole_clock(drawn):
    seen = look(engine(), drawn("constant"), start_s=1.0, end_s=2.0)
    clock = engine().request(Events(), seen).clock
    events = Events().read("From 00 to 49, a.\nFrom 50 to 99, b.", clock).events
    assert [each.span.start_s for each in events] == pytest.approx([1.0, 1.5])
    assert [each.span.end_s for each in events] == pytest.approx([1.5, 2.0])
    assert seen.times_s[0] == pytest.approx(1.0)
    assert seen.times_s[-1] == pytest.approx(1.96)


def test_a_variable_rate_clip_and_its_constant_twin_show_the_same_instants(tmp_path):
    """Pictures held for 1 to 9 steps of 40 ms, once as they are and once repeated at every step."""

    steps = [1, 3, 2, 5, 1, 1, 8, 2, 4, 3, 6, 1, 2, 9]
    starts = np.cumsum([0, *steps[:-1]]).tolist()
    held = write_media(tmp_path / "held.mp4", ticks=starts, durations=steps, options={"bf": "0"})
    seen = look(engine(), type("Clip", (), {"path": held}))
    repeated = np.repeat(np.array(starts), steps) / 25  # when the picture of each step began
    wanted = repeated[np.linspace(0, sum(steps) - 1, 100).astype(int)]
    assert seen.info.variable_rate
    np.testing.assert_allclose(seen.times_s, wanted, atol=1e-5)
    assert seen.data.extent.end_s == pytest.approx(sum(steps) / 25, abs=1e-3)


def test_a_window_past_the_end_is_refused(drawn):
    with pytest.raises(WindowError):
        look(engine(), drawn("constant"), start_s=9.0)


def test_sound_without_pictures_is_refused(drawn):
    with pytest.raises(MediaError, match="audio only"):
        look(engine(), drawn("audio_only_wav"))


def test_a_neighbour_stands_in_for_a_frame_that_does_not_decode_and_is_told_with_its_own_time(
    drawn, tmp_path
):
    clip, made = drawn("constant"), engine()
    path = spoilt(clip.path, tmp_path / "damaged.mp4", 0.3, 0.6)
    whole, seen = look(made, clip), made.look(Video(str(path)))
    [note] = [each for each in seen.sampling.notes if "stands in" in each]
    lost, wanted = int(note.split()[0]), int(note.split()[2])
    assert 0 < lost < wanted
    there_s = np.unique(seen.times_s)
    assert len(there_s) == wanted - lost
    assert set(there_s.tolist()) < set(whole.times_s.tolist())
    assert np.abs(seen.times_s - whole.times_s).max() <= np.diff(there_s).max()
    frames = [each for each in seen.data.fillings if each.kind == "frame"]
    assert [each.pts_s for each in frames] == list(seen.sampling.times_s) == seen.times_s.tolist()
    assert [each.span for each in frames] == [each.span for each in whole.data.fillings]
    rows, before = seen.data.features["frame"], whole.data.features["frame"]
    intact = np.flatnonzero(seen.times_s < there_s[np.diff(there_s).argmax()])  # later ones may be damaged
    first = np.searchsorted(whole.times_s, seen.times_s[intact])
    assert len(intact) > 10
    torch.testing.assert_close(rows[intact], before[first])
    assert (rows.norm(dim=-1) > 0).all()


def test_a_file_of_which_no_frame_decodes_is_refused(drawn, tmp_path):
    path = spoilt(drawn("constant").path, tmp_path / "damaged.mp4", 0.0, 1.0)
    with pytest.raises(CorruptMediaError, match=r"not one frame|none of the wanted"):
        engine().look(Video(str(path)))


def test_the_nearest_of_the_decoded_frames_is_the_earlier_of_two():
    wanted_s = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert nearest_rows(wanted_s, np.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert nearest_rows(wanted_s, np.array([1, 3])).tolist() == [0, 0, 0, 1, 1]
    assert nearest_rows(wanted_s, np.array([4])).tolist() == [0, 0, 0, 0, 0]


# --- sound -----------------------------------------------------------------------------------------------------------


def test_speech_stands_in_a_block_after_the_frames(drawn):
    made = engine("longvale-llm-tiny")
    seen = look(made, drawn("constant"))
    layout = made.layout(seen, "What is said?")
    kinds = [slot.kind for slot in layout.slots]
    assert kinds == ["frame"] * 100 + ["speech"] * 5  # 30 s of states in fives of 5.12 s, as published
    assert seen.data.features["speech"].shape[0] == 5
    assert layout.slots[100].span.end_s == pytest.approx(seen.window.end_s)
    assert seen.sampling.audio_s > 0
    assert any("BEATs" in note for note in seen.sampling.notes)


def test_sounds_made_before_stand_between_frames_and_speech(drawn, tmp_path):
    clip = drawn("constant")
    rows = np.arange(64, dtype=np.float32).reshape(2, 32)
    np.save(tmp_path / f"{clip.path.stem}.npy", rows)
    made = engine("longvale-llm-tiny", sound_features=str(tmp_path))
    seen = look(made, clip)
    layout = made.layout(seen, "What is heard?")
    assert [slot.kind for slot in layout.slots] == ["frame"] * 100 + ["sound"] * 2 + ["speech"] * 5
    inputs = made.inputs(seen, layout)
    np.testing.assert_array_equal(inputs["sound_features"].numpy(), rows)
    assert made.answer(Video(str(clip.path)), Ask("What?")).text


def test_a_beats_encoder_can_be_handed_in(drawn):
    heard = []

    def beats(fbank_KTL):
        heard.append(tuple(fbank_KTL.shape))
        return fbank_KTL[:, :8, :32]

    seen = look(engine("longvale-llm-tiny", beats=beats), drawn("constant"))
    assert heard == [(1, 512, 128)]
    assert seen.data.features["sound"].shape == (1, 32)
    assert not any("BEATs" in note for note in seen.sampling.notes)


def test_avicuna_hears_among_its_frames(drawn):
    made = engine("avicuna-tiny")
    seen = look(made, drawn("constant"))
    slots = made.layout(seen, "What?").slots
    assert [at for at, slot in enumerate(slots) if slot.kind == "sound"] == list(range(0, 97, 4))
    assert len(slots) == 100
    assert len(seen.times_s) == 75
    sounds = seen.data.features["sound"]
    assert sounds.shape == (25, 32)
    assert sounds.abs().sum() > 0
    assert all(torch.equal(row, sounds[0]) for row in sounds)  # one row of 10 s, repeated


def test_avicuna_is_given_zeros_where_there_is_no_sound_and_says_so(drawn):
    seen = look(engine("avicuna-tiny"), drawn("no_audio"))
    assert not seen.data.features["sound"].any()
    assert seen.sampling.audio_s == 0
    assert any("zeros" in note for note in seen.sampling.notes)


def test_avicuna_thins_stored_frames_as_its_training_does(drawn, tmp_path):
    rows = np.arange(100, dtype=np.float16)[:, None] * np.ones((1, 32), np.float16)
    np.save(tmp_path / "rows.npy", rows)
    seen = look(engine("avicuna-tiny", features=str(tmp_path / "rows.npy")), drawn("constant"))
    assert seen.data.features["frame"][:, 0].tolist() == [j * 100 // 75 for j in range(75)]
    whole = look(engine(), drawn("constant")).times_s
    np.testing.assert_array_equal(seen.times_s, whole[[j * 100 // 75 for j in range(75)]])


# --- stored features ---------------------------------------------------------------------------------------------------


def test_stored_features_take_the_place_of_pictures_with_the_same_answer(drawn, tmp_path):
    clip = drawn("constant")
    seen = look(engine(), clip)
    np.save(tmp_path / f"{clip.path.stem}.npy", seen.data.features["frame"].numpy())
    made = engine(features=str(tmp_path))
    again = look(made, clip)
    np.testing.assert_array_equal(again.times_s, seen.times_s)
    torch.testing.assert_close(
        again.data.features["frame"], seen.data.features["frame"], atol=2e-3, rtol=2e-3
    )
    assert again.sampling.frame_size_px is None
    assert any("not from the video" in note for note in again.sampling.notes)
    assert made.answer(Video(str(clip.path)), Ask("What?")).text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((99, 32), np.float16), "99 rows"),
        (np.zeros((100, 31), np.float16), "shape"),
        (None, "no constant.npy"),
    ],
)
def test_stored_features_of_another_shape_are_refused(drawn, tmp_path, rows, said):
    if rows is not None:
        np.save(tmp_path / "constant.npy", rows)
    with pytest.raises(WeightsError, match=said):
        look(engine(features=str(tmp_path)), drawn("constant"))


def test_a_model_without_eyes_says_what_to_give_it(drawn):
    made = FAMILY.make(FAMILY.presets["vtimellm-tiny"], None, EngineOptions(device="cpu"))
    made.model.model.vision_tower = None
    with pytest.raises(WeightsUnavailableError, match=r"vision_tower=.*features="):
        look(made, drawn("constant"))


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"evnts": "json"}, "did you mean 'events'"),
        ({"events": "yaml"}, "json, lines"),
        ({"ground": 3}, "question, dictated"),
        ({"demo_space": 1}, "True, False"),
        ({"features": "no/such.npy"}, "nothing of that name"),
        ({"features": 7}, "a path"),
        ({"beats": "beats.pt"}, r"VTimeLLM has no use for beats=; allowed: beats= for LongVALE-LLM"),
        ({"speech_features": "."}, "VTimeLLM has no use for speech_features="),
        ({"base": "."}, "its weights are random"),
    ],
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        playhead.load("vtimellm-tiny", device="cpu", **options)


def test_what_is_no_encoder_is_refused():
    with pytest.raises(UsageError, match="an encoder that can be called"):
        playhead.load("longvale-llm-tiny", device="cpu", beats="beats.pt")


def test_antialiasing_is_a_choice_that_changes_features(drawn):
    clip = drawn("odd_size")
    plain = look(engine(), clip).data.features["frame"]
    assert torch.equal(look(engine(antialias=False), clip).data.features["frame"], plain)
    filtered = look(engine(antialias=True), clip).data.features["frame"]
    assert not torch.allclose(filtered, plain, atol=1e-4)
    assert (
        torch.nn.functional.cosine_similarity(filtered, plain).min() > 0.99
    )  # little, where pictures are enlarged


def test_the_demos_extra_blank_changes_one_token(drawn):
    seen = look(engine(), drawn("constant"))
    without, with_blank = (made.layout(seen, "Why?") for made in (engine(), engine(demo_space=True)))
    assert abs(len(with_blank) - len(without)) <= 1
    assert with_blank.input_ids_N.tolist() != without.input_ids_N.tolist()


@pytest.mark.parametrize("name", FAMILY.presets)
def test_a_plan_needs_no_weights_and_tells_the_resolution(drawn, name):
    from playhead.models.vtimellm.family import published_config
    from playhead.models.vtimellm.plan import parameters

    preset = FAMILY.presets[name]
    plan = FAMILY.plan(
        preset, Video(str(drawn("constant").path)), EngineOptions(device="cpu", dtype="bfloat16")
    )
    assert plan.weights_bytes == 2 * parameters(published_config(name))
    assert preset.tiny or preset.parameters == parameters(published_config(name))
    assert plan.frames == (75 if name.startswith("avicuna") else 100)
    assert "one is 0.024 s" in plan.notes[0]
    assert plan.peak_bytes > plan.weights_bytes


def test_a_plan_counts_the_operations_of_the_real_sizes(drawn):
    """Twice the weights for every position, and CLIP's published 81 billion multiply-adds for a picture."""
    plan = FAMILY.plan(
        FAMILY.presets["vtimellm-7b"], Video(str(drawn("constant").path)), EngineOptions(device="cpu")
    )
    read = 2 * 6.48e9 * 228
    assert plan.flops == pytest.approx(60 * 2 * 81e9 + read, rel=0.05)
    assert plan.answer_flops_per_token == pytest.approx(2 * 6.6e9, rel=0.03)
    assert plan.video_tokens == 100


def test_the_readmes_example_runs():
    import re
    from pathlib import Path

    import playhead.models.vtimellm as family

    page = Path(family.__file__).with_name("README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(code, {})


def test_the_readme_names_every_option_and_every_size():
    from pathlib import Path

    import playhead.models.vtimellm as family

    page = Path(family.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert [name for name in (*FAMILY.options, *FAMILY.presets) if f"`{name}" not in page] == []
