"""What the conformance suite shares: the tiny presets, drawn clips with the truth inside, samples and batches."""

from __future__ import annotations

import importlib.util
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from safetensors.torch import load_file, save_file

import playhead
from helpers.draw import draw_number
from playhead.media.clip import Video
from playhead.models.registry import FAMILIES
from playhead.tasks.ask import Ask

TINY = [name for name in FAMILIES if name.endswith("-tiny")]
TASKS = {
    "watch": (),
    "describe": (),
    "events": (),
    "chapters": (),
    "ground": ("a number changes",),
    "ask": ("What is shown?",),
    "choose": ("What is shown?", ["a number", "a cat", "a boat"]),
}


def is_written(name: str) -> bool:
    """Whether the family's module is there."""
    return importlib.util.find_spec(FAMILIES[name]) is not None


def load(name: str, **options: Any) -> playhead.Session:
    """A tiny preset on the CPU; answers are kept short so that the suite is quick."""
    return playhead.load(name, **{"device": "cpu", "cache": False, **options})


def replace_looks(engine: Any, replace: Any) -> None:
    """Put something in the place of what an engine looks with: ``replace`` is given the old one and returns the new."""
    name = (
        "_look" if hasattr(engine, "_look") else "look"
    )  # where there is more than one way to look, all go through it
    setattr(engine, name, replace(getattr(engine, name)))


def call(session: playhead.Session, task: str, path: Path, **window: Any) -> Any:
    """Any task by name with the suite's words."""
    return getattr(session, task)(str(path), *TASKS[task], **window)


def auto_class(config: Any) -> Any:
    """transformers' Auto class for a model of this configuration; some are words alone under another one."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    kinds = (AutoModelForImageTextToText, AutoModelForCausalLM)
    return next(kind for kind in kinds if type(config) in kind._model_mapping)


def lora_targets(engine: Any) -> str | list[str]:
    """What peft is told to adapt: every linear layer, by their whole names where peft's own shortening goes wrong.

    Of Qwen3-Omni's ``mlp.0`` it keeps the ``0``, which is the name of whole layers of the sound encoder too.
    """
    if not engine.name.startswith("qwen3-omni"):
        return "all-linear"
    layers = engine.model.named_modules()
    return [name for name, each in layers if isinstance(each, torch.nn.Linear) and name != "lm_head"]


# --- samples ----------------------------------------------------------------------------------------------------------


def sample(engine: Any, path: Path, text: str = "What is shown?", **window: Any) -> dict[str, torch.Tensor]:
    """What the model is given for a question, as tensors."""
    look, layout = looked(engine, path, text, **window)
    return tensors(engine.inputs(look, layout))


def looked(engine: Any, path: Path, question: str = "What is shown?", **window: Any) -> tuple[Any, Any]:
    """What a family took from a clip, and the layout of a question about it."""
    look = engine.look(Video(str(path), **window))
    return look, engine.layout(look, engine.request(Ask(question), look).text)


def tensors(inputs: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in inputs.items() if value is not None}
    made.setdefault("attention_mask", torch.ones_like(made["input_ids"]))
    return made


def join_left(one: dict[str, Any], two: dict[str, Any], pad_id: int) -> dict[str, Any]:
    """Two samples as one batch, padded on the left: what runs along the positions is padded, all else is put together."""
    longest = max(one["input_ids"].shape[1], two["input_ids"].shape[1])
    made: dict[str, Any] = {}
    for name in one:
        rows = []
        for each in (one, two):
            value, length = each[name], each["input_ids"].shape[1]
            if isinstance(value, torch.Tensor) and value.ndim > 1 and value.shape[-1] == length:
                value = torch.nn.functional.pad(
                    value, (longest - length, 0), value=pad_id if name == "input_ids" else 0
                )
            rows.append(value)
        if all(isinstance(row, torch.Tensor) for row in rows):
            samples = rows[0].shape.index(1) if name == "position_ids" else 0  # some have the axes first
            made[name] = torch.cat(rows, dim=samples)
        elif isinstance(rows[0], list | tuple):
            made[name] = [*rows[0], *rows[1]]
        else:
            made[name] = rows[0]
    return made


# --- folders ----------------------------------------------------------------------------------------------------------


def save(engine: Any, folder: Path) -> Path:
    """An engine's model as a folder of its own."""
    engine.save(folder)
    return folder


def change_weights(folder: Path, change: Any) -> str:
    """Change one tensor of a saved model; its name."""
    [path] = folder.glob("*.safetensors")
    held = load_file(path)
    name = max((each for each in held if held[each].ndim == 2), key=lambda each: held[each].numel())
    change(held, name)
    save_file({key: value.contiguous() for key, value in held.items()}, path, metadata={"format": "pt"})
    return name


def change_config(folder: Path, **values: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def with_another_tokenizer(folder: Path) -> None:
    """Put the tokenizer of another model into a folder: five words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    kept = {"config.json", "generation_config.json"}
    for path in folder.iterdir():
        if path.suffix in {".json", ".model", ".tiktoken", ".txt", ".jinja"} and path.name not in kept:
            path.unlink()
    words = Tokenizer(WordLevel({"[UNK]": 0, "a": 1, "b": 2, "c": 3, "</s>": 4}, unk_token="[UNK]"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", eos_token="</s>").save_pretrained(
        folder
    )


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


# --- clips ------------------------------------------------------------------------------------------------------------

# How many steps of 40 ms each picture is shown: the same film once with a frame for each change, once with one for each step.
SHOWN_STEPS = [1, 3, 2, 5, 1, 1, 8, 2, 4, 3, 6, 1, 2, 9, 2] * 4


def film(path: Path, *, variable: bool) -> Path:
    """Numbered pictures, each shown for its steps: at a variable rate, or each repeated at a constant one."""
    starts = np.cumsum([0, *SHOWN_STEPS[:-1]]).tolist()
    pictures = [
        (start, number, steps) for number, (start, steps) in enumerate(zip(starts, SHOWN_STEPS, strict=True))
    ]
    if not variable:
        pictures = [(start + step, number, 1) for start, number, steps in pictures for step in range(steps)]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        lasting = {start: steps for start, _, steps in pictures}
        packets = []
        for start, number, _ in pictures:
            frame = av.VideoFrame.from_ndarray(draw_number(number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = start, Fraction(1, 25)
            packets += stream.encode(frame)
        for packet in packets + stream.encode(None):
            packet.duration = lasting[packet.pts]
            out.mux(packet)
    return path
