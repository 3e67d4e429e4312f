"""Who merges the answers about the parts of a long video: this model itself, another language model, or any function.

Whoever it is writes words and chooses among labels; times are never asked of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from playhead.errors import ParseError, UsageError, nearest
from playhead.language.base import LanguageModel
from playhead.progress import Progress, silent
from playhead.tasks.options import chosen_label
from playhead.tasks.unwrap import unwrap
from playhead.timeline import Span

OWN: Final = "own"
NONE: Final = "none"
_ANSWER_TOKENS: Final = 512
_CONTEXT_TOKENS: Final = 8192
_FUNCTION_CHARS: Final = 16_000


@dataclass(frozen=True, slots=True)
class Note:
    """What was answered about one part (or several that follow one another), in words."""

    span: Span
    text: str


class Merger(Protocol):
    """Something that can write a text and choose a label."""

    name: str

    def fits(self, prompt: str) -> bool:
        """Whether a prompt and its answer have room."""
        ...

    def write(self, prompt: str) -> str:
        """The answer in words; empty when there is none that can be read."""
        ...

    def choose(self, prompt: str, labels: Sequence[str]) -> str | None:
        """One of the labels, or None when the answer names none of them."""
        ...


def one_text(notes: Sequence[Note], prompt: Callable[[Sequence[Note]], str], merger: Merger) -> str:
    """One text from many, in as many rounds as their length needs; empty when the merger gives none.

    Args:
        notes: At least two, in the order of time.
        prompt: What to ask about some of them.
        merger: Who writes.
    """
    while len(notes) > 1:
        groups = _groups(notes, lambda some: merger.fits(prompt(some)))
        if len(groups) == len(notes):
            return ""  # no two of them have room in one prompt
        merged = []
        for group in groups:
            text = group[0].text if len(group) == 1 else merger.write(prompt(group))
            if not text:
                return ""
            merged.append(Note(group[0].span.hull(group[-1].span), text))
        notes = merged
    return notes[0].text


def _groups(notes: Sequence[Note], fits: Callable[[Sequence[Note]], bool]) -> list[list[Note]]:
    """Neighbours in groups, each as large as fits."""
    groups: list[list[Note]] = []
    for note in notes:
        if groups and fits([*groups[-1], note]):
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


class ByLanguageModel:
    """A language model of :mod:`playhead.language` as a merger."""

    def __init__(self, model: LanguageModel) -> None:
        self.name, self._model = model.name, model

    def fits(self, prompt: str) -> bool:
        """Whether a prompt and its answer have room."""
        return self._model.count_tokens(prompt) + _ANSWER_TOKENS < self._model.context_tokens

    def write(self, prompt: str) -> str:
        """The answer in words."""
        try:
            return unwrap(self._model.chat(_user(prompt), max_tokens=_ANSWER_TOKENS)).answer
        except ParseError:
            return ""

    def choose(self, prompt: str, labels: Sequence[str]) -> str | None:
        """The likeliest of the labels."""
        try:
            odds = self._model.choose(_user(prompt), labels)
        except ParseError:
            return None
        return max(labels, key=lambda label: odds.get(label, 0.0))


class ByFunction:
    """Any function from a prompt to a text as a merger: a remote model, a model of your own."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self.name = str(getattr(function, "__name__", type(function).__name__))
        self._function = function

    def fits(self, prompt: str) -> bool:
        """Whether a prompt is not too long; a function does not say, so 16,000 characters are the limit."""
        return len(prompt) <= _FUNCTION_CHARS

    def write(self, prompt: str) -> str:
        """The function's text, less reasoning and tags."""
        return unwrap(str(self._function(prompt))).answer

    def choose(self, prompt: str, labels: Sequence[str]) -> str | None:
        """The label its text names."""
        return label_in(self.write(prompt), labels)


def label_in(text: str, labels: Sequence[str]) -> str | None:
    """Which of some letters a text names, or None."""
    most = max(ord(label) - ord("A") for label in labels) + 1
    letter, _ = chosen_label(text, [f"option {i}" for i in range(most)])
    return letter if letter in labels else None


def check_merge(merge: object) -> Any:  # noqa: ANN401 - a name, a model or a function
    """Refuse what cannot merge, before anything is loaded.

    Raises:
        UsageError: If it is no name, no language model and no function.
    """
    if isinstance(merge, str):
        from playhead.hub import WEIGHTS

        models = [name for name, weights in WEIGHTS.items() if weights.files[0].name.endswith(".gguf")]
        if merge not in (OWN, NONE, *models) and not Path(merge).is_file():
            raise UsageError(
                f"merge={merge!r}",
                allowed=f"{OWN}, {NONE}, {', '.join(models)}, the path of a GGUF file, a language model, a function",
                todo=nearest(merge, (OWN, NONE, *models)),
            )
    elif not (callable(merge) or (hasattr(merge, "chat") and hasattr(merge, "choose"))):
        raise UsageError(f"merge={merge!r:.60}", allowed="a name, a language model or a function")
    return merge


def make_merger(merge: Any, own: Merger, progress: Progress = silent) -> Merger | None:  # noqa: ANN401 - see check_merge
    """The merger an option names; None for ``none``.

    Raises:
        WeightsError: If its weights are not to be had.
    """
    if merge == OWN:
        return own
    if merge == NONE:
        return None
    if isinstance(merge, str):
        return ByLanguageModel(_language_model(merge, progress))
    return ByLanguageModel(merge) if hasattr(merge, "chat") else ByFunction(merge)


def _language_model(name: str, progress: Progress) -> LanguageModel:
    """A GGUF model by the name of its weights or the path of its file."""
    from playhead import hub
    from playhead.language.llama import LlamaModel

    path = Path(name)
    if name in hub.WEIGHTS:
        path = hub.fetch(name, progress=progress) / hub.WEIGHTS[name].files[0].name
    return LlamaModel(path, name=path.stem, context_tokens=_CONTEXT_TOKENS)


def _user(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]
