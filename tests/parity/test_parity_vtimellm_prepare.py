"""What VTimeLLM's model is given and how its answers are read, against values recorded from the published code."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from playhead.models.vtimellm.layout import PLACEHOLDER, SYSTEM, Filling, Turn, lay_out
from playhead.models.vtimellm.tokens import load_tokenizer
from playhead.timeline import Span

GOLDEN = json.loads((Path(__file__).parent / "golden" / "vtimellm_prepare" / "golden.json").read_text())
TOKENS = GOLDEN["c_tokens_transformers_4.31.0"]
VOCABULARY = Path(__file__).parents[3] / "shared" / "tokenizers" / "llama-2-sentencepiece.model"
FRAME = Filling("frame", Span(0.0, 1.0), 0.0)
pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    if not VOCABULARY.is_file():
        pytest.skip("Llama-2's vocabulary is not here")
    folder = tmp_path_factory.mktemp("base")
    (folder / "tokenizer.model").write_bytes(VOCABULARY.read_bytes())
    return load_tokenizer(folder, vocab_size=32_000)


def collapsed(layout):
    """Ids and labels with one -200 where a video stands, as the published code writes them before it splices."""
    filled = layout.filled()
    ids = layout.input_ids_N.copy()
    ids[filled] = -200
    kept = np.setdiff1d(np.arange(len(layout)), filled[np.diff(filled, prepend=-2) == 1])
    return ids[kept].tolist(), None if layout.labels_N is None else layout.labels_N[kept].tolist()


def turns_of(case):
    said = [each["value"] for each in case["turns"]]
    return [Turn(user, answer) for user, answer in zip(said[::2], said[1::2], strict=True)]


@pytest.mark.parametrize("frames", [1, 100])
@pytest.mark.parametrize("name", [name for name in TOKENS if "infer" not in name])
def test_training_samples_have_the_published_ids_and_labels(llama, name, frames):
    case = TOKENS[name]
    layout = lay_out(
        llama,
        turns_of(case),
        [[FRAME] * frames],
        template=case["template"],
        legacy=name.startswith("legacyTrue"),
    )
    assert collapsed(layout) == (case["input_ids"], case["labels"])
    assert int((layout.labels_N != -100).sum()) == case["n_trained"]
    assert len(layout) == len(case["input_ids"]) - 1 + frames


@pytest.mark.parametrize("name", [name for name in TOKENS if "infer" in name and "query" in TOKENS[name]])
def test_prompts_have_the_published_ids(llama, name):
    layout = lay_out(llama, [Turn(TOKENS[name]["query"])], [[FRAME] * 100])
    assert collapsed(layout) == (TOKENS[name]["input_ids"], None)


def test_the_published_dense_captioning_request_encodes_to_its_ids(llama):
    case = TOKENS["legacyFalse.infer_dense_caption"]
    after = case["input_ids"][case["input_ids"].index(-200) + 1 :]
    said = llama.decode(after).removesuffix(" ASSISTANT:")
    request = said.removeprefix("\n ")  # the extra blank of the published evaluation
    assert len(request) == case["query_chars"]
    assert hashlib.sha256(request.encode()).hexdigest() == case["query_sha256"]
    layout = lay_out(llama, [Turn(f"{PLACEHOLDER}\n {request}")], [[FRAME] * 100])
    assert collapsed(layout)[0] == case["input_ids"]


def test_the_system_sentence_is_the_published_one():
    assert hashlib.sha256(SYSTEM.encode()).hexdigest() == GOLDEN["c_system_message_sha256"]
