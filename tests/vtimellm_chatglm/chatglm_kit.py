"""ChatGLM3 in plain torch, written from its published description, and folders in its released layout at toy size.

Axes: N position, D width, H head, G group of heads, K width of a head, R half the turned width, F width of the inner layer.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch.nn.functional import linear, silu

from playhead.models.vtimellm.chatglm_tokens import tiny_tokenizer

WIDTH, FFN, LAYERS, HEADS, GROUPS, HEAD, WORDS, SEEN = 24, 40, 3, 6, 2, 8, 448, 16
FIELDS = {
    "model_type": "chatglm",
    "num_layers": LAYERS,
    "padded_vocab_size": WORDS,
    "hidden_size": WIDTH,
    "ffn_hidden_size": FFN,
    "kv_channels": HEAD,
    "num_attention_heads": HEADS,
    "seq_length": 256,
    "layernorm_epsilon": 1e-5,
    "rmsnorm": True,
    "multi_query_attention": True,
    "multi_query_group_num": GROUPS,
    "add_qkv_bias": True,
    "add_bias_linear": False,
    "apply_residual_connection_post_layernorm": False,
    "apply_query_key_layer_scaling": True,
    "attention_softmax_in_fp32": True,
    "post_layer_norm": True,
    "original_rope": True,
    "quantization_bit": 0,
    "pre_seq_len": None,
    "tie_word_embeddings": False,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def released(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights by the released names."""
    random = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random) / math.sqrt(shape[-1])

    def scale() -> torch.Tensor:
        return 1 + 0.2 * torch.randn(WIDTH, generator=random)

    fused = (HEADS + 2 * GROUPS) * HEAD
    held = {
        "transformer.embedding.word_embeddings.weight": draw(WORDS, WIDTH),
        "transformer.rotary_pos_emb.inv_freq": frequencies(),
        "transformer.encoder.final_layernorm.weight": scale(),
        "transformer.output_layer.weight": draw(WORDS, WIDTH),
    }
    for layer in range(LAYERS):
        at = f"transformer.encoder.layers.{layer}"
        held |= {
            f"{at}.input_layernorm.weight": scale(),
            f"{at}.self_attention.query_key_value.weight": 3 * draw(fused, WIDTH),
            f"{at}.self_attention.query_key_value.bias": draw(fused),
            f"{at}.self_attention.dense.weight": draw(WIDTH, HEADS * HEAD),
            f"{at}.post_attention_layernorm.weight": scale(),
            f"{at}.mlp.dense_h_to_4h.weight": draw(2 * FFN, WIDTH),
            f"{at}.mlp.dense_4h_to_h.weight": draw(WIDTH, FFN),
        }
    return held


# --- the published mathematics ----------------------------------------------------------------------------------------


def frequencies() -> torch.Tensor:
    """Half of each head is turned: HEAD / 2 numbers, HEAD / 4 pairs, the pair r by 10000 ** (-2r / (HEAD / 2)) a place."""
    turned = HEAD // 2
    return torch.tensor([10_000.0 ** (-2 * pair / turned) for pair in range(turned // 2)])


def rms_norm(x_ND: torch.Tensor, weight_D: torch.Tensor) -> torch.Tensor:
    return x_ND / (x_ND.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight_D


def turn(x_NHK: torch.Tensor) -> torch.Tensor:
    """Neighbouring numbers of the first half of a head are the parts of a complex number, turned by place and pair."""
    places = torch.arange(x_NHK.shape[0], dtype=torch.float32)
    angles_N1R = torch.outer(places, frequencies())[:, None]
    half = x_NHK.shape[-1] // 2
    pairs = torch.view_as_complex(x_NHK[..., :half].unflatten(-1, (-1, 2)).contiguous())
    turned = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles_N1R), angles_N1R))
    return torch.cat([turned.flatten(-2), x_NHK[..., half:]], -1)


def attention(held: dict[str, torch.Tensor], at: str, x_ND: torch.Tensor) -> torch.Tensor:
    """Every head looks back at the keys of its group, the first heads at the first group's."""
    fused = linear(
        x_ND,
        held[f"{at}.self_attention.query_key_value.weight"],
        held[f"{at}.self_attention.query_key_value.bias"],
    )
    heads = fused.unflatten(-1, (-1, HEAD))
    queries_NHK, keys_NGK, values_NGK = heads.split([HEADS, GROUPS, GROUPS], dim=1)
    queries_NHK, keys_NGK = turn(queries_NHK), turn(keys_NGK)
    places = x_ND.shape[0]
    out = torch.zeros(places, HEADS, HEAD)
    for head in range(HEADS):
        group = head // (HEADS // GROUPS)
        for place in range(places):
            scores = keys_NGK[: place + 1, group] @ queries_NHK[place, head] / math.sqrt(HEAD)
            out[place, head] = scores.softmax(0) @ values_NGK[: place + 1, group]
    return linear(out.flatten(1), held[f"{at}.self_attention.dense.weight"])


def layer(held: dict[str, torch.Tensor], at: str, x_ND: torch.Tensor) -> torch.Tensor:
    x_ND = x_ND + attention(held, at, rms_norm(x_ND, held[f"{at}.input_layernorm.weight"]))
    inner = linear(
        rms_norm(x_ND, held[f"{at}.post_attention_layernorm.weight"]), held[f"{at}.mlp.dense_h_to_4h.weight"]
    )
    gated = silu(inner[:, :FFN]) * inner[:, FFN:]
    return x_ND + linear(gated, held[f"{at}.mlp.dense_4h_to_h.weight"])


def logits(held: dict[str, torch.Tensor], x_ND: torch.Tensor) -> torch.Tensor:
    """The whole model over embeddings of one sample."""
    for number in range(LAYERS):
        x_ND = layer(held, f"transformer.encoder.layers.{number}", x_ND)
    last = rms_norm(x_ND, held["transformer.encoder.final_layernorm.weight"])
    return linear(last, held["transformer.output_layer.weight"])


# --- folders in the released layout -----------------------------------------------------------------------------------


def write_base(folder: Path, held: dict[str, torch.Tensor], **fields) -> Path:
    """A base in two shards of torch pickles, as published, with its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**FIELDS, **fields}))
    names = sorted(held)
    shards = {"pytorch_model-00001-of-00002.bin": names[::2], "pytorch_model-00002-of-00002.bin": names[1::2]}
    for file, part in shards.items():
        torch.save({name: held[name].clone() for name in part}, folder / file)
    index = {"weight_map": {name: file for file, part in shards.items() for name in part}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    tiny_tokenizer().save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({**FIELDS, **fields}))
    return folder


def write_projector(path: Path, seed: int = 5) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    held = {
        "transformer.mm_projector.weight": torch.randn(WIDTH, 768, generator=random) / 28,
        "transformer.mm_projector.bias": torch.randn(WIDTH, generator=random),
    }
    torch.save(held, path)
    return held


TARGETS = (
    "self_attention.query_key_value",
    "self_attention.dense",
    "mlp.dense_h_to_4h",
    "mlp.dense_4h_to_h",
)


def write_adapter(folder: Path, held: dict[str, torch.Tensor], seed: int, *, rank: int = 4, alpha: int = 8):
    """An adapter on every linear layer, the head among them; the updates it makes by released name."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    random = torch.Generator().manual_seed(seed)
    names = [f"transformer.encoder.layers.{n}.{target}" for n in range(LAYERS) for target in TARGETS]
    tensors, updates = {}, {}
    for name in [*names, "transformer.output_layer"]:
        rows, columns = held[f"{name}.weight"].shape
        a = torch.randn(rank, columns, generator=random) / 5
        b = torch.randn(rows, rank, generator=random) / 5
        tensors |= {
            f"base_model.model.{name}.lora_A.weight": a,
            f"base_model.model.{name}.lora_B.weight": b,
        }
        updates[f"{name}.weight"] = (alpha / rank) * (b @ a)
    torch.save(tensors, folder / "adapter_model.bin")
    torch.save({}, folder / "non_lora_trainables.bin")
    return updates
