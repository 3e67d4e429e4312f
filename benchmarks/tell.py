"""What each way of telling the time costs: tokens beside a picture, and how much of the picture is drawn over.

    python benchmarks/tell.py --markdown benchmarks/tell.md

Tokens are counted with the tokenizer of Qwen2.5 (from the weights of the default engine's language model, which are
fetched) over the pictures of an hour at two a second, told as they are in a prompt: each between the marks of its
picture. Pixels are counted on noise of three sizes: those that differ once something is drawn.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from machine import describe_run
from playhead import hub
from playhead.models.pictures.tell import TELLERS, Moment, Teller

HOUR_S, STEP_S = 3600.0, 0.5
SIZES_PX = ((640, 360), (1280, 720), (1920, 1080))
EVERY = 37  # pictures that are drawn: one of so many
PICTURE_TOKENS = 112  # of ARC-Hunyuan-Video, to set the cost against


def moments() -> list[Moment]:
    """The pictures of an hour."""
    times_s = np.arange(0.0, HOUR_S, STEP_S)
    return [
        Moment(float(time_s), float(time_s), float(time_s) + STEP_S, number, HOUR_S)
        for number, time_s in enumerate(times_s)
    ]


def tokens(teller: Teller, tokenizer) -> list[int]:
    """Tokens of the words beside every picture."""
    if teller.where != "words":
        return [0]
    return [len(tokenizer(teller.text(each), add_special_tokens=False)["input_ids"]) for each in moments()]


def drawn_over(teller: Teller, size_px: tuple[int, int]) -> float:
    """Share of a picture's pixels that are no longer what they were, the mean over pictures."""
    if teller.where != "burnt":
        return 0.0
    noise = np.random.default_rng(0).integers(0, 256, (size_px[1], size_px[0], 3), np.uint8)
    shares = [
        float((teller.burn(noise, teller.text(each)) != noise).any(axis=2).mean())
        for each in moments()[::EVERY][:20]
    ]
    return float(np.mean(shares))


def qwen_tokenizer():
    """The tokenizer of Qwen2.5, out of the file of weights that the default engine uses."""
    from transformers import AutoTokenizer

    (path,) = hub.fetch("qwen2.5-1.5b").glob("*.gguf")
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def table() -> str:
    """The table in Markdown."""
    tokenizer = qwen_tokenizer()
    head = ["told as", "written", "tokens: mean", "most", "an hour at 2 a second", "of a picture's 112"]
    head += [f"drawn over at {width} x {height}" for width, height in SIZES_PX]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- |" + " --: |" * (len(head) - 2)]
    example = Moment(754.5, 754.5, 755.0, 1509, HOUR_S)
    for name, teller in TELLERS.items():
        counts = tokens(teller, tokenizer)
        mean = float(np.mean(counts))
        cells = [f"`{name}`", f"`{teller.text(example)}`" if teller.text(example) else "nothing"]
        cells += [f"{mean:.1f}", str(max(counts)), str(sum(counts)), f"{mean / PICTURE_TOKENS:.1%}"]
        cells += [f"{drawn_over(teller, size_px):.2%}" for size_px in SIZES_PX]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and write it where that is wished."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", type=Path, help="write the table into this file")
    chosen = parser.parse_args()
    text = table()
    print(text)
    if chosen.markdown is not None:
        chosen.markdown.write_text(
            f"# What telling the time costs\n\n{describe_run()}\n\n{text}\n\n{NOTE}", encoding="utf-8"
        )


NOTE = """What it says. Words cost 4 to 14 tokens a picture, on top of the marks around it; with Qwen3-VL, whose pictures go in
pairs, half of that a picture. What is burnt in costs no tokens and covers a small part of the picture, which it hides.

What it does not say: how well a model reads either. No weights that could tell were within reach.
"""

if __name__ == "__main__":
    main()
