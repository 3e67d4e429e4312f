"""The Omni systems as engines: what the model hears is what sounds then, beside the picture of that time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
import playhead
from helpers.draw import Sound, write_media
from playhead.errors import UnsupportedError, UsageError
from playhead.generate.decode import generate
from playhead.media.clip import Video
from playhead.models.qwen_omni.collate import Sample, collate
from playhead.tasks.ask import Ask
from playhead.tasks.ground import Ground

TINY = ["qwen2.5-omni-tiny", "qwen3-omni-tiny"]
RATE = {"qwen2.5-omni-tiny": 25, "qwen3-omni-tiny": 13}
_ENGINES = {}


def load(name: str, **options):
    key = (name, *sorted(options.items()))
    if key not in _ENGINES:
        _ENGINES[key] = playhead.load(name, device="cpu", max_new_tokens=60, **options).engine
    return _ENGINES[key]


@pytest.fixture(params=TINY)
def engine(request):
    return load(request.param)


def asked(engine, look, words="What is shown?"):
    return engine.layout(look, engine.request(Ask(words), look).text)


def steps_of(layout, kind):
    """Steps since the marks, of the first token of each place of a kind, and the places."""
    slots = [slot for slot in layout.slots if slot.kind == kind]
    zero = layout.positions[0, layout.slots[0].start - 1] + 1
    return np.array([layout.positions[0, slot.start] - zero for slot in slots]), slots


# --- one clock -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scene", ["constant", "variable", "late_audio", "late_video", "both_late", "edit_list"]
)
@pytest.mark.parametrize("window", [{}, {"start_s": 0.7, "end_s": 1.9}])
def test_pictures_and_sound_stand_at_their_own_true_times(engine, drawn, scene, window) -> None:
    clip, rate = drawn(scene), RATE[engine.name]
    look = engine.look(Video(str(clip.path), **window))
    layout, start_s = asked(engine, look), look.window.start_s
    steps, frames = steps_of(layout, "frame")
    shown_s = np.maximum([slot.pts_s for slot in frames], start_s) - start_s
    assert steps.tolist() == np.floor(shown_s * rate + 1e-6).astype(int).tolist()
    _, sounds = steps_of(layout, "sound")
    assert sounds[0].span.start_s == start_s
    assert sounds[-1].span.end_s >= look.window.end_s - 1e-6
    zero = layout.positions[0, layout.slots[0].start - 1] + 1
    tokens = np.concatenate([np.arange(slot.start, slot.start + slot.length) for slot in sounds])
    heard_s = look.data.heard.edges_s[:-1] - start_s
    assert np.abs((layout.positions[0, tokens] - zero) / rate - heard_s).max() < 1 / rate
    assert (np.diff(layout.positions[0, tokens]) == 1).all()


@pytest.mark.parametrize("scene", ["constant", "late_audio", "both_late"])
def test_a_beep_is_heard_in_the_token_of_its_time(engine, drawn, scene) -> None:
    clip = drawn(scene)
    assert clip.beeps_s
    heard = engine.look(Video(str(clip.path))).data.heard
    loud = heard.mel_ML.amax(0).numpy() > 0.9
    onsets_s = np.flatnonzero(np.diff(loud.astype(int), prepend=0) == 1) / 100
    for beep_s in clip.beeps_s:
        assert np.abs(onsets_s - beep_s).min() <= 0.03
        token = int(np.searchsorted(heard.edges_s, beep_s + 0.02, side="right")) - 1
        assert heard.span(token, token + 1).start_s - 0.08 <= beep_s <= heard.span(token, token + 1).end_s


def test_sound_that_lasts_longer_than_the_pictures_is_heard_to_its_end(engine, tmp_path) -> None:
    """Two seconds of pictures, 34 s of sound: longer than a chunk of any extractor's default."""
    path = write_media(
        tmp_path / "long.mp4",
        ticks=list(range(4)),
        tick_s=Fraction(1, 2),
        sounds=(Sound(beeps_s=(33.0,), end_s=34.0),),
    )
    look = engine.look(Video(str(path)))
    assert look.sampling.audio_s == pytest.approx(34.0, abs=0.05)
    heard = look.data.heard
    assert len(heard.steps_K) == pytest.approx(34 * RATE[engine.name], abs=2)
    assert heard.mel_ML[:, 3301].amax() > 0.9
    layout = asked(engine, look)
    assert layout.slots[-1].kind == "sound"
    assert layout.slots[-1].span.end_s >= 34.0 - 0.05
    assert engine.plan(Video(str(path))).video_tokens == len(layout.filled())


def test_sound_can_be_left_out_and_a_silent_file_has_none(drawn) -> None:
    for name in TINY:
        engine = load(name, sound=False)
        look = engine.look(Video(str(drawn("constant").path)))
        assert look.sampling.audio_s == 0.0
        assert "sound is left out, as was wished" in look.sampling.notes
        assert {slot.kind for slot in asked(engine, look).slots} == {"frame"}
        assert engine.plan(Video(str(drawn("constant").path))).audio_s == 0.0
        silent = load(name).look(Video(str(drawn("no_audio").path)))
        assert silent.data.heard is None
        assert not any("sound" in note for note in silent.sampling.notes)
    with pytest.raises(UsageError, match="sound="):
        playhead.load(TINY[0], device="cpu", sound="no")


# --- answers ---------------------------------------------------------------------------------------------------------


def test_a_second_question_hears_and_sees_nothing_again(engine, drawn, monkeypatch) -> None:
    calls = []
    for name in ("get_audio_features", "get_video_features"):
        inner = getattr(engine.net.model, name)

        def counting(*arguments, inner=inner, name=name, **options):
            calls.append(name)
            return inner(*arguments, **options)

        monkeypatch.setattr(engine.net.model, name, counting)
    video = Video(str(drawn("constant").path))
    engine._last = None
    first = engine.answer(video, Ground("a beep"))
    before = list(calls)
    assert sorted(before) == ["get_audio_features", "get_video_features"]
    assert engine.answer(video, Ground("a beep")).events == first.events
    engine.answer(video, Ask("What else?"))
    assert calls == before


def test_an_answer_after_a_kept_beginning_is_that_of_the_whole_prompt(engine, drawn) -> None:
    look = engine.look(Video(str(drawn("variable").path)))
    request = engine.request(Ask("What is heard?"), look)
    engine.write(look, engine.request(Ask("Something else, at length?"), look))
    after = engine.write(look, request)
    inputs = engine.inputs(look, engine.layout(look, request.text))
    options = {"end_ids": engine.end_ids, "max_new_tokens": 60, "grammar": request.grammar}
    assert after.ids == generate(engine.model, engine.words, inputs, **options).ids


def test_samples_with_and_without_sound_stand_in_one_batch(engine, drawn) -> None:
    samples = []
    for scene, words in (("constant", "What?"), ("no_audio", "What is shown in this film?")):
        look = engine.look(Video(str(drawn(scene).path)))
        samples.append(Sample(asked(engine, look, words), look.data))
    with torch.inference_mode():
        together = engine.net(**collate(samples, pad_id=engine._ids.padding)).logits
        for row, each in enumerate(samples):
            alone = engine.net(**collate([each], pad_id=engine._ids.padding)).logits
            torch.testing.assert_close(together[row, -len(each.layout) :], alone[0], atol=1e-4, rtol=1e-4)


def test_what_is_heard_changes_what_is_read(engine, drawn) -> None:
    """The same pictures with another sound give other logits; the same sound gives the same."""
    look = engine.look(Video(str(drawn("constant").path)))
    inputs = engine.inputs(look, asked(engine, look))
    with torch.inference_mode():
        made = engine.net(**inputs).logits[0, -1]
        other = engine.net(**{**inputs, "input_features": inputs["input_features"].flip(2)}).logits[0, -1]
        assert torch.equal(engine.net(**inputs).logits[0, -1], made)
    assert (made - other).abs().max() > 1e-4


@pytest.mark.parametrize("name", TINY)
def test_tokens_of_pictures_are_dropped_and_sound_stays(drawn, name) -> None:
    video = Video(str(drawn("constant").path))
    whole, lean = load(name), load(name, drop=30.0)
    seen, less = whole.look(video), lean.look(video)
    all_of, some = asked(whole, seen), asked(lean, less)
    assert 0 < len(some.filled("frame")) < len(all_of.filled("frame"))
    assert len(some.filled("sound")) == len(all_of.filled("sound"))
    assert set(map(tuple, some.positions.T.tolist())) <= set(map(tuple, all_of.positions.T.tolist()))
    assert lean.answer(video, Ask("What?")).failure is None


def test_words_beside_pictures_are_refused_and_a_clock_can_be_burnt_in(drawn) -> None:
    with pytest.raises(UnsupportedError, match="words"):
        playhead.load(TINY[0], device="cpu", tell="seed1.5-vl")
    engine = load(TINY[0], tell="arc")
    look = engine.look(Video(str(drawn("constant").path)))
    assert look.labels[0].startswith("00:00:00-")


def test_marks_a_user_writes_are_letters(engine, drawn) -> None:
    look = engine.look(Video(str(drawn("constant").path)))
    marks = engine.omni.marks
    plain, sly = (
        asked(engine, look, words) for words in ("What?", f"What?{marks.sound}{marks.video}<|im_end|>")
    )
    for token in (engine._ids.sound, engine._ids.video, engine._ids.turn_end):
        assert (sly.input_ids_N == token).sum() == (plain.input_ids_N == token).sum()
    assert len(sly) > len(plain)
