"""A causal language model of transformers and its inputs to text.

Axes: B sample, N position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from playhead.generate.grammar import Grammar, processor
from playhead.progress import Progress, silent

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

MAX_NEW_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Generated:
    """What a model wrote.

    Attributes:
        text: The answer without special tokens and without the stop text.
        ids: Ids of the answer, the end included.
        finished: Whether it ended by itself; False when the limit cut it off.
    """

    text: str
    ids: tuple[int, ...]
    finished: bool


def generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    inputs: dict[str, Any],
    *,
    end_ids: Sequence[int],
    max_new_tokens: int = MAX_NEW_TOKENS,
    stop: Sequence[str] = (),
    grammar: Grammar | None = None,
    progress: Progress = silent,
) -> Generated:
    """Write one answer, greedily.

    Args:
        model: A model with transformers' ``generate``.
        tokenizer: Its tokenizer.
        inputs: What ``model.generate`` takes, batch of one, with ``input_ids`` of shape (1, N).
        end_ids: Ids that end an answer.
        max_new_tokens: Longest answer in tokens.
        stop: Texts that end an answer; they are cut away with what follows.
        grammar: The texts the answer may be, or None for anything.
        progress: Called with ("answering", tokens written, None).

    Raises:
        ValueError: If no id ends an answer, or there is more than one sample.
        UsageError: If the grammar cannot be compiled.
    """
    if not end_ids or inputs["input_ids"].shape[0] != 1:
        raise ValueError(f"{len(end_ids)} end ids and {inputs['input_ids'].shape[0]} samples")
    prompt_tokens = int(inputs["input_ids"].shape[1])
    watcher = _Watcher(tokenizer, prompt_tokens, tuple(stop), progress)
    held = []
    if grammar is not None:
        held.append(processor(grammar, tokenizer, prompt_tokens=prompt_tokens, end_ids=end_ids))
    writer: Any = model  # generate() comes from a mixin the declared base does not name
    with torch.inference_mode():
        out_BN = writer.generate(
            **inputs,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            max_new_tokens=max_new_tokens,
            eos_token_id=list(end_ids),
            pad_token_id=end_ids[0],
            logits_processor=LogitsProcessorList(held),
            stopping_criteria=StoppingCriteriaList([watcher]),
        )
    ids = tuple(out_BN[0, prompt_tokens:].tolist())
    text = _text(tokenizer, [each for each in ids if each not in end_ids])
    ended = bool(ids) and (ids[-1] in end_ids or watcher.stopped)
    for each in stop:
        before, found, _ = text.partition(each)
        if found:
            text, ended = before, True
    return Generated(text, ids, ended)


def _text(tokenizer: PreTrainedTokenizerFast, ids: Sequence[int]) -> str:
    """Ids as text, letter for letter: the tidying of spaces before full stops would change what was written."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


class _Watcher(StoppingCriteria):
    """Stops at a stop text and tells how far the answer is."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        prompt_tokens: int,
        stop: tuple[str, ...],
        progress: Progress,
    ) -> None:
        self._tokenizer, self._prompt_tokens, self._stop, self._progress = (
            tokenizer,
            prompt_tokens,
            stop,
            progress,
        )
        self.stopped = False
        # A token is a byte at least; one more for a stop text that begins within a token.
        self._tail = max((len(each.encode()) for each in stop), default=0) + 1

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        """Whether each sample has reached a stop text; only as many of its last tokens are read as could hold one."""
        del scores, kwargs
        self._progress("answering", input_ids.shape[1] - self._prompt_tokens, None)
        ends = [
            any(each in text for each in self._stop)
            for text in (self._end_of(row) if self._stop else "" for row in input_ids)
        ]
        self.stopped = any(ends)
        return torch.tensor(ends, dtype=torch.bool, device=input_ids.device)

    def _end_of(self, row_N: torch.Tensor) -> str:
        ids = row_N[max(self._prompt_tokens, len(row_N) - self._tail) :].tolist()
        # Special tokens are kept here: one of them may be the stop.
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False))
