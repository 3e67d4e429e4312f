"""The same clock and position tests over several releases of transformers, each in an environment of its own.

    python benchmarks/compat.py [4.57.6 5.9.0 5.23.0] [--work FOLDER]

For every release an environment is made in a temporary folder with pip (transformers, tokenizers, huggingface-hub, what
they need); torch is the one this script runs with, found through a path file, and torchvision is nowhere. In each, the
same probe calls transformers' own code: ``get_rope_index``, the Qwen3-VL processor, ``load_video``. The probe imports
nothing of playhead but its drawn clips (:mod:`playhead.clockcheck.clips`, :mod:`playhead.clockcheck.code`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

RELEASES = ("4.57.6", "5.9.0", "5.23.0")
GROUPS, ROWS, COLUMNS = 30, 8, 12  # a video of 30 groups, one second each, of 8 x 12 squares
WORDS_BEFORE, WORDS_AFTER = 4, 3

QUESTIONS = {
    "qwen2_after": "Qwen2-VL: first word after a video whose last picture is at 33",
    "qwen2_5_after": "Qwen2.5-VL: first word after a video whose last picture is at 62",
    "qwen2_5_quarter": "Qwen2.5-VL: times of 4 groups a quarter of a second apart, 25 positions a second",
    "qwen3_pairs": "Qwen3-VL: pairs of vision marks around 12 groups",
    "constant": "times off, constant rate (s)",
    "variable": "times off, variable rate (s)",
    "late": "times off, late start (s)",
}
RIGHT = {
    "qwen2_after": 34,
    "qwen2_5_after": 63,
    "qwen2_5_quarter": "0 6 12 18",
    "qwen3_pairs": 12,
    "constant": 0.0,
    "variable": 0.0,
    "late": 0.0,
}


# --- in the release's own environment ------------------------------------------------------------------------------


def positions(kind: str, groups: int, seconds: float | None, per_second: int = 2) -> Any:
    """Positions of words, a video and words, as the installed release computes them; and the number of words before."""
    import torch

    if kind == "qwen2_vl":
        from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLConfig as Config
        from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLModel as Model
    else:
        from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLConfig as Config
        from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel as Model
    config = Config()
    config.vision_config.spatial_merge_size = 2
    if kind != "qwen2_vl":
        config.vision_config.tokens_per_second = per_second

    class Bare(torch.nn.Module):
        """The parts ``get_rope_index`` reads, without weights."""

        get_rope_index = Model.get_rope_index

    for name in ("get_vision_position_ids",):
        if hasattr(Model, name):
            setattr(Bare, name, getattr(Model, name))
    bare = Bare()
    bare.config = config
    video = [config.video_token_id] * (groups * ROWS * COLUMNS // 4)
    ids = torch.tensor(
        [[7] * (WORDS_BEFORE - 1) + [config.vision_start_token_id] + video + [8] * WORDS_AFTER]
    )
    more: dict[str, Any] = {"video_grid_thw": torch.tensor([[groups, ROWS, COLUMNS]])}
    if seconds is not None:
        more["second_per_grid_ts"] = torch.tensor([seconds])
    import inspect

    if "mm_token_type_ids" in inspect.signature(Model.get_rope_index).parameters:
        more["mm_token_type_ids"] = (ids == config.video_token_id).int() * 2
    made, _ = bare.get_rope_index(ids, **more)
    return made[:, 0].numpy()


def probe(folder: Path) -> dict[str, Any]:
    """What the installed release does."""
    import transformers

    found: dict[str, Any] = {"release": transformers.__version__}
    for name, kind, seconds in (("qwen2_after", "qwen2_vl", None), ("qwen2_5_after", "qwen2_5_vl", 1.0)):
        found[name] = int(positions(kind, GROUPS, seconds)[0, -WORDS_AFTER])
    quarter = positions("qwen2_5_vl", 4, 0.25, per_second=25)[0]
    each = ROWS * COLUMNS // 4
    found["qwen2_5_quarter"] = " ".join(
        str(int(quarter[WORDS_BEFORE + each * group]) - WORDS_BEFORE) for group in range(4)
    )
    found.update(loaded(folder))
    return found


def loaded(folder: Path) -> dict[str, Any]:
    """Times of the frames ``load_video`` gives, against the numbers in their pictures; marks of Qwen3-VL's prompt."""
    from transformers.video_utils import load_video

    from playhead.clockcheck.clips import draw_clips
    from playhead.clockcheck.code import read_number
    from playhead.clockcheck.loading import qwen3_prompt

    found: dict[str, Any] = {}
    for clip in draw_clips(folder)[:3]:
        pictures, metadata = load_video(clip.video.source, fps=2, backend="pyav")
        numbers = [read_number(picture) for picture in pictures]
        times_s = times_of(metadata)
        found[clip.name] = round(
            max(abs(at - float(clip.starts_F[number])) for at, number in zip(times_s, numbers, strict=True)),
            3,
        )
        if clip.name == "constant":
            words, _ = qwen3_prompt(pictures, metadata, tokenizer())
            found["qwen3_pairs"] = words.count("<|vision_start|>")
    return found


def tokenizer() -> Any:
    """Bytes and Qwen3-VL's marks, in a form that every release opens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    marks = ["<|vision_start|>", "<|vision_end|>", "<|video_pad|>", "<|image_pad|>"]
    return PreTrainedTokenizerFast(tokenizer_object=made, additional_special_tokens=marks)


def times_of(metadata: Any) -> list[float]:
    """Seconds of the frames by the release's own rule."""
    return [float(at) for at in metadata.timestamps]


# --- outside -------------------------------------------------------------------------------------------------------


def make_environment(folder: Path, release: str) -> Path:
    """An environment with one release; torch comes from the one that runs this."""
    import torch

    python = folder / "bin" / "python"
    if list(folder.glob("lib/python*/site-packages/zz_torch.pth")):
        return python  # it was finished before
    venv.create(folder, with_pip=False)
    packages = [f"transformers=={release}", "av", "pillow"]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", *packages]
    subprocess.run(pip, check=True, stdout=sys.stderr)
    [site] = (folder / "lib").glob("python*/site-packages")
    # Written last, so that pip does not see what lies there; read last, so that only what pip did not install comes from there.
    (site / "zz_torch.pth").write_text(f"{Path(torch.__file__).parents[1]}\n", encoding="utf-8")
    return python


def ask(python: Path, source: Path) -> dict[str, Any]:
    """What the probe says in an environment."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(source),
        "TRANSFORMERS_VERBOSITY": "error",
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [str(python), __file__, "--probe"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the probe failed in {python}:\n{done.stderr[-3000:]}")
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


def table(found: list[dict[str, Any]]) -> str:
    """A row for each question, a column for each release; what is wrong in bold."""
    lines = [f"| transformers | right | {' | '.join(each['release'] for each in found)} |"]
    lines.append("| --- | --- |" + " --- |" * len(found))
    for name, question in QUESTIONS.items():
        cells = []
        for each in found:
            value = each[name]
            right = (
                value == RIGHT[name] if not isinstance(value, float) else abs(value - RIGHT[name]) <= 0.001
            )
            cells.append(str(value) if right else f"**{value}**")
        lines.append(f"| {question} | {RIGHT[name]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("releases", nargs="*", default=list(RELEASES), help="releases of transformers")
    parser.add_argument(
        "--work", type=Path, help="folder for the environments, kept (default: a temporary one)"
    )
    parser.add_argument("--probe", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playhead-compat-") as folder:
        if asked.probe:
            print(json.dumps(probe(Path(folder))))
            return
        work = asked.work or Path(folder)
        source = Path(__file__).parents[1] / "src"
        found = []
        for release in asked.releases:
            python = make_environment(work / f"tf-{release}", release)
            found.append(ask(python, source))
    print(table(found))


if __name__ == "__main__":
    main()
