"""VTimeLLM on ChatGLM3 as an engine: from parts in the released layout to answers in seconds, saved and opened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parent))

import torch
from chatglm_kit import WIDTH, released, write_adapter, write_base, write_projector
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

import playhead
from playhead.errors import PlayheadError, WeightsError, WeightsUnavailableError
from playhead.media.clip import Video
from playhead.models.family import EngineOptions
from playhead.models.vtimellm.chatglm_engine import VTimeLLMChatGLM
from playhead.models.vtimellm.chatglm_tokens import special_id
from playhead.models.vtimellm.family import FAMILY
from playhead.tasks.ask import Ask
from playhead.tasks.ground import Ground


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> dict[str, str]:
    """The released files at toy size: ChatGLM3 with its tokenizer, a projector, two adapters, CLIP."""
    folder = tmp_path_factory.mktemp("released")
    held = released()
    write_base(folder / "chatglm3-6b", held)
    write_projector(folder / "mm_projector.bin")
    for at, name in enumerate(("stage2", "stage3")):
        write_adapter(folder / name, held, seed=2 + at)
        (folder / name / "config.json").write_text(json.dumps({"model_type": "VTimeLLM_ChatGLM"}))
    tower = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=24,
        projection_dim=768,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=224,
        patch_size=112,
        hidden_act="quick_gelu",
    )
    torch.manual_seed(0)
    CLIPVisionModelWithProjection(tower).save_pretrained(folder / "clip")
    names = {
        "base": "chatglm3-6b",
        "projector": "mm_projector.bin",
        "stage2": "stage2",
        "stage3": "stage3",
        "vision_tower": "clip",
    }
    return {option: str(folder / name) for option, name in names.items()}


def opened(parts, **more):
    others = {name: path for name, path in parts.items() if name != "stage3"}
    options = EngineOptions(device="cpu", max_new_tokens=40, constrain=True, family={**others, **more})
    return FAMILY.open(Path(parts["stage3"]), options)


def test_released_parts_are_put_together_and_answer_in_seconds(parts, drawn) -> None:
    made = opened(parts)
    assert isinstance(made, VTimeLLMChatGLM)
    answer = made.answer(Video(str(drawn("constant").path)), Ground("a number"))
    assert answer.failure is None
    assert 0 <= answer.events[0].span.start_s < answer.events[0].span.end_s <= answer.duration_s
    assert len(answer.sampling.times_s) == 100


def test_what_was_put_together_is_saved_and_opened_as_one_folder(parts, drawn, tmp_path) -> None:
    made = opened(parts)
    made.save(tmp_path / "whole")
    again = playhead.load(str(tmp_path / "whole"), device="cpu", constrain=True, max_new_tokens=40).engine
    assert isinstance(again, VTimeLLMChatGLM)
    question = (Video(str(drawn("constant").path)), Ground("a number"))
    assert again.answer(*question).events == made.answer(*question).events


def test_the_prompt_has_the_roles_and_the_window_in_it(parts, drawn) -> None:
    made = opened(parts)
    look = made.look(Video(str(drawn("constant").path), start_s=0.5, end_s=1.5))
    layout = made.layout(look, made.request(Ask("谁？"), look).text)
    user, assistant = (special_id(made.tokenizer, name) for name in ("<|user|>", "<|assistant|>"))
    ids = layout.input_ids_N.tolist()
    assert ids[2] == user
    assert ids[-1] == assistant
    assert [slot.start for slot in layout.slots] == list(range(3, 103))
    assert all(0.5 <= slot.pts_s <= 1.5 for slot in layout.slots)
    assert made.tokenizer.decode(ids[103:-1]).strip() == "谁？"


@pytest.mark.parametrize("end", ["<|user|>", "</s>"])
def test_an_answer_ends_where_the_user_would_go_on(drawn, end) -> None:
    """The head is bent so that nothing but one token is ever written."""
    made = playhead.load("vtimellm-chatglm3-tiny", device="cpu", constrain=False, max_new_tokens=9).engine
    at = special_id(made.tokenizer, end)
    assert at in made.end_ids
    look = made.look(Video(str(drawn("constant").path)))
    request = made.request(Ask("What?"), look)
    with torch.no_grad():
        inputs = made.inputs(look, made.layout(look, request.text))
        last_D = made.model.model(**inputs).last_hidden_state[0, -1]
        made.model.lm_head.weight.zero_()
        made.model.lm_head.weight[at] = last_D
    written = made.write(look, request)
    assert written.ids == (at,)
    assert written.finished
    assert written.text == ""


def test_a_released_adapter_alone_names_every_other_part(parts) -> None:
    with pytest.raises(WeightsUnavailableError, match="THUDM/chatglm3-6b on the hub") as raised:
        playhead.load(parts["stage3"], device="cpu")
    for said in ("base=", "projector=", "stage2=", "vision_tower= (or features=)"):
        assert said in str(raised.value)
    assert "vicuna" not in str(raised.value)


def test_the_published_size_asks_for_chatglm3(parts) -> None:
    with pytest.raises(WeightsUnavailableError, match="THUDM/chatglm3-6b on the hub"):
        FAMILY.make(FAMILY.presets["vtimellm-chatglm3-6b"], None, EngineOptions(device="cpu"))


def test_a_base_with_another_tokenizer_is_refused(parts, tmp_path) -> None:
    from playhead.models.vtimellm.tokens import tiny_tokenizer as llamas

    base = write_base(tmp_path / "base", released())
    config = (base / "config.json").read_text()
    llamas().save_pretrained(base)
    (base / "config.json").write_text(config)
    with pytest.raises(WeightsError, match="special tokens"):
        opened(parts, base=str(base))


def test_a_base_with_too_many_rows_for_its_tokenizer_is_refused(parts, tmp_path) -> None:
    base = write_base(tmp_path / "base", released(), padded_vocab_size=4096)
    with pytest.raises(WeightsError, match="tokens for an embedding of 4096 rows"):
        opened(parts, base=str(base))


def test_adapters_for_vicuna_do_not_fit(parts, tmp_path) -> None:
    folder = tmp_path / "stage3"
    folder.mkdir()
    settings = Path(parts["stage2"], "adapter_config.json").read_text()
    (folder / "adapter_config.json").write_text(settings)
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    tensors = {f"{name}.lora_A.weight": torch.zeros(4, WIDTH), f"{name}.lora_B.weight": torch.zeros(WIDTH, 4)}
    torch.save(tensors, folder / "adapter_model.bin")
    others = {option: path for option, path in parts.items() if option != "stage3"}
    with pytest.raises(PlayheadError, match=r"1 unexpected: model\.layers\.0\.self_attn\.q_proj\.weight"):
        FAMILY.open(folder, EngineOptions(device="cpu", family=others))
