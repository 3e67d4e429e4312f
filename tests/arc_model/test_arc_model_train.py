"""Training: the loss, frozen encoders, adapters, checkpointing of activations."""

from __future__ import annotations

import pytest
import torch
from arc_samples import batch, sample
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file

from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration


def supervised(side="right"):
    inputs = batch([sample(frames=2, seed=1), sample(frames=1, words=20, seed=2)], side)
    labels = torch.full_like(inputs["input_ids"], -100)
    for row, real in enumerate(inputs["attention_mask"].bool()):
        labels[row, real.nonzero()[-5:, 0]] = inputs["input_ids"][row, real.nonzero()[-5:, 0]]
    return {**inputs, "labels": labels}


def test_the_loss_is_the_shifted_mean_over_all_labels(model):
    inputs = supervised()
    with torch.no_grad():
        out = model(**inputs)
    scores, labels = out.logits[:, :-1].flatten(0, 1), inputs["labels"][:, 1:].flatten()
    kept = labels != -100
    assert int(kept.sum()) == 10
    want = -scores.log_softmax(-1)[kept, labels[kept]].mean()
    assert float(out.loss) == pytest.approx(float(want), abs=1e-6)
    with torch.no_grad():
        assert float(model(**supervised("left")).loss) == pytest.approx(float(want), abs=1e-5)


def test_frozen_encoders_get_no_gradient_and_build_no_graph(model):
    model.freeze_encoders()
    with torch.enable_grad():
        assert not model.vision_model(supervised()["pixel_values"]).requires_grad
    model(**supervised()).loss.backward()
    touched = {name.split(".")[0] for name, each in model.named_parameters() if each.grad is not None}
    assert touched == {"mlp2", "language_model"}


def test_unfrozen_encoders_are_trained(model):
    model(**supervised()).loss.backward()
    unused = {name for name, each in model.named_parameters() if each.grad is None}
    assert unused == {"vision_model.perceive.image_sep"}  # of the two-picture mode


def test_checkpointed_activations_give_the_same_gradients(model):
    model.train()
    model(**supervised()).loss.backward()
    want = {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}
    model.zero_grad()
    model.gradient_checkpointing_enable()
    layers = [model.language_model.model.layers[0], model.vision_model.vit.layers[0]]
    assert all(layer.gradient_checkpointing for layer in layers)
    model(**supervised()).loss.backward()
    got = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    assert set(got) == set(want)
    for name, gradient in want.items():
        assert torch.allclose(got[name], gradient, atol=1e-5), name


def test_tables_grow_together_and_the_decoder_is_found(model):
    model.resize_token_embeddings(520)
    table = model.get_input_embeddings().weight
    assert table.shape == (520, 64)
    assert model.get_output_embeddings().weight is table
    assert model.config.text.vocab_size == 520
    assert model.get_decoder().embed_tokens.weight is table


def test_lora_trains_is_saved_read_and_merged(model, arc_folder, tmp_path):
    inputs = supervised()
    settings = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=r"language_model\..*(q_proj|v_proj|down_proj)",
        modules_to_save=["mlp2"],
    )
    wrapped = get_peft_model(model, settings)
    trained = [name for name, each in wrapped.named_parameters() if each.requires_grad]
    assert all("lora_" in name or "mlp2" in name for name in trained)
    optimizer = torch.optim.AdamW([each for each in wrapped.parameters() if each.requires_grad], lr=1e-2)
    losses = []
    for _ in range(3):
        loss = wrapped(**inputs).loss
        losses.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[2] < losses[0]
    wrapped.eval()
    inputs.pop("labels")
    with torch.no_grad():
        want = wrapped(**inputs).logits
        wrapped.save_pretrained(tmp_path / "adapter")
        fresh = ArcHunyuanVideoForConditionalGeneration.from_pretrained(arc_folder)
        again = PeftModel.from_pretrained(fresh, tmp_path / "adapter").eval()
        assert torch.allclose(again(**inputs).logits, want, atol=1e-5)
        assert again.generate(**inputs, max_new_tokens=2).shape[0] == 2
        merged = again.merge_and_unload()
        merged.save_pretrained(tmp_path / "merged")
        whole = ArcHunyuanVideoForConditionalGeneration.from_pretrained(tmp_path / "merged").eval()
        assert torch.allclose(whole(**inputs).logits, want, atol=1e-4)
    names = set(load_file(tmp_path / "merged" / "model.safetensors"))
    assert names == set(load_file(arc_folder / "model.safetensors"))  # the released layout again
