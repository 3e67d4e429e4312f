"""Every tiny preset is an ordinary transformers model: cache, batches, adapters, Auto classes, meta device, gradients."""

from __future__ import annotations

import inspect

import pytest
import torch
from families_kit import auto_class, join_left, load, lora_targets, sample

TOLERANCE = 1e-4


@pytest.fixture
def one(engine, drawn):
    return sample(engine, drawn("constant").path)


def free(model, inputs, steps: int = 6, **options):
    """Greedy ids and logits of a few steps."""
    with torch.inference_mode():
        out = model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=steps,
            min_new_tokens=steps,
            return_dict_in_generate=True,
            output_logits=True,
            pad_token_id=0,
            **options,
        )
    return out.sequences[:, inputs["input_ids"].shape[1] :], torch.stack(out.logits, 1)


def test_decoding_with_a_cache_is_the_full_forward(engine, one) -> None:
    cached_ids, cached = free(engine.model, dict(one))
    full_ids, full = free(engine.model, dict(one), use_cache=False)
    assert cached_ids.tolist() == full_ids.tolist()
    torch.testing.assert_close(cached, full, atol=TOLERANCE, rtol=TOLERANCE)


def test_the_first_step_is_the_forward(engine, one) -> None:
    _, logits_BTV = free(engine.model, dict(one), steps=1)
    with torch.inference_mode():
        whole = engine.model(**one).logits
        last = engine.model(**one, logits_to_keep=1).logits
    if "logits_to_keep" in inspect.signature(engine.model.forward).parameters:
        assert last.shape[1] == 1  # VideoLLaMA 3 and the Omni thinkers answer for every position
    assert whole.shape[1] == one["input_ids"].shape[1]
    torch.testing.assert_close(whole[:, -1], logits_BTV[:, 0].to(whole.dtype), atol=TOLERANCE, rtol=TOLERANCE)
    torch.testing.assert_close(whole[:, -1:], last[:, -1:], atol=TOLERANCE, rtol=TOLERANCE)


def test_a_step_of_ones_own_is_the_step_of_generate(engine, one) -> None:
    """The prompt, then one id with the returned cache and nothing else: as a loop written by hand goes on."""
    if any(hasattr(each, "rope_deltas") for each in engine.model.modules()):
        pytest.skip(
            "transformers' own model goes on from a delta, which a prompt with its own positions does not set"
        )
    ids_BT, logits_BTV = free(engine.model, dict(one), steps=2)
    tokens = one["input_ids"].shape[1]
    with torch.inference_mode():
        prompt = engine.model(**one, use_cache=True)
        mask = torch.nn.functional.pad(one["attention_mask"], (0, 1), value=1)
        for name in ("cache", "past_key_values"):  # the second is what transformers called it before 5.24
            step = engine.model(
                input_ids=ids_BT[:, :1], attention_mask=mask, use_cache=True, **{name: prompt.cache}
            )
            assert step.cache.get_seq_length() == tokens + 1
            torch.testing.assert_close(
                step.logits[:, -1], logits_BTV[:, 1].to(step.logits.dtype), atol=TOLERANCE, rtol=TOLERANCE
            )
            prompt.cache.crop(-1)


def test_a_batch_of_two_is_two_of_one(engine, drawn) -> None:
    path = drawn("constant").path
    one = sample(engine, path, "What is shown?")
    two = sample(engine, path, "What is shown in this short film of numbers, and for how long?")
    assert one["input_ids"].shape[1] < two["input_ids"].shape[1]
    pad_id = engine.end_ids[0]
    both = join_left(one, two, pad_id)
    _, first = free(engine.model, dict(one))
    _, second = free(engine.model, dict(two))
    _, together = free(engine.model, both)
    torch.testing.assert_close(together[1:], second, atol=TOLERANCE, rtol=TOLERANCE)
    torch.testing.assert_close(together[:1], first, atol=TOLERANCE, rtol=TOLERANCE)


def test_gradients_flow_from_the_loss(tiny, drawn) -> None:
    engine = load(tiny).engine
    inputs = sample(engine, drawn("constant").path)
    labels = inputs["input_ids"].clone()
    labels[:, :-5] = -100
    loss = engine.model.train()(**inputs, labels=labels).loss
    assert torch.isfinite(loss)
    loss.backward()
    # Pictures and sound may be encoded before the model is called, as where their towers are published as frozen.
    trained = [
        name for name, each in engine.model.named_parameters() if each.requires_grad and "tower" not in name
    ]
    moved = {
        name for name, each in engine.model.named_parameters() if each.grad is not None and each.grad.any()
    }
    assert trained
    assert any("lm_head" in name or "embed" in name for name in moved)
    assert len(moved & set(trained)) > 0.8 * len(trained), sorted(set(trained) - moved)[:8]


def test_peft_wraps_it(tiny, drawn) -> None:
    peft = pytest.importorskip("peft")
    engine = load(tiny).engine
    inputs = sample(engine, drawn("constant").path)
    with torch.inference_mode():
        before = engine.model(**inputs).logits
    settings = peft.LoraConfig(r=2, target_modules=lora_targets(engine), task_type="CAUSAL_LM")
    wrapped = peft.get_peft_model(engine.model, settings)
    torch.testing.assert_close(wrapped(**inputs).logits, before, atol=TOLERANCE, rtol=TOLERANCE)
    labels = inputs["input_ids"].clone()
    labels[:, :-5] = -100
    wrapped(**inputs, labels=labels).loss.backward()
    with_gradient = {
        name for name, each in wrapped.named_parameters() if each.grad is not None and each.grad.any()
    }
    assert with_gradient
    assert all("lora_" in name for name in with_gradient)


def test_auto_classes_load_it(engine, saved) -> None:
    from transformers import AutoConfig, AutoTokenizer

    folder = saved(engine)
    config = AutoConfig.from_pretrained(folder)
    assert type(config) is type(engine.model.config)
    loaded = auto_class(config).from_pretrained(folder)
    assert type(loaded) is type(engine.model)
    for name, each in engine.model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], each), name
    text = "What is shown?"
    assert AutoTokenizer.from_pretrained(folder)(text).input_ids == engine.tokenizer(text).input_ids


def test_it_is_made_without_memory_on_the_meta_device(engine) -> None:
    with torch.device("meta"):
        model = type(engine.model)(engine.model.config)
    assert {each.device.type for each in model.parameters()} == {"meta"}
    assert sum(each.numel() for each in model.parameters()) == engine.parameters < 1_000_000
    names = {name for name, _ in model.named_parameters()}
    assert names == {name for name, _ in engine.model.named_parameters()}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_both_kinds_of_attention_agree(engine, saved, one, attention) -> None:
    model = type(engine.model).from_pretrained(saved(engine), attn_implementation=attention)
    with torch.inference_mode():
        torch.testing.assert_close(
            model(**one).logits, engine.model(**one).logits, atol=TOLERANCE, rtol=TOLERANCE
        )
