"""A tiny Hour-LLaVA with random weights and samples for it."""

import torch

from playhead.models.hour_llava.config import tiny_config
from playhead.models.hour_llava.forget import plan_memory
from playhead.models.hour_llava.model import HourLlavaForCausalLM

VOCABULARY = 300


def tiny(**changes):
    torch.manual_seed(0)
    return HourLlavaForCausalLM(tiny_config(VOCABULARY, **changes)).train(False)


def sample(pictures=10, before=6, after=9, seed=0):
    """Ids, masks, features and kept rows of one question about one video."""
    generator = torch.Generator().manual_seed(seed)
    kept = plan_memory(pictures, seed=seed)
    count = before + len(kept.rows_R) + after
    ids = torch.randint(1, VOCABULARY, (1, count), generator=generator)
    slots = torch.zeros(1, count, dtype=torch.bool)
    slots[:, before : before + len(kept.rows_R)] = True
    asked = ~slots
    asked[:, -3:] = False  # the header of the answer
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "slot_mask": slots,
        "query_mask": asked,
        "memory": [torch.randn(pictures, 64, 32, generator=generator)],
        "kept_positions": [kept.rows_R],
    }


def padded(samples, side):
    """Several samples as one batch."""
    length = max(each["input_ids"].shape[1] for each in samples)
    batch = {"memory": [], "kept_positions": []}
    for each in samples:
        more = length - each["input_ids"].shape[1]
        for key in ("input_ids", "attention_mask", "slot_mask", "query_mask"):
            pads = (more, 0) if side == "left" else (0, more)
            batch.setdefault(key, []).append(torch.nn.functional.pad(each[key], pads))
        for key in ("memory", "kept_positions"):
            batch[key] += each[key]
    return {
        key: torch.cat(value)
        if isinstance(value[0], torch.Tensor) and key not in ("memory", "kept_positions")
        else value
        for key, value in batch.items()
    }
