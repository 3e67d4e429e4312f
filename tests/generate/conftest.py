from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("llguidance")
sys.path.insert(0, str(Path(__file__).parent))

from generate_kit import ALSO_END, END, MODELS, TOKENIZERS


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]()


@pytest.fixture(params=MODELS)
def model(request, tokenizer):
    return MODELS[request.param](len(tokenizer) + 24)  # as published models, padded past the vocabulary


@pytest.fixture
def ends(tokenizer) -> list[int]:
    return tokenizer.convert_tokens_to_ids([END, ALSO_END])
