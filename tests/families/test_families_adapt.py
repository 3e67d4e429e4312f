"""What people do with a model of transformers: adapters kept and merged, a Trainer's step, weights quantised on loading."""

from __future__ import annotations

import pytest
import torch
from families_kit import auto_class, load, lora_targets, sample
from transformers.core_model_loading import ConversionOps
from transformers.quantizers import HfQuantizer
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.quantizers_utils import get_module_from_name
from transformers.utils.quantization_config import QuantizationConfigMixin

TOLERANCE = 1e-4
STEP = 1 / 64


def auto(folder, config, **options):
    """The folder as a user of transformers opens it."""
    return auto_class(config).from_pretrained(folder, **options)


@pytest.fixture
def one(engine, drawn):
    return sample(engine, drawn("constant").path)


@pytest.fixture
def lesson(one):
    labels = one["input_ids"].clone()
    labels[:, :-6] = -100
    return {**one, "labels": labels}


def logits(model, inputs):
    with torch.inference_mode():
        return model.train(False)(**inputs).logits


def test_an_adapter_is_trained_kept_read_and_merged(engine, saved, one, lesson, tmp_path) -> None:
    peft = pytest.importorskip("peft")
    folder, config = saved(engine), engine.model.config
    settings = peft.LoraConfig(r=2, target_modules=lora_targets(engine), task_type="CAUSAL_LM")
    wrapped = peft.get_peft_model(auto(folder, config), settings)
    trained = [each for each in wrapped.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.02)
    losses = []
    for _ in range(2):
        loss = wrapped(**lesson).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[1] < losses[0]
    wrapped.save_pretrained(tmp_path / "adapter")
    learnt = logits(wrapped, one)
    assert (learnt - logits(engine.model, one)).abs().max() > 100 * TOLERANCE
    again = peft.PeftModel.from_pretrained(auto(folder, config), tmp_path / "adapter")
    torch.testing.assert_close(logits(again, one), learnt, atol=TOLERANCE, rtol=TOLERANCE)
    merged = again.merge_and_unload()
    torch.testing.assert_close(logits(merged, one), learnt, atol=TOLERANCE, rtol=TOLERANCE)
    merged.save_pretrained(tmp_path / "merged")
    read = auto(tmp_path / "merged", config)
    torch.testing.assert_close(logits(read, one), learnt, atol=TOLERANCE, rtol=TOLERANCE)


def test_a_trainer_takes_a_step_and_writes_what_it_learnt(engine, saved, one, lesson, tmp_path) -> None:
    pytest.importorskip("accelerate")
    from transformers import Trainer, TrainingArguments

    model = auto(saved(engine), engine.model.config)
    settings = TrainingArguments(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=1, learning_rate=0.01, use_cpu=True,
        report_to=[], save_strategy="no", disable_tqdm=True, remove_unused_columns=False,
    )  # fmt: skip
    trainer = Trainer(model, settings, train_dataset=[lesson], data_collator=lambda rows: rows[0])
    trainer.train()
    trainer.save_model(str(tmp_path / "trained"))
    read = auto(tmp_path / "trained", engine.model.config)
    torch.testing.assert_close(logits(read, one), logits(model, one), atol=TOLERANCE, rtol=TOLERANCE)
    assert (logits(read, one) - logits(engine.model, one)).abs().max() > 100 * TOLERANCE


class RoundInPlace(ConversionOps):
    """As torchao's: takes the first tensor it is handed, puts what it makes of it into the module, gives nothing back."""

    def convert(self, input_dict, model=None, full_layer_name=None, missing_keys=None, **more):
        value = next(iter(input_dict.values()))
        value = value[0] if isinstance(value, list) else value
        module, name = get_module_from_name(model, full_layer_name)
        module._parameters[name] = torch.nn.Parameter((value / STEP).round() * STEP, requires_grad=False)
        module._parameters[name]._is_hf_initialized = True
        module._is_hf_initialized = True
        missing_keys.discard(full_layer_name)
        return {}


@register_quantization_config("playhead_in_place")
class InPlaceConfig(QuantizationConfigMixin):
    def __init__(self, **more):
        self.quant_method = "playhead_in_place"
        self.modules_to_not_convert = None


@register_quantizer("playhead_in_place")
class InPlaceQuantizer(HfQuantizer):
    requires_calibration = False

    def param_needs_quantization(self, model, param_name, **more):
        module, name = get_module_from_name(model, param_name)
        return isinstance(module, torch.nn.Linear) and name == "weight" and "lm_head" not in param_name

    def get_quantize_ops(self):
        return RoundInPlace()

    def is_serializable(self):
        return True

    @property
    def is_trainable(self):
        return False


def test_a_quantiser_of_transformers_gets_every_weight(engine, saved, one, tmp_path) -> None:
    folder, config = saved(engine), engine.model.config
    model = auto(folder, config, quantization_config=InPlaceConfig())
    linear = {
        f"{name}.weight" for name, each in engine.model.named_modules() if type(each) is torch.nn.Linear
    }
    rounded = 0
    exact = engine.model.state_dict()
    for name, each in model.state_dict().items():
        if name in linear and "lm_head" not in name:
            torch.testing.assert_close(each, (exact[name] / STEP).round() * STEP, atol=0, rtol=0)
            rounded += 1
        else:
            torch.testing.assert_close(each, exact[name], atol=0, rtol=0)
    assert rounded > 10
    got = logits(model, one)
    assert (
        0 < (got - logits(engine.model, one)).abs().mean() < 0.5
    )  # another expert may be chosen here or there
    assert model.generate(**one, do_sample=False, max_new_tokens=2).shape[1] == one["input_ids"].shape[1] + 2
    model.save_pretrained(tmp_path / "rounded")
    read = auto(tmp_path / "rounded", config)
    torch.testing.assert_close(logits(read, one), got, atol=TOLERANCE, rtol=TOLERANCE)


def test_the_auto_classes_write_what_the_engine_writes(tiny, engine, saved, one) -> None:
    """From the folder to ids in transformers' own words only, and against the model the engine holds."""
    from transformers import AutoModel, AutoTokenizer

    folder = saved(engine)
    model = auto(folder, engine.model.config)
    options = {"do_sample": False, "max_new_tokens": 6, "min_new_tokens": 6}
    ids = model.generate(**one, **options)
    assert ids.tolist() == load(tiny).engine.model.generate(**one, **options).tolist()
    start = one["input_ids"].shape[1]
    text = AutoTokenizer.from_pretrained(folder).decode(ids[0, start:])
    assert text == engine.tokenizer.decode(ids[0, start:])
    assert isinstance(AutoModel.from_pretrained(folder).get_input_embeddings(), torch.nn.Embedding)
