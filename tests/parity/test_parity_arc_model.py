"""ARC-Hunyuan-Video, every step of the model, against numbers recorded from the published code at toy size.

The weights are read from a folder in the released layout through the loader that users go through. Arrays of which only
every n-th row is kept are compared at those rows, and at all rows where the full recordings are at hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from helpers.arc_toy import FACTS, full_inputs, golden, mel, pixels, sound_index, toy_folder
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.audio import add_sound
from playhead.models.weights import load_pretrained
from playhead.nn.axis_rotary import AxisRotary, inverse_frequencies
from playhead.nn.interpolate import resize_table

pytestmark = pytest.mark.parity
TOLERANCE = 1e-4
ORIGINALS = Path(__file__).parents[3] / "shared" / "golden" / "arc-hunyuan-video"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = toy_folder(tmp_path_factory.mktemp("arc"))
    return load_pretrained(
        ArcHunyuanVideoForConditionalGeneration, folder, asked="load the toy", attn_implementation="eager"
    ).eval()


def difference(got, want):
    assert got.shape == want.shape
    return float((got.float() - want.float()).abs().max())


def close(got, file, name, tolerance=TOLERANCE):
    """Compare a whole array with the kept rows of a recording, and with all of it where it is at hand."""
    every = FACTS["every"].get(f"{file}.{name}", 1)
    kept = golden(file)[name]
    rows = got if every == 1 else got[..., ::every, :]
    assert difference(rows, kept) <= tolerance, name
    original = ORIGINALS / f"{file}.safetensors"
    if every > 1 and original.is_file():
        assert difference(got, load_file(original)[name]) <= tolerance, f"{name}, all rows"


class Taps:
    """What went into and came out of modules during a forward pass."""

    def __init__(self, **modules):
        self.into, self.out = {}, {}
        self.hooks = [module.register_forward_hook(self._hook(name)) for name, module in modules.items()]

    def _hook(self, name):
        def keep(module, args, output):
            self.into[name] = args[0].detach() if args else None
            self.out[name] = output[0].detach() if isinstance(output, tuple) else output.detach()

        return keep

    def __enter__(self):
        return self

    def __exit__(self, *trace):
        for hook in self.hooks:
            hook.remove()


# --- b: vision ---------------------------------------------------------------------------------------------------


def test_every_step_of_the_vision_tower_and_merger_at_128_px(model):
    tower, merger = model.vision_model.vit, model.vision_model.perceive
    taps = Taps(
        patch=tower.embeddings.patch_embedding,
        after_position=tower.embeddings,
        layer0=tower.layers[0],
        layer1=tower.layers[1],
        before_rms=merger.before_rms,
        conv0=merger.proj[0],
        conv2=merger.proj[2],
        linear=merger.mlp,
        after_rms=merger.after_rms,
    )
    with torch.no_grad(), taps:
        out = model.vision_model(pixels(2, 128))
    got = {
        "patch_embed": taps.out["patch"].flatten(2).transpose(1, 2),
        "pos_embed": tower.embeddings.positions(8).detach()[None],
        "after_position": taps.out["after_position"],
        "vit_layer0": taps.out["layer0"],
        "vit_layer1": taps.out["layer1"],
        "merger_before_rms": taps.out["before_rms"],
        "merger_conv0": taps.out["conv0"],
        "merger_conv2": taps.out["conv2"],
        "merger_rows_with_newline": taps.into["linear"],
        "merger_linear": taps.out["linear"],
        "merger_slots": taps.into["after_rms"],
        "merger_out": out,
    }
    assert set(got) == set(golden("b_vision_128"))
    for name, value in got.items():
        close(value, "b_vision_128", name)


def test_vision_at_448_and_640_px(model):
    taps = Taps(vit=model.vision_model.vit)
    with torch.no_grad(), taps:
        got = {"out_448": model.vision_model(pixels(1, 448)), "out_640": model.vision_model(pixels(3, 640))}
    got["vit_out_640_frame0"] = taps.out["vit"][0]
    got["pos_640"] = model.vision_model.vit.embeddings.positions(40).detach()[None]
    assert set(got) == set(golden("b_vision_448_640"))
    for name, value in got.items():
        close(value, "b_vision_448_640", name)


# --- c: interpolation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "side"), [("out_640", 40), ("out_448", 28)])
def test_the_table_of_positions_is_read_by_the_published_scale(name, side):
    recorded = golden("c_interpolation")
    table, want = recorded["table"][1:], recorded[name]
    assert difference(resize_table(table, side)[None], want) <= TOLERANCE
    by_size = resize_table(table, side, nudge=0.0)[None]  # the usual way, which differs by much on noise
    assert difference(by_size, want) > 0.1


# --- d: sound ----------------------------------------------------------------------------------------------------


def test_every_step_of_the_speech_encoder_and_its_projection(model):
    encoder = model.speech_encoder
    taps = Taps(layer0=encoder.layers[0], layer1=encoder.layers[1], norm=encoder.layer_norm)
    with torch.no_grad(), taps:
        vectors = model.forward_sound(mel())
    got = {
        "embed_chunk0": taps.into["layer0"][0],
        "layer0_chunk0": taps.out["layer0"][0],
        "layer1_chunk0": taps.out["layer1"][0],
        "encoder_out": taps.out["norm"],
        "mlp2_out": vectors[None],
    }
    assert set(got) == set(golden("d_audio")) - {"mel_int8"}
    for name, value in got.items():
        close(value, "d_audio", name)


@pytest.mark.parametrize("seconds", [2, 165])
def test_sound_is_added_where_recorded(seconds):
    recorded = golden("d_alignment")
    index = recorded["index_D2"] if seconds == 2 else None
    if index is None:  # 56 vectors on each of 150 frames, in order, as long as there are any
        index = torch.full((150, 112), -1, dtype=torch.int64)
        each = torch.arange(150 * 56).reshape(150, 56)
        index[:, :56] = torch.where(each < 165 * 50, each, -1)
        assert "index_D165" in recorded
        assert torch.equal(index, recorded["index_D165"].long())
    case = f"num_D{seconds}"
    got = add_sound(recorded[f"{case}_vision"], recorded[f"{case}_audio"][0], index.long())
    assert difference(got, recorded[f"{case}_fused"]) <= TOLERANCE
    shifted = add_sound(recorded[f"{case}_vision"], recorded[f"{case}_audio"][0], index.long().roll(1, 1))
    assert difference(shifted, recorded[f"{case}_fused"]) > 0.1


# --- e: rotary positions -----------------------------------------------------------------------------------------

ROTARY = {
    "real": (128, (16, 16, 16, 16), 10_000.0, 1000.0),
    "plain": (128, (16, 16, 16, 16), 10_000.0, 1.0),
    "toy16": (16, (2, 2, 2, 2), 100.0, 8.0),
}


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos[:, None] + torch.cat((-second, first), dim=-1) * sin[:, None]


@pytest.mark.parametrize("case", ROTARY)
def test_four_axis_rotation_alone(case):
    recorded = golden("e_rope_text")
    head_dim, sizes, base, alpha = ROTARY[case]
    assert torch.equal(inverse_frequencies(head_dim, base, alpha), recorded[f"{case}_inv_freq"])
    rotary = AxisRotary(head_dim, sizes, base=base, alpha=alpha)
    positions = recorded[f"{case}_positions"]
    cos, sin = rotary(recorded[f"{case}_q"], positions)
    for name in "qk":
        got = rotate(recorded[f"{case}_{name}"], cos, sin)
        assert difference(got, recorded[f"{case}_{name}_out"]) <= 1e-6
    cos, sin = rotary(recorded[f"{case}_q"], positions[:, [0, 2, 1, 3]])  # rows before columns
    assert difference(rotate(recorded[f"{case}_q"], cos, sin), recorded[f"{case}_q_out"]) > 0.1


def test_attention_and_mlp_of_layer_0(model):
    layer, recorded = model.language_model.model.layers[0], golden("e_rope_layer0")
    own = layer.self_attn
    taps = Taps(
        q=own.q_proj,
        k=own.k_proj,
        v=own.v_proj,
        q_norm=own.query_layernorm,
        k_norm=own.key_layernorm,
        out=own.o_proj,
        mlp=layer.mlp,
    )
    with torch.no_grad(), taps:
        model(**full_inputs())
    tokens = 363
    q, k, v = (taps.out[name].reshape(1, tokens, 2, -1, 16) for name in "qkv")
    cos, sin = model.language_model.model.rotary(torch.zeros(1), recorded["position_ids"])
    assert difference(cos[0], recorded["cos"]) <= TOLERANCE
    assert difference(sin[0], recorded["sin"]) <= TOLERANCE
    for name, value in {
        "layer0_qkv": torch.cat((q, k, v), dim=3).reshape(1, tokens, -1),
        "q_after_rope": taps.into["q_norm"],
        "k_after_rope": taps.into["k_norm"],
        "q_after_norm": taps.out["q_norm"],
        "k_after_norm": taps.out["k_norm"],
        "attn_context": taps.into["out"],
        "attn_out": taps.out["out"],
        "mlp_out": taps.out["mlp"],
    }.items():
        close(value, "e_rope_layer0", name)


def test_text_alone(model):
    recorded = golden("e_rope_text")
    with torch.no_grad():
        out = model(input_ids=recorded["text_ids"], output_hidden_states=True)
    assert difference(out.hidden_states[1], recorded["text_hidden_layer0"]) <= TOLERANCE
    assert difference(out.hidden_states[-1], recorded["text_hidden_final"]) <= TOLERANCE
    assert difference(out.logits[0, [0, 7, 39]], recorded["text_logits"]) <= TOLERANCE


# --- f: the whole ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_the_whole_model(model, attention):
    recorded = golden("f_full")
    before = model.config._attn_implementation
    model.set_attn_implementation(attention)
    taps = Taps(layer1=model.language_model.model.layers[1])
    with torch.no_grad(), taps:
        out = model(**full_inputs(), output_hidden_states=True)
    model.set_attn_implementation(before)
    got = {
        "inputs_embeds": out.hidden_states[0],
        "hidden_layer0": out.hidden_states[1],
        "hidden_layer1": taps.out["layer1"],
        "hidden_final_norm": out.hidden_states[2],
        "logits_last": out.logits[0, -1],
        "logits_sample": out.logits[0, recorded["logits_sample_positions"]],
    }
    for name, value in got.items():
        close(value, "f_full", name)
    assert torch.equal(out.logits[0].argmax(-1), recorded["argmax_all"].long())


def test_eight_greedy_tokens_and_their_logits(model):
    recorded, inputs = golden("f_full"), full_inputs()
    out = model.generate(
        **inputs,
        max_new_tokens=8,
        min_new_tokens=8,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
    )
    assert out.sequences[0, 363:].tolist() == recorded["generated"].tolist()
    assert difference(torch.cat(out.logits), recorded["generated_logits"]) <= TOLERANCE


def test_loss_and_the_norms_of_all_gradients(model):
    wanted = FACTS["loss"]
    inputs = full_inputs()
    labels = inputs["input_ids"].clone()
    labels[:, :-6] = -100
    model.zero_grad()
    model.freeze_encoders()
    try:
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        norms = {
            name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None
        }
    finally:
        for part in (model.vision_model, model.speech_encoder):
            part.requires_grad_(True)
        model.zero_grad()
    assert float(loss.detach()) == pytest.approx(wanted["loss"], abs=TOLERANCE)
    assert not [name for name in norms if name.startswith(tuple(wanted["no_grad_prefixes"]))]
    assert fused_norms(norms) == pytest.approx(wanted["grad_l2"], abs=TOLERANCE)


def fused_norms(gradients):
    """Norms by the released names: parts of what is fused there add up by their squares."""
    parts = {"q_proj": "qkv_proj", "k_proj": "qkv_proj", "v_proj": "qkv_proj"}
    parts |= {"gate_proj": "gate_and_up_proj", "up_proj": "gate_and_up_proj"}
    squares = {}
    for name, gradient in gradients.items():
        released = ".".join(parts.get(each, each) for each in name.split("."))
        squares[released] = squares.get(released, 0.0) + float(gradient.double().square().sum())
    return {name: square**0.5 for name, square in squares.items()}


# --- what must differ --------------------------------------------------------------------------------------------

WRONG_POSITIONS = {
    "all axes sequential": (lambda p: p[:, :1].expand(-1, 4, -1), 0.5),
    "columns and rows swapped": (lambda p: p[:, [0, 2, 1, 3]], 0.1),
    "frames first": (lambda p: p[:, [3, 1, 2, 0]], 0.1),
    "frames never counted": (lambda p: torch.cat((p[:, :3], torch.zeros_like(p[:, :1])), dim=1), 5e-4),
}


@pytest.mark.parametrize("wrong", WRONG_POSITIONS)
def test_wrong_positions_miss_the_recorded_logits(model, wrong):
    change, least = WRONG_POSITIONS[wrong]
    inputs = full_inputs()
    inputs["position_ids"] = change(inputs["position_ids"])
    with torch.no_grad():
        logits = model(**inputs, logits_to_keep=1).logits[0, -1]
    assert difference(logits, golden("f_full")["logits_last"]) > least


@pytest.mark.parametrize("wrong", ["no sound", "sound one second late", "gate before up", "q, k, v in a row"])
def test_wrong_inputs_and_weights_miss_the_recorded_logits(model, wrong, tmp_path):
    inputs = full_inputs()
    if wrong == "no sound":
        del inputs["input_features"], inputs["audio_index"]
    elif wrong == "sound one second late":
        inputs["audio_index"] = sound_index(3, 112, first=50)
    else:
        model = wrong_weights(wrong, toy_folder(tmp_path))
    with torch.no_grad():
        logits = model(**inputs, logits_to_keep=1).logits[0, -1]
    assert difference(logits, golden("f_full")["logits_last"]) > 100 * TOLERANCE


def wrong_weights(wrong, folder):
    """The toy with one fused matrix of layer 0 in another order."""
    model = ArcHunyuanVideoForConditionalGeneration.from_pretrained(folder).eval()
    layer = model.language_model.model.layers[0]
    with torch.no_grad():
        if wrong == "gate before up":
            up, gate = layer.mlp.up_proj.weight, layer.mlp.gate_proj.weight
            layer.mlp.up_proj.weight, layer.mlp.gate_proj.weight = gate, up
        else:
            fused = golden("weights")["language_model.model.layers.0.self_attn.qkv_proj.weight"]
            own = layer.self_attn
            for part, rows in zip(
                (own.q_proj, own.k_proj, own.v_proj), fused.split((64, 32, 32)), strict=True
            ):
                part.weight.copy_(rows)
    return model


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the full recordings are not here")
def test_the_kept_arrays_are_the_recorded_ones():
    for kept in sorted((Path(__file__).parent / "golden" / "arc").glob("*.safetensors")):
        original = load_file(ORIGINALS / kept.name)
        for name, value in load_file(kept).items():
            every = FACTS["every"].get(f"{kept.stem}.{name}", 1)
            rows = original[name][..., ::every, :] if every > 1 else original[name]
            assert torch.equal(value, rows), f"{kept.stem}.{name}"
