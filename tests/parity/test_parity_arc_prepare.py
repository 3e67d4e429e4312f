"""What ARC-Hunyuan-Video is given, against numbers recorded from the published code.

Frame indices, labels and the clock's geometry are in test_parity_sampling.py and test_parity_overlay.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from playhead.errors import UsageError
from playhead.media.sampling.arc import arc, segments
from playhead.models.arc_hunyuan_video import dialect
from playhead.models.arc_hunyuan_video.layout import FrameTime, layout, positions_of, rewrite_newlines
from playhead.models.arc_hunyuan_video.pictures import MEAN_C, STD_C, normalise
from playhead.models.arc_hunyuan_video.reconcile import align, by_order, by_time, reconcile, vectors_per_frame
from playhead.models.arc_hunyuan_video.sound import vector_times
from playhead.models.arc_hunyuan_video.tokens import SpecialIds, tiny_tokenizer
from playhead.timeline import Span

pytestmark = pytest.mark.parity
FOLDER = Path(__file__).parent / "golden" / "arc_prepare"
ARRAYS = dict(np.load(FOLDER / "arrays.npz"))
RECONCILE = json.loads((FOLDER / "reconcile.json").read_text())
K = {int(d): row for d, row in json.loads((FOLDER / "alignment_k.json").read_text()).items()}
PROMPTS = json.loads((FOLDER / "prompts.json").read_text())
TOY = SpecialIds(290, 291, 293, 294, 295, 296, 297, 301, 333, 334, 335)


def case_name(case):
    return f"T{case['T']}-A{case['A']}"


@pytest.mark.parametrize("case", RECONCILE, ids=case_name)
@pytest.mark.parametrize("rule", ["transformers", "vllm", "training"])
def test_frames_and_duration_are_the_published_ones(case, rule):
    count, step_s = segments(case["T"])
    assert count == case["sampled_frames"]
    got = reconcile(count, step_s, case["A"], rule)
    want = case["training_by_reading" if rule == "training" else rule]
    if "F" not in want:
        assert "chunks of sound shorter" in got.error
        assert "chunks shorter" in want["error"]
        assert not got.fits
        return
    assert (got.frames, got.duration_s) == (want["F"], want["D"])
    assert got.fits is want.get("fusion_shapes_match", True)
    assert bool(got.error) is (not got.fits)


@pytest.mark.parametrize("case", RECONCILE, ids=case_name)
def test_where_the_published_code_stops_the_rule_does_and_auto_does_not(case):
    count, step_s = segments(case["T"])
    edges_s = np.arange(count + 1) * step_s
    stretches_S2 = np.stack([edges_s[:-1], edges_s[1:]], axis=1)
    heard_J = vector_times(case["A"] * 16_000, np.arange(0.0, case["A"], 2.0))
    given = {"step_s": step_s, "audio_s": case["A"], "slots": 112}
    if case["transformers"]["fusion_shapes_match"]:
        made = align(stretches_S2, heard_J, rule="transformers", **given)
        assert len(made.index_FS) == case["transformers"]["F"]
    else:
        with pytest.raises(UsageError, match="frames for"):
            align(stretches_S2, heard_J, rule="transformers", **given)
    auto = align(stretches_S2, heard_J, **given)
    assert len(auto.index_FS) == count
    assert auto.rule == ("true-intervals" if auto.why else "training")
    first = auto.index_FS[:, 0]
    some = first >= 0
    assert np.abs(heard_J[first[some]] - stretches_S2[some, 0]).max() <= 3.0


@pytest.mark.parametrize("duration_s", sorted(K))
def test_audio_vectors_go_to_the_published_slots(duration_s):
    want = ARRAYS[f"index_D{duration_s}"]
    row = K[duration_s]
    assert vectors_per_frame(duration_s) == row["k"]
    got = by_order(row["frames"], duration_s, slots=112)
    assert got.dtype == np.int64
    assert np.array_equal(got, want)
    assert int((got >= 0).sum()) == row["audio_vectors_used"]
    assert int((got[-1, : row["k"]] < 0).sum()) == row["zero_slots_in_last_frame_first_k"]
    assert vector_times(duration_s * 16_000, np.arange(0.0, duration_s, 2.0)).shape == (row["chunks"] * 1500,)


def test_only_165_and_168_seconds_get_one_vector_more_than_exact_arithmetic():
    exact = {d: -(-d * 50 // 150) for d in range(151, 301)}
    assert [d for d in exact if vectors_per_frame(d) != exact[d]] == [165, 168]


@pytest.mark.parametrize("duration_s", [1, 2, 60, 149, 150])
def test_true_intervals_are_the_trained_ones_up_to_150_seconds(duration_s):
    starts = np.arange(float(duration_s))
    heard_J = vector_times(duration_s * 16_000, np.arange(0.0, duration_s, 2.0))
    got = by_time(np.stack([starts, starts + 1], axis=1), heard_J, slots=112)
    assert np.array_equal(got, ARRAYS[f"index_D{duration_s}"])


@pytest.mark.parametrize("case", ["single_turn", "two_turn", "truncated", "two_docs"])
@pytest.mark.parametrize(("rule", "key"), [("inference", "infer"), ("training", "train")])
def test_positions_are_the_published_ones(case, rule, key):
    ids_N = ARRAYS[f"train_{case}_ids"]
    assert np.array_equal(positions_of(ids_N, TOY, rule), ARRAYS[f"train_{case}_{key}"])


def test_the_two_rules_differ_only_where_they_should():
    same = {
        case: np.array_equal(ARRAYS[f"train_{case}_train"], ARRAYS[f"train_{case}_infer"])
        for case in ("single_turn", "two_turn", "truncated", "two_docs")
    }
    assert same == {"single_turn": True, "two_turn": False, "truncated": False, "two_docs": False}


def test_the_whole_prompt_has_the_published_positions_and_ids():
    ids_N = ARRAYS["full_ids"]
    positions_4N = positions_of(ids_N, TOY)
    assert np.array_equal(positions_4N, ARRAYS["full_positions"])
    rewritten = rewrite_newlines(ids_N, TOY)
    assert np.array_equal(rewritten, ARRAYS["full_ids_after_rewrite"])
    with pytest.raises(UsageError, match="0 rows in 110 slots"):
        positions_of(rewritten, TOY)


def test_our_layout_is_the_published_prompt_but_for_the_words():
    """Three frames as in the recorded prompt: the ids up to the video's end and the positions are the same."""
    tokenizer = tiny_tokenizer()
    shift = 290 - tokenizer.base_tokens
    frames = [FrameTime(Span(i, i + 1.0), i + 0.5) for i in range(3)]
    made = layout(tokenizer, frames, "x" * 16)
    want = ARRAYS["full_ids_after_rewrite"]
    assert len(made) == len(want) == 363
    video = slice(0, 345)
    assert np.array_equal(made.input_ids_N[video] + shift, want[video])
    assert made.input_ids_N[-1] + shift == want[-1]
    assert made.positions is not None
    assert np.array_equal(made.positions, ARRAYS["full_positions"])
    assert np.array_equal(made.filled(), np.flatnonzero(want == TOY.image_context))


NAMES = {"MCQ": "choose", "Grounding": "ground", "summary": "describe", "QA": "ask", "segment": "chapters"}


@pytest.mark.parametrize("task", PROMPTS["hf"])
def test_prompts_are_the_published_strings(task):
    tokenizer = tiny_tokenizer()
    frames = [FrameTime(Span(i, i + 1.0), i + 0.5) for i in range(2)]
    made = layout(tokenizer, frames, "{question}", suffix=dialect.suffix(NAMES[task]))
    pattern = PROMPTS["frame_expansion_640"]["pattern"]
    times, row = pattern[2]
    assert (times, row) == ("10 times", ["10 x <IMG_CONTEXT>", "<newline>"])
    frame = "<img>" + "<IMG_CONTEXT>" * 112 + "</img>"
    assert tokenizer.decode(made.input_ids_N) == PROMPTS["hf"][task].replace(
        "<image><image>", f"<vid>{frame * 2}</vid>"
    )
    assert PROMPTS["hf"][task] == PROMPTS["vllm_after_prefixing"][task]


def test_training_separators_are_the_published_ones():
    words = PROMPTS["training"]
    tokenizer = tiny_tokenizer()
    made = layout(tokenizer, [FrameTime(Span(0.0, 1.0), 0.5)], "Q", answer="A")
    text = tokenizer.decode(made.input_ids_N[116:])
    assert text == f"</vid>\nQ{words['human_turn_end']}A{words['model_turn_end']}"
    assert words["video_placeholder"] == "<video>\n"
    assert "<|startoftext|>" in words["start"]


def test_pixels_are_normalised_as_published():
    y, x = np.mgrid[0:8, 0:8]
    pixels = np.stack(
        [((3 * x * x + 5 * y * y + 7 * (c + 1) * x * y + 17 * c * x + 11 * y) // 8) % 256 for c in range(3)]
    )
    got = normalise(pixels.transpose(1, 2, 0)[None].astype(np.uint8))
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
    std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    want = (pixels.astype(np.float32) / 255 - mean[:, None, None]) / std[:, None, None]
    assert np.array_equal(MEAN_C, mean)
    assert np.array_equal(STD_C, std)
    assert np.array_equal(got[0], want)


@pytest.mark.parametrize("case", RECONCILE, ids=case_name)
def test_sampled_frames_are_the_published_count(case):
    times_s = np.arange(round(case["T"] * 100)) / 100
    assert len(arc()(case["T"], times_s)) == case["sampled_frames"]
