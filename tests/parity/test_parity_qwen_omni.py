"""The Omni systems against transformers' own code: sound, order, token ids, positions, logits; and where that code is wrong.

What of transformers' processors needs no torchvision is called as it is: their order of marks, their Whisper extractor.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
from transformers import WhisperFeatureExtractor
from transformers.models.qwen2_5_omni import processing_qwen2_5_omni as processing_2
from transformers.models.qwen3_omni_moe import processing_qwen3_omni_moe as processing_3

from playhead.media.clip import Video
from playhead.models.family import EngineOptions
from playhead.models.qwen_omni.family import FAMILY, tiny_model
from playhead.models.qwen_omni.kinds import KINDS
from playhead.models.qwen_omni.sound import heard_of
from playhead.sequence.mrope import by_time
from playhead.sequence.tmrope import by_chunks, by_times, positions, sound_steps, together
from playhead.tasks.ask import Ask

pytestmark = pytest.mark.parity
LOGITS = 1e-5
TWO, THREE = KINDS
NAMES = {TWO: "qwen2.5-omni-tiny", THREE: "qwen3-omni-tiny"}
MODELS = {}


def model_of(kind):
    if kind not in MODELS:
        MODELS[kind] = tiny_model(kind)
    return MODELS[kind]


@pytest.fixture(scope="module")
def engines():
    options = EngineOptions(device="cpu")
    return {kind: FAMILY.make(FAMILY.presets[name], None, options) for kind, name in NAMES.items()}


# --- positions -------------------------------------------------------------------------------------------------------


def ours(kind, starts_s, grid, columns, *, before=4, after=5):
    """Order and positions of pictures and so many columns of sound."""
    config, omni = model_of(kind).config, KINDS[kind]
    rate = config.position_id_per_seconds
    tokens = omni.tokens(columns, config)
    sound_K = sound_steps(tokens, omni.chunk_tokens(config), omni.chunk_tokens(config))
    starts_s = np.asarray(starts_s, np.float64)
    runs = omni.runs(starts_s, sound_K, config)
    inside = together(runs, by_time(starts_s, rate), *grid, sound_K)
    return runs, positions(before, inside, after, marks=omni.beside)


def theirs(kind, runs, groups, grid, columns, *, interval_s, before=4, after=5):
    """Positions as transformers computes them for tokens in this order."""
    model = model_of(kind)
    config, (rows, width) = model.config, grid
    inside = []
    for run in runs:
        each = rows * width if run.kind == "pictures" else 1
        token = config.video_token_id if run.kind == "pictures" else config.audio_token_id
        inside += [token] * (len(run) * each)
    ids = [7] * before + [config.vision_start_token_id, config.audio_start_token_id, *inside]
    ids = torch.tensor([[*ids, config.audio_end_token_id, config.vision_end_token_id, *[8] * after]])
    made, _ = model.model.get_rope_index(
        ids,
        video_grid_thw=torch.tensor([[groups, 2 * rows, 2 * width]]),
        attention_mask=torch.ones_like(ids),
        use_audio_in_video=True,
        audio_seqlens=torch.tensor([columns]),
        second_per_grids=torch.tensor([interval_s]),
    )
    return made[:, 0].numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("groups", "interval_s", "grid", "seconds"),
    [
        (4, 1.0, (2, 3), 4.0),
        (8, 1.0, (4, 6), 8.5),
        (3, 2.0, (3, 5), 6.0),
        (1, 1.0, (2, 2), 1.2),
        (5, 1.0, (2, 3), 9.0),
    ],
)
def test_positions_are_theirs_at_a_constant_rate(kind, groups, interval_s, grid, seconds) -> None:
    columns = round(seconds * 100)
    runs, made = ours(kind, np.arange(groups) * interval_s, grid, columns)
    expected = theirs(kind, runs, groups, grid, columns, interval_s=interval_s)
    assert np.array_equal(made, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_their_words_begin_before_the_last_picture_where_sound_ends_first(kind) -> None:
    """Four pairs, a second each, and 2.2 s of sound: theirs go on from the end of the last piece only."""
    runs, made = ours(kind, np.arange(4.0), (2, 3), 220)
    expected = theirs(kind, runs, 4, (2, 3), 220, interval_s=1.0)
    assert np.array_equal(made[:, :-7], expected[:, :-7])
    rate = model_of(kind).config.position_id_per_seconds
    base = 5 if kind == TWO else 6
    assert made[0, -8:-7].max() <= made[:, :-7].max() == base + 3 * rate
    assert made[0, -7] == base + 3 * rate + 1
    if kind == TWO:  # the sound of the second chunk is the last piece: 5 of its tokens
        assert expected[0, -7] == base + 54 + 1
    else:  # the pictures are the last piece here, and all is well
        assert np.array_equal(made, expected)


def test_their_words_begin_within_the_rows_of_a_picture_that_is_larger_than_long() -> None:
    """Half a second, a picture of 20 columns: theirs go on after the sound's 12 tokens."""
    for kind, wrong in ((TWO, 5 + 12), (THREE, 6 + 7)):
        runs, made = ours(kind, [0.0], (4, 20), 50)
        expected = theirs(kind, runs, 1, (4, 20), 50, interval_s=1.0)
        base = 5 if kind == TWO else 6
        assert made[0, -7] == base + 20
        assert expected[0, -7] == wrong


def test_their_chunks_tear_a_picture_apart_where_pictures_are_far_apart() -> None:
    """One pair in 10 s: of the second, single tokens fall into chunks of their own, sound between them."""
    config = model_of(TWO).config
    processor = processing_2.Qwen2_5OmniProcessor.__new__(processing_2.Qwen2_5OmniProcessor)
    cut = processor.get_chunked_index(np.repeat([0.0, 250.0], 6), 50)
    assert cut == [(0, 6), (6, 7), (7, 8), (8, 9), (9, 10), (10, 12)]
    sound_K = sound_steps(500, 50, 50)
    runs = by_chunks(np.array([0.0, 10.0]), sound_K, 25.0, config.seconds_per_chunk)
    assert [(run.kind, run.first, run.last) for run in runs if run.kind == "pictures"] == [
        ("pictures", 0, 1),
        ("pictures", 1, 2),
    ]
    at = [run.kind for run in runs].index("pictures", 1)
    assert sum(len(run) for run in runs[:at] if run.kind == "sound") == 250  # all of the first 10 s


def test_their_qwen3_positions_keep_fractions_of_a_step() -> None:
    runs, made = ours(THREE, np.arange(3) * 0.75, (2, 3), 300)
    expected = theirs(THREE, runs, 3, (2, 3), 300, interval_s=0.75)
    assert np.array_equal(made, np.floor(expected))
    assert expected[0].max() == made[0].max()
    assert (expected % 1 > 0).any()


def test_one_interval_for_all_sets_pictures_and_sound_apart() -> None:
    """Pictures that were taken 0.5 a second, of which theirs are told that they are 2 (Qwen3-Omni: 1) a second."""
    starts_s = np.arange(8) * 4.0
    for kind, guessed_s in ((TWO, 1.0), (THREE, 2.0)):
        rate = model_of(kind).config.position_id_per_seconds
        runs, made = ours(kind, starts_s, (1, 1), 3200)
        seen_at = np.flatnonzero(kinds_of(runs))
        assert (made[0, 6 + seen_at] - made[0, 6]).tolist() == (starts_s * rate).astype(int).tolist()
        told_s = np.arange(8) * guessed_s
        assert np.abs(told_s - starts_s).max() == 7 * (4.0 - guessed_s)  # 21 s, 14 s


def kinds_of(runs):
    return np.concatenate([np.full(len(run), run.kind == "pictures") for run in runs])


# --- order, token ids ------------------------------------------------------------------------------------------------


def their_text(engine, look, interval_s):
    """The text transformers' processor puts in the place of a video with sound."""
    kind = engine.net.config.model_type
    module = processing_2 if kind == TWO else processing_3
    name = "Qwen2_5OmniProcessor" if kind == TWO else "Qwen3OmniMoeProcessor"
    processor = getattr(module, name).__new__(getattr(module, name))
    marks = engine.omni.marks
    processor.video_processor = SimpleNamespace(merge_size=2, temporal_patch_size=2)
    processor.video_token, processor.audio_token = marks.video, marks.sound
    processor.audio_bos_token, processor.audio_eos_token = marks.sound_start, marks.sound_end
    columns = look.data.heard.mel_ML.shape[1]
    tokens = module._get_feat_extract_output_lengths(torch.tensor([columns]))
    return processor.replace_video_with_audio_token(
        {"video_grid_thw": torch.tensor([look.data.seen.grid]), "video_second_per_grid": [interval_s]},
        0,
        {"num_audio_tokens": tokens.numpy()},
        0,
        position_id_per_seconds=engine.net.config.position_id_per_seconds,
        seconds_per_chunk=2.0,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_token_ids_are_those_of_the_released_template_and_their_order(engines, tmp_path, kind) -> None:
    engine, path = engines[kind], even(tmp_path)
    look = engine.look(Video(str(path)))
    assert look.data.seen.told.starts_T.tolist() == [0.0, 1.0, 2.0, 3.0]
    marks = engine.omni.marks
    system = "" if kind == THREE else "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    inside = their_text(engine, look, 1.0)
    template = (
        f"{system}<|im_start|>user\n{marks.vision_start}{inside}{marks.vision_end}What?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    expected = engine.words(template, add_special_tokens=False)["input_ids"]
    assert engine.layout(look, "What?").input_ids_N.tolist() == expected


def even(folder):
    """Four seconds at 2 pictures a second, with sound from the beginning."""
    from fractions import Fraction

    from helpers.draw import Sound, write_media

    return write_media(
        folder / "even.mp4",
        ticks=list(range(8)),
        tick_s=Fraction(1, 2),
        sounds=(Sound(beeps_s=(0.5,), end_s=4.0),),
    )


# --- sound -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_sound_are_counted_as_theirs(kind) -> None:
    module = processing_2 if kind == TWO else processing_3
    columns = np.arange(1, 450)
    expected = module._get_feat_extract_output_lengths(torch.from_numpy(columns)).tolist()
    config = model_of(kind).config
    assert [KINDS[kind].tokens(int(each), config) for each in columns] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [0.5, 4.0, 31.2])
def test_the_spectrogram_is_that_of_their_extractor_and_no_end_is_cut(kind, seconds) -> None:
    samples_N = np.random.default_rng(3).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    model = model_of(kind)
    heard = heard_of(samples_N, 10.0, KINDS[kind], model.config)
    extractor = WhisperFeatureExtractor(feature_size=128, chunk_length=300)  # as released
    padding = {"padding": "max_length"} if kind == TWO else {"padding": True, "truncation": False}
    made = extractor(
        [samples_N], sampling_rate=16_000, return_attention_mask=True, return_tensors="pt", **padding
    )
    columns = int(made["attention_mask"].sum())
    assert columns == round(seconds * 100) <= heard.mel_ML.shape[1]
    expected = made["input_features"][0, :, :columns]
    torch.testing.assert_close(heard.mel_ML[:, :columns], expected, atol=1e-5, rtol=1e-5)
    assert len(heard.steps_K) == len(heard.edges_s) - 1
    assert heard.edges_s[0] == 10.0
    assert heard.edges_s[-1] >= 10.0 + seconds - 1e-9


def test_theirs_cuts_a_sound_that_is_longer_than_its_extractor() -> None:
    """The class's own 30 s; the released extractor of Qwen2.5-Omni has 300 s."""
    samples_N = np.random.default_rng(3).normal(0, 0.1, 35 * 16_000).astype(np.float32)
    made = WhisperFeatureExtractor(feature_size=128)(
        [samples_N],
        sampling_rate=16_000,
        padding="max_length",
        return_attention_mask=True,
        return_tensors="pt",
    )
    assert int(made["attention_mask"].sum()) == 3000
    assert heard_of(samples_N, 0.0, KINDS[TWO], model_of(TWO).config).mel_ML.shape[1] == 3500


# --- logits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_their_own_inputs(engines, tmp_path, kind) -> None:
    """The same pictures and sound in transformers' way, its positions computed by itself."""
    engine = engines[kind]
    look = engine.look(Video(str(even(tmp_path))))
    layout = engine.layout(look, engine.request(Ask("What is shown?"), look).text)
    given = engine.inputs(look, layout)
    inputs = {name: value for name, value in given.items() if name != "position_ids"}
    inputs |= {"use_audio_in_video": True, "video_second_per_grid": torch.tensor([1.0])}
    with torch.inference_mode():
        expected, made = engine.net(**inputs).logits, engine.net(**given).logits
    torch.testing.assert_close(made, expected, atol=LOGITS, rtol=LOGITS)
    engine.net.model.rope_deltas = None


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_alone_have_their_positions_and_logits_too(engines, drawn, kind) -> None:
    engine = engines[kind]
    look = engine.look(Video(str(drawn("no_audio").path)))
    layout = engine.layout(look, "What?")
    given = engine.inputs(look, layout)
    assert "input_features" not in given
    interval_s = float(np.diff(look.data.seen.told.starts_T)[0])
    inputs = {name: value for name, value in given.items() if name != "position_ids"}
    expected, _ = engine.net.model.get_rope_index(
        given["input_ids"],
        video_grid_thw=given["video_grid_thw"],
        attention_mask=given["attention_mask"],
        second_per_grids=torch.tensor([interval_s]),
    )
    assert np.array_equal(layout.positions, np.floor(expected[:, 0].numpy()))
    if kind == THREE:
        return  # 1.56 s is no whole count of steps
    with torch.inference_mode():
        logits = engine.net(**inputs, video_second_per_grid=torch.tensor([interval_s])).logits
        torch.testing.assert_close(engine.net(**given).logits, logits, atol=LOGITS, rtol=LOGITS)
    engine.net.model.rope_deltas = None


def test_orders_agree_where_pictures_begin_with_the_chunks() -> None:
    """Both systems hear the same seconds before a picture, but for the chunk it stands in."""
    starts_s, sound_K = np.array([0.0, 2.0, 4.0]), sound_steps(150, 50, 50)
    assert by_chunks(starts_s, sound_K, 25.0) == by_times(starts_s, sound_K, 25.0)
