"""Sentence embeddings: the forward pass on random weights against a slow one written out here, and the real weights."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from playhead import hub
from playhead.errors import WeightsError
from playhead.perceive.sentences import SentenceEmbedder, read_safetensors

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "sat", "ran", "home"]
# Reference rows: transformers 5 BertModel in float32 on the CPU (torch 2.13), mean over tokens, unit length.
TEXTS = [
    "A cat sits on the mat.",
    "A kitten is resting on a rug.",
    "The stock market fell sharply today.",
    "",
    "word " * 400,
    "那只猫",
    "At 12:30 the Falcon 9 lifted off from Cape Canaveral, carrying 60 satellites.",
    "Naïve café déjà vu",
    "The whistle blows and the players walk off the pitch; half-time.",
]


def random_tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)

    def draw(*shape):
        return (random.standard_normal(shape) * 0.05).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": draw(len(WORDS), 384),
        "embeddings.position_embeddings.weight": draw(512, 384),
        "embeddings.token_type_embeddings.weight": draw(2, 384),
        "pooler.dense.weight": draw(384, 384),
        "pooler.dense.bias": draw(384),
    }
    shapes = {
        "attention.self.query": (384, 384),
        "attention.self.key": (384, 384),
        "attention.self.value": (384, 384),
        "attention.output.dense": (384, 384),
        "intermediate.dense": (1536, 384),
        "output.dense": (384, 1536),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(6):
        for name, shape in shapes.items():
            tensors[f"encoder.layer.{layer}.{name}.weight"] = draw(*shape)
            tensors[f"encoder.layer.{layer}.{name}.bias"] = draw(shape[0])
        norms += [f"encoder.layer.{layer}.{name}.LayerNorm" for name in ("attention.output", "output")]
    for norm in norms:
        tensors[f"{norm}.weight"] = 1 + draw(384)
        tensors[f"{norm}.bias"] = draw(384)
    return tensors


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    header, place = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        kind = {"float32": "F32", "float16": "F16"}[tensor.dtype.name]
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [place, place + tensor.nbytes]}
        place += tensor.nbytes
    words = json.dumps(header).encode()
    words += b" " * (-len(words) % 8)
    path.write_bytes(
        len(words).to_bytes(8, "little") + words + b"".join(t.tobytes() for t in tensors.values())
    )


def write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minilm")
    write_safetensors(folder / "model.safetensors", random_tensors())
    write_tokenizer(folder / "tokenizer.json")
    return folder


def slow_embedding(tensors: dict[str, np.ndarray], ids: list[int]) -> np.ndarray:
    """One text, in float64, head by head, as the paper says it."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}

    def dense(values, name):
        return values @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(values, name):
        centred = values - values.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    x = (
        tensors["embeddings.word_embeddings.weight"][ids]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x + tensors["embeddings.position_embeddings.weight"][: len(ids)], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        query, key, value = (dense(x, f"{at}.attention.self.{name}") for name in ("query", "key", "value"))
        seen = []
        for head in range(12):
            cut = slice(head * 32, head * 32 + 32)
            scores = np.exp(query[:, cut] @ key[:, cut].T / math.sqrt(32))
            seen.append(scores / scores.sum(-1, keepdims=True) @ value[:, cut])
        x = norm(
            x + dense(np.concatenate(seen, -1), f"{at}.attention.output.dense"),
            f"{at}.attention.output.LayerNorm",
        )
        wide = dense(x, f"{at}.intermediate.dense")
        wide = 0.5 * wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + dense(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def test_it_computes_what_the_paper_says(folder):
    texts = ["a cat sat", "dog", "a dog ran home a cat sat home", ""]
    found = SentenceEmbedder(folder).embed(texts)
    tensors = random_tensors()
    for text, row in zip(texts, found, strict=True):
        ids = [2, *(WORDS.index(word) for word in text.split()), 3]
        assert np.abs(row - slow_embedding(tensors, ids)).max() < 2e-6


def test_rows_keep_their_order_and_do_not_depend_on_company(folder):
    embedder = SentenceEmbedder(folder)
    texts = ["a cat sat " * (n % 7 + 1) for n in range(300)]
    together = embedder.embed(texts)
    assert together.shape == (300, 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    for row in (0, 123, 299):
        np.testing.assert_allclose(together[row], embedder.embed([texts[row]])[0], atol=1e-6)
    assert embedder.embed([]).shape == (0, 384)


def test_only_the_first_256_tokens_count(folder):
    embedder = SentenceEmbedder(folder)
    long = "cat " * 300
    np.testing.assert_array_equal(embedder.embed([long]), embedder.embed([long + "dog ran home"]))


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_said(folder, tmp_path, missing):
    for name in {"model.safetensors", "tokenizer.json"} - {missing}:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(WeightsError, match=f"no {missing}"):
        SentenceEmbedder(tmp_path)


def test_weights_load_strictly(folder, tmp_path):
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    path = tmp_path / "model.safetensors"
    tensors = random_tensors()

    write_safetensors(path, {**tensors, "extra.weight": np.zeros(3, np.float32)})
    with pytest.raises(WeightsError, match=r"unknown tensors.*extra\.weight"):
        SentenceEmbedder(tmp_path)

    write_safetensors(
        path, {name: tensor for name, tensor in tensors.items() if "layer.5.output.dense" not in name}
    )
    with pytest.raises(WeightsError, match=r"no tensor.*layer\.5\.output\.dense"):
        SentenceEmbedder(tmp_path)

    name = "embeddings.LayerNorm.bias"
    write_safetensors(path, {**tensors, name: tensors[name].astype(np.float16)})
    with pytest.raises(WeightsError, match="of type F16"):
        SentenceEmbedder(tmp_path)


def test_a_damaged_file_is_said(folder, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes((folder / "model.safetensors").read_bytes()[:1_000_000])
    with pytest.raises(WeightsError, match="ends inside"):
        read_safetensors(path)
    for content in (b"", b"no tensors here, only words", (5).to_bytes(8, "little") + b"{{{{{"):
        path.write_bytes(content)
        with pytest.raises(WeightsError):
            read_safetensors(path)


@pytest.fixture(scope="module")
def real():
    return SentenceEmbedder(hub.fetch("minilm"))


@pytest.mark.weights
def test_the_real_weights_give_the_recorded_numbers(real):
    reference_ND = np.load(Path(__file__).parent / "minilm_reference.npy")
    assert np.abs(real.embed(TEXTS) - reference_ND).max() < 2e-6


@pytest.mark.weights
def test_like_sentences_are_nearer_than_unlike_ones(real):
    cat, kitten, market = real.embed(TEXTS[:3])
    assert cat @ kitten > 0.6
    assert abs(cat @ market) < 0.2
    assert abs(kitten @ market) < 0.2
