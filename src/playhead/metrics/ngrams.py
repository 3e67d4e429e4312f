"""BLEU, ROUGE-L and CIDEr of captions, from words alone.

Sentences are words with single blanks between them (``metrics.java.tokenize``). A group is a list of pairs (hypothesis,
reference), one reference each, as dense captioning pairs them; the numbers are those of the evaluation code of COCO
captions (Chen et al. 2015), whose conventions are named where they are not those of the papers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

Group = Sequence[tuple[str, str]]
Gram = tuple[str, ...]

LONGEST: Final = 4
_BETA: Final = 1.2  # of ROUGE-L: recall weighs more
_SPREAD: Final = 6.0  # of CIDEr-D's penalty on differing lengths, in bigrams
_TINY, _SMALL = 1e-15, 1e-9  # keep an empty hypothesis or reference from dividing by zero


def bleu(group: Group) -> list[float]:
    """BLEU-1 to BLEU-4 of a group taken as one corpus (Papineni et al. 2002), 0 to 1."""
    right, tried = [0] * LONGEST, [0] * LONGEST
    said_words = true_words = 0
    for hypothesis, reference in group:
        said, true = grams(hypothesis), grams(reference)
        said_length = len(hypothesis.split())
        said_words += said_length
        true_words += len(reference.split())
        for size in range(LONGEST):
            tried[size] += max(0, said_length - size)
        for gram, times in said.items():
            right[len(gram) - 1] += min(times, true.get(gram, 0))
    ratio = (said_words + _TINY) / (true_words + _SMALL)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    product, found = 1.0, []
    for size in range(LONGEST):
        product *= (right[size] + _TINY) / (tried[size] + _SMALL)
        found.append(product ** (1 / (size + 1)) * penalty)
    return found


def rouge_l(group: Group) -> float:
    """Mean ROUGE-L of the pairs of a group (Lin 2004): F of the longest common subsequence, recall weighted 1.2."""
    return float(np.mean([_rouge_l(*pair) for pair in group]))


def _rouge_l(hypothesis: str, reference: str) -> float:
    said, true = hypothesis.split(" "), reference.split(" ")
    common = _common(said, true)
    precision, recall = common / len(said), common / len(true)
    if not common:
        return 0.0
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        corner = 0
        for at, other in enumerate(second, start=1):
            corner, row[at] = row[at], corner + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]


def cider(group: Group) -> float:
    """Mean CIDEr-D of the pairs of a group (Vedantam et al. 2015), 0 to 10.

    How common a phrase is, is counted over the references of this group alone, so one pair on its own gives 0: that is
    how the dense captioning evaluations call it.
    """
    return float(np.mean(cider_of_each(group)))


def cider_of_each(group: Group) -> list[float]:
    """CIDEr-D of every pair, 0 to 10, with the group's references as the documents."""
    references = [grams(reference) for _, reference in group]
    documents = Counter(gram for reference in references for gram in reference)
    log_size = math.log(len(group)) if group else 0.0
    found = []
    for (hypothesis, _), reference in zip(group, references, strict=True):
        said = grams(hypothesis)
        gap = _bigrams(said) - _bigrams(reference)
        alike = _alike(_weigh(said, documents, log_size), _weigh(reference, documents, log_size))
        found.append(10.0 * alike * math.exp(-(gap**2) / (2 * _SPREAD**2)))
    return found


def grams(sentence: str) -> Counter[Gram]:
    """How often every sequence of one to four words occurs."""
    words = sentence.split()
    return Counter(
        tuple(words[at : at + size]) for size in range(1, LONGEST + 1) for at in range(len(words) - size + 1)
    )


def _bigrams(counts: Counter[Gram]) -> int:
    """Number of bigrams: the length CIDEr's penalty compares, as its code has it."""
    return sum(times for gram, times in counts.items() if len(gram) == 2)


def _weigh(counts: Counter[Gram], documents: Counter[Gram], log_size: float) -> list[dict[Gram, float]]:
    """Counts weighted by how rare each phrase is, one table a length."""
    tables: list[dict[Gram, float]] = [{} for _ in range(LONGEST)]
    for gram, times in counts.items():
        tables[len(gram) - 1][gram] = times * (log_size - math.log(max(1.0, documents[gram])))
    return tables


def _alike(said: list[dict[Gram, float]], true: list[dict[Gram, float]]) -> float:
    """Mean over the lengths of the clipped cosine between two weighted tables."""
    total = 0.0
    for ours, theirs in zip(said, true, strict=True):
        shared = sum(
            min(weight, theirs.get(gram, 0.0)) * theirs.get(gram, 0.0) for gram, weight in ours.items()
        )
        norm = math.sqrt(sum(x * x for x in ours.values())) * math.sqrt(sum(x * x for x in theirs.values()))
        total += shared / norm if norm else shared
    return total / LONGEST
