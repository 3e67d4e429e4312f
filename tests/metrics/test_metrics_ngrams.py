"""BLEU, ROUGE-L and CIDEr against the package whose Java parts the extra uses, on sentences drawn at random."""

from __future__ import annotations

import random

import pytest

from playhead.metrics import ngrams

WORDS = [
    "a",
    "the",
    "man",
    "dog",
    "runs",
    "jumps",
    "over",
    "red",
    "ball",
    "and",
    "then",
    "with",
    "hand",
    "on",
    "door",
]


def drawn(seed: int, pairs: int) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    return [tuple(" ".join(rng.choices(WORDS, k=rng.randint(0, 12))) for _ in range(2)) for _ in range(pairs)]


@pytest.mark.parametrize("seed", range(12))
def test_the_package_gives_the_same(seed) -> None:
    pytest.importorskip("pycocoevalcap.bleu.bleu")
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider_scorer import CiderScorer
    from pycocoevalcap.rouge.rouge import Rouge

    group = drawn(seed, 1 + seed)
    said = {at: [pair[0]] for at, pair in enumerate(group)}
    true = {at: [pair[1]] for at, pair in enumerate(group)}
    assert ngrams.bleu(group) == pytest.approx(Bleu(4).compute_score(true, said, verbose=0)[0], rel=1e-12)
    assert ngrams.rouge_l(group) == pytest.approx(Rouge().compute_score(true, said)[0], rel=1e-12)
    scorer = CiderScorer()
    for hypothesis, reference in group:
        scorer += (hypothesis, [reference])
    if any(true[at][0] for at in true):
        assert ngrams.cider_of_each(group) == pytest.approx(
            scorer.compute_score()[1].tolist(), rel=1e-12, abs=1e-12
        )


def test_equal_sentences() -> None:
    group = [
        ("a man runs over the ball", "a man runs over the ball"),
        ("the dog jumps and then", "the dog jumps and then"),
    ]
    assert ngrams.bleu(group) == pytest.approx([1.0] * 4)
    assert ngrams.rouge_l(group) == pytest.approx(1.0)
    assert ngrams.cider(group) == pytest.approx(10.0)


def test_one_pair_alone_has_no_rare_phrases() -> None:
    assert ngrams.cider([("a man runs", "a man runs")]) == 0.0


def test_empty_sentences_score_nothing() -> None:
    assert ngrams.bleu([("", "a man")])[0] == pytest.approx(0.0, abs=1e-6)
    assert ngrams.rouge_l([("", "a man")]) == 0.0
    assert ngrams.cider([("", "a man"), ("a", "")]) == 0.0
