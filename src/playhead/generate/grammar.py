"""Which texts an answer may be, and how a model is held to them while it writes.

A grammar is a regular expression or a JSON schema. Tokens that would leave it are given no probability, so whatever
comes out can be read; a model that was trained to answer in a form rarely needs it, a random one always does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
import torch
from transformers import LogitsProcessor

from playhead.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True)
class Grammar:
    """The texts an answer may be: exactly one of the two is given.

    Attributes:
        regex: A regular expression the whole text matches (no anchors, no look-around, no back-references).
        json_schema: JSON schema the text follows.
    """

    regex: str | None = None
    json_schema: dict[str, object] | None = None

    def __post_init__(self) -> None:
        if (self.regex is None) == (self.json_schema is None):
            raise ValueError("a grammar is a regular expression or a JSON schema, one of the two")


FREE_TEXT = Grammar(regex=r"[A-Za-z][A-Za-z ,.'\-]{1,160}[.]")
"""A sentence or two, for questions whose answer has no form of its own."""

# JSON may stand on lines of its own; without an end to white space a random model would write nothing else.
_JSON_STYLE: Final = {"whitespace_pattern": r"[ \n]{0,12}"}


def processor(
    grammar: Grammar, tokenizer: PreTrainedTokenizerFast, *, prompt_tokens: int, end_ids: Sequence[int]
) -> LogitsProcessor:
    """A logits processor for transformers' ``generate`` that lets only the grammar's texts through; batch of one.

    Args:
        grammar: The allowed texts.
        tokenizer: The model's tokenizer.
        prompt_tokens: Length of the prompt; everything after it is the answer.
        end_ids: Ids that end an answer; allowed where the grammar may end.

    Raises:
        MissingExtraError: If llguidance is not installed.
        UsageError: If the grammar cannot be compiled.
    """
    try:
        from llguidance import LLMatcher
    except ImportError as error:
        raise MissingExtraError(
            "hold an answer to a grammar", found="no llguidance", todo="pip install 'playhead[models]'"
        ) from error
    try:
        if grammar.json_schema is not None:
            source = LLMatcher.grammar_from_json_schema({**grammar.json_schema, "x-guidance": _JSON_STYLE})
        else:
            source = LLMatcher.grammar_from_regex(grammar.regex or "")
    except ValueError as error:
        raise UsageError("hold an answer to a grammar", found=str(error)[:300]) from error
    matcher = LLMatcher(_tokens(tokenizer, tuple(end_ids)), source)
    if matcher.is_error():
        raise UsageError("hold an answer to a grammar", found=str(matcher.get_error())[:300])
    return _Held(matcher, prompt_tokens, tuple(end_ids))


class _Held(LogitsProcessor):
    def __init__(self, matcher: LLMatcher, prompt_tokens: int, end_ids: tuple[int, ...]) -> None:
        self._matcher, self._seen, self._end_ids = matcher, prompt_tokens, list(end_ids)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Consume what was written since the last call, then forbid every token that may not follow."""
        if input_ids.shape[0] != 1:
            raise UsageError("hold answers to a grammar", found=f"{input_ids.shape[0]} at once", allowed="1")
        for token in input_ids[0, self._seen :].tolist():
            if token not in self._end_ids and not self._matcher.consume_token(token):
                raise UsageError(
                    f"hold an answer to a grammar at token {token}",
                    found=str(self._matcher.get_error())[:300] or "a token that was forbidden",
                    todo="write without a grammar (constrain=False)",
                )
        self._seen = input_ids.shape[1]
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")
        count = scores.shape[-1]
        forbidden = np.ones(count, np.bool_)  # ids past the vocabulary are padding of the embedding
        known = min(count, bits.shape[0])
        forbidden[:known] = bits[:known] == 0
        # An answer may end where the grammar may, and must where nothing may follow, by any of the family's ends.
        forbidden[self._end_ids] = not (self._matcher.is_accepting() or forbidden.all())
        return scores.masked_fill(torch.from_numpy(forbidden).to(scores.device), float("-inf"))


# Made once for a tokenizer (about a second for a large vocabulary) and let go of with it.
_MADE: WeakKeyDictionary[PreTrainedTokenizerFast, dict[tuple[int, ...], LLTokenizer]] = WeakKeyDictionary()


def _tokens(tokenizer: PreTrainedTokenizerFast, end_ids: tuple[int, ...]) -> LLTokenizer:
    """The tokenizer as the grammar engine wants it; made anew when tokens were added to it."""
    from llguidance.hf import from_tokenizer

    made = _MADE.setdefault(tokenizer, {})
    key = (len(tokenizer), *end_ids)
    if key not in made:
        made[key] = from_tokenizer(tokenizer, eos_token=list(end_ids))
    return made[key]
