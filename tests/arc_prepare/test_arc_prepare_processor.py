"""From files to the model's inputs: what is seen and heard, on which clock, alone and in batches."""

import json
import random
import tracemalloc
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from transformers import AutoProcessor

from helpers.draw import Sound, read_number, write_media
from playhead.errors import (
    CodecError,
    CorruptMediaError,
    EmptyMediaError,
    UsageError,
    WeightsError,
    WindowError,
)
from playhead.media import Video, open_clip
from playhead.media.clip import StreamInfo, Waveform
from playhead.media.overlay import arc_labels
from playhead.media.sampling.arc import arc
from playhead.models.arc_hunyuan_video import tiny_config
from playhead.models.arc_hunyuan_video.pictures import burn_in, squash
from playhead.models.arc_hunyuan_video.processor import ArcHunyuanVideoProcessor, Settings
from playhead.models.arc_hunyuan_video.tokens import config_ids, special_ids, tiny_tokenizer
from playhead.sequence.layout import IGNORED
from playhead.timeline import Span

TOKENIZER = tiny_tokenizer()
SMALL = Settings(side_px=128)


def processor(**settings):
    return ArcHunyuanVideoProcessor(TOKENIZER, replace(SMALL, **settings))


def heard_with(prepared, number):
    """Whether any of the sound that goes with a picture is loud."""
    pairs = (
        prepared.input_features_KMT.max(axis=1).reshape(len(prepared.input_features_KMT), -1, 2).max(axis=2)
    )
    loud_J = pairs.reshape(-1) > pairs.max() - 0.3
    row = prepared.audio_index_FS[number]
    return bool(loud_J[row[row >= 0]].any())


# --- one look -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scene",
    ["constant", "ntsc", "variable", "late_video", "late_audio", "both_late", "edit_list", "rotated_1", "ts"],
)
def test_pictures_are_those_of_their_true_times_with_their_stretch_burnt_in(drawn, scene):
    made = drawn(scene)
    looked = processor().look_at(Video(str(made.path)))
    prepared = looked.prepared
    number_at = dict(zip(np.round(made.times_s, 2), made.numbers, strict=True))
    full = open_clip(made.path, sampling="arc")
    assert np.array_equal(full.frames.pts_s, prepared.times_s)
    assert prepared.labels == tuple(f"00:00:0{i}-00:00:0{i + 1}" for i in range(len(prepared)))
    for row, (pixels_HWC, time_s) in enumerate(zip(full.frames.pixels_FHWC, prepared.times_s, strict=True)):
        nearest = min(number_at, key=lambda at: abs(at - time_s))
        assert abs(nearest - time_s) < 0.02
        assert read_number(pixels_HWC) == number_at[nearest]
        assert np.array_equal(prepared.pictures_FHWC[row], squash(burn_in(pixels_HWC, (row, row + 1)), 128))
    assert looked.sampling.frame_size_px == (128, 128)
    assert looked.sampling.times_s == tuple(prepared.times_s)
    last = prepared.intervals_S2[-1]
    assert last[1] <= looked.clip.window.end_s


# At the full size every one of a second's 50 vectors finds a slot.
@pytest.mark.parametrize(
    "scene", ["constant", "late_video", "late_audio", "both_late", "edit_list", "ts", "variable"]
)
def test_a_beep_goes_with_the_picture_of_its_second(drawn, scene):
    made = drawn(scene)
    looked = processor(side_px=640).look_at(Video(str(made.path)))
    prepared = looked.prepared
    loud = {row for row in range(len(prepared)) if heard_with(prepared, row)}
    assert loud == {int(beep_s) for beep_s in made.beeps_s}
    assert prepared.sound_rule == "training"


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """200.5 s at two frames a second; a beep within every 15th of 150 equal stretches."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    beeps_s = tuple((row + 0.4) * 200.5 / 150 for row in range(3, 150, 15))
    sound = Sound(beeps_s=beeps_s, end_s=200.5, rate_hz=16_000)
    write_media(
        path, ticks=range(401), tick_s=Fraction(1, 2), sounds=(sound,), options={"preset": "ultrafast"}
    )
    return path, beeps_s


def test_a_video_above_150_seconds_is_150_labelled_stretches(long_file):
    path, beeps_s = long_file
    looked = processor(side_px=640).look_at(Video(str(path)))
    prepared = looked.prepared
    step_s = 200.5 / 150
    assert len(prepared) == 150
    assert prepared.labels == tuple(
        f"00:0{round(i * step_s) // 60}:{round(i * step_s) % 60:02d}-00:0{round((i + 1) * step_s) // 60}"
        f":{round((i + 1) * step_s) % 60:02d}"
        for i in range(150)
    )
    assert prepared.sound_rule == "training"
    exact = processor(side_px=640, sound="true-intervals").prepare(looked.clip, drawn=True)
    loud = {row for row in range(150) if heard_with(exact, row)}
    assert loud == {int(beep_s // step_s) for beep_s in beeps_s}
    trained = [row for row in range(150) if heard_with(prepared, row)]
    assert all(min(abs(row * step_s - beep_s) for beep_s in beeps_s) < 3.0 for row in trained)


def test_a_window_is_told_from_its_start_and_known_on_the_videos_clock(long_file):
    path, _ = long_file
    looked = processor(side_px=640).look_at(Video(str(path), start_s=60.5, end_s=70.25))
    prepared = looked.prepared
    assert prepared.labels == tuple(f"00:00:{i:02d}-00:00:{i + 1:02d}" for i in range(10))
    assert np.allclose(prepared.intervals_S2[:, 0], 60.5 + np.arange(10))
    assert prepared.intervals_S2[-1].tolist() == [69.5, 70.25]
    assert prepared.window == Span(60.5, 70.25)
    assert ((prepared.times_s >= 60.5) & (prepared.times_s < 70.25)).all()
    assert [row for row in range(10) if heard_with(prepared, row)] == [4]  # 64.7 s
    made = processor(side_px=640).layout(prepared, "When?")
    assert made.slots[4].span == Span(64.5, 65.5)
    assert made.slots[4].label == "00:00:04-00:00:05"


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Exactly 3 s of pictures, evenly spaced and not, each with sound that goes on 0.4 s longer."""
    folder = tmp_path_factory.mktemp("twins")
    sounds = (Sound(beeps_s=(2.3,), end_s=3.4),)
    steps = [20, 60] * 37 + [40]
    starts = np.cumsum([0, *steps[:-1]]).tolist()
    how = {"sounds": sounds, "options": {"bf": "0"}}
    return (
        write_media(folder / "even.mp4", ticks=range(75), **how),
        write_media(folder / "uneven.mp4", ticks=starts, durations=steps, tick_s=Fraction(1, 1000), **how),
    )


def test_a_variable_rate_clip_is_told_the_times_of_its_constant_rate_twin(twins):
    even, uneven = (processor(side_px=640).look_at(Video(str(path))) for path in twins)
    assert (even.clip.info.variable_rate, uneven.clip.info.variable_rate) == (False, True)
    assert even.clip.window.end_s > 3.3
    for each in (even, uneven):
        assert each.prepared.labels == ("00:00:00-00:00:01", "00:00:01-00:00:02", "00:00:02-00:00:03")
        assert [row for row in range(3) if heard_with(each.prepared, row)] == [2]
    assert np.allclose(even.prepared.intervals_S2, uneven.prepared.intervals_S2)
    assert np.abs(even.prepared.times_s - uneven.prepared.times_s).max() < 0.06


def test_half_seconds_are_rounded_alike_wherever_the_window_lies(long_file):
    """Stretches of 1.1 s, where labels of ties must not depend on the shift of the clock."""
    path, _ = long_file
    labels = []
    for start_s in (0.0, 10.0, 27.5):
        looked = processor().look_at(Video(str(path), start_s=start_s, end_s=start_s + 165.0))
        assert len(looked.prepared) == 150
        labels.append(looked.prepared.labels)
    assert labels[0] == labels[1] == labels[2]
    assert labels[0][:4] == tuple(arc_labels(np.array([[0, 1.1], [1.1, 2.2], [2.2, 3.3], [3.3, 4.4]])))


def test_no_sound_is_told_or_refused(drawn):
    video = Video(str(drawn("no_audio").path))
    looked = processor().look_at(video)
    assert any("silence" in note for note in looked.sampling.notes)
    assert looked.sampling.audio_s == 0
    with pytest.raises(EmptyMediaError, match="without sound"):
        processor(missing_sound="error").look_at(video)


def test_sound_without_pictures_is_refused(drawn):
    with pytest.raises(EmptyMediaError, match="no pictures"):
        processor().look_at(Video(str(drawn("audio_only_wav").path)))


def ruined(source, path, kind, numbers=None):
    """A copy of a file whose packets of a kind, or those of some numbers, hold noise."""
    data, noise, count = bytearray(source.read_bytes()), random.Random(3), 0
    with av.open(str(source)) as given:
        for packet in given.demux(**{kind: 0}):
            if packet.size and (numbers is None or count in numbers):
                data[packet.pos : packet.pos + packet.size] = noise.randbytes(packet.size)
            count += 1
    path.write_bytes(data)
    return path


def test_sound_that_cannot_be_decoded_is_an_error(drawn, tmp_path):
    """Never taken for silence, though every picture is fine."""
    path = ruined(drawn("constant").path, tmp_path / "x.mp4", "audio")
    assert len(open_clip(path, sampling="arc", audio=False).frames) == 3
    with pytest.raises(CorruptMediaError, match="sound"):
        processor().look_at(Video(str(path)))


def test_sound_of_a_codec_nobody_decodes_is_an_error_and_an_empty_track_is_no_sound(drawn):
    clip = open_clip(drawn("no_audio").path, sampling="arc")
    track = StreamInfo(1, "audio", "xyz", 0.0, 2.4)
    note = "audio stream 1 is left out: its codec has no decoder in this build"
    info = replace(clip.info, streams=(*clip.info.streams, track), notes=(note,))
    with pytest.raises(CodecError, match=r"no decoder in this build.*take the track out"):
        processor().prepare(replace(clip, info=info))
    empty = replace(info, streams=(*clip.info.streams, replace(track, duration_s=0.0)))
    assert any("silence" in line for line in processor().prepare(replace(clip, info=empty)).notes)


def test_sound_that_was_not_asked_for_is_silence(drawn):
    clip = open_clip(drawn("constant").path, sampling="arc", audio=False)
    made = processor().prepare(clip)
    assert np.ptp(made.input_features_KMT) == 0
    assert any("silence" in note for note in made.notes)


def test_full_size_frames_are_never_held_together(tmp_path):
    path = write_media(
        tmp_path / "x.mp4",
        ticks=range(40),
        tick_s=Fraction(1),
        size_px=(1280, 720),
        options={"preset": "ultrafast"},
    )
    processor().look_at(Video(str(path), end_s=2.0))  # what is made once only
    tracemalloc.start()
    try:
        prepared = processor().look_at(Video(str(path))).prepared
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(prepared) == 40
    full = 40 * 1280 * 720 * 3
    assert peak < full / 3


def test_a_policy_without_stretches_cannot_label(drawn):
    with pytest.raises(UsageError, match="whose frames stand for no stretches"):
        open_clip(
            drawn("constant").path,
            sampling="uniform:n=3",
            keep=lambda pixels_HWC, number, stretches_S2: pixels_HWC,
        )


@pytest.mark.parametrize("scene", ["single_frame", "still"])
def test_one_picture_is_a_video_too(drawn, scene):
    looked = processor().look_at(Video(str(drawn(scene).path)))
    assert len(looked.prepared) == 1
    assert looked.prepared.labels == ("00:00:00-00:00:01",)
    assert (
        processor().inputs(looked.prepared, processor().layout(looked.prepared, "?"))["pixel_values"].shape[0]
        == 1
    )


def test_windows_outside_the_video_are_refused(drawn):
    with pytest.raises(WindowError):
        processor().look_at(Video(str(drawn("constant").path), start_s=30.0))


def test_lost_frames_lose_their_stretches_and_nothing_else_moves(drawn, tmp_path):
    whole = processor().look_at(Video(str(drawn("constant").path))).prepared
    path = ruined(drawn("constant").path, tmp_path / "x.mp4", "video", range(24, 48))
    looked = processor().look_at(Video(str(path)))
    made = looked.prepared
    assert len(made) == 2
    rows = [whole.times_s.tolist().index(time_s) for time_s in made.times_s]
    assert made.labels == tuple(whole.labels[row] for row in rows)
    assert np.array_equal(made.intervals_S2, whole.intervals_S2[rows])
    assert any("could not be decoded" in note for note in looked.sampling.notes)
    for row, first in zip(rows, made.audio_index_FS[:, 0], strict=True):
        assert first == 50 * row


def test_training_draws_frames_at_random_within_their_stretches(drawn):
    video = Video(str(drawn("constant").path))
    drawn_s = {
        tuple(processor().look_at(video, arc(pick_by="random", seed=seed)).prepared.times_s)
        for seed in range(4)
    }
    assert len(drawn_s) > 1
    assert all(int(time_s) == row for times_s in drawn_s for row, time_s in enumerate(times_s))


# --- clips that are open already ------------------------------------------------------------------------------------


def test_an_open_clip_gives_the_same_as_a_look(drawn):
    video = Video(str(drawn("constant").path))
    looked = processor().look_at(video)
    clip = open_clip(video.source, sampling="arc")
    made = processor().prepare(clip)
    for name in ("pictures_FHWC", "input_features_KMT", "audio_index_FS", "times_s", "intervals_S2"):
        assert np.array_equal(getattr(made, name), getattr(looked.prepared, name)), name
    assert made.labels == looked.prepared.labels


def test_a_clip_without_stretches_is_refused(drawn):
    clip = open_clip(drawn("constant").path, sampling="uniform:n=3")
    with pytest.raises(UsageError, match="found none"):
        processor().prepare(clip)
    with pytest.raises(UsageError, match="2 for 3 frames"):
        processor().prepare(clip, np.array([[0.0, 1.0], [1.0, 2.0]]))
    assert len(processor().prepare(clip, np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]))) == 3


def test_a_rule_that_drops_frames_says_so(drawn):
    clip = open_clip(drawn("constant").path, sampling="arc")
    short = replace(clip, waveform=Waveform(clip.waveform.samples_N[:16_000]))
    made = processor(sound="vllm").prepare(short)
    assert len(made) == 1
    assert any("2 frames lie past the sound" in note for note in made.notes)
    assert len(processor().prepare(short)) == 3


@pytest.mark.parametrize("seconds", [20, 200, 400])
def test_sound_long_after_the_last_picture_is_left_out(drawn, seconds):
    clip = open_clip(drawn("constant").path, sampling="arc")
    samples_N = np.full(16_000 * seconds, 0.1, np.float32)
    samples_N[: len(clip.waveform.samples_N)] = clip.waveform.samples_N
    made = processor().prepare(replace(clip, waveform=Waveform(samples_N)))
    assert made.sound_rule == ("true-intervals" if seconds == 200 else "training")
    assert any("sound after 3 s is not heard" in note for note in made.notes)
    assert len(made.input_features_KMT) == (7 if seconds == 200 else 1)
    whole = processor().prepare(clip)
    assert np.array_equal(made.audio_index_FS, whole.audio_index_FS)
    if seconds > 150:
        with pytest.raises(UsageError, match="needs 150"):
            processor(sound="training").prepare(replace(clip, waveform=Waveform(samples_N)))


# --- tensors --------------------------------------------------------------------------------------------------------


@pytest.fixture
def samples(drawn):
    made = processor()
    long = made.look_at(Video(str(drawn("constant").path))).prepared
    short = made.look_at(Video(str(drawn("single_frame").path))).prepared
    return made, long, short


def test_one_sample_is_what_was_prepared(samples):
    made, long, _ = samples
    layout = made.layout(long, "What is this?", suffix="Answer.")
    got = made.inputs(long, layout)
    assert set(got) == {
        "input_ids",
        "attention_mask",
        "position_ids",
        "pixel_values",
        "input_features",
        "audio_index",
    }
    assert got["input_ids"].tolist() == [layout.input_ids_N.tolist()]
    assert got["position_ids"].shape == (1, 4, len(layout))
    assert got["pixel_values"].shape == (3, 3, 128, 128)
    assert got["input_features"].shape == (1, 128, 3000)
    assert got["audio_index"].shape == (3, 8)
    assert {name: value.dtype for name, value in got.items()} == {
        "input_ids": torch.int64,
        "attention_mask": torch.int64,
        "position_ids": torch.int64,
        "pixel_values": torch.float32,
        "input_features": torch.float32,
        "audio_index": torch.int64,
    }
    assert int((got["input_ids"] == special_ids(TOKENIZER).image_context).sum()) == got["audio_index"].numel()


def test_batches_pad_left_to_generate_and_count_sound_on(samples):
    made, long, short = samples
    layouts = [
        made.layout(long, "A longer question than the other?"),
        made.layout(short, "b"),
        made.layout(short, "c"),
    ]
    got = made.batch([(long, layouts[0]), (short, layouts[1]), (short, layouts[2])])
    pad = special_ids(TOKENIZER).pad
    for row, each in enumerate(layouts):
        assert got["input_ids"][row, -len(each) :].tolist() == each.input_ids_N.tolist()
        assert (got["input_ids"][row, : -len(each)] == pad).all()
        assert got["attention_mask"][row].sum() == len(each)
        assert np.array_equal(got["position_ids"][row, :, -len(each) :].numpy(), each.positions)
    assert got["pixel_values"].shape[0] == 5
    assert got["input_features"].shape[0] == 3
    alone = short.audio_index_FS[0]
    assert got["audio_index"][3].tolist() == [i + 1500 if i >= 0 else -1 for i in alone.tolist()]
    assert got["audio_index"][4].tolist() == [i + 3000 if i >= 0 else -1 for i in alone.tolist()]
    assert "labels" not in got


def test_batches_pad_right_to_train(samples):
    made, long, short = samples
    layouts = [made.layout(long, "Long?", answer="a b c"), made.layout(short, "b", answer="d")]
    got = made.batch([(long, layouts[0]), (short, layouts[1])])
    for row, each in enumerate(layouts):
        assert got["input_ids"][row, : len(each)].tolist() == each.input_ids_N.tolist()
        assert got["labels"][row, : len(each)].tolist() == each.labels_N.tolist()
        assert (got["labels"][row, len(each) :] == IGNORED).all()
        assert (got["attention_mask"][row, len(each) :] == 0).all()
    left = made.batch([(long, layouts[0]), (short, layouts[1])], side="left")
    assert left["attention_mask"][1, 0] == 0


def test_a_layout_of_another_video_is_refused(samples):
    made, long, short = samples
    with pytest.raises(UsageError, match="8 slots in the layout for 24"):
        made.inputs(long, made.layout(short, "?"))
    with pytest.raises(UsageError, match="pad layouts"):
        made.batch([])


@pytest.fixture(scope="module")
def short_sound(tmp_path_factory):
    """200 s of pictures, one a second, with 90 s of sound."""
    sound = Sound(beeps_s=(80.0,), end_s=90.0, rate_hz=16_000, codec="pcm_s16le", sample_format="s16")
    path = tmp_path_factory.mktemp("arc_short") / "short.mov"
    return write_media(path, ticks=range(200), tick_s=Fraction(1), sounds=(sound,), size_px=(64, 48))


def test_sound_that_ends_early_is_heard_with_its_own_pictures(short_sound):
    prepared = processor().look_at(Video(str(short_sound))).prepared
    assert (prepared.sound_rule, len(prepared)) == ("true-intervals", 150)
    assert any("not by its number as in training: skipped" in note for note in prepared.notes)
    assert len(prepared.input_features_KMT) == 3  # 90 s, not the 200 s that a window is padded to
    first_S = prepared.audio_index_FS[:, 0]
    inside = prepared.intervals_S2[:, 1] <= 90
    assert np.abs(first_S[inside] / 50 - prepared.intervals_S2[inside, 0]).max() <= 0.02
    assert (first_S[prepared.intervals_S2[:, 0] > 90] == -1).all()
    late = processor().look_at(Video(str(short_sound), 100, 110)).prepared
    assert (late.sound_rule, late.notes) == ("training", ())  # it has sound, which is silent here


def test_released_rules_count_the_sounds_own_length(short_sound):
    video = Video(str(short_sound))
    assert len(processor(sound="vllm").look_at(video).prepared) == 90
    for rule, stops in (("training", "skipped"), ("transformers", "67 frames for 90 rows of sound")):
        with pytest.raises(UsageError, match=stops):
            processor(sound=rule).look_at(video)


# --- files ----------------------------------------------------------------------------------------------------------


def test_saved_and_reloaded_it_is_the_same(tmp_path, drawn):
    made = processor(labels="fork", sound="true-intervals", max_frames=2)
    files = made.save_pretrained(tmp_path / "new")
    assert {name.rsplit("/", 1)[-1] for name in files} >= {"processor_config.json", "tokenizer.json"}
    again = ArcHunyuanVideoProcessor.from_pretrained(tmp_path / "new")
    assert again.settings == made.settings
    assert again.tokenizer.get_vocab() == TOKENIZER.get_vocab()
    video = Video(str(drawn("constant").path))
    assert np.array_equal(
        again.look_at(video).prepared.pictures_FHWC, made.look_at(video).prepared.pictures_FHWC
    )


def test_auto_processor_finds_it(tmp_path):
    tiny_config(len(TOKENIZER), **config_ids(TOKENIZER)).save_pretrained(tmp_path)
    processor().save_pretrained(tmp_path)
    found = AutoProcessor.from_pretrained(tmp_path)
    assert type(found) is ArcHunyuanVideoProcessor
    assert found.settings == SMALL


def test_a_folder_without_settings_has_the_published_ones(tmp_path):
    TOKENIZER.save_pretrained(tmp_path)
    assert ArcHunyuanVideoProcessor.from_pretrained(tmp_path).settings == Settings()
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    with pytest.raises(WeightsError, match="80 mel bands"):
        ArcHunyuanVideoProcessor.from_pretrained(tmp_path)


def test_a_hub_id_brings_its_own_settings(tmp_path):
    folder = tmp_path / "models--someone--tuned" / "snapshots" / "0123"
    processor(labels="fork", max_frames=7).save_pretrained(folder)
    refs = tmp_path / "models--someone--tuned" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0123")
    hub = {"cache_dir": tmp_path, "local_files_only": True}
    found = ArcHunyuanVideoProcessor.from_pretrained("someone/tuned", **hub)
    assert (found.settings.labels, found.settings.max_frames) == ("fork", 7)
    assert found.tokenizer.get_vocab() == TOKENIZER.get_vocab()
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    with pytest.raises(WeightsError, match="80 mel bands"):
        ArcHunyuanVideoProcessor.from_pretrained("someone/tuned", **hub)
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").unlink()
    assert ArcHunyuanVideoProcessor.from_pretrained("someone/tuned", **hub).settings == Settings()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"labls": "fork"}', "did you mean 'labels'"),
        ('{"labels": "fast"}', "training, fork"),
        ('{"side_px": 100}', "a multiple of 64"),
        ('{"side_px": "wide"}', "processor_config.json"),
        ("{", "save_pretrained"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, content, message):
    TOKENIZER.save_pretrained(tmp_path)
    (tmp_path / "processor_config.json").write_text(content)
    with pytest.raises(WeightsError, match=message):
        ArcHunyuanVideoProcessor.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"max_frames": 0}, {"max_frames": 151}, {"sound": "loud"}, {"positions": "other"}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(UsageError, match="settings of ARC-Hunyuan-Video's processor"):
        Settings(**wrong)
