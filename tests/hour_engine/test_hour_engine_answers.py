"""The tiny Hour-LLaVA on drawn clips: every task, windows, odd clips, reproducible picks, what a prompt says of times."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import playhead
from playhead.errors import MediaError, UsageError
from playhead.media.clip import Video
from playhead.models.hour_llava.engine import HourLlava
from playhead.models.hour_llava.forget import FRAME_TOKENS
from playhead.tasks.ask import Ask
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.tasks.transcribe import Transcribe
from playhead.tasks.watch import Watch

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
    ],
)
def test_a_wrong_option_is_refused(make, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        make(**options)


def test_the_models_own_rule_holds_when_none_is_given(make, clip) -> None:
    engine = make()
    engine.net.config.spatial_sampling_type = "uniform"
    same = HourLlava("hour-llava-tiny", engine.net, engine.words, engine.options)
    asked = HourLlava("hour-llava-tiny", engine.net, engine.words, make(spatial="random").options)
    rows = same.kept(same.look(Video(str(clip))), "a").rows_R % FRAME_TOKENS
    assert rows.unique().tolist() == [*torch.arange(64).reshape(8, 8)[::2, ::2].flatten().tolist(), 64]
    assert len((asked.kept(asked.look(Video(str(clip))), "a").rows_R % FRAME_TOKENS).unique()) == 65
