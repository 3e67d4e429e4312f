"""Pictures chosen by how well they fit a query: the rule by hand, and around an engine that is told where to look."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refine_kit import LampEngine

from playhead.api import Session
from playhead.errors import UnsupportedError, UsageError, WeightsUnavailableError
from playhead.media.sampling.query import inverse_transform


def brightness(pixels_FHWC, text) -> np.ndarray:
    """A scorer: how light each picture is, when light is asked for."""
    return pixels_FHWC.mean(axis=(1, 2, 3)) * (1 if "light" in text else -1)


@pytest.mark.parametrize(
    ("scores", "n", "alpha", "rows"),
    [
        # Weights 0, 1/2, 1, 1/2, 0: sums 0, 1/4, 3/4, 1, 1; quantiles 1/8, 3/8, 5/8, 7/8.
        ([0, 1, 2, 1, 0], 4, 1, [1, 2, 3]),
        ([0, 1, 2, 1, 0], 2, 1, [1, 2]),  # quantiles 1/4 and 3/4 are reached where the sums are
        ([5, 5, 5, 5, 5, 5], 3, 2, [0, 2, 4]),  # nothing fits better: even spacing
        ([0, 9, 1, 3], 2, 0, [0, 2]),  # alpha 0: even spacing
        ([0.2, 0.9], 1, 3, [1]),
        ([7.0], 3, 3, [0]),
    ],
)
def test_quantiles_by_hand(scores, n, alpha, rows) -> None:
    assert inverse_transform(scores, n, alpha=alpha).tolist() == rows


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=50), st.integers(1, 30), st.floats(0, 6))
def test_rows_ascend_and_are_there(scores, n, alpha) -> None:
    rows = inverse_transform(scores, n, alpha=alpha)
    assert 1 <= len(rows) <= n
    assert (np.diff(rows) > 0).all()
    assert rows[0] >= 0
    assert rows[-1] < len(scores)


def test_a_sharper_choice_is_closer_to_the_best() -> None:
    scores = np.exp(-(((np.arange(100) - 60) / 20.0) ** 2))
    spread = [np.abs(inverse_transform(scores, 16, alpha=alpha) - 60).mean() for alpha in (0, 1, 3, 9)]
    assert spread == sorted(spread, reverse=True)


@pytest.mark.parametrize(
    ("scores", "told"), [([], "shape"), ([[1, 2]], "shape"), ([1, float("nan")], "shape")]
)
def test_scores_that_are_none_are_refused(scores, told) -> None:
    with pytest.raises(UsageError, match=told):
        inverse_transform(scores, 3)
    with pytest.raises(UsageError, match="alpha"):
        inverse_transform([1, 2], 3, alpha=-1)


def test_an_engine_looks_where_it_fits(minute) -> None:
    engine = LampEngine(frames=12)
    answer = Session(engine).refined(choose_frames=brightness).ground(minute, "light")
    looked = engine.looks[-1].instants_s
    assert all(21 <= each <= 26 for each in looked)
    assert "brightness, alpha 3" in answer.sampling.notes[-1]
    assert answer.sampling.policy.startswith("instants")
    away = Session(LampEngine(frames=12)).refined(choose_frames=brightness).ground(minute, "dark")
    assert not any(21.4 <= each < 25.7 for each in away.sampling.times_s)


def test_without_a_scorer_the_engine_chooses_and_it_is_said(minute) -> None:
    answer = Session(LampEngine()).refined(choose_frames="auto").ground(minute, "light")
    assert "pictures chosen without the query" in answer.sampling.notes[-1]
    assert answer.spans == Session(LampEngine()).ground(minute, "light").spans


def test_a_scorer_that_gives_something_else_is_refused(minute) -> None:
    with pytest.raises(UsageError, match=r"shape \(1,\)"):
        Session(LampEngine()).refined(choose_frames=lambda pixels, text: [1.0]).ground(minute, "light")


def test_scorers_by_name(minute, tmp_path) -> None:
    def ground(scorer) -> None:
        Session(LampEngine()).refined(choose_frames=str(scorer)).ground(minute, "light")

    with pytest.raises(UsageError, match="no folder of that name"):
        ground("no-such-folder")
    with pytest.raises(WeightsUnavailableError):
        ground("nobody/nothing")
    (tmp_path / "bert").mkdir()
    with pytest.raises(WeightsUnavailableError, match=r"config\.json"):
        ground(tmp_path / "bert")
    for name, held in (("config.json", {"model_type": "bert"}), ("preprocessor_config.json", {})):
        (tmp_path / "bert" / name).write_text(json.dumps(held))
    with pytest.raises(UnsupportedError, match="'bert'"):
        ground(tmp_path / "bert")


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory):
    """A CLIP of random weights, as transformers keeps one."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    folder = tmp_path_factory.mktemp("models") / "tiny-clip"
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 16, "max_position_embeddings": 8, "eos_token_id": 1},
        vision_config={**sizes, "image_size": 32, "patch_size": 16},
        projection_dim=8,
    )
    transformers.CLIPModel(config).save_pretrained(folder)
    words = Tokenizer(WordLevel({"[PAD]": 0, "</s>": 1, "light": 2, "a": 3, "[UNK]": 4}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", eos_token="</s>"
    ).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]})
    )
    return folder


def test_a_folder_of_clip_scores_pictures(tiny_clip, minute, monkeypatch) -> None:
    from playhead.refine.scorer import ClipScorer, make_scorer

    scorer = make_scorer(str(tiny_clip))
    assert isinstance(scorer, ClipScorer)
    pictures = np.random.default_rng(0).integers(0, 255, (3, 40, 60, 3), dtype=np.uint8)
    scores = scorer(pictures, "a light that is on, and so on for longer than eight words can be read")
    assert scores.shape == (3,)
    assert (np.abs(scores) <= 1).all()
    assert np.allclose(scorer(pictures[1:2], "a light"), scorer(pictures, "a light")[1], atol=1e-5)
    answer = Session(LampEngine()).refined(choose_frames=str(tiny_clip)).ground(minute, "light")
    assert "tiny-clip, alpha 3" in answer.sampling.notes[-1]
    tiny_clip.rename(tiny_clip.parent / "clip")
    monkeypatch.setenv("PLAYHEAD_WEIGHTS", str(tiny_clip.parent))
    found = Session(LampEngine()).refined(choose_frames="auto").ground(minute, "light")
    assert "(clip, alpha 3)" in found.sampling.notes[-1]
