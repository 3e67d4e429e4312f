"""The tiny preset: the whole architecture with random weights, the same on every machine, with no download."""

from __future__ import annotations

from typing import Final

import torch

from playhead.models.arc_hunyuan_video.config import ArcHunyuanVideoConfig, tiny_config
from playhead.models.arc_hunyuan_video.model import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.tokens import ArcHunyuanVideoTokenizer, special_ids, tiny_tokenizer

SEED: Final = 20_250_728


def tiny_parts() -> tuple[ArcHunyuanVideoConfig, ArcHunyuanVideoTokenizer]:
    """The tiny model's config and tokenizer, which fit each other."""
    tokenizer = tiny_tokenizer()
    ids = special_ids(tokenizer)
    config = tiny_config(
        len(tokenizer),
        pad_token_id=ids.pad,
        bos_token_id=ids.startoftext,
        eos_token_id=[ids.endoftext, ids.eos],
        eod_token_id=ids.endoftext,
        im_start_id=ids.img,
        im_end_id=ids.img_end,
        im_newline_id=ids.newline,
        image_token_id=ids.image_context,
    )
    return config, tokenizer


def tiny_model() -> tuple[ArcHunyuanVideoForConditionalGeneration, ArcHunyuanVideoTokenizer]:
    """A model of under a million seeded random weights, and its tokenizer; the caller's random state is left alone."""
    config, tokenizer = tiny_parts()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = ArcHunyuanVideoForConditionalGeneration(config)
    return model, tokenizer
