"""The tiny preset: the whole architecture with random weights, the same on every machine, with no download."""

from __future__ import annotations

from typing import Final

import torch

from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig, tiny_config
from playhead.models.arc_hunyuan_video.model import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.tokens import ArcHunyuanVideoTokenizer, config_ids, tiny_tokenizer

SEED: Final = 20_250_728


def tiny_parts() -> tuple[ArcHunyuanVideoConfig, ArcHunyuanVideoTokenizer]:
    """The tiny model's config and tokenizer, which fit each other."""
    tokenizer = tiny_tokenizer()
    return tiny_config(len(tokenizer), **config_ids(tokenizer)), tokenizer


def tiny_model() -> tuple[ArcHunyuanVideoForConditionalGeneration, ArcHunyuanVideoTokenizer]:
    """A model of under a million seeded random weights, and its tokenizer; the caller's random state is left alone."""
    config, tokenizer = tiny_parts()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = ArcHunyuanVideoForConditionalGeneration(config)
    return model, tokenizer
