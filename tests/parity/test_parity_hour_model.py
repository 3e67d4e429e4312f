"""Hour-LLaVA's model against numbers recorded by running the published code at toy size.

golden/hour/: MemAug alone, rotary tables, pooling, kept positions, the SigLIP tower, the whole training path, and the
positions of still images. Where a mistake is easy, the mistake is made here too and has to show.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from playhead.models.hour_llava import memaug
from playhead.models.hour_llava.config import PINPOINTS, HourLlavaConfig
from playhead.models.hour_llava.forget import plan_memory, repeat_index, spatial_positions, uniform_frames
from playhead.models.hour_llava.images import fit_grid, grid_memory, plan_grid, plan_tiles
from playhead.models.hour_llava.memaug import MemAug
from playhead.models.hour_llava.model import HourLlavaForCausalLM
from playhead.models.hour_llava.recall import Tokens, with_newlines
from playhead.models.hour_llava.vision import VisionTower, pool, preprocess
from playhead.nn.partial_rotary import rotary_tables

pytestmark = pytest.mark.parity
FOLDER = Path(__file__).parent / "golden" / "hour"
GOLDEN = json.loads((FOLDER / "golden.json").read_text())
PLACEHOLDER, IGNORED = -200, -100


def arrays(name):
    """Arrays of a file; 16-bit ones were exact in 16 bits and are used in 32."""
    loaded = load_file(FOLDER / f"{name}.safetensors")
    return {key: each.float() if each.dtype == torch.float16 else each for key, each in loaded.items()}


def far(found, wanted):
    """Largest difference, told when a test fails and asserted small."""
    assert found.shape == wanted.shape
    return (found.detach().double() - wanted.double()).abs().max().item()


def digest(values):
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def toy_config(**changes):
    keys = {
        "vocab_size": 128,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
        "mm_hidden_size": 16,  # the recorded features have 16 channels and then zeros
        "vision_config": {
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 28,
            "patch_size": 14,
            "vision_use_head": False,
        },
    }
    return HourLlavaConfig(**{**keys, **changes})


# --- MemAug -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded():
    return arrays("memaug_io")


def blocks(attention):
    config = toy_config()
    config._attn_implementation = attention
    made = MemAug(config)
    made.load_state_dict(arrays("memaug_state"), strict=True)
    return made.train(False)


def run(made, recorded, *, shift_query=0, shift_memory=0, **options):
    """Output of every block for the recorded query and memory."""
    outs = []
    hooks = [
        layer.register_forward_hook(lambda _module, _inputs, out: outs.append(out)) for layer in made.layers
    ]
    memory = recorded["memory"]
    kept = memory[recorded["video_positions_unshifted"].long()]
    query = torch.cat((recorded["prefix_text"], kept, recorded["suffix_text"]))
    with torch.no_grad():
        made(
            query,
            recorded["q_position_ids"].long() + shift_query,
            Tokens(memory, query),
            recorded["k_position_ids"].long() + shift_memory,
            **options,
        )
    for hook in hooks:
        hook.remove()
    return outs


@pytest.mark.parametrize(
    ("attention", "options"),
    [
        ("eager", {"reading": "whole"}),
        ("sdpa", {"reading": "whole"}),
        ("sdpa", {"reading": "held", "chunk_tokens": 1000}),
        ("sdpa", {"reading": "online", "chunk_tokens": 777}),
        ("sdpa", {}),
    ],
    ids=["eager", "whole", "held", "online", "auto"],
)
def test_memaug_computes_what_the_published_blocks_do(recorded, attention, options):
    outs = run(blocks(attention), recorded, **options)
    taps = recorded["tap_rows"].long()
    assert far(outs[0], recorded["out.block0"]) < 1e-5
    assert far(outs[1][taps], recorded["out.block1"]) < 1e-5
    assert far(outs[2][taps], recorded["out.block2"]) < 1e-5
    assert far(outs[3], recorded["out.block3"]) < 1e-5
    assert abs(outs[3].abs().mean().item() - GOLDEN["a_memaug_checks"]["output_abs_mean"]) < 1e-4


def test_the_parts_of_a_block_compute_what_the_published_ones_do(recorded):
    made, seen = blocks("sdpa"), {}
    for name in ("self_attn", "norm1", "cross_attn", "norm2", "mlp"):
        getattr(made.layers[0], name).register_forward_hook(
            lambda _module, _inputs, out, name=name: seen.setdefault(name, out)
        )
    run(made, recorded)
    for name, found in seen.items():
        assert far(found[recorded["tap_rows"].long()], recorded[f"block0.{name}"]) < 1e-5, name


def test_video_positions_are_those_of_the_memory_moved_behind_the_prefix(recorded):
    rows, positions = recorded["video_positions_unshifted"], recorded["q_position_ids"]
    before = recorded["prefix_text"].shape[0]
    assert positions[before : before + len(rows)].tolist() == (rows + before).tolist()
    assert positions[before + len(rows)] == before + len(recorded["memory"])


def test_moving_queries_and_memory_alike_changes_nothing(recorded):
    moved = run(blocks("sdpa"), recorded, shift_query=1000, shift_memory=1000)[-1]
    assert far(moved, recorded["out.block3"]) < 1e-4  # the angles' own rounding


def test_rotating_whole_heads_shows(recorded, monkeypatch):
    monkeypatch.setattr(memaug, "ROTARY_PART", 1)
    wrong = run(blocks("sdpa"), recorded)[-1]
    assert far(wrong, recorded["out.block3"]) == pytest.approx(
        GOLDEN["a_memaug_checks"]["wrong_full_head_rotary"], rel=1e-3
    )


def test_rotating_neighbours_as_pairs_shows(recorded, monkeypatch):
    def interleaved(heads, tables):
        cos, sin = tables
        pairs = cos.shape[-1]
        first, second = heads[..., 0 : 2 * pairs : 2], heads[..., 1 : 2 * pairs : 2]
        turned = torch.stack((first * cos - second * sin, second * cos + first * sin), dim=-1)
        return torch.cat((turned.flatten(-2), heads[..., 2 * pairs :]), dim=-1)

    monkeypatch.setattr(memaug, "rotate", interleaved)
    wrong = run(blocks("sdpa"), recorded)[-1]
    assert far(wrong, recorded["out.block3"]) == pytest.approx(
        GOLDEN["a_memaug_checks"]["wrong_interleaved_pairs"], rel=1e-3
    )


def test_moving_the_memory_behind_the_prefix_shows(recorded):
    wrong = run(blocks("sdpa"), recorded, shift_memory=recorded["prefix_text"].shape[0])[-1]
    assert far(wrong, recorded["out.block3"]) == pytest.approx(
        GOLDEN["a_memaug_checks"]["wrong_memory_shifted_by_n0"], rel=1e-3
    )


def test_video_tokens_that_stay_at_the_memorys_positions_show(recorded):
    positions = recorded["q_position_ids"].clone()
    before = recorded["prefix_text"].shape[0]
    positions[before:] -= before  # and what follows goes on from there
    wrong = run(blocks("sdpa"), {**recorded, "q_position_ids": positions})[-1]
    assert far(wrong, recorded["out.block3"]) == pytest.approx(
        GOLDEN["a_memaug_checks"]["wrong_no_prefix_offset_on_kept_video_positions"], rel=1e-3
    )


def test_the_fused_rows_are_queries_then_keys_then_values(recorded):
    """Three separate products with the rows split give the fused one."""
    layer = blocks("sdpa").layers[0].self_attn
    tokens = recorded["memory"][:50]
    parts = [
        nn.functional.linear(tokens, weight, bias)
        for weight, bias in zip(
            layer.Wqkv.weight.split((64, 32, 32)), layer.Wqkv.bias.split((64, 32, 32)), strict=True
        )
    ]
    assert torch.allclose(torch.cat(parts, dim=-1), layer.Wqkv(tokens), atol=1e-6)


# --- tables, positions, pooling, tower --------------------------------------------------------------------------------

SMALL = arrays("rotary_pool_spatial")


@pytest.mark.parametrize(
    ("tag", "width", "theta"),
    [("hd128_theta1e6", 64, 1e6), ("hd128_theta1e4", 64, 1e4), ("hd16_theta1e6", 8, 1e6)],
)
def test_rotary_tables_are_the_published_ones_to_the_bit(tag, width, theta):
    cos, sin = rotary_tables(SMALL["rot.positions"], width, theta, torch.float32)
    assert torch.equal(cos, SMALL[f"rot.{tag}.cos"])
    assert torch.equal(sin, SMALL[f"rot.{tag}.sin"])
    recorded = torch.outer(SMALL["rot.positions"].float(), SMALL[f"rot.{tag}.inv_freq"])
    assert torch.equal(cos, recorded.cos())


def test_rotary_tables_in_16_bits_are_cast_after_the_angles():
    cos, _ = rotary_tables(SMALL["rot.positions"], 64, 1e6, torch.bfloat16)
    assert torch.equal(cos, SMALL["rot.hd128_theta1e6.cos_bf16"])


def test_a_table_in_64_bits_is_another_one():
    steps = torch.arange(0, 64, 2, dtype=torch.float64) / 64
    cos = torch.outer(SMALL["rot.positions"].double(), 1e6**-steps).cos()
    assert far(cos, SMALL["rot.hd128_theta1e6.cos"]) > 1e-3


@pytest.mark.parametrize("name", [key for key in SMALL if key.startswith("spatial.")])
def test_kept_positions_are_the_published_draws(name):
    _, rule, frames, size, seed = name.replace("_", ".").split(".")
    rows, columns = map(int, size.split("x"))
    generator = torch.Generator().manual_seed(int(seed.removeprefix("seed")))
    found = spatial_positions(int(frames.removeprefix("B")), rows, columns, rule, generator)
    assert torch.equal(found, SMALL[name].long())


def test_the_generator_draws_what_it_drew_when_the_numbers_were_recorded():
    torch.manual_seed(0)
    drawn = torch.rand(128, 64)
    assert [*drawn.flatten()[:4].tolist(), drawn.double().sum().item()] == pytest.approx(
        GOLDEN["c_spatial_rng_fingerprint"], rel=1e-9
    )


def test_uniform_positions_are_every_other_row_and_column():
    found = spatial_positions(1, 8, 8, "uniform")[0].tolist()
    assert found == GOLDEN["c_uniform_positions_in_8x8"]


@pytest.mark.parametrize("pictures", GOLDEN["c_token_table_by_input_frames"])
def test_the_table_of_tokens(pictures):
    wanted = GOLDEN["c_token_table_by_input_frames"][pictures]
    kept = plan_memory(int(pictures), seed=0)
    frames = kept.frames_K.tolist()
    assert {
        "memory_frames": kept.memory_frames,
        "memory_tokens": kept.memory_tokens,
        "kept_frames": len(frames),
        "visual_tokens": len(kept.rows_R),
        "suffix_first_position": int(kept.rows_R.max()) + 1 + 3,  # recorded behind three prefix tokens
        "last_kept_frame": frames[-1],
        "kept_frames_sum": sum(frames),
        "kept_frames_sha256": digest(frames),
        "memory_source_frames_sha256": digest(repeat_index(int(pictures)).tolist()),
    } == wanted


@pytest.mark.parametrize("pictures", GOLDEN["c_temporal"])
def test_the_kept_and_the_repeated_frames(pictures):
    wanted, count = GOLDEN["c_temporal"][pictures], int(pictures)
    assert uniform_frames(max(count, 128)).tolist() == wanted["kept_memory_frame_indices"]
    if wanted["repeat_map_to_128"] is None:
        assert repeat_index(count).tolist() == list(range(count))
    else:
        assert repeat_index(count).tolist() == wanted["repeat_map_to_128"]


def test_pooling_and_projection():
    pooled = pool(SMALL["pool.in"])
    assert far(pooled, SMALL["pool.out"]) < 1e-6
    projector = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 16))
    projector.load_state_dict({key[5:]: SMALL[key] for key in SMALL if key[:6] in ("proj.0", "proj.2")})
    assert far(projector(pooled), SMALL["proj.out"]) < 1e-5


@pytest.mark.parametrize("wrong", ["antialias", "adaptive_avg"])
def test_other_poolings_show(wrong):
    grid = SMALL["pool.in"].reshape(3, 27, 27, 6).permute(0, 3, 1, 2)
    if wrong == "antialias":
        made = nn.functional.interpolate(grid, size=(8, 8), mode="bilinear", antialias=True)
    else:
        made = nn.functional.adaptive_avg_pool2d(grid, 8)
    assert far(made.flatten(2).transpose(1, 2), SMALL["pool.out"]) == pytest.approx(
        GOLDEN["d_pool_checks"][f"wrong_{wrong}"], rel=1e-3
    )


def test_the_tower_ends_before_its_last_layer_and_its_norm():
    recorded = arrays("siglip_toy")
    x, y, c = np.meshgrid(np.arange(384), np.arange(384), np.arange(3), indexing="xy")
    pictures = ((7 * x + 13 * y + 29 * c + (x * y) // 16) % 255).astype(np.uint8)[None]
    pixels = preprocess(pictures, 384)
    assert far(pixels[0, :, 100, :32], recorded["siglip.pixel_sample_row100"]) < 1e-6
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 384,
        "patch_size": 14,
        "vision_use_head": False,
    }
    tower = VisionTower(toy_config(vision_config=vision, mm_hidden_size=32)).train(False)
    prefix = "model.vision_tower."
    tower.load_state_dict(
        {key.removeprefix(prefix): each for key, each in recorded.items() if key.startswith(prefix)},
        strict=True,
    )
    with torch.no_grad():
        found = tower(pixels)[0]
    assert far(found[recorded["siglip.rows"].long()], recorded["siglip.features_rows"]) < 1e-5
    assert far(found.mean(dim=0), recorded["siglip.features_mean_over_tokens"]) < 1e-5
    normed = tower.vision_tower.vision_model.post_layernorm(found)
    assert far(normed[recorded["siglip.rows"].long()], recorded["siglip.features_rows"]) > 0.1


# --- the whole training path ------------------------------------------------------------------------------------------

CASES = {"one_A3": "a", "one_A3_unfiltered_query": "a", "batch_A3_B1_txt": "b"}


@pytest.fixture(scope="module")
def whole():
    """The toy model with the recorded weights, what MemAug was given last, and features A and B."""
    model = HourLlavaForCausalLM(toy_config())
    state = arrays("full_state")
    tower = {key: each for key, each in model.state_dict().items() if ".vision_tower." in key}
    model.load_state_dict({**state, **tower}, strict=True)
    return model.train(False), arrays("full_io_a")


def expanded(ids, labels, mask, kept_counts):
    """Rows with the placeholder replaced by its kept places, padded right again: ids, slots, labels, mask."""
    rows = []
    for row, count in zip(range(len(ids)), kept_counts, strict=True):
        real = mask[row].bool()
        row_ids, row_labels = ids[row][real], labels[row][real]
        at = (row_ids == PLACEHOLDER).nonzero().flatten().tolist()
        repeats = torch.ones_like(row_ids)
        repeats[at] = count
        slots = (row_ids == PLACEHOLDER).repeat_interleave(repeats)
        rows.append((row_ids.repeat_interleave(repeats), slots, row_labels.repeat_interleave(repeats)))
    length = max(len(each[0]) for each in rows)

    def padded(which, fill):
        return torch.stack(
            [nn.functional.pad(each[which], (0, length - len(each[0])), value=fill) for each in rows]
        )

    lengths = torch.tensor([len(each[0]) for each in rows])
    attention = (torch.arange(length) < lengths[:, None]).long()
    slots = padded(1, 0).bool()
    return (
        padded(0, 0).masked_fill(slots, 0),
        slots,
        padded(2, IGNORED).masked_fill(slots, IGNORED),
        attention,
    )


def inputs_of(case, features):
    """What the forward pass is given for a recorded case, the keep drawn in the recorded order."""
    recorded = arrays(f"full_io_{CASES[case]}")
    generator = torch.Generator().manual_seed(GOLDEN["e_full_path"][case]["seed_before_call"])
    memory, kept, positions, counts = [], [], [], []
    for sample in GOLDEN["e_full_path"][case]["samples"]:
        if sample == "txt":  # a zero image goes through MemAug and is put nowhere
            plan = plan_tiles(1, 27, "random", generator)
            memory.append("zero image")
            kept.append(plan.kept_positions[0])
            positions.append(plan.memory_positions_M)
            counts.append(1)
            continue
        stored = features[f"feat.{sample[0]}"]
        if sample[0] == "B":  # stored 140 frames for 139.6 s: resampled at load
            stored = stored[np.linspace(0, 139, 139).astype(int)]
        plan = plan_memory(len(stored), seed=generator)
        memory.append(stored)
        kept.append(plan.rows_R)
        positions.append(None)
        counts.append(len(plan.rows_R))
    ids, labels, mask = (
        recorded[f"{case}.{name}"].long() for name in ("input_ids_toy", "labels_in_toy", "attention_mask_in")
    )
    ids, slots, labels, attention = expanded(ids, labels, mask, counts)
    return recorded, {
        "input_ids": ids,
        "slot_mask": slots,
        "labels": labels,
        "attention_mask": attention,
        "memory": memory,
        "kept_positions": kept,
        "memory_positions": positions,
    }


def with_zero_image(inputs):
    """Replace the mark of a zero image by its features, which the model projects."""
    memory = [torch.zeros(1, 729, 16) if isinstance(each, str) else each for each in inputs["memory"]]
    return {**inputs, "memory": memory}


@pytest.mark.parametrize("learns", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("case", CASES)
def test_the_whole_path(whole, case, learns):
    model, features = whole
    recorded, inputs = inputs_of(case, features)
    asked = []
    hook = model.model.vision_resampler.register_forward_pre_hook(lambda _module, args: asked.append(args))
    with torch.set_grad_enabled(learns):
        inputs = with_zero_image(inputs)
        looked = model.look_up(
            *(inputs[name] for name in ("input_ids", "slot_mask")),
            None,
            inputs["memory"],
            inputs["kept_positions"],
            memory_positions=inputs["memory_positions"],
            attention_mask=inputs["attention_mask"],
            labels=inputs["labels"],
        )
        embeds = model.embed(inputs["input_ids"], inputs["slot_mask"], looked)
    hook.remove()
    real = inputs["attention_mask"].bool()
    assert torch.equal(inputs["labels"], recorded[f"{case}.labels"].long())
    assert torch.equal(inputs["attention_mask"], recorded[f"{case}.attention_mask"].long())
    assert far(embeds[real], recorded[f"{case}.inputs_embeds"][real]) < 1e-4
    for number, (query, query_positions, memory, memory_positions) in enumerate(asked):
        tag = f"{case}.memaug{number}"
        calls = GOLDEN["e_full_path"][case]["calls"][number]
        assert (len(query), len(memory)) == (calls["n_query"], calls["n_memory"])
        assert len(memory_positions) == recorded[f"{tag}.k_len"].item()
        assert torch.equal(query_positions, recorded[f"{tag}.q_position_ids"].long())
        if f"{tag}.query_first_64" in recorded:
            assert far(query[:64], recorded[f"{tag}.query_first_64"]) < 1e-5
            assert far(memory.read(0, 130), recorded[f"{tag}.memory_rows_0_130"]) < 1e-5


@pytest.mark.parametrize("case", ["one_A3", "batch_A3_B1_txt"])
def test_logits_loss_and_gradients(whole, case):
    model, features = whole
    recorded, inputs = inputs_of(case, features)
    model.zero_grad()
    out = model(**with_zero_image(inputs))
    wanted = GOLDEN["e_full_path"][case]
    assert out.loss.item() == pytest.approx(wanted["loss"], abs=1e-4)
    ends = inputs["attention_mask"].sum(dim=1).tolist()
    logits = torch.stack([row[end - 8 : end] for row, end in zip(out.logits, ends, strict=True)])
    assert far(logits, recorded[f"{case}.logits_last8"]) < 1e-4
    out.loss.backward()
    norms = {
        name: each.grad.norm().item() for name, each in model.named_parameters() if each.grad is not None
    }
    assert {name: norms[name] for name in wanted["grad_l2"]} == pytest.approx(wanted["grad_l2"], rel=1e-4)


# --- still images -----------------------------------------------------------------------------------------------------

STILL = arrays("image_positions")


@pytest.mark.parametrize("name", GOLDEN["e_image_cases"])
def test_still_images(name):
    case, kind = GOLDEN["e_image_cases"][name], name.split(".")[1]
    generator = torch.Generator().manual_seed(case["seed"])
    newline = torch.full((2,), -7.0)

    def tiles(count):  # every patch is (tile, patch)
        return torch.stack(
            torch.meshgrid(torch.arange(count), torch.arange(729), indexing="ij"), dim=-1
        ).float()

    if kind.startswith("anyres"):
        width_px, height_px = map(int, kind.split("_")[1].split("x"))
        grid = fit_grid(height_px, width_px, PINPOINTS, side=27, tile_px=384)
        assert (grid.tile_columns, grid.tile_rows) == (case["grid_w"], case["grid_h"])
        plan = plan_grid(grid, case["mode"], generator)
        memory = grid_memory(tiles(1 + grid.tile_rows * grid.tile_columns), newline, grid)
    else:
        plan = plan_tiles(case["placeholders"], 27, case["mode"], generator)
        memory = with_newlines(tiles(case["placeholders"]), newline).flatten(0, 1)
    assert torch.equal(plan.memory_positions_M, STILL[f"{name}.k_pos"].long())
    assert (memory - STILL[f"{name}.k_src"]).abs().max() < 1  # recorded as whole numbers

    model = still_model()
    ids = [0, 0, 0]
    for rows in plan.kept_positions:
        ids += [1] * len(rows) + [0]
    ids = torch.tensor([[*ids, 0]])
    slots = ids == 1
    asked = []
    model.model.vision_resampler.register_forward_pre_hook(lambda _module, args: asked.append(args))
    wide = nn.functional.pad(memory, (0, 62))  # as wide as the toy model
    with torch.no_grad():
        model.model.refresh(
            ids, slots, ~slots, [wide], [plan.kept_positions], memory_positions=[plan.memory_positions_M]
        )
    query, query_positions, _, _ = asked[0]
    assert (len(query), ids.shape[1]) == (case["n_query"], case["llm_len"])
    assert torch.equal(query_positions, STILL[f"{name}.q_pos"].long())
    video = slots[0]
    assert (query[video][:, :2] - STILL[f"{name}.q_src"][video]).abs().max() < 1


def still_model():
    torch.manual_seed(0)
    return HourLlavaForCausalLM(toy_config(memaug_depth=1))
