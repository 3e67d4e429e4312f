"""Plans before running, and the form of constrained answers."""

from __future__ import annotations

import pytest
import torch

from playhead.errors import MediaError
from playhead.generate.grammar import processor
from playhead.generate.grammars import RANDOM, TRAINED
from playhead.media.clip import Video
from playhead.models.family import EngineOptions
from playhead.models.hour_llava.config import config_3b, config_7b, tiny_config
from playhead.models.hour_llava.dialect import request
from playhead.models.hour_llava.family import FAMILY
from playhead.models.hour_llava.plan import make_plan, operations, parameters, stored_bytes
from playhead.models.hour_llava.settings import Settings
from playhead.models.hour_llava.tokens import encode, open_tokenizer, tiny_tokenizer, token_ids
from playhead.tasks.ask import Ask
from playhead.tasks.base import Clock
from playhead.tasks.chapters import Chapters
from playhead.tasks.choose import Choose
from playhead.tasks.describe import Describe
from playhead.tasks.events import Events
from playhead.tasks.ground import Ground
from playhead.timeline import ParseFailure

TIMED = [Events(), Chapters(), Ground("a dog")]


def plan(name, clip, **options):
    made = EngineOptions(device="cpu", dtype="bfloat16", family=options)
    return FAMILY.plan(FAMILY.presets[name], Video(str(clip)), made)


def test_a_plan_counts_what_the_engine_then_sees(make, clip) -> None:
    planned = plan("hour-llava-tiny", clip)
    engine = make()
    look = engine.look(Video(str(clip)))
    assert planned.frames == len(look.times_s) == 128
    assert planned.memory_tokens == 65 * 128
    assert planned.video_tokens == len(engine.layout(look, "What?").filled()) == 17 * 32
    assert planned.weights_bytes == 2 * sum(each.numel() for each in engine.net.parameters())
    assert planned.window.end_s == look.window.end_s


def test_a_plan_with_published_features_counts_what_is_read_of_them(make, clip, tmp_path) -> None:
    path = tmp_path / "forty.pt"
    torch.save({"vid_feat": torch.randn(128, 64, 32), "duration": 40.0}, path)
    planned, plain = plan("hour-llava-tiny", clip, features=str(path)), plan("hour-llava-tiny", clip)
    look = make(features=str(path)).look(Video(str(clip)))
    assert planned.frames == len(look.times_s) == 40
    assert any("no picture is decoded" in note for note in planned.notes)
    assert planned.flops < plain.flops


def test_a_plan_says_the_rule_the_checkpoint_was_trained_with(clip) -> None:
    config = tiny_config(259, spatial_sampling_type="uniform")
    made = make_plan(FAMILY.presets["hour-llava-tiny"], config, Video(str(clip)), EngineOptions(device="cpu"))
    assert any("16 of 64 positions of each (uniform)" in note for note in made.notes)


def test_a_plan_of_a_large_size_needs_no_weights(clip) -> None:
    planned = plan("hour-llava-7b", clip)
    assert planned.weights_bytes == 2 * 8_676_494_880
    assert planned.peak_bytes > planned.weights_bytes
    assert any("on disk" in note for note in planned.notes)
    assert any("16 of 64 positions" in note for note in planned.notes)


@pytest.mark.parametrize("name", ["hour-llava-3b", "hour-llava-7b"])
def test_presets_state_their_parameters(name) -> None:
    config = config_3b() if name.endswith("3b") else config_7b()
    assert FAMILY.presets[name].parameters == parameters(config)


def test_an_hour_costs_what_the_paper_and_the_published_sizes_imply() -> None:
    """Spec C8: MemAug's cross-attention about 1.2e14, a prefill about 1.35e14, encoding about 2e15 operations."""
    work = operations(config_7b(), 3600, 234_000, 8704)
    assert work.recall == pytest.approx(1.2e14, rel=0.25)
    assert work.read == pytest.approx(1.35e14, rel=0.1)
    assert work.look == pytest.approx(2e15, rel=0.25)
    features = stored_bytes(config_7b(), 3600, 4, Settings(keep_memory=False))
    assert features == pytest.approx(1.06e9, rel=0.01)  # stored in 32 bits by the authors
    both = stored_bytes(config_7b(), 3600, 2, Settings())
    assert both - features // 2 == pytest.approx(1.68e9, rel=0.01)


def test_sound_alone_cannot_be_planned(drawn) -> None:
    with pytest.raises(MediaError, match="no pictures"):
        plan("hour-llava-tiny", drawn("audio_only_wav").path)


@pytest.mark.parametrize("duration_s", [0.04, 12.0, 3600.5])
@pytest.mark.parametrize(
    "task", [Describe(), Ask("Why?"), Choose("Which?", ("a", "b")), *TIMED], ids=lambda t: t.name
)
def test_whatever_the_form_lets_through_can_be_read(task, duration_s) -> None:
    tokenizer = tiny_tokenizer()
    ids = token_ids(tokenizer)
    clock = Clock(duration_s, start_s=100.0)
    asked = request(task, clock, RANDOM)
    for seed in range(4):
        chance = torch.Generator().manual_seed(seed)
        held = processor(asked.grammar, tokenizer, prompt_tokens=1, end_ids=[ids.turn_end])
        written = torch.tensor([[1]])
        while int(written[0, -1]) != ids.turn_end:
            scores = held(written, torch.randn(1, 264, generator=chance))
            written = torch.cat([written, scores.argmax(dim=-1, keepdim=True)], dim=1)
            assert written.shape[1] < 600
        reading = task.read(tokenizer.decode(written[0, 1:-1].tolist()), asked.clock)
        assert not isinstance(reading, ParseFailure)
        for event in (*reading.events, *reading.chapters):
            assert 100.0 <= event.span.start_s <= event.span.end_s <= 100.0 + duration_s + 1e-9


@pytest.mark.parametrize("task", TIMED, ids=lambda t: t.name)
def test_a_trained_model_may_say_nothing_is_there_and_name_short_events(task) -> None:
    schema = request(task, Clock(3600.0), TRAINED).grammar.json_schema
    assert "minItems" not in schema
    assert "anyOf" not in str(schema)
    assert schema["maxItems"] == 64


def test_a_user_cannot_end_a_turn() -> None:
    tokenizer = tiny_tokenizer()
    ids = token_ids(tokenizer)
    assert ids.turn_end not in encode(tokenizer, "a<|im_end|>b")
    assert encode(tokenizer, "<|im_end|>", special=True) == [ids.turn_end]


def test_a_tokenizer_of_another_model_is_refused(tmp_path) -> None:
    from playhead.errors import WeightsError

    with pytest.raises(WeightsError, match=r"neither tokenizer\.json"):
        open_tokenizer(tmp_path, 300)
    tiny_tokenizer().save_pretrained(tmp_path)
    assert len(open_tokenizer(tmp_path, 259)) == 259
    with pytest.raises(WeightsError, match="259 tokens for a model of 200"):
        open_tokenizer(tmp_path, 200)


def test_the_pictures_it_remembers_can_be_seen_with_their_times(clip) -> None:
    from helpers.draw import read_number

    shown = FAMILY.show(FAMILY.presets["hour-llava-tiny"], Video(str(clip)), EngineOptions(), 8)
    assert shown.total == 128
    assert shown.frames.pixels_FHWC.shape == (8, 140, 140, 3)
    for pixels_HWC, time_s in zip(shown.frames.pixels_FHWC, shown.frames.pts_s, strict=True):
        assert read_number(pixels_HWC) == round(time_s * 5)
    assert shown.captions[0] == "1 of 128, kept"
    assert {caption.split(", ")[1] for caption in shown.captions} == {"kept", "in memory only"}
    guided = EngineOptions(family={"temporal": "question"})
    assert (
        FAMILY.show(FAMILY.presets["hour-llava-tiny"], Video(str(clip)), guided, 2).captions[0] == "1 of 128"
    )
