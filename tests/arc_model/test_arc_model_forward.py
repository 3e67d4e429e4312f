"""The model runs as users and trainers run it: cached, batched, padded, chunked, in half precision."""

from __future__ import annotations

import pytest
import torch
from arc_samples import SLOTS, batch, sample
from transformers import HunYuanDenseV1Config, HunYuanDenseV1ForCausalLM, StaticCache

from helpers.arc_toy import full_inputs, toy_config
from playhead.errors import UsageError
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration, tiny_config
from playhead.models.arc_hunyuan_video.text import ArcHunyuanVideoTextForCausalLM

EXACT = 2e-5


def logits(model, **inputs):
    with torch.no_grad():
        return model(**inputs).logits


def generate(model, inputs, tokens=6, **options):
    out = model.generate(
        **inputs,
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
        **options,
    )
    return out.sequences[:, inputs["input_ids"].shape[1] :], torch.stack(out.logits, dim=1)


# --- the decoder is transformers' own ----------------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_with_equal_axes_the_decoder_is_transformers_hunyuan(attention):
    text = toy_config().text
    shared = (
        *("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
        *("num_key_value_heads", "head_dim", "rms_norm_eps", "tie_word_embeddings", "rope_parameters"),
    )
    theirs = HunYuanDenseV1ForCausalLM(
        HunYuanDenseV1Config(**{name: getattr(text, name) for name in shared}, attn_implementation=attention)
    ).eval()
    ours = ArcHunyuanVideoTextForCausalLM(text).eval()
    ours.set_attn_implementation(attention)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for each in theirs.parameters():  # not the start values, which are too small to tell anything
            each.copy_(0.3 * torch.randn(each.shape, generator=generator) + (each.ndim == 1))
    assert not ours.load_state_dict(theirs.state_dict(), strict=True).missing_keys
    ids = torch.randint(0, 280, (2, 50), generator=generator)
    mask = torch.ones_like(ids)
    mask[0, :11] = 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    want = logits(theirs, input_ids=ids, attention_mask=mask, position_ids=positions)
    assert torch.equal(
        logits(ours, input_ids=ids, attention_mask=mask, position_ids=positions)[mask.bool()],
        want[mask.bool()],
    )
    four = positions[:, None].repeat(1, 4, 1)
    assert torch.equal(
        logits(ours, input_ids=ids, attention_mask=mask, position_ids=four)[mask.bool()], want[mask.bool()]
    )
    four[:, 1] = 0
    other = logits(ours, input_ids=ids, attention_mask=mask, position_ids=four)
    assert float((other - want)[mask.bool()].abs().max()) > 0.1


# --- cache, batch, chunks ----------------------------------------------------------------------------------------


def test_decoding_with_a_cache_is_the_full_forward(model):
    inputs = sample(frames=2)
    tokens, step_logits = generate(model, inputs)
    ids = torch.cat((inputs["input_ids"], tokens), dim=1)
    more = torch.arange(inputs["input_ids"].shape[1], ids.shape[1])[None, None].expand(1, 4, -1)
    whole = logits(
        model,
        **inputs
        | {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "position_ids": torch.cat((inputs["position_ids"], more), dim=2),
        },
    )
    first = inputs["input_ids"].shape[1] - 1
    assert torch.allclose(whole[:, first:-1], step_logits, atol=EXACT)
    uncached, _ = generate(model, inputs, use_cache=False)
    assert torch.equal(uncached, tokens)


def test_a_static_cache_writes_the_same(model):
    inputs = sample(frames=2)
    want, _ = generate(model, inputs)
    cache = StaticCache(config=model.config.text, max_cache_len=inputs["input_ids"].shape[1] + 8)
    got, _ = generate(model, inputs, cache=cache, disable_compile=True)
    assert torch.equal(got, want)


def test_a_video_read_once_answers_as_if_asked_at_once(model):
    inputs = sample(frames=2)
    want, want_logits = generate(model, inputs)
    stop = 2 + 2 * (SLOTS + 2) + 1  # up to the end of the video
    read = {"input_ids", "position_ids", "attention_mask"}
    with torch.no_grad():
        cache = model(
            **{name: each[..., :stop] if name in read else each for name, each in inputs.items()},
            use_cache=True,
        ).cache
    rest = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"]}
    got, got_logits = generate(model, rest, cache=cache)
    assert torch.equal(got, want)
    assert torch.allclose(got_logits, want_logits, atol=EXACT)


def test_a_batch_of_two_is_two_of_one(model):
    one, two = sample(frames=3, chunks=2, words=5, seed=1), sample(frames=1, chunks=1, words=31, seed=2)
    alone = [generate(model, each) for each in (one, two)]
    tokens, step_logits = generate(model, batch([one, two]))
    for row, (want_tokens, want_logits) in enumerate(alone):
        assert torch.equal(tokens[row], want_tokens[0])
        assert torch.allclose(step_logits[row], want_logits[0], atol=EXACT)
    right = logits(model, **batch([one, two], side="right"))
    for row, each in enumerate((one, two)):
        length = each["input_ids"].shape[1]
        assert torch.allclose(right[row, :length], logits(model, **each)[0], atol=EXACT)


def test_a_batch_may_mix_pictures_with_text_and_silence(model):
    seen, silent, text = (
        sample(frames=2, seed=1),
        sample(frames=1, chunks=0, seed=2),
        sample(frames=0, seed=3),
    )
    tokens, _ = generate(model, batch([silent, text, seen]))
    for row, each in enumerate((silent, text, seen)):
        assert torch.equal(tokens[row], generate(model, each)[0][0])


def test_several_answers_to_each_sample_see_its_own_frames(model):
    one, two = sample(frames=3, seed=1), sample(frames=1, words=31, seed=2)
    both = batch([one, two])
    once, _ = generate(model, both)
    tokens, _ = generate(model, both, num_beams=3, num_return_sequences=3)
    assert tokens.shape[0] == 6
    torch.manual_seed(0)
    # a temperature of almost zero is greedy: every answer must be the sample's own
    sampled = model.generate(
        **both,
        max_new_tokens=6,
        min_new_tokens=6,
        do_sample=True,
        temperature=1e-6,
        num_return_sequences=3,
    )[:, both["input_ids"].shape[1] :]
    assert torch.equal(sampled, once.repeat_interleave(3, dim=0))


@pytest.mark.parametrize("frames_at_once", [1, 2, 7])
def test_the_tower_in_chunks_computes_the_same(model, frames_at_once):
    frames = sample(frames=7)["pixel_values"]
    model.config.vision.chunk_frames = 100
    with torch.no_grad():
        want = model.vision_model(frames)
        model.config.vision.chunk_frames = frames_at_once
        counted = []
        hook = model.vision_model.vit.register_forward_hook(lambda _, args, __: counted.append(len(args[0])))
        got = model.vision_model(frames)
        hook.remove()
    assert max(counted) == frames_at_once
    assert sum(counted) == 7
    assert torch.allclose(got, want, atol=EXACT)


def test_sdpa_and_eager_agree_in_all_parts(model):
    inputs = batch([sample(frames=3, chunks=2, seed=1), sample(frames=1, words=20, seed=2)])
    real = inputs["attention_mask"].bool()
    assert model.config._attn_implementation == "sdpa"
    sdpa = logits(model, **inputs)[real]
    model.set_attn_implementation("eager")
    parts = (model.vision_model, model.speech_encoder, model.language_model)
    assert {part.config._attn_implementation for part in parts} == {"eager"}
    assert torch.allclose(logits(model, **inputs)[real], sdpa, atol=EXACT)


def test_bfloat16_runs_close_to_float32(model):
    inputs = full_inputs()
    want = logits(model, **inputs, logits_to_keep=1)
    got = logits(model.to(torch.bfloat16), **inputs, logits_to_keep=1)
    assert got.dtype == torch.bfloat16
    assert float((got.float() - want).abs().max()) < 0.1  # the published code differs by 0.033
    tokens, _ = generate(model, inputs, tokens=2)
    assert tokens.shape == (1, 2)


def test_only_the_last_position_gets_logits_while_generating(model):
    shapes = []
    hook = model.language_model.lm_head.register_forward_hook(lambda _, __, out: shapes.append(out.shape[1]))
    generate(model, sample(frames=2), tokens=3)
    hook.remove()
    assert shapes == [1, 1, 1]


def test_beams_follow_their_own_sample(model):
    several = [sample(frames=2, seed=1), sample(frames=1, words=20, seed=2)]
    beams = {"num_beams": 3, "max_new_tokens": 5, "min_new_tokens": 5, "do_sample": False}
    together = model.generate(**batch(several, "left"), **beams)[:, -5:].tolist()
    alone = [model.generate(**batch([each], "left"), **beams)[0, -5:].tolist() for each in several]
    uncached = model.generate(**batch(several, "left"), **beams, use_cache=False)[:, -5:].tolist()
    assert together == alone == uncached


def test_generation_stops_at_the_end_training_wrote_and_at_the_configs_own():
    named = {"eod_token_id": 290, "eos_token_id": 293}
    config = tiny_config(512, pad_token_id=294, **named)
    assert ArcHunyuanVideoForConditionalGeneration(config).generation_config.eos_token_id == [290, 293]
    both = tiny_config(512, pad_token_id=294, eod_token_id=290, eos_token_id=[290, 293])
    assert both.text.end_ids == [290, 293]
    assert tiny_config(512, pad_token_id=294, eod_token_id=None, eos_token_id=290).text.end_ids == [290]


def test_pictures_and_sound_are_encoded_once(model):
    calls = []
    for part in (model.vision_model, model.speech_encoder):
        part.register_forward_hook(lambda module, *_: calls.append(type(module).__name__))
    generate(model, sample(frames=2), tokens=3)
    assert sorted(calls) == ["ArcHunyuanVideoVisionModel", "WhisperEncoder"]


# --- what is refused ---------------------------------------------------------------------------------------------


def test_pictures_without_sound_are_seen(model):
    silent = sample(frames=2, chunks=0)
    seen = logits(model, **silent)
    other = logits(model, **silent | {"pixel_values": silent["pixel_values"].flip(0)})
    assert float((seen - other).abs().max()) > 0.01


def refused(model, match, **changes):
    inputs = {name: each for name, each in (sample(frames=2) | changes).items() if each is not None}
    with pytest.raises(UsageError, match=match):
        logits(model, **inputs)


def test_inputs_that_do_not_go_together_are_refused_with_both_numbers(model):
    two = sample(frames=2)
    index = two["audio_index"]
    refused(
        model,
        r"found 16 image ids for 8 vectors",
        pixel_values=two["pixel_values"][:1],
        audio_index=index[:1],
    )
    refused(
        model, r"found 16 image ids for 0 vectors", pixel_values=None, input_features=None, audio_index=None
    )
    refused(model, r"hear sound without pictures", pixel_values=None)
    refused(model, r"found only input_features", audio_index=None)
    refused(model, r"found only audio_index", input_features=None)
    refused(model, r"shape \(2, 7\).*\(2, 8\)", audio_index=index[:, :-1])
    refused(
        model,
        r"indices from -1 to 1500 for 1500",
        audio_index=torch.full_like(index, 1500).index_fill_(1, torch.tensor(0), -1),
    )
    refused(
        model,
        r"indices from -2 to 5",
        audio_index=torch.full_like(index, 5).index_fill_(1, torch.tensor(0), -2),
    )
    refused(model, r"position_ids: none", position_ids=None)
    refused(model, r"position_ids: shape \(1, 33\)", position_ids=two["position_ids"][:, 0])
    refused(model, r"found neither", input_ids=None)
    refused(model, r"found both", inputs_embeds=torch.zeros(1, 33, 64))


@pytest.mark.parametrize(
    "shape", [(2, 3, 128, 64), (2, 1, 128, 128), (3, 128, 128), (0, 3, 128, 128), (1, 3, 96, 96)]
)
def test_frames_of_another_shape_are_refused(model, shape):
    with pytest.raises(UsageError, match=r"encode (a frame|frames)"):
        model.vision_model(torch.zeros(shape))


@pytest.mark.parametrize("side", [64, 192, 1024])
def test_any_side_that_is_a_multiple_of_64(model, side):
    with torch.no_grad():
        out = model.vision_model(torch.zeros(1, 3, side, side))
    assert out.shape[1] == (side // 64) * (side // 64 + 1) + 2


def test_slots_without_sound_are_the_picture_alone(model):
    inputs = sample(frames=2)
    nothing = torch.full_like(inputs["audio_index"], -1)
    with torch.no_grad():
        seen = model.forward_frames(inputs["pixel_values"])
        deaf = model.forward_frames(inputs["pixel_values"], inputs["input_features"], nothing)
    assert torch.equal(seen, deaf)
    assert seen.shape == (2, SLOTS, 64)


def test_random_weights_are_of_the_declared_spread():
    torch.manual_seed(0)
    model = ArcHunyuanVideoForConditionalGeneration(toy_config())
    merger = model.vision_model.perceive
    assert 0.01 < float(merger.image_newline.detach().std()) < 0.03
    assert torch.equal(merger.after_rms.weight, torch.ones(64))
    assert torch.equal(model.vision_model.vit.embeddings.position_ids, torch.arange(4097)[None])
    assert bool(torch.isfinite(logits(model.eval(), **sample(frames=1))).all())
