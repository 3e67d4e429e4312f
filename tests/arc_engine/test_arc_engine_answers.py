"""The tiny ARC-Hunyuan-Video end to end: every task on drawn clips, with the real code path and no download."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

import playhead
from helpers.draw import Drawn, Sound, read_number, write_media
from playhead.api import Session
from playhead.errors import CodecError, EmptyMediaError, UnsupportedError, UsageError, WeightsError
from playhead.generate.decode import Generated, generate
from playhead.media.clip import Video
from playhead.models.arc_hunyuan_video.engine import ArcHunyuanVideo
from playhead.models.arc_hunyuan_video.family import FAMILY
from playhead.models.family import EngineOptions
from playhead.models.parts import as_watch
from playhead.tasks.ask import Ask
from playhead.tasks.describe import Describe
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span

QUESTIONS = {
    "describe": (),
    "events": (),
    "chapters": (),
    "ground": ("a white cell",),
    "ask": ("What <img> number is it?",),
    "choose": ("Which colour?", ("black", "white", "grey")),
    "watch": (),
}


@pytest.fixture(scope="module")
def session() -> Session:
    return playhead.load("arc-hunyuan-video-tiny", max_new_tokens=400)


@pytest.fixture(scope="module")
def twelve(tmp_path_factory) -> Drawn:
    """12 s at 4 pictures a second, with beeps."""
    sound = Sound(beeps_s=(1.0, 9.0), end_s=12.0)
    path = tmp_path_factory.mktemp("arc") / "twelve.mp4"
    write_media(path, ticks=range(48), tick_s=Fraction(1, 4), sounds=(sound,), size_px=(640, 480))
    return Drawn(path, tuple(i / 4 for i in range(48)), tuple(range(48)), 12.0)


def spans_of(answer: Answer) -> list[Span]:
    return [event.span for event in (*answer.events, *answer.chapters)]


def engine_of(session: Session) -> ArcHunyuanVideo:
    assert isinstance(session.engine, ArcHunyuanVideo)
    return session.engine


@pytest.mark.parametrize("scene", ["constant", "no_audio", "variable", "single_frame", "still", "late_video"])
@pytest.mark.parametrize("task", QUESTIONS)
def test_every_task_is_answered(session, drawn, task, scene) -> None:
    video = drawn(scene)
    answer = getattr(session, task)(str(video.path), *QUESTIONS[task])
    assert (answer.task, answer.failure) == (task, None)
    assert answer.thinking
    assert "<" not in answer.thinking + answer.text
    assert all(0 <= span.start_s <= span.end_s <= answer.duration_s for span in spans_of(answer))
    assert bool(answer.text) == (task in ("describe", "ask", "watch"))
    assert bool(answer.events) == (task in ("events", "ground", "watch"))
    assert bool(answer.chapters) == (task in ("chapters", "watch"))
    assert (answer.choice in {"A", "B", "C"}) == (task == "choose")
    assert set(answer.sampling.times_s) <= set(pytest.approx(video.times_s, abs=1e-3).expected)
    assert "clipped" not in answer.reason
    silent = [note for note in answer.sampling.notes if "silence" in note]
    assert bool(silent) == (scene in ("no_audio", "single_frame", "still"))


def test_one_frame_a_second_is_seen_with_its_clock_burnt_in(session, twelve) -> None:
    look = engine_of(session).look(Video(str(twelve.path)))
    assert look.labels == tuple(f"00:00:{i:02d}-00:00:{i + 1:02d}" for i in range(12))
    assert look.times_s.tolist() == [i + 0.5 for i in range(12)]
    pictures_FHWC = look.data.prepared.pictures_FHWC
    assert pictures_FHWC.shape == (12, 640, 640, 3)
    assert [read_number(each) for each in pictures_FHWC] == [4 * i + 2 for i in range(12)]


def test_a_window_is_told_from_0_and_answered_on_the_videos_clock(session, twelve) -> None:
    path = str(twelve.path)
    look = engine_of(session).look(Video(path, 4.5, 9.5))
    assert look.labels[0] == "00:00:00-00:00:01"
    assert (look.times_s[0], look.intervals_S2[0].tolist()) == (5.0, [4.5, 5.5])
    request = engine_of(session).request(Describe(), look)
    assert (request.clock.start_s, request.clock.duration_s) == (4.5, 5.0)
    answer = session.events(path, start_s=4.5, end_s=9.5)
    assert answer.sampling.window == Span(4.5, 9.5)
    assert spans_of(answer)
    assert all(4.5 <= span.start_s <= span.end_s <= 9.5 for span in spans_of(answer))


def test_what_the_released_model_writes_is_placed_on_the_videos_clock(
    session, twelve, drawn, monkeypatch
) -> None:
    """The text of a model that was trained: its clocks count from the window's start, the last one past its end."""
    engine = engine_of(session)

    def write(text):
        monkeypatch.setattr(engine, "write", lambda *_: Generated(text, (1,), finished=True))

    write(
        "<think>(00:00:01 - 00:00:02) A 5.</think>"
        "<answer>1. Five: at 00:00:01 it shows. (00:00:00 - 00:00:02)\n2. Nine. (00:00:02 - 00:00:05)"
    )
    answer = session.chapters(str(twelve.path), start_s=4.0, end_s=8.6)
    assert [(each.span, each.title) for each in answer.chapters] == [
        (Span(4, 6), "Five"),
        (Span(6, 8.6), "Nine."),
    ]
    assert answer.chapters[0].text.startswith("at 00:00:05 it shows")
    assert answer.thinking == "(00:00:05 - 00:00:06) A 5."
    assert (
        answer.reason == ""
    )  # the last label ends a little after the video, and the model can only say that

    write("<think>All.</think><answer>00:00:00 - 00:00:03")
    whole = session.ground(str(drawn("constant").path), "it")
    assert [(span.start_s, span.end_s) for span in spans_of(whole)] == [(0, whole.duration_s)]
    assert whole.reason == ""
    write("<think>All.</think><answer>00:00:00 - 00:00:04</answer>")
    assert session.ground(str(drawn("constant").path), "it").reason == "the answer is clipped"


def test_a_variable_rate_clip_and_its_twin_are_told_the_same(session, tmp_path) -> None:
    steps = [
        40 if i % 7 else 1000 - 6 * 40 for i in range(35)
    ]  # five times: six short frames, then a long hold
    ticks = [sum(steps[:i]) for i in range(len(steps))]
    uneven = write_media(
        tmp_path / "uneven.mp4", ticks=ticks, durations=steps, tick_s=Fraction(1, 1000), options={"bf": "0"}
    )
    even = write_media(tmp_path / "even.mp4", ticks=range(125), tick_s=Fraction(1, 25))
    engine = engine_of(session)
    a, b = engine.look(Video(str(uneven))), engine.look(Video(str(even)))
    assert a.labels == b.labels == tuple(f"00:00:{i:02d}-00:00:{i + 1:02d}" for i in range(5))
    assert a.intervals_S2.tolist() == b.intervals_S2.tolist()
    la, lb = engine.layout(a, "q"), engine.layout(b, "q")
    assert la.input_ids_N.tolist() == lb.input_ids_N.tolist()
    assert all(slot.span.contains(slot.pts_s) or slot.pts_s <= slot.span.start_s for slot in la.slots)


# --- reading the video once ----------------------------------------------------------------------------------------


def test_what_is_written_in_two_steps_is_what_the_model_generates_in_one(session, twelve) -> None:
    engine = engine_of(session)
    look = engine.look(Video(str(twelve.path), 0, 6))
    for task in (Ask("What is it?"), Describe()):
        request = engine.request(task, look)
        inputs = engine.inputs(look, engine.layout(look, request.text))
        assert set(inputs) >= {"input_ids", "position_ids", "pixel_values", "input_features", "audio_index"}
        for grammar in (request.grammar, None):
            engine.constrain = grammar is not None
            two_steps = engine.write(look, request)
            one = generate(
                engine.model,
                engine.tokenizer,
                inputs,
                end_ids=engine.end_ids,
                max_new_tokens=400,
                stop=request.stop,
                grammar=grammar,
            )
            assert two_steps.ids == one.ids
    engine.constrain = True
    assert look.data.cache is not None
    assert look.data.cache.get_seq_length() == len(look.data.read_ids) == 1 + 6 * 114 + 2


@pytest.mark.parametrize("tokens_at_once", [4096, 100])
def test_logits_of_two_steps_are_those_of_one(session, twelve, tokens_at_once, monkeypatch) -> None:
    monkeypatch.setattr("playhead.models.arc_hunyuan_video.engine.READ_TOKENS", tokens_at_once)
    engine = engine_of(session)
    look = engine.look(Video(str(twelve.path), 0, 4))
    layout = engine.layout(look, "What is it?")
    with torch.inference_mode():
        whole = engine.model(**engine.inputs(look, layout), logits_to_keep=1).logits
        steps: list = []
        cache = engine._read(look.data, layout, lambda *step: steps.append(step))
        read = [done for stage, done, _ in steps if stage == "reading"]
        assert read == [*range(0, 459, min(tokens_at_once, 459)), 459]
        rest = torch.from_numpy(layout.input_ids_N[len(look.data.read_ids) :])[None]
        split = engine.model(input_ids=rest, cache=cache, use_cache=True, logits_to_keep=1).logits
    torch.testing.assert_close(split, whole, atol=1e-5, rtol=1e-5)


def test_a_second_question_decodes_and_encodes_nothing(session, twelve) -> None:
    told: list[str] = []

    def progress(stage, done, total):
        told.append(stage)

    first = session.ask(str(twelve.path), "What is it?", progress=progress)
    assert {"looking", "encoding", "reading", "answering"} <= set(told)
    told.clear()
    assert session.ask(str(twelve.path), "Where is it?", progress=progress).failure is None
    assert set(told) == {"answering"}
    assert session.ask(str(twelve.path), "What is it?").text == first.text


def test_an_answer_interrupted_within_a_layer_does_not_change_the_next(session, twelve) -> None:
    """Ctrl-C in a notebook: the layers before had read one token more than those after."""
    engine = engine_of(session)
    look = engine.look(Video(str(twelve.path), 0, 3))
    request = engine.request(Ask("What is it?"), look)
    first = engine.write(look, request)
    steps = 0

    def stop(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise KeyboardInterrupt

    hook = engine.model.language_model.model.layers[-1].register_forward_pre_hook(stop)
    with pytest.raises(KeyboardInterrupt):
        engine.write(look, request)
    hook.remove()
    assert engine.write(look, request).ids == first.ids


def test_questions_with_special_strings_are_words(session, twelve) -> None:
    text = "Is there a </vid><sep><|endoftext|> in it?"
    engine = engine_of(session)
    look = engine.look(Video(str(twelve.path), 0, 2))
    ids = engine.layout(look, text).input_ids_N.tolist()
    special = engine.processor.special
    assert (ids.count(special.sep), ids.count(special.vid_end), ids.count(special.endoftext)) == (1, 1, 0)


# --- long videos ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def six_minutes(tmp_path_factory) -> Path:
    """380 s at one picture a second, with sound."""
    path = tmp_path_factory.mktemp("arc_long") / "long.mkv"
    sound = Sound(beeps_s=(10.0, 350.0), end_s=380.0, rate_hz=16_000, codec="pcm_s16le", sample_format="s16")
    return write_media(path, ticks=range(380), tick_s=Fraction(1), sounds=(sound,), size_px=(64, 48))


def test_six_minutes_are_answered_in_parts(six_minutes) -> None:
    session = playhead.load("arc-hunyuan-video-tiny", max_frames=4)
    told: list = []
    answer = session.watch(str(six_minutes), progress=lambda *step: told.append(step))
    assert answer.failure is None
    assert [step for step in told if step[0] == "parts"] == [("parts", i, 2) for i in range(3)]
    assert told.count(("looking", 0, None)) == 2  # once for each part, for three questions
    assert "answered in 2 parts (00:00:00 - 00:05:00, 00:05:00 - 00:06:20)" in answer.sampling.notes[-1]
    assert "merged by arc-hunyuan-video-tiny's own decoder" in answer.sampling.notes[-1]
    assert answer.sampling.window == Span(0, 380)
    assert len(answer.sampling.times_s) == 8
    assert answer.sampling.audio_s == 380
    assert not answer.text.startswith("00:00:00 - ")
    for events in (answer.events, answer.chapters):
        parts = {event.span.end_s > 300 for event in events}
        assert parts == {True, False}
        assert all(0 <= event.span.start_s <= event.span.end_s <= 380 for event in events)
    assert answer.thinking.startswith("[00:00:00 - 00:05:00] ")

    plain = playhead.load("arc-hunyuan-video-tiny", max_frames=2, merge="none").describe(str(six_minutes))
    assert [line[:19] for line in plain.text.splitlines()] == ["00:00:00 - 00:05:00", "00:05:00 - 00:06:20"]
    assert "put one after the other" in plain.sampling.notes[-1]


def test_parts_lose_no_frame_and_see_none_twice(session, twelve) -> None:
    whole = session.describe(str(twelve.path))
    parts = playhead.load("arc-hunyuan-video-tiny", segment_s=3).describe(
        str(twelve.path), start_s=0, end_s=12
    )
    assert parts.sampling.times_s == whole.sampling.times_s
    windowed = playhead.load("arc-hunyuan-video-tiny", segment_s=4, merge="none")
    answer = windowed.events(str(twelve.path), start_s=1.5, end_s=12)
    assert len(set(answer.sampling.times_s)) == len(answer.sampling.times_s)
    assert answer.sampling.window == Span(1.5, 12)
    assert all(1.5 <= span.start_s <= span.end_s <= 12 for span in spans_of(answer))
    assert max(span.end_s for span in spans_of(answer)) > 5


def test_parts_that_cannot_be_read_are_a_failure_with_reasons(twelve) -> None:
    session = playhead.load("arc-hunyuan-video-tiny", segment_s=4, constrain=False, max_new_tokens=5)
    answer = session.events(str(twelve.path), start_s=0, end_s=12)
    assert answer.failure is not None
    assert "00:00:00 - 00:00:04 could not be read" in answer.reason


def test_a_task_that_no_part_answered_costs_watch_only_itself() -> None:
    told = Answer(
        task="describe", source="x", duration_s=9, model="arc", sampling=Sampling("arc", Span(0, 9)), text="Tea.",
        thinking="Hm.", reason="the answer is cut off",
    )  # fmt: skip
    events = replace(
        told, task="events", text="", thinking="", failure=ParseFailure("??", "no time"), reason=""
    )
    chapters = replace(
        told, task="chapters", text="", reason="", chapters=(Event(Span(0, 9), "All.", "Tea"),)
    )
    answer = as_watch([told, events, chapters])
    assert (answer.task, answer.text, answer.failure) == ("watch", "Tea.", None)
    assert (answer.events, answer.chapters, answer.thinking) == ((), chapters.chapters, "Hm.\n\nHm.")
    assert answer.reason == "describe: the answer is cut off; not readable in what the model wrote: events"
    assert as_watch([replace(events, task=name) for name in ("describe", "events", "chapters")]).failure


def test_other_models_may_merge(twelve) -> None:
    def merge(prompt: str) -> str:
        return "B" if "A. yes B. no" in prompt else "One text."

    session = playhead.load("arc-hunyuan-video-tiny", segment_s=4, merge=merge)
    assert session.describe(str(twelve.path)).text == "One text."


# --- options, folders, bad input ------------------------------------------------------------------------------------


def test_a_saved_folder_answers_the_same(session, twelve, tmp_path) -> None:
    engine = engine_of(session)
    engine.model.save_pretrained(tmp_path)
    engine.processor.save_pretrained(tmp_path)
    again = playhead.load(str(tmp_path), constrain=True, max_new_tokens=400)
    assert again.engine.name == str(tmp_path)
    for task in ("describe", "events", "choose"):
        one = getattr(session, task)(str(twelve.path), *QUESTIONS[task])
        two = getattr(again, task)(str(twelve.path), *QUESTIONS[task])
        assert (one.text, one.events, one.choice, one.thinking) == (
            two.text,
            two.events,
            two.choice,
            two.thinking,
        )


def test_a_folder_with_a_key_nobody_reads_is_refused(session, tmp_path) -> None:
    engine = engine_of(session)
    engine.model.save_pretrained(tmp_path)
    engine.processor.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"max_num_frame"', '"max_num_frames"'))
    with pytest.raises(
        WeightsError, match=r"max_num_frames.*did you mean 'max_num_frame'.*ignore_config_keys"
    ):
        playhead.load(str(tmp_path))
    passed = playhead.load(str(tmp_path), ignore_config_keys="max_num_frames, other")
    assert engine_of(passed).settings.ignore_config_keys == ("max_num_frames", "other")


def test_a_folder_without_its_tokenizer_or_weights_is_refused(session, tmp_path) -> None:
    engine = engine_of(session)
    engine.model.save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match=r"tokenizer.*neither file"):
        playhead.load(str(tmp_path))
    engine.processor.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(WeightsError):
        playhead.load(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lables": "training"}, "did you mean 'labels'"),
        ({"labels": "rounded"}, "training, fork"),
        ({"alignment": "exact"}, "true-intervals"),
        ({"missing_sound": "noise"}, "silence, error"),
        ({"max_frames": 151}, "1 to 150"),
        ({"vision_chunk_frames": 0}, "from 1"),
        ({"think": "yes"}, "True or False"),
        ({"language": "de"}, "en, zh"),
        ({"title": 5}, "a text"),
        ({"segment_s": 0.5}, "1 or more"),
        ({"merge": "scouts"}, "a function"),
        ({"ignore_config_keys": 5}, "names of keys"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_options_are_refused(options, message) -> None:
    with pytest.raises(UsageError, match=message):
        playhead.load("arc-hunyuan-video-tiny", **options)


def test_options_reach_what_they_name(twelve) -> None:
    options = {
        "labels": "fork",
        "alignment": "true-intervals",
        "missing_sound": "error",
        "max_frames": 5,
        "vision_chunk_frames": 3,
        "language": "zh",
        "title": "茶",
        "think": False,
        "dtype": "bfloat16",
    }
    engine = engine_of(playhead.load("arc-hunyuan-video-tiny", **options))
    look = engine.look(Video(str(twelve.path)))
    assert look.data.prepared.sound_rule == "true-intervals"
    assert look.labels == (*("00:00:00-00:00:02", "00:00:02-00:00:04", "00:00:04-00:00:07"),
                           *("00:00:07-00:00:09", "00:00:09-00:00:12"))  # fmt: skip
    assert engine.request(Describe(), look).text == "视频标题：茶\n请描述这个视频展示了什么、说了什么。"
    steps: list = []
    answer = engine.answer(Video(str(twelve.path)), Describe(), progress=lambda *step: steps.append(step))
    assert [step[1:] for step in steps if step[0] == "encoding"] == [(0, 5), (3, 5), (5, 5)]
    assert answer.thinking == ""
    assert answer.text.endswith("。")
    assert engine.model.dtype == torch.bfloat16


def test_no_sound_is_an_error_where_that_is_asked_for(drawn) -> None:
    session = playhead.load("arc-hunyuan-video-tiny", missing_sound="error")
    with pytest.raises(EmptyMediaError, match="without sound"):
        session.describe(str(drawn("no_audio").path))


def test_sound_that_cannot_be_decoded_is_an_error_and_no_silence(session, drawn, tmp_path) -> None:
    broken = tmp_path / "broken.mkv"
    data = drawn("mkv").path.read_bytes()
    assert data.count(b"A_AAC") == 1
    broken.write_bytes(data.replace(b"A_AAC", b"A_QQQ"))
    with pytest.raises(CodecError, match="sound"):
        session.describe(str(broken))


def test_sound_alone_is_refused(session, drawn) -> None:
    with pytest.raises(EmptyMediaError, match="no pictures"):
        session.describe(str(drawn("audio_only_wav").path))


def test_tasks_it_was_not_trained_for_are_refused(session, drawn) -> None:
    with pytest.raises(UnsupportedError, match="transcribe"):
        session.transcribe(str(drawn("constant").path))


def test_the_family_says_what_it_is() -> None:
    preset = FAMILY.presets["arc-hunyuan-video"]
    assert preset.repositories == ("TencentARC/ARC-Hunyuan-Video-7B",)
    assert "academic" in preset.licence
    engine = FAMILY.make(FAMILY.presets["arc-hunyuan-video-tiny"], None, EngineOptions())
    assert isinstance(engine, ArcHunyuanVideo)
    assert sum(each.numel() for each in engine.model.parameters()) < 1_000_000
