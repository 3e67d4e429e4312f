"""The memory read whole, in chunks, projected or not, and of an hour without a table of scores."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from hour_kit import sample, tiny

from playhead.models.hour_llava import memaug
from playhead.models.hour_llava.forget import FRAME_TOKENS, plan_memory
from playhead.models.hour_llava.recall import Frames, Tokens, open_memory
from playhead.nn.chunked_attention import OnlineAttention, attend, attend_plainly
from playhead.nn.partial_rotary import rotary_tables, rotate


def heads(*, memory=101, scale=1.0, dtype=torch.float64):
    torch.manual_seed(0)
    made = [torch.randn(n, m, 16, dtype=dtype) for n, m in ((6, 37), (2, memory), (2, memory))]
    return made[0] * scale, *made[1:]


def chunked(query, key, value, chunk, **options):
    online = OnlineAttention(query, key.shape[0], **options)
    for first in range(0, key.shape[1], chunk):
        online.add(key[:, first : first + chunk], value[:, first : first + chunk])
    return online.result()


def repeated_heads(query, key, value):
    """The definition: key head q // group for query head q."""
    group = query.shape[0] // key.shape[0]
    out = []
    for number in range(query.shape[0]):
        scores = query[number] @ key[number // group].T / query.shape[-1] ** 0.5
        out.append(torch.softmax(scores, dim=-1) @ value[number // group])
    return torch.stack(out)


@pytest.mark.parametrize("how", [attend, attend_plainly, lambda *each: chunked(*each, 13)])
def test_every_way_is_the_definition(how):
    each = heads()
    assert torch.allclose(how(*each), repeated_heads(*each), atol=1e-12)


@pytest.mark.parametrize("chunk", [1, 10, 101, 500])
@pytest.mark.parametrize("tile", [1, 300, 2**20])
def test_chunks_and_tiles_of_any_size_give_the_same(chunk, tile):
    each = heads()
    assert torch.allclose(chunked(*each, chunk, tile_elements=tile), repeated_heads(*each), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 300.0, 1e4])
def test_scores_of_any_size_are_no_trouble(scale):
    query, key, value = heads(scale=scale, dtype=torch.float32)
    found = chunked(query, key, value, 7)
    wanted = repeated_heads(query.double(), key.double(), value.double())
    assert torch.isfinite(found).all()
    assert (found - wanted).abs().max() < 1e-3


def test_chunks_have_the_gradients_of_the_whole():
    grads = []
    for how in (attend_plainly, attend, lambda *each: chunked(*each, 17, tile_elements=900)):
        each = [part.requires_grad_() for part in heads()]
        (how(*each) ** 2).sum().backward()
        grads.append([part.grad for part in each])
    for others in grads[1:]:
        for found, wanted in zip(others, grads[0], strict=True):
            assert torch.allclose(found, wanted, atol=1e-10)


def test_16_bit_chunks_are_summed_in_32():
    query, key, value = heads(dtype=torch.bfloat16, memory=4000)
    found = chunked(query, key, value, 100)
    wanted = repeated_heads(query.double(), key.double(), value.double())
    assert found.dtype == torch.bfloat16
    assert (found - wanted).abs().max() <= wanted.abs().max() * 2**-7


def test_attention_over_nothing_is_refused():
    with pytest.raises(ValueError, match="no keys"):
        OnlineAttention(torch.zeros(2, 3, 4), 1).result()


def test_only_the_first_half_of_a_head_turns():
    states = torch.randn(3, 5, 16)
    turned = rotate(states, rotary_tables(torch.arange(5) * 1000, 8, 1e6, torch.float32))
    assert torch.equal(turned[..., 8:], states[..., 8:])
    assert torch.equal(turned[:, 0], states[:, 0])
    assert not torch.allclose(turned[:, 1:, :8], states[:, 1:, :8])
    assert torch.allclose(turned.norm(dim=-1), states.norm(dim=-1), atol=1e-5)


def test_16_bit_states_are_turned_in_32():
    states, where = torch.randn(3, 50, 16).bfloat16(), torch.arange(50) * 17
    tables = rotary_tables(where, 8, 1e6, torch.bfloat16)
    wide = rotate(states.float(), tuple(each.float() for each in tables))
    assert torch.equal(rotate(states, tables), wide.bfloat16())


def test_turned_vectors_know_only_their_distance():
    query, key = torch.randn(2, 1, 1, 16, dtype=torch.float64)

    def score(at, to):
        tables = (rotary_tables(torch.tensor([where]), 8, 1e6, torch.float64) for where in (at, to))
        return (rotate(query, next(tables)) * rotate(key, next(tables))).sum()

    assert torch.allclose(score(900, 40), score(1860, 1000), atol=1e-4)
    assert not torch.allclose(score(900, 40), score(900, 41), atol=1e-4)


# --- the same memory in other forms -----------------------------------------------------------------------------------


def looked_up(model, inputs, **changes):
    inputs = {**inputs, **changes}
    keys = ("input_ids", "slot_mask", "query_mask", "memory", "kept_positions")
    with torch.no_grad():
        return model.look_up(*(inputs[key] for key in keys))


@pytest.mark.parametrize("pictures", [10, 140])
def test_features_projected_frames_and_tokens_are_the_same_memory(pictures, tmp_path):
    model, inputs = tiny(), sample(pictures)
    features = inputs["memory"][0]
    with torch.no_grad():
        frames = model.model.project_frames(features)
    wanted = looked_up(model, inputs)
    assert torch.allclose(looked_up(model, inputs, memory=[frames]), wanted, atol=1e-5)
    count = max(pictures, 128) * FRAME_TOKENS
    opened = open_memory(features, model.model.mm_projector, model.model.image_newline)
    assert len(opened) == count
    tokens = opened.read(0, count).detach()
    assert torch.allclose(looked_up(model, inputs, memory=[tokens]), wanted, atol=1e-5)
    mapped = torch.from_file(str(tmp_path / "frames"), shared=True, size=frames.numel(), dtype=torch.float32)
    mapped.copy_(frames.flatten())
    assert torch.allclose(looked_up(model, inputs, memory=[mapped.reshape(frames.shape)]), wanted, atol=1e-5)


def test_16_bit_features_are_read_as_they_are_stored():
    model, inputs = tiny(), sample()
    stored = inputs["memory"][0].half()
    assert torch.equal(
        looked_up(model, inputs, memory=[stored]), looked_up(model, inputs, memory=[stored.float()])
    )


@pytest.mark.parametrize("reading", ["held", "online"])
@pytest.mark.parametrize("chunk", [64, 650, 10**6])
def test_a_memory_in_chunks_is_the_whole_memory(reading, chunk):
    model = tiny()
    torch.manual_seed(1)
    query, memory = torch.randn(50, 64), Tokens(torch.randn(9100, 64), torch.zeros(1))
    positions = torch.arange(50) * 180
    with torch.no_grad():
        whole = model.model.vision_resampler(query, positions, memory, reading="whole")
        found = model.model.vision_resampler(query, positions, memory, reading=reading, chunk_tokens=chunk)
    assert (found - whole).abs().max() < 1e-5


def test_a_memory_in_chunks_has_the_gradients_of_the_whole():
    grads = []
    for reading in ("whole", "online"):
        model = tiny().double().model.vision_resampler
        torch.manual_seed(1)
        query = torch.randn(20, 64, dtype=torch.float64, requires_grad=True)
        tokens = torch.randn(1300, 64, dtype=torch.float64, requires_grad=True)
        out = model(query, torch.arange(20) * 60, Tokens(tokens, query), reading=reading, chunk_tokens=300)
        out.pow(2).sum().backward()
        grads.append([query.grad, tokens.grad, *(each.grad for each in model.parameters())])
    for found, wanted in zip(*grads, strict=True):
        assert torch.allclose(found, wanted, atol=1e-9)


def test_pieces_and_rows_of_a_memory_are_those_of_the_whole():
    features = torch.randn(37, 64, 32)
    model = tiny().model
    with torch.no_grad():
        frames = Frames(features, model.project_frames)
        whole = frames.read(0, len(frames))
        for first, stop in ((0, 1), (64, 66), (100, 4000), (8000, 8320), (8319, 8320)):
            assert torch.allclose(frames.read(first, stop), whole[first:stop], atol=1e-6)
        rows = torch.tensor([0, 64, 65, 129, 4000, 8319, 4000])
        assert torch.allclose(frames.rows(rows), whole[rows], atol=1e-6)
    assert whole.shape == (128 * 65, 64)
    assert torch.equal(whole[64], model.image_newline)


def test_what_is_read_is_chosen_by_gradients_and_size(monkeypatch):
    resampler = tiny().model.vision_resampler
    assert resampler._reading(8320, torch.zeros(1, 64)) == "whole"
    with torch.no_grad():
        assert resampler._reading(234_000, torch.zeros(1, 64)) == "held"
        monkeypatch.setattr(memaug, "MOST_KV_BYTES", 234_000 * 2 * 32 * 4 - 1)
        assert resampler._reading(234_000, torch.zeros(1, 64)) == "online"
        monkeypatch.undo()
        assert (
            resampler._reading(8320, torch.zeros(1, 64, device="meta")) == "online"
        )  # no kernel known there
        resampler.config._attn_implementation = "eager"
        assert resampler._reading(8320, torch.zeros(2000, 64)) == "held"
        assert resampler._reading(234_000, torch.zeros(2000, 64)) == "online"


HOUR = """
    import resource, sys, torch
    sys.path.insert(0, {kit!r})
    from hour_kit import tiny
    from playhead.models.hour_llava.forget import plan_memory
    from playhead.models.hour_llava.recall import open_memory
    model = tiny().model
    features = torch.from_file({path!r}, shared=True, size=3600 * 64 * 32, dtype=torch.float16).reshape(3600, 64, 32)
    rows = plan_memory(3600, seed=1).rows_R[::136]
    def mib():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with torch.no_grad():
        memory = open_memory(features, model.mm_projector, model.image_newline)
        assert len(memory) == 234_000
        query = memory.rows(rows)
        model.vision_resampler(query, rows, open_memory(features[:140], model.mm_projector, model.image_newline))
        before = mib()
        out = model.vision_resampler(query, rows, memory, reading={reading!r})
    assert torch.isfinite(out).all()
    print(len(query), mib() - before)
"""


@pytest.mark.parametrize("reading", ["held", "online"])
def test_an_hour_is_looked_up_without_a_table_of_scores(tmp_path, reading):
    """64 queries of 4 heads and 234,000 keys: a table of scores would take 229 MiB, its softmax as much again."""
    path = tmp_path / "hour"
    generator = np.random.default_rng(0)
    with path.open("wb") as file:
        for _ in range(36):
            file.write(generator.standard_normal((100, 64, 32)).astype(np.float16).tobytes())
    code = textwrap.dedent(HOUR).format(kit=str(Path(__file__).parent), path=str(path), reading=reading)
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={"OMP_NUM_THREADS": "1", "PATH": ""},
    ).stdout.split()
    assert int(told[0]) == 64
    assert (
        float(told[1]) < 420
    )  # MiB: the mapped features are 14, keys and values 57, a chunk's tokens 4, tiles 200


def test_shifting_everything_alike_changes_nothing():
    model = tiny().double().model.vision_resampler
    kept = plan_memory(128, seed=3)
    torch.manual_seed(2)
    tokens = torch.randn(8320, 64, dtype=torch.float64)
    memory, query = Tokens(tokens, tokens), tokens[kept.rows_R[::9]]
    with torch.no_grad():
        here = model(query, kept.rows_R[::9], memory, torch.arange(8320))
        there = model(query, kept.rows_R[::9] + 64, memory, torch.arange(8320) + 64)
        apart = model(query, kept.rows_R[::9] + 64, memory, torch.arange(8320))
    assert (here - there).abs().max() < 1e-3  # angles are computed in 32 bits
    assert (here - apart).abs().max() > 10 * (here - there).abs().max()
