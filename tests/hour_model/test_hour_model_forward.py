"""The model as a transformers model: decoding, batches, precision, training, adapters."""

import pytest
import torch
from hour_kit import VOCABULARY, padded, sample, tiny
from transformers import AutoModel, AutoModelForCausalLM

from playhead.errors import UsageError
from playhead.models.hour_llava.images import plan_tiles
from playhead.models.hour_llava.model import HourLlavaForCausalLM, HourLlavaModel
from playhead.models.hour_llava.recall import with_newlines


@pytest.fixture(scope="module")
def model():
    return tiny()


def far(found, wanted):
    return (found.detach().double() - wanted.detach().double()).abs().max().item()


def test_decoding_with_the_cache_is_the_full_forward(model):
    inputs = sample()
    with torch.no_grad():
        out = model.generate(**inputs, max_new_tokens=6, do_sample=False, eos_token_id=None)
        written = out[:, inputs["input_ids"].shape[1] :]
        longer = {**inputs, "input_ids": out, "attention_mask": torch.ones_like(out)}
        for key in ("slot_mask", "query_mask"):
            longer[key] = torch.nn.functional.pad(inputs[key], (0, written.shape[1]))
        logits = model(**longer).logits[:, -written.shape[1] - 1 : -1]
    assert torch.equal(logits.argmax(dim=-1), written)


def test_memaug_runs_once_while_an_answer_is_written(model):
    runs = []
    hook = model.model.vision_resampler.register_forward_hook(lambda *_: runs.append(1))
    model.generate(**sample(), max_new_tokens=5, do_sample=False, eos_token_id=None)
    hook.remove()
    assert len(runs) == 1


def test_decoding_without_a_cache_writes_the_same(model):
    inputs = sample(seed=3)
    options = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None}
    with torch.no_grad():
        assert torch.equal(
            model.generate(**inputs, **options), model.generate(**inputs, **options, use_cache=False)
        )


def test_step_by_step_logits_are_the_full_ones(model):
    inputs = sample(seed=1)
    more = torch.randint(1, VOCABULARY, (1, 4))
    full = {**inputs, "input_ids": torch.cat((inputs["input_ids"], more), dim=1), "attention_mask": None}
    for key in ("slot_mask", "query_mask"):
        full[key] = torch.nn.functional.pad(inputs[key], (0, 4))
    with torch.no_grad():
        wanted = model(**full).logits[:, -4:]
        first = model(**inputs, use_cache=True)
        cache, found = first.cache, []
        for step in range(4):
            out = model(input_ids=more[:, step : step + 1], cache=cache, use_cache=True)
            found.append(out.logits)
    assert far(torch.cat(found, dim=1), wanted) < 1e-4


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_padded_batch_is_its_samples(model, side):
    samples = [sample(10, 6, 9, seed=1), sample(140, 3, 20, seed=2)]
    with torch.no_grad():
        together = model(**padded(samples, side)).logits
        for row, each in zip(together, samples, strict=True):
            count = each["input_ids"].shape[1]
            alone = model(**each).logits[0]
            assert far(row[-count:] if side == "left" else row[:count], alone) < 1e-4


def test_a_left_padded_batch_writes_what_its_samples_write(model):
    samples = [sample(10, 6, 9, seed=1), sample(140, 3, 20, seed=2)]
    options = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with torch.no_grad():
        together = model.generate(**padded(samples, "left"), **options)[:, -4:]
        alone = [model.generate(**each, **options)[0, -4:] for each in samples]
    assert torch.equal(together, torch.stack(alone))


def test_beams_and_several_answers(model):
    samples = [sample(10, 6, 9, seed=1), sample(140, 3, 20, seed=2)]
    batch = padded(samples, "left")
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    looked = model.look_up(
        *(batch[key] for key in ("input_ids", "slot_mask", "query_mask", "memory", "kept_positions"))
    )
    with torch.no_grad():
        plain = model.generate(**batch, num_beams=2, **options)
        for key in ("memory", "kept_positions"):
            batch.pop(key)
        given = model.generate(**batch, visual_embeds=looked.detach(), num_beams=2, **options)
    assert torch.equal(plain, given)


def test_only_the_last_logits_when_only_they_are_wanted(model):
    inputs = sample()
    with torch.no_grad():
        every, last = model(**inputs).logits, model(**inputs, logits_to_keep=1).logits
        some = model(**inputs, logits_to_keep=torch.tensor([0, 5])).logits
    assert last.shape == (1, 1, VOCABULARY)
    assert torch.allclose(last, every[:, -1:], atol=1e-5)
    assert torch.allclose(some, every[:, [0, 5]], atol=1e-5)


def test_eager_and_sdpa_agree(model):
    inputs = sample(seed=5)
    eager = tiny()
    eager.set_attn_implementation("eager")
    assert eager.model.vision_tower.vision_tower.vision_model.config._attn_implementation == "eager"
    with torch.no_grad():
        assert far(eager(**inputs).logits, model(**inputs).logits) < 1e-4


def test_16_bit_weights_stay_near(model):
    inputs = sample(seed=6)
    half = tiny().to(torch.bfloat16)
    with torch.no_grad():
        found, wanted = half(**inputs).logits, model(**inputs).logits
    assert found.dtype == torch.bfloat16
    assert far(found.float(), wanted) < 0.05 * wanted.abs().max().item()


def test_refreshed_tokens_can_be_used_again(model):
    inputs = sample(seed=7)
    with torch.no_grad():
        looked = model.look_up(
            *(inputs[key] for key in ("input_ids", "slot_mask", "query_mask", "memory", "kept_positions"))
        )
        again = {key: inputs[key] for key in ("input_ids", "attention_mask", "slot_mask")}
        assert torch.equal(model(**inputs).logits, model(**again, visual_embeds=looked).logits)


def test_what_is_masked_out_of_the_query_changes_nothing_of_the_video(model):
    inputs = sample(seed=8)
    other = {**inputs, "input_ids": inputs["input_ids"].clone()}
    other["input_ids"][:, -3:] = 1 + inputs["input_ids"][:, -3:] % (VOCABULARY - 1)
    asked = {**inputs, "input_ids": inputs["input_ids"].clone()}
    asked["input_ids"][:, 0] = 1 + inputs["input_ids"][:, 0] % (VOCABULARY - 1)
    keys = ("input_ids", "slot_mask", "query_mask", "memory", "kept_positions")
    with torch.no_grad():
        first, second, third = (
            model.look_up(*(each[key] for key in keys)) for each in (inputs, other, asked)
        )
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_all_parts_learn_and_checkpointing_changes_nothing():
    def gradients(*, checkpointing):
        model = tiny().train()
        if checkpointing:
            model.activation_checkpointing_enable()
        inputs = sample(seed=9)
        labels = inputs["input_ids"].masked_fill(inputs["query_mask"] | inputs["slot_mask"], -100)
        out = model(**inputs, labels=labels)
        out.loss.backward()
        return {name: each.grad for name, each in model.named_parameters() if each.grad is not None}

    plain, saving = gradients(checkpointing=False), gradients(checkpointing=True)
    learned = {name.split(".")[1] for name, grad in plain.items() if grad.abs().sum() > 0}
    assert learned == {"embed_tokens", "layers", "norm", "image_newline", "mm_projector", "vision_resampler"}
    assert plain.keys() == saving.keys()
    assert all(torch.allclose(plain[name], saving[name], atol=1e-6) for name in plain)


def test_a_sample_without_video_learns_as_text_but_keeps_every_part_in_the_graph():
    model = tiny()
    plan = plan_tiles(1, 10)
    ids = torch.randint(1, VOCABULARY, (1, 12))
    nowhere = torch.zeros(1, 12, dtype=torch.bool)
    zero_image = model.model.vision_tower(torch.zeros(1, 3, 140, 140))
    memory = with_newlines(model.model.mm_projector(zero_image), model.model.image_newline).flatten(0, 1)
    labels = ids.clone()
    labels[:, :5] = -100
    out = model(
        input_ids=ids,
        slot_mask=nowhere,
        labels=labels,
        memory=[memory],
        kept_positions=list(plan.kept_positions),
        memory_positions=[plan.memory_positions_M],
    )
    assert far(out.loss, model(input_ids=ids, labels=labels).loss) < 1e-6
    out.loss.backward()
    missing = [name for name, each in model.named_parameters() if each.grad is None]
    assert missing == [
        f"model.vision_tower.vision_tower.vision_model.post_layernorm.{part}" for part in ("weight", "bias")
    ]
    assert model.model.vision_resampler.layers[0].mlp[0].weight.grad.abs().sum() == 0


def test_text_alone_is_a_plain_language_model(model):
    ids = torch.randint(1, VOCABULARY, (2, 12))
    with torch.no_grad():
        hidden = model.model(input_ids=ids).last_hidden_state
        assert torch.equal(model(input_ids=ids).logits, model.lm_head(hidden))


def test_lora_wraps_it_and_is_merged():
    from peft import LoraConfig, get_peft_model

    model, inputs = tiny(), sample(seed=11)
    with torch.no_grad():
        before = model(**inputs).logits
    config = LoraConfig(
        r=4,
        target_modules=["Wqkv", "Wq", "Wkv", "q_proj", "v_proj"],
        task_type="CAUSAL_LM",
        init_lora_weights=False,
    )
    wrapped = get_peft_model(model, config)
    adapted = {name for name, _ in wrapped.named_parameters() if "lora_A" in name}
    assert sum("vision_resampler" in name for name in adapted) == 4 * 3
    out = wrapped(**inputs, labels=inputs["input_ids"])
    out.loss.backward()
    learned = {name for name, each in wrapped.named_parameters() if each.grad is not None}
    assert learned == {name for name in learned if "lora_" in name}
    assert any("Wkv.lora_B" in name for name in learned)
    with torch.no_grad():
        merged = wrapped.merge_and_unload()
        assert far(merged(**inputs).logits, out.logits) < 1e-4
        assert far(merged(**inputs).logits, before) > 1e-3


def test_an_adapter_is_saved_and_put_on_another_copy(tmp_path):
    from peft import LoraConfig, PeftModel, get_peft_model

    inputs = sample(seed=14)
    config = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    wrapped = get_peft_model(tiny(), config).train(False)
    wrapped.save_pretrained(tmp_path)
    again = PeftModel.from_pretrained(tiny(), tmp_path).train(False)
    with torch.no_grad():
        wanted = wrapped(**inputs).logits
        assert torch.equal(again(**inputs).logits, wanted)
        assert far(tiny()(**inputs).logits, wanted) > 1e-3


def test_auto_classes_make_it():
    config = tiny().config
    assert type(AutoModelForCausalLM.from_config(config)) is HourLlavaForCausalLM
    assert type(AutoModel.from_config(config)) is HourLlavaModel


def test_a_conversation_goes_on_from_its_cache(model):
    inputs = sample(seed=12)
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": None}
    with torch.no_grad():
        first = model.generate(**inputs, **options, return_dict_in_generate=True)
        ids = torch.cat((first.sequences, torch.randint(1, VOCABULARY, (1, 7))), dim=1)
        longer = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        wanted = model.generate(
            **{
                **longer,
                **{key: torch.nn.functional.pad(inputs[key], (0, 10)) for key in ("slot_mask", "query_mask")},
            },
            **options,
        )
        found = model.generate(**longer, cache=first.cache, **options)
    assert torch.equal(found, wanted)


def test_the_tables_of_words_can_grow():
    model, inputs = tiny(), sample(seed=13)
    with torch.no_grad():
        before = model(**inputs).logits
        model.resize_token_embeddings(VOCABULARY + 5, mean_resizing=False)
        after = model(**inputs).logits
    assert after.shape[-1] == VOCABULARY + 5
    assert torch.allclose(after[..., :VOCABULARY], before, atol=1e-5)


WRONG = {
    "no memory": ({"memory": None}, "allowed: memory with kept_positions"),
    "no masks": ({"query_mask": None}, "neither query_mask nor labels"),
    "too few rows": ({"kept_positions": [torch.arange(5)]}, "544 places for 5 kept rows"),
    "no memory in a sample": ({"memory": [None]}, "544 places but no memory in sample 0"),
    "more memories than samples": (
        {"memory": [torch.zeros(10, 64, 32)] * 2},
        "2 entries of memory for 1 samples",
    ),
    "a memory of another form": ({"memory": [torch.zeros(10, 63, 32)]}, "shape (10, 63, 32)"),
    "an empty memory": ({"memory": [torch.zeros(0, 64, 32)]}, "shape (0, 64, 32)"),
    "refreshed tokens of another count": ({"visual_embeds": torch.zeros(7, 64)}, "7 tokens for 544 places"),
}


@pytest.mark.parametrize("case", WRONG)
def test_counts_that_disagree_are_refused(model, case):
    changes, told = WRONG[case]
    with pytest.raises(UsageError) as caught:
        model(**{**sample(), **changes})
    assert told in str(caught.value)
