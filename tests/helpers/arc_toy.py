"""The toy ARC-Hunyuan-Video of the recorded numbers: its folder, pixels and inputs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from playhead.models.arc_hunyuan_video import ArcHunyuanVideoConfig

GOLDEN = Path(__file__).parents[1] / "parity" / "golden" / "arc"
FACTS: dict[str, Any] = json.loads((GOLDEN / "golden.json").read_text())
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def toy_config(**vision: Any) -> ArcHunyuanVideoConfig:
    """The toy configuration as its fields were released; ``vision`` overrides fields of the tower."""
    toy = json.loads(json.dumps(FACTS["toy_config"]))
    return ArcHunyuanVideoConfig(
        text_config=toy["text"], vision_config={**toy["vision"], **vision}, audio_config=toy["audio"]
    )


def toy_folder(folder: Path) -> Path:
    """A folder in the released layout: config.json with the released fields, and the recorded weights."""
    toy = FACTS["toy_config"]
    parts = {
        f"{name}_config": {"model_type": f"arc_hunyuan_video_{name}", **toy[name]}
        for name in ("text", "vision", "audio")
    }
    (folder / "config.json").write_text(
        json.dumps({"model_type": "arc_hunyuan_video", "max_num_frame": 150, **parts})
    )
    shutil.copy(GOLDEN / "weights.safetensors", folder / "model.safetensors")
    return folder


def golden(name: str) -> dict[str, torch.Tensor]:
    """The recorded arrays of one file."""
    return load_file(GOLDEN / f"{name}.safetensors")


def pixels(frames: int, side: int) -> torch.Tensor:
    """Normalised frames drawn by the recorded integer formula, checked by digest where one was recorded."""
    f, c, y, x = torch.meshgrid(
        *(torch.arange(n, dtype=torch.int64) for n in (frames, 3, side, side)), indexing="ij"
    )
    u8 = (
        3 * x * x + 5 * y * y + 7 * (c + 1) * x * y + 31 * f * (x + 2 * y) + 17 * c * x + 11 * y + 97 * f
    ) // 8
    u8 %= 256
    known = FACTS["sha256_u8"].get(f"F{frames}_S{side}")
    if known:
        assert hashlib.sha256(u8.to(torch.uint8).numpy().tobytes()).hexdigest() == known
    mean, std = (torch.tensor(each, dtype=torch.float32)[:, None, None] for each in (MEAN, STD))
    return (u8.float() / 255 - mean) / std


def mel() -> torch.Tensor:
    """Two recorded log-mel chunks."""
    return golden("d_audio")["mel_int8"].float() / 48.0


def sound_index(frames: int, slots: int, first: int = 0) -> torch.Tensor:
    """Fifty vectors a second onto each frame's first slots, from vector ``first`` of the batch on."""
    index = torch.full((frames, slots), -1, dtype=torch.int64)
    taken = min(50, slots)
    for frame in range(frames):
        index[frame, :taken] = first + 50 * frame + torch.arange(taken)
    return index


def full_inputs() -> dict[str, torch.Tensor]:
    """The recorded prompt: start, three frames of 640 px with three seconds of sound, 17 words and the separator."""
    return {
        "input_ids": golden("f_full")["input_ids_after_rewrite"][None],
        "position_ids": golden("e_rope_layer0")["position_ids"],
        "pixel_values": pixels(3, 640),
        "input_features": mel()[:1],
        "audio_index": sound_index(3, 112),
    }
