"""The model itself: features in their places, batches, caches, gradients, precision, adapters, size.

Axes: B sample, N position, M filled position, D width, V vocabulary.
"""

from __future__ import annotations

import copy

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from playhead.errors import UnsupportedError, UsageError
from playhead.models.vtimellm import VTimeLLMConfig, VTimeLLMForCausalLM
from playhead.models.vtimellm.config import (
    KINDS,
    VARIANTS,
    avicuna_7b,
    clip_vit_l_14,
    longvale_7b,
    tiny_config,
    variant_fields,
    vtimellm_7b,
    vtimellm_13b,
)
from playhead.models.vtimellm.lora import TARGETS
from playhead.models.vtimellm.weights import load

VOCABULARY = 200
LLAMA_7B, LLAMA_13B = 6_738_415_616, 13_015_864_320  # Llama 2's published sizes


def make(variant: str = "vtimellm", seed: int = 0) -> VTimeLLMForCausalLM:
    torch.manual_seed(seed)
    return VTimeLLMForCausalLM(tiny_config(variant, VOCABULARY)).eval()


def sample(kinds: str, seed: int) -> dict[str, torch.Tensor]:
    """One sample of text (t), frames (f), sound (a) and speech (s), a letter for each position."""
    gen = torch.Generator().manual_seed(seed)
    slots = torch.tensor([["tfas".index(each) for each in kinds]])
    ids = torch.randint(3, VOCABULARY, slots.shape, generator=gen).masked_fill(slots > 0, 0)
    given = {"input_ids": ids, "slot_kinds": slots, "attention_mask": torch.ones_like(ids)}
    for kind, value in KINDS.items():
        if count := int((slots == value).sum()):
            given[f"{kind}_features"] = torch.randn(count, 32, generator=gen)
    return given


def batch(samples: list[dict[str, torch.Tensor]], side: str) -> dict[str, torch.Tensor]:
    longest = max(each["input_ids"].shape[1] for each in samples)
    given: dict[str, torch.Tensor] = {}
    for name in ("input_ids", "slot_kinds", "attention_mask"):
        rows = []
        for each in samples:
            missing = longest - each[name].shape[1]
            rows.append(torch.nn.functional.pad(each[name], (missing, 0) if side == "left" else (0, missing)))
        given[name] = torch.cat(rows)
    for kind in KINDS:
        name = f"{kind}_features"
        if rows := [each[name] for each in samples if name in each]:
            given[name] = torch.cat(rows)
    return given


SHORT, LONG = sample("ttfffftt", 1), sample("tttfffffffaasttt", 2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_tiny_is_under_a_million_with_a_vocabulary_of_4000(variant) -> None:
    with torch.device("meta"):
        model = VTimeLLMForCausalLM(tiny_config(variant, 4000))
    assert sum(each.numel() for each in model.parameters()) < 1_000_000


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (vtimellm_7b, LLAMA_7B + 769 * 4096),
        (vtimellm_13b, LLAMA_13B + 769 * 5120),
        (longvale_7b, LLAMA_7B + (769 + 769 + 1281) * 4096),
        (avicuna_7b, LLAMA_7B + (769 + 513) * 4096),
    ],
)
def test_published_sizes_on_the_meta_device(config, count) -> None:
    with torch.device("meta"):
        model = VTimeLLMForCausalLM(config())
    assert sum(each.numel() for each in model.parameters()) == count


def test_the_tower_has_the_published_size() -> None:
    config = vtimellm_7b()
    config.vision_config = clip_vit_l_14()
    with torch.device("meta"):
        model = VTimeLLMForCausalLM(config)
    tower = sum(each.numel() for each in model.model.vision_tower.parameters())
    assert tower == 303_179_776 + 768 * 1024  # CLIP ViT-L/14's vision transformer and its projection


def test_features_stand_where_their_kind_is_and_nowhere_else() -> None:
    model = make("longvale")
    given = sample("tfatsft", 5)
    table = model.get_input_embeddings()(given["input_ids"])
    rows = {kind: given[f"{kind}_features"] for kind in KINDS}
    fused = model.model.fuse(table, given["slot_kinds"], rows)[0]
    for kind, value in KINDS.items():
        at = given["slot_kinds"][0] == value
        assert torch.allclose(fused[at], model.model.projectors[kind](rows[kind]))
    assert torch.equal(fused[given["slot_kinds"][0] == 0], table[0][given["slot_kinds"][0] == 0])


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_batch_of_two_is_two_of_one(side, attention) -> None:
    model = make("longvale")
    model.set_attn_implementation(attention)
    with torch.no_grad():
        together = model(**batch([SHORT, LONG], side)).logits
        for row, alone in enumerate((SHORT, LONG)):
            expected = model(**alone).logits[0]
            count = len(expected)
            got = together[row, -count:] if side == "left" else together[row, :count]
            assert (got - expected).abs().max() < 1e-5


def test_generating_from_a_padded_batch_is_generating_alone() -> None:
    model = make("longvale")
    settings = {"max_new_tokens": 6, "do_sample": False, "eos_token_id": None}
    together = model.generate(**batch([SHORT, LONG], "left"), **settings)[:, -6:]
    for row, alone in enumerate((SHORT, LONG)):
        assert together[row].tolist() == model.generate(**alone, **settings)[0, -6:].tolist()


@pytest.mark.parametrize("variant", VARIANTS)
def test_cached_decoding_is_the_full_forward(variant) -> None:
    model = make(variant)
    kinds = {"vtimellm": "ttffftt", "longvale": "ttfffastt", "avicuna": "ttaffafft"}[variant]
    given = sample(kinds, 3)
    settings = {"max_new_tokens": 8, "do_sample": False, "eos_token_id": None}
    cached = model.generate(**given, **settings)
    assert torch.equal(cached, model.generate(**given, **settings, use_cache=False))
    # and step by step against one pass over everything, in numbers
    whole = dict(given)
    written = cached.shape[1] - given["input_ids"].shape[1]
    whole["input_ids"] = cached
    whole["slot_kinds"] = torch.nn.functional.pad(given["slot_kinds"], (0, written))
    whole["attention_mask"] = torch.ones_like(cached)
    with torch.no_grad():
        full = model(**whole).logits
        out = model(**given, use_cache=True)
        steps = [out.logits[:, -1]]
        for at in range(given["input_ids"].shape[1], cached.shape[1] - 1):
            out = model(
                input_ids=cached[:, at : at + 1],
                attention_mask=torch.ones(1, at + 1, dtype=torch.long),
                cache=out.cache,
            )
            steps.append(out.logits[:, -1])
    assert (torch.stack(steps, 1) - full[:, -written - 1 : -1]).abs().max() < 1e-5


def test_beams_and_several_answers_keep_every_samples_rows_together() -> None:
    model = make("longvale")
    pair = batch([LONG, SHORT], "left")
    settings = {"max_new_tokens": 4, "num_beams": 3, "do_sample": False, "eos_token_id": None}
    together = model.generate(**pair, **settings)[:, -4:]
    for row, alone in enumerate((LONG, SHORT)):
        assert together[row].tolist() == model.generate(**alone, **settings)[0, -4:].tolist()


def test_logits_to_keep() -> None:
    model = make("longvale")
    with torch.no_grad():
        assert torch.allclose(model(**LONG, logits_to_keep=2).logits, model(**LONG).logits[:, -2:], atol=1e-6)


def test_pixels_are_encoded_by_the_models_own_tower() -> None:
    model = make()
    given = sample("tffft", 4)
    pixels = torch.randn(3, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        features = model.model.vision_tower(pixel_values=pixels).image_embeds
        given["frame_features"] = features
        expected = model(**given).logits
        del given["frame_features"]
        assert torch.allclose(model(**given, pixel_values=pixels).logits, expected, atol=1e-5)
        generated = model.generate(**given, pixel_values=pixels, max_new_tokens=3, do_sample=False)
    assert generated.shape[1] > 5
    with pytest.raises(UsageError, match="both pixel_values and frame_features"):
        model(**given, frame_features=features, pixel_values=pixels)


def test_gradients_reach_projectors_and_language_model() -> None:
    model = make("longvale").train()
    labels = LONG["input_ids"].masked_fill(LONG["slot_kinds"] > 0, -100)
    model(**LONG, labels=labels).loss.backward()
    for kind in KINDS:
        assert model.model.projectors[kind].weight.grad.norm() > 0
    assert model.model.language_model.layers[0].self_attn.q_proj.weight.grad.norm() > 0
    assert model.lm_head.weight.grad.norm() > 0


def test_the_loss_is_the_mean_over_trained_tokens() -> None:
    model = make()
    labels = SHORT["input_ids"].clone()
    labels[:, :6] = -100
    with torch.no_grad():
        out = model(**SHORT, labels=labels)
    by_hand = torch.nn.functional.cross_entropy(out.logits[0, 5:7], labels[0, 6:8])
    assert out.loss.item() == pytest.approx(by_hand.item(), abs=1e-6)


def test_gradient_checkpointing_changes_no_gradient() -> None:
    plain, saving = make().train(), make().train()
    saving.gradient_checkpointing_enable()
    for model in (plain, saving):
        model(**SHORT, labels=SHORT["input_ids"]).loss.backward()
    pairs = zip(plain.parameters(), saving.parameters(), strict=True)
    assert all(a.grad is b.grad is None or torch.allclose(a.grad, b.grad, atol=1e-6) for a, b in pairs)


def test_bfloat16_stays_close() -> None:
    exact = make("longvale")
    short = copy.deepcopy(exact).to(torch.bfloat16)
    with torch.no_grad():
        a, b = exact(**LONG).logits, short(**LONG).logits
    assert b.dtype == torch.bfloat16
    assert torch.cosine_similarity(a, b.float(), dim=-1).min() > 0.99


class Int8(torch.nn.Module):
    """A linear layer as quantisers leave one: whole numbers for a weight, the bias in full precision."""

    def __init__(self, plain: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features = plain.in_features
        self.scale = plain.weight.detach().abs().amax(1, keepdim=True) / 127
        self.weight = torch.nn.Buffer((plain.weight.detach() / self.scale).round().to(torch.int8))
        self.bias = plain.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(x, self.weight * self.scale, self.bias)


def test_quantised_projectors_are_given_fractions() -> None:
    exact, quantised = make("longvale"), make("longvale")
    for kind in KINDS:
        quantised.model.projectors[kind] = Int8(exact.model.projectors[kind])
    with torch.no_grad():
        a, b = exact(**LONG).logits, quantised(**LONG).logits
    assert torch.cosine_similarity(a, b, dim=-1).min() > 0.999


def test_peft_wraps_the_language_model_and_no_tower() -> None:
    model = make("longvale")
    wrapped = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS))
    names = [name for name, each in wrapped.named_parameters() if each.requires_grad]
    assert len(names) == 2 * 7 * 2  # two layers, seven matrices, A and B
    assert all("language_model" in name and "tower" not in name for name in names)
    wrapped(**LONG, labels=LONG["input_ids"]).loss.backward()
    assert all(each.grad is not None for name, each in wrapped.named_parameters() if "lora_B" in name)
    with torch.no_grad():
        before = wrapped(**LONG).logits
        merged = wrapped.merge_and_unload()
        assert torch.allclose(merged(**LONG).logits, before, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_saved_and_loaded_it_is_the_same(variant, tmp_path) -> None:
    model = make(variant)
    model.save_pretrained(tmp_path)
    again = load(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), VTimeLLMConfig)
    by_auto = AutoModelForCausalLM.from_pretrained(tmp_path)
    state = model.state_dict()
    for other in (again, by_auto):
        assert isinstance(other, VTimeLLMForCausalLM)
        loaded = other.state_dict()
        assert loaded.keys() == state.keys()
        assert all(torch.equal(loaded[name], state[name]) for name in state)
        for (name, a), (_, b) in zip(model.named_buffers(), other.named_buffers(), strict=True):
            assert torch.equal(a, b), name  # rotary frequencies are not stored, they must come out right
    half = load(tmp_path, dtype=torch.bfloat16)
    assert half.lm_head.weight.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"frame_features": torch.zeros(3, 32)}, "fill 4 frame positions; found 3 rows"),
        ({"frame_features": torch.zeros(5, 32)}, "fill 4 frame positions; found 5 rows"),
        ({"frame_features": None}, "fill 4 frame positions; found 0 rows"),
        ({"slot_kinds": None}, "fill 0 frame positions; found 4 rows"),
        ({"frame_features": torch.zeros(4, 31)}, r"shape \(4, 31\); allowed: \(4, 32\)"),
        ({"sound_features": torch.zeros(1, 32)}, "no sound projector; allowed: modalities frame"),
    ],
)
def test_counts_and_widths_that_do_not_fit_are_told_with_both_numbers(change, told) -> None:
    with pytest.raises(UsageError, match=told):
        make()(**{**SHORT, **change})


def test_neither_or_both_of_ids_and_embeddings_is_refused() -> None:
    model = make()
    with pytest.raises(UsageError, match="either input_ids or inputs_embeds"):
        model()
    with pytest.raises(UsageError, match="either input_ids or inputs_embeds"):
        model(input_ids=SHORT["input_ids"], inputs_embeds=torch.zeros(1, 8, 32))


def test_pixels_without_a_tower_are_refused() -> None:
    config = tiny_config("vtimellm", VOCABULARY)
    config.vision_config = None
    given = {name: value for name, value in SHORT.items() if name != "frame_features"}
    with pytest.raises(UsageError, match="without the CLIP tower"):
        VTimeLLMForCausalLM(config)(**given, pixel_values=torch.zeros(4, 3, 224, 224))


def test_a_tower_that_does_not_fit_its_projector_is_refused() -> None:
    with pytest.raises(UsageError, match="features 768 wide; allowed: 32 wide"):
        VTimeLLMConfig(vision_config=clip_vit_l_14(), modalities={"frame": 32})


def test_another_activation_than_clips_is_refused() -> None:
    config = tiny_config("vtimellm", VOCABULARY)
    config.vision_config.hidden_act = "gelu"
    with pytest.raises(UnsupportedError, match="'gelu'; allowed: 'quick_gelu'"):
        VTimeLLMForCausalLM(config)


def test_unknown_kinds_and_variants_name_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'speech'"):
        VTimeLLMConfig(modalities={"frame": 768, "speach": 1280})
    with pytest.raises(UsageError, match="did you mean 'longvale'"):
        variant_fields("longval")
