"""What transformers' own tools do with the model: Trainer, PEFT, quantisation, search, on samples of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from playhead.models.vtimellm.collate import Sample, collate
from playhead.models.vtimellm.family import tiny_model
from playhead.models.vtimellm.layout import Filling, Turn, interleaved, lay_out
from playhead.models.vtimellm.lora import TARGETS
from playhead.models.vtimellm.model import VTimeLLMForCausalLM
from playhead.models.vtimellm.tokens import tiny_tokenizer
from playhead.timeline import Span

FRAMES = [Filling("frame", Span(at, at + 1), float(at)) for at in range(75)]
SOUNDS = [Filling("sound", Span(3 * at, 3 * at + 3)) for at in range(25)]
ANSWERED = (
    [Turn("<video>\nWhen is it?", "From 12 to 57.")],
    [Turn("<video>\nWhat is it?", "A dog."), Turn("And then?", "It runs far away.")],
)
OPEN = ([Turn("<video>\nWhen?")], [Turn("<video>\nWhat is it that we see?")])


def sample(turns: list[Turn], seed: int) -> Sample:
    made = torch.Generator().manual_seed(seed)
    layout = lay_out(tiny_tokenizer(), turns, [interleaved(FRAMES, SOUNDS)])
    rows = {"frame": torch.randn(75, 32, generator=made), "sound": torch.randn(25, 32, generator=made)}
    return Sample(layout, rows)


def model() -> VTimeLLMForCausalLM:
    return tiny_model("avicuna", len(tiny_tokenizer()))


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("lora", [False, True])
def test_trainer_takes_samples_as_they_are_collated(tmp_path, lora, checkpointing) -> None:
    pytest.importorskip("accelerate")
    from transformers import Trainer, TrainingArguments

    trained = model()
    if lora:
        peft = pytest.importorskip("peft")
        trained = peft.get_peft_model(
            trained, peft.LoraConfig(r=2, target_modules=TARGETS, task_type="CAUSAL_LM")
        )
    before = {name: each.detach().clone() for name, each in trained.named_parameters()}
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=2,
        learning_rate=1e-2,
        warmup_steps=0,
        per_device_train_batch_size=2,
        gradient_checkpointing=checkpointing,
        remove_unused_columns=False,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    samples = [sample(turns, at) for at, turns in enumerate(ANSWERED)] * 2
    trainer = Trainer(model=trained, args=arguments, train_dataset=samples, data_collator=collate)
    assert 0 < trainer.train().training_loss < 10
    changed = {
        name for name, each in trained.named_parameters() if not torch.equal(each.detach(), before[name])
    }
    assert changed
    assert all("lora_" in name for name in changed) is lora
    assert not any("tower" in name for name in changed)


def test_the_loss_of_a_batch_is_that_of_its_trained_tokens() -> None:
    tiny, samples = model().eval(), [sample(turns, at) for at, turns in enumerate(ANSWERED)]
    with torch.no_grad():
        together = tiny(**collate(samples)).loss
        losses = torch.stack([tiny(**collate([each])).loss for each in samples])
    counts = torch.tensor([(each.layout.labels_N[1:] != -100).sum() for each in samples])
    assert together == pytest.approx(float((losses * counts).sum() / counts.sum()), abs=1e-5)


def test_projectors_train_beside_an_adapter_as_longvales_do(tmp_path) -> None:
    peft = pytest.importorskip("peft")
    settings = peft.LoraConfig(
        r=2, target_modules=TARGETS, modules_to_save=["projectors.sound"], task_type="CAUSAL_LM"
    )
    wrapped = peft.get_peft_model(model(), settings)
    with torch.no_grad():
        for name, each in wrapped.named_parameters():
            if "lora_B" in name or ("projectors.sound" in name and "modules_to_save" in name):
                each.normal_()
    wrapped.save_pretrained(tmp_path / "adapter")
    batch = collate([sample(ANSWERED[0], 0)])
    again = peft.PeftModel.from_pretrained(model(), tmp_path / "adapter").eval()
    with torch.no_grad():
        expected = wrapped.eval()(**batch).logits
        assert torch.equal(again(**batch).logits, expected)
        assert torch.allclose(again.merge_and_unload()(**batch).logits, expected, atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [{"num_beams": 2}, {"use_cache": False}, {"cache_implementation": "static"}],
    ids=lambda each: next(iter(each)),
)
def test_searching_a_batch_is_searching_each_alone(settings) -> None:
    tiny, samples = model().eval(), [sample(turns, at) for at, turns in enumerate(OPEN)]
    both = tiny.generate(**collate(samples, side="left"), do_sample=False, max_new_tokens=5, **settings)
    for row, each in zip(both, samples, strict=True):
        alone = tiny.generate(**collate([each], side="left"), do_sample=False, max_new_tokens=5, **settings)
        assert torch.equal(row[-5:], alone[0, -5:])


def test_transformers_own_quantised_loading_is_not_in_the_way(tmp_path: Path) -> None:
    quantization = pytest.importorskip("torchao.quantization", reason="torchao is not installed")
    from transformers import TorchAoConfig

    model().save_pretrained(tmp_path)
    config = TorchAoConfig(quantization.Int8WeightOnlyConfig(), modules_to_not_convert=["lm_head"])
    small = VTimeLLMForCausalLM.from_pretrained(tmp_path, quantization_config=config)
    batch = collate([sample(ANSWERED[0], 0)])
    with torch.no_grad():
        whole = VTimeLLMForCausalLM.from_pretrained(tmp_path)(**batch).logits
        assert 0 < (small(**batch).logits - whole).abs().max() < 0.05 * whole.abs().max()
