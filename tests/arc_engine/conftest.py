"""What the tests of ARC-Hunyuan-Video as an engine share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from playhead.generate.grammar import Grammar, processor
from playhead.models.arc_hunyuan_video.tokens import special_ids, tiny_tokenizer


@pytest.fixture(scope="session")
def written_by() -> Callable[[Grammar, int], str]:
    """A text of a grammar, each token drawn at random among those it allows: what the weakest model would write."""
    tokenizer = tiny_tokenizer()
    end = special_ids(tokenizer).endoftext

    def write(grammar: Grammar, seed: int) -> str:
        held = processor(grammar, tokenizer, prompt_tokens=0, end_ids=[end])
        chance = np.random.default_rng(seed)
        ids: list[int] = []
        for _ in range(2000):
            scores = held(torch.tensor([ids], dtype=torch.long), torch.zeros(1, len(tokenizer)))
            allowed = torch.isfinite(scores[0]).nonzero()[:, 0].tolist()
            token = int(chance.choice(allowed))
            if token == end:
                break
            ids.append(token)
        return str(tokenizer.decode(ids))

    return write
