"""Small samples for the toy model, laid out by hand from the published rule: 128 px, 8 slots a frame."""

from __future__ import annotations

from typing import Any

import torch

from helpers.arc_toy import mel, pixels, sound_index

START, IMG, IMG_END, IMAGE, SEP, VID, VID_END, PAD = 291, 295, 296, 301, 333, 334, 335, 294
SIDE_PX, SLOTS = 128, 8


def sample(frames: int, chunks: int = 1, words: int = 9, seed: int = 0) -> dict[str, torch.Tensor]:
    """Start, frames of 2 rows of 2 patches and a newline, words, separator; with sound, and positions by hand."""
    made = torch.Generator().manual_seed(seed)
    ids, columns, rows, turns = [START], [0], [0], [0]

    def plain(token: int) -> None:
        columns.append(len(ids))
        rows.append(len(ids))
        turns.append(len(ids))
        ids.append(token)

    if frames:
        plain(VID)
    for frame in range(frames):
        plain(IMG)
        plain(IMAGE)  # the begin vector
        for row in range(2):
            for column in range(3):
                columns.append(column)
                rows.append(row)
                turns.append(frame)
                ids.append(IMAGE)
        plain(IMAGE)  # the end vector
        plain(IMG_END)
    if frames:
        plain(VID_END)
    for token in torch.randint(0, 280, (words,), generator=made).tolist():
        plain(token)
    plain(SEP)
    inputs = {
        "input_ids": torch.tensor(ids)[None],
        "position_ids": torch.tensor([list(range(len(ids))), columns, rows, turns])[None],
        "attention_mask": torch.ones(1, len(ids), dtype=torch.int64),
    }
    if frames:
        noise = torch.rand(frames, 3, SIDE_PX, SIDE_PX, generator=made)
        inputs["pixel_values"] = pixels(frames, SIDE_PX) + noise
    if frames and chunks:
        inputs["input_features"] = mel()[:chunks] + torch.rand(chunks, 128, 3000, generator=made)
        inputs["audio_index"] = sound_index(frames, SLOTS, first=7 + 1500 * (chunks - 1))
    return inputs


def batch(samples: list[dict[str, torch.Tensor]], side: str = "left") -> dict[str, torch.Tensor]:
    """Samples padded to one length; sound of all samples in a row, and its index shifted to match."""
    length = max(each["input_ids"].shape[1] for each in samples)

    def padded(name: str, value: int) -> torch.Tensor:
        rows = []
        for each in samples:
            missing = length - each["input_ids"].shape[1]
            pad = (missing, 0) if side == "left" else (0, missing)
            rows.append(torch.nn.functional.pad(each[name], pad, value=value))
        return torch.cat(rows)

    first, index = 0, []
    for each in samples:
        if "audio_index" in each:
            index.append(torch.where(each["audio_index"] >= 0, each["audio_index"] + first, -1))
            first += 1500 * each["input_features"].shape[0]
        elif "pixel_values" in each:
            index.append(torch.full((each["pixel_values"].shape[0], SLOTS), -1))
    out: dict[str, Any] = {
        "input_ids": padded("input_ids", PAD),
        "attention_mask": padded("attention_mask", 0),
        "position_ids": padded("position_ids", 0),
        "pixel_values": torch.cat([each["pixel_values"] for each in samples if "pixel_values" in each]),
    }
    if first:
        out["input_features"] = torch.cat(
            [each["input_features"] for each in samples if "input_features" in each]
        )
        out["audio_index"] = torch.cat(index)
    return out
