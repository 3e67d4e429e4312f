"""The tiny Hour-LLaVA on drawn clips: every task, windows, odd clips, reproducible picks, what a prompt says of times."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

import playhead
from helpers.draw import write_media
from playhead.errors import MediaError, UsageError
from playhead.media.clip import Video
from playhead.models.hour_llava.engine import Hour, HourLlava
from playhead.models.hour_llava.forget import FRAME_TOKENS
from playhead.tasks.ask import Ask
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch
from playhead.timeline import Span

QUESTION = Ask("Which number is shown last?")


@pytest.mark.parametrize(
    "task",
    [
        Describe(),
        Events(),
        Chapters(),
        Ground("a number"),
        QUESTION,
        Choose("Which?", ("one", "two", "three")),
        Watch(),
    ],
    ids=lambda task: task.name,
)
def test_every_task_is_answered_within_the_window(make, clip, task) -> None:
    answer = make(tokens=400).answer(Video(str(clip), start_s=10.0, end_s=30.0), task)
    assert answer.failure is None
    assert answer.text or answer.events or answer.chapters or answer.choice
    for event in (*answer.events, *answer.chapters):
        assert 10.0 <= event.span.start_s <= event.span.end_s <= 30.0
    assert all(10.0 <= time_s < 30.0 for time_s in answer.sampling.times_s)
    assert answer.duration_s == pytest.approx(40.0, abs=0.1)


def test_it_loads_by_name_and_hears_nothing(clip) -> None:
    answer = playhead.load("hour-llava-tiny", device="cpu", temporal="keyframe").ground(str(clip), "a number")
    assert answer.model == "hour-llava-tiny"
    assert answer.failure is None
    assert answer.sampling.audio_s == 0.0


def test_what_is_not_shown_is_said(make, clip) -> None:
    answer = make().answer(Video(str(clip)), QUESTION)
    assert len(answer.sampling.times_s) == 128
    assert any("32 of 128 memory frames" in note for note in answer.sampling.notes)
    assert "repeated" not in " ".join(answer.sampling.notes)
    short = make().answer(Video(str(clip), end_s=4.0), QUESTION)
    assert any("20 pictures are repeated to a memory of 128 frames" in note for note in short.sampling.notes)


@pytest.mark.parametrize("scene", ["single_frame", "still", "silent", "variable", "late_video"])
def test_odd_clips_are_answered(make, drawn, scene) -> None:
    from helpers.draw import SCENES

    if scene not in SCENES:
        pytest.skip(f"no scene {scene}")
    truth = drawn(scene)
    engine = make()
    answer = engine.answer(Video(str(truth.path)), QUESTION)
    assert answer.failure is None
    gaps_s = np.abs(np.subtract.outer(answer.sampling.times_s, truth.times_s)).min(axis=1)
    assert gaps_s.max() <= truth.rounding_s
    look = engine.look(Video(str(truth.path)))
    layout = engine.layout(look, "What is shown?")
    assert len(layout.filled()) == 32 * 17
    assert {slot.pts_s for slot in layout.slots} <= set(look.times_s.tolist())


def test_sound_alone_is_refused(make, drawn) -> None:
    with pytest.raises(MediaError, match="no pictures"):
        make().answer(Video(str(drawn("audio_only_wav").path)), QUESTION)


def test_transcription_is_not_offered(make, clip) -> None:
    with pytest.raises(playhead.errors.UnsupportedError, match="does not offer"):
        make().answer(Video(str(clip)), Transcribe())


def test_the_same_video_gets_the_same_pick_whatever_it_is_called(make, clip, tmp_path) -> None:
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(clip.read_bytes())
    one, two = make(), make(use_cache=False)
    torch.manual_seed(1)
    kept = one.kept(one.look(Video(str(clip))), "a").rows_R
    torch.manual_seed(2)
    again = two.kept(two.look(Video(str(copy))), "b").rows_R
    assert torch.equal(kept, again)
    other = make(seed=7)
    assert not torch.equal(kept, other.kept(other.look(Video(str(clip))), "a").rows_R)


@pytest.mark.parametrize("rule", ["uniform", "keyframe", "question"])
@pytest.mark.parametrize("spatial", ["random", "uniform"])
def test_every_rule_keeps_true_frames_in_order(make, clip, rule, spatial) -> None:
    engine = make(temporal=rule, spatial=spatial)
    look = engine.look(Video(str(clip)))
    layout = engine.layout(look, "Which number is shown?")
    rows = layout.kept.rows_R.tolist()
    assert rows == sorted(rows)
    assert len(rows) == 32 * 17
    assert {row % FRAME_TOKENS for row in rows} >= {FRAME_TOKENS - 1}
    for slot, frame in zip(layout.slots, layout.kept.frames_K.tolist(), strict=True):
        assert slot.length == 17
        assert slot.pts_s == look.times_s[frame]
        assert slot.span.start_s == slot.pts_s
    assert len(layout.filled()) == int(engine.inputs(look, layout)["slot_mask"].sum())


def drawn_short(folder):
    return write_media(folder / "short.mp4", ticks=range(5), tick_s=Fraction(1, 5), options={"bf": "0"})


def test_the_question_decides_what_is_kept_only_when_asked_to(make, clip) -> None:
    def kept(engine, text):
        return engine.kept(engine.look(Video(str(clip))), text).frames_K.tolist()

    uniform, guided = make(), make(temporal="question")
    assert kept(uniform, "A dog?") == kept(uniform, "Where does it end, 12 or 13?")
    assert kept(guided, "A dog?") == kept(guided, "A dog?")
    assert kept(guided, "A dog?") != kept(guided, "12345678")


def test_listed_times_are_true_and_count_from_the_window(make, clip) -> None:
    engine = make(timestamps=True)
    look = engine.look(Video(str(clip), start_s=10.0, end_s=12.0))
    layout = engine.layout(look, "What?")
    text = engine.words.decode(layout.input_ids_N.tolist())
    assert "lasts for 2.00 seconds, and 10 frames" in text
    assert "located at 0.00s,0.20s,0.40s" in text
    assert look.labels[:2] == ("0.00s", "0.20s")
    assert layout.slots[0].label == "0.00s"
    assert layout.slots[0].pts_s == pytest.approx(10.0)


def test_the_memory_is_asked_with_the_question_only(make, clip) -> None:
    filtered, everything = make(), make(query="all")
    look = filtered.look(Video(str(clip)))
    asked = filtered.layout(look, "Who?")
    text = filtered.words.decode(asked.input_ids_N[asked.query_N].tolist())
    assert text.startswith("systemYou are a helpful assistant.user")
    assert text.endswith("related to this video.Who?")
    whole = everything.layout(look, "Who?")
    assert int(whole.query_N.sum()) == len(whole) - len(whole.filled())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spatial": "randm"}, "did you mean 'random'"),
        ({"temporal": 3}, "uniform, keyframe, question"),
        ({"seed": -1}, "whole number"),
        ({"encode_frames": 0}, "whole number"),
        ({"store_dtype": "int8"}, "auto, float16, bfloat16, float32"),
        ({"store_gb": 0}, "above 0"),
        ({"timestamps": "yes"}, "True or False"),
        ({"features": "/nowhere.pt"}, "no such file"),
        ({"spacial": "random"}, "did you mean 'spatial'"),
        ({"ignore_config_keys": 5}, "names of keys"),
    ],
)
def test_a_wrong_option_is_refused(make, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        make(**options)


def test_a_folder_with_a_key_nobody_knows_opens_when_it_is_named(make, clip, tmp_path) -> None:
    import json

    engine = make()
    engine.save(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mm_new_trick": 3}))
    with pytest.raises(playhead.errors.WeightsError, match=r"mm_new_trick.*ignore_config_keys"):
        playhead.load(str(tmp_path), device="cpu")
    opened = playhead.load(str(tmp_path), device="cpu", ignore_config_keys="mm_new_trick", max_new_tokens=8)
    free = playhead.load("hour-llava-tiny", device="cpu", constrain=False, max_new_tokens=8)
    assert opened.ask(str(clip), "What?").text == free.ask(str(clip), "What?").text


def test_it_is_said_how_far_the_memory_is_read(make, clip) -> None:
    told = []
    engine = make(tokens=2)
    engine.answer(Video(str(clip)), QUESTION, progress=lambda *each: told.append(each))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["looking", "projecting", "reading the memory", "answering"]
    assert [each[1:] for each in told if each[0] == "reading the memory"] == [(n, 4) for n in range(5)]
    assert not any(block._forward_hooks for block in engine.net.model.vision_resampler.layers)


def test_what_a_question_keeps_is_told_from_the_stored_memory(make, clip) -> None:
    """Nothing is projected again for it; a memory that is not stored gives the same frames."""
    stored, passing = make(temporal="question"), make(temporal="question", keep_memory=False)
    kept = stored.kept(stored.look(Video(str(clip))), "Which number?")
    assert stored.projected == 128
    assert torch.equal(kept.frames_K, passing.kept(passing.look(Video(str(clip))), "Which number?").frames_K)


@pytest.mark.parametrize("rule", ["keyframe", "question"])
def test_a_long_video_is_shown_512_true_frames_by_any_rule(make, tmp_path, rule) -> None:
    """Every second of 40 minutes, as features of ten blocks of pictures between which the video changes."""
    engine = make(temporal=rule, spatial="uniform")
    times_s = np.arange(2400.0) + 0.25
    chance = torch.Generator().manual_seed(0)
    scenes = torch.randn(10, 64, 32, generator=chance).repeat_interleave(240, dim=0)
    features = scenes + 0.01 * torch.randn(2400, 64, 32, generator=chance)
    intervals = np.stack([times_s, times_s + 1], axis=1)
    some = engine.look(Video(str(drawn_short(tmp_path))))
    look = replace(
        some,
        times_s=times_s,
        intervals_S2=intervals,
        window=Span(0.0, 2400.25),
        labels=("",) * 2400,
        data=Hour(features, features, 7),
    )
    layout = engine.layout(look, "Which number?")
    frames = layout.kept.frames_K.tolist()
    assert len(frames) == len(layout.slots) == 512
    assert [slot.pts_s for slot in layout.slots] == [times_s[each] for each in frames]
    assert len(layout.filled()) == 512 * 17
    assert engine.layout(look, "Which number?").kept.frames_K.tolist() == frames
    if rule == "keyframe":  # the first and last pictures of every scene are the least like their neighbours
        assert {*range(240, 2400, 240), *range(239, 2399, 240)} <= set(frames)


def test_the_same_frames_and_positions_are_kept_in_another_process(make, clip) -> None:
    code = (
        "import sys, playhead\n"
        "from playhead.media.clip import Video\n"
        "engine = playhead.load('hour-llava-tiny', device='cpu', temporal=sys.argv[2]).engine\n"
        "look = engine.look(Video(sys.argv[1]))\n"
        "print(engine.kept(look, 'Which number?').rows_R.tolist())\n"
    )
    for rule in ("keyframe", "question"):
        engine = make(temporal=rule)
        kept = engine.kept(engine.look(Video(str(clip))), "Which number?").rows_R.tolist()
        said = subprocess.run(
            [sys.executable, "-c", code, str(clip), rule], capture_output=True, text=True, check=True
        )
        assert said.stdout.strip() == str(kept)


def test_the_models_own_rule_holds_when_none_is_given(make, clip) -> None:
    engine = make()
    engine.net.config.spatial_sampling_type = "uniform"
    same = HourLlava("hour-llava-tiny", engine.net, engine.words, engine.options)
    asked = HourLlava("hour-llava-tiny", engine.net, engine.words, make(spatial="random").options)
    rows = same.kept(same.look(Video(str(clip))), "a").rows_R % FRAME_TOKENS
    assert rows.unique().tolist() == [*torch.arange(64).reshape(8, 8)[::2, ::2].flatten().tolist(), 64]
    assert len((asked.kept(asked.look(Video(str(clip))), "a").rows_R % FRAME_TOKENS).unique()) == 65
