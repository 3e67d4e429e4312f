"""VTimeLLM's model against recorded reference numbers: the released code at toy size with random weights, in float32.

Axes: B sample, N position, M filled position, D width, V vocabulary.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from playhead.models.vtimellm import VTimeLLMForCausalLM
from playhead.models.vtimellm.lora import leaf_names
from playhead.models.vtimellm.weights import assemble, load, save

pytestmark = pytest.mark.parity
GOLDEN = Path(__file__).parent / "golden" / "vtimellm_model"
TABLES = json.loads((GOLDEN / "tables.json").read_text())
SPLICE = load_file(GOLDEN / "splice.safetensors")
STATE = load_file(GOLDEN / "state.safetensors")
LORA = load_file(GOLDEN / "lora_merge.safetensors")
TOLERANCE = 1e-4
PLACEHOLDER, IGNORED = -200, -100
# Which features each case's samples were given, in order.
CASES = {
    "turn3_video": (("video_a",),),
    "batch_turn1_turn3": (("video_b",), ("video_a",)),
    "batch_plain_image_and_video": (("image_c",), ("video_a",)),
}
TOY = LlamaConfig(
    vocab_size=160,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    rms_norm_eps=1e-5,
    pad_token_id=0,
)


def base_folder(folder: Path, *, with_projector: bool, ending: str = "safetensors") -> Path:
    """The toy language model as a released folder, with a vocabulary of its own and nothing of ours."""
    folder.mkdir()
    TOY.save_pretrained(folder)
    state = {name: value.float() for name, value in STATE.items()}
    if not with_projector:
        state = {name: value for name, value in state.items() if "mm_projector" not in name}
    if ending == "bin":
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors")
    return folder


def projector_file(folder: Path) -> Path:
    path = folder / "mm_projector.bin"
    torch.save({name: value.float() for name, value in STATE.items() if "mm_projector" in name}, path)
    return path


def adapter_folder(folder: Path, stage: str, ending: str) -> Path:
    """The recorded matrices of a stage as PEFT writes them."""
    folder.mkdir()
    told = TABLES["e_lora_merge"]
    settings = {"peft_type": "LORA", "r": told["r"], "lora_alpha": told["alpha"], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    state = {
        name.removeprefix(f"{stage}."): value.float()
        for name, value in LORA.items()
        if name.startswith(stage)
    }
    if ending == "bin":
        torch.save(state, folder / "adapter_model.bin")
    else:
        save_file(state, folder / "adapter_model.safetensors")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> VTimeLLMForCausalLM:
    folder = tmp_path_factory.mktemp("toy")
    return assemble(base_folder(folder / "base", with_projector=False), projector_file(folder), stages=0)


def expand(ids_N: torch.Tensor, rows: tuple[torch.Tensor, ...]) -> tuple[list[int], list[int]]:
    """Ids and slot kinds with every placeholder as many positions as its features have rows."""
    ids, kinds, feeds = [], [], iter(rows)
    for token in ids_N.tolist():
        count = len(next(feeds)) if token == PLACEHOLDER else 0
        ids += [0] * count if count else [token]
        kinds += [1] * count if count else [0]
    return ids, kinds


def inputs(case: str) -> dict[str, torch.Tensor]:
    """What our model is given for a recorded case: padded on the right as recorded."""
    feats = [tuple(SPLICE[f"feat.{name}"].float() for name in names) for names in CASES[case]]
    ids_BN, mask_BN = SPLICE[f"{case}.input_ids_toy"], SPLICE[f"{case}.attention_in"].bool()
    told = [expand(ids[mask], rows) for ids, mask, rows in zip(ids_BN, mask_BN, feats, strict=True)]
    length = max(len(ids) for ids, _ in told)
    return {
        "input_ids": torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in told]),
        "slot_kinds": torch.tensor([kinds + [0] * (length - len(kinds)) for _, kinds in told]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in told]),
        "frame_features": torch.cat([each for rows in feats for each in rows]),
    }


@pytest.mark.parametrize("case", CASES)
def test_fused_embeddings_and_masks_are_the_recorded_ones(model, case) -> None:
    given = inputs(case)
    mask_BN = given["attention_mask"].bool()
    assert torch.equal(mask_BN, SPLICE[f"{case}.attention_mask"].bool())
    assert mask_BN.sum(-1).tolist() == TABLES["d_splice"][case]["spliced_lengths"]
    embeds = model.model.fuse(
        model.get_input_embeddings()(given["input_ids"]),
        given["slot_kinds"],
        {"frame": given["frame_features"]},
    )
    assert (embeds - SPLICE[f"{case}.inputs_embeds"])[mask_BN].abs().max() < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_counted_positions_are_the_recorded_ones(model, case, monkeypatch) -> None:
    seen = {}
    inner = model.model.language_model.forward

    def watched(*args, **kwargs):
        seen.update(kwargs)
        return inner(*args, **kwargs)

    monkeypatch.setattr(model.model.language_model, "forward", watched)
    given = inputs(case)
    with torch.no_grad():
        model(**given)
    mask_BN = given["attention_mask"].bool()
    recorded = SPLICE[f"{case}.position_ids_if_requested"].long()
    assert torch.equal(seen["position_ids"][mask_BN], recorded[mask_BN])


@pytest.mark.parametrize("case", CASES)
def test_logits_of_the_last_six_positions(model, case) -> None:
    given = inputs(case)
    with torch.no_grad():
        logits_BNV = model(**given).logits
    kept = given["attention_mask"].bool()[:, -6:]  # what a padded position says is nobody's business
    assert kept.any()
    assert (logits_BNV[:, -6:] - SPLICE[f"{case}.logits_last6"])[kept].abs().max() < TOLERANCE
    if given["input_ids"].shape[0] == 1:
        with torch.no_grad():
            few = model(**given, logits_to_keep=6).logits
        assert (few - SPLICE[f"{case}.logits_last6"]).abs().max() < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_norms(model, case) -> None:
    told = TABLES["d_splice"][case]
    model.zero_grad()
    loss = model(**inputs(case), labels=SPLICE[f"{case}.labels"].long()).loss
    loss.backward()
    assert loss.item() == pytest.approx(told["loss"], abs=1e-5)
    ours = {
        "model.embed_tokens.weight": model.model.language_model.embed_tokens.weight,
        "model.layers.1.self_attn.q_proj.weight": model.model.language_model.layers[
            1
        ].self_attn.q_proj.weight,
        "model.mm_projector.weight": model.model.projectors["frame"].weight,
        "model.mm_projector.bias": model.model.projectors["frame"].bias,
    }
    assert set(ours) == set(told["grad_l2"])
    norms = {name: weight.grad.norm().item() for name, weight in ours.items()}
    model.zero_grad()
    assert norms == pytest.approx(told["grad_l2"], rel=1e-4)


def test_two_placeholders_take_successive_features(model) -> None:
    rows = (SPLICE["feat.video_a"].float(), SPLICE["feat.image_c"].float())
    ids, kinds = expand(SPLICE["two_placeholders.input_ids_toy"], rows)
    assert len(ids) == TABLES["d_splice"]["two_placeholders"]["len"]
    embeds = model.model.fuse(
        model.get_input_embeddings()(torch.tensor([ids])), torch.tensor([kinds]), {"frame": torch.cat(rows)}
    )
    assert (embeds - SPLICE["two_placeholders.inputs_embeds"]).abs().max() < TOLERANCE
    labels_N = SPLICE["two_placeholders.labels"][0]
    assert bool((labels_N[torch.tensor(kinds).bool()] == IGNORED).all())


def test_no_placeholder_leaves_the_text_alone(model) -> None:
    told = TABLES["d_splice"]["no_placeholder"]
    ids = torch.arange(3, 3 + told["len_in"])[None]
    table = model.get_input_embeddings()(ids)
    embeds = model.model.fuse(table, torch.zeros_like(ids), {})
    assert embeds.shape[1] == told["len_out"]
    assert torch.equal(embeds, table) is told["equals_text_embeddings"]


@pytest.mark.parametrize("ending", ["bin", "safetensors"])
def test_adapters_merge_one_after_the_other(tmp_path, ending) -> None:
    merged = assemble(
        base_folder(tmp_path / "base", with_projector=True, ending=ending),
        adapters=[
            adapter_folder(tmp_path / f"{stage}-{ending}", stage, ending) for stage in ("stage2", "stage3")
        ],
    )
    state = merged.state_dict()
    names = [name for name in LORA if name.startswith("merged_fp32.")]
    assert len(names) == 2
    for name in names:
        ours = name.removeprefix("merged_fp32.").replace("model.", "model.language_model.", 1)
        assert (state[ours] - LORA[name]).abs().max() < 1e-6
    assert torch.equal(state["lm_head.weight"], STATE["lm_head.weight"].float())


def test_adapters_merged_in_half_precision_as_released(tmp_path) -> None:
    merged = assemble(
        base_folder(tmp_path / "base", with_projector=True),
        adapters=[adapter_folder(tmp_path / stage, stage, "bin") for stage in ("stage2", "stage3")],
        dtype=torch.float16,
        merge_dtype=torch.float16,
    )
    state = merged.state_dict()
    for name in (name for name in LORA if name.startswith("merged_fp16.")):
        ours = name.removeprefix("merged_fp16.").replace("model.", "model.language_model.", 1)
        assert state[ours].dtype == torch.float16
        assert torch.equal(state[ours], LORA[name])  # rounded after each stage, to the last bit
        once = LORA[name.replace("merged_fp16", "merged_fp32")]
        noise = (once - LORA[name]).abs().max().item()
        assert 0 < noise <= TABLES["e_lora_merge"]["max_abs_formula_minus_upstream_fp16_path"]


def test_stage_three_replaces_the_projectors_bias(tmp_path) -> None:
    told = TABLES["e_lora_merge"]
    adapters = [adapter_folder(tmp_path / stage, stage, "bin") for stage in ("stage2", "stage3")]
    torch.save({}, adapters[0] / "non_lora_trainables.bin")
    bias = torch.arange(32.0)
    torch.save({told["non_lora_stage3_key_given"]: bias}, adapters[1] / "non_lora_trainables.bin")
    merged = assemble(base_folder(tmp_path / "base", with_projector=True), adapters=adapters)
    assert (
        torch.equal(merged.model.projectors["frame"].bias, bias)
        is told["projector_bias_after_load_is_stage3_value"]
    )


def test_leaf_names_and_how_many_matrices_a_full_adapter_has() -> None:
    toy = LlamaForCausalLM(TOY)
    assert list(leaf_names(toy)) == TABLES["e_lora_merge"]["leaf_names"]
    linear = [name for name, each in toy.named_modules() if isinstance(each, torch.nn.Linear)]
    assert len(linear) - 1 == TABLES["e_lora_merge"]["n_merged_matrices"]


def test_the_saved_model_says_the_same(model, tmp_path) -> None:
    save(model, tmp_path / "whole")
    again = load(tmp_path / "whole")
    with torch.no_grad():
        logits = again(**inputs("turn3_video"), logits_to_keep=6).logits
    assert (logits - SPLICE["turn3_video.logits_last6"]).abs().max() < TOLERANCE
