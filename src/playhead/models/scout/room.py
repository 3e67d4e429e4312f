"""Prompts that fit: texts are shortened, alike and only as far as needed, until model and answer have room.

How many tokens a text takes depends on its script: English takes about one for four characters, a rare sign up to four
for one. So lengths in characters are where a prompt starts, and the model's own count decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from playhead.errors import UsageError
from playhead.language.base import LanguageModel

TEMPLATE_TOKENS = 96  # more than any chat template puts around two messages
LEAST_CHARS = 8
LINE_CHARS = 48  # a line shorter than this says too little: fewer lines are shown instead
QUESTION_BYTES = 2000  # no token is shorter than a byte, so this leaves half of the context for evidence

Prompt = Sequence[Mapping[str, str]]
Item = TypeVar("Item")


def check_question(asked: str, *texts: str) -> None:
    """Refuse a question that would leave the language model no room for evidence, before any work is done.

    Args:
        asked: What is done with it, for the message.
        texts: The question, and the options of a multiple-choice one.

    Raises:
        UsageError: If they are longer than 2000 bytes together.
    """
    size = sum(_bytes(text) for text in texts)
    if size > QUESTION_BYTES:
        raise UsageError(
            f"cannot {asked} with so long a text",
            found=f"{size} bytes",
            allowed=f"{QUESTION_BYTES} bytes, about {QUESTION_BYTES // 6} English words, options included",
            todo="say it in fewer words",
        )


def limit_chars(
    model: LanguageModel, build: Callable[[int], Prompt], most_chars: int, answer_tokens: int
) -> int:
    """The greatest limit in characters, from ``most_chars`` down in steps, with which a prompt fits.

    Args:
        model: Whose context it must fit.
        build: Makes the prompt with each of its texts cut to a number of characters.
        most_chars: Where to start.
        answer_tokens: Room the answer needs.
    """
    limit = most_chars
    while limit > LEAST_CHARS and not _fits(model, build(limit), answer_tokens):
        limit = max(LEAST_CHARS, limit * 4 // 5)
    return limit


def thinned(items: Sequence[Item], limit: int) -> list[Item]:
    """All items while a line may be long enough to say something, fewer, spread evenly, where it may not."""
    if limit >= LINE_CHARS:
        return list(items)
    keep = max(1, len(items) * limit // LINE_CHARS)
    return [items[i * len(items) // keep] for i in range(min(keep, len(items)))]


def line_chars(limit: int) -> int:
    """How long a line may be when lines are thinned rather than cut to nothing."""
    return max(limit, LINE_CHARS)


def _fits(model: LanguageModel, prompt: Prompt, answer_tokens: int) -> bool:
    texts = [message["content"] for message in prompt]
    room = model.context_tokens - answer_tokens - TEMPLATE_TOKENS
    return sum(map(_bytes, texts)) <= room or sum(map(model.count_tokens, texts)) <= room


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", errors="surrogatepass"))
