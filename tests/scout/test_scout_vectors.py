"""Sentence vectors of many texts are computed once."""

from __future__ import annotations

import numpy as np
import pytest

from playhead.errors import PlayheadWarning
from playhead.models.scout.vectors import MANY, KeptVectors

TEXTS = [f"sentence {i}" for i in range(MANY)]


@pytest.fixture
def asked():
    return []


@pytest.fixture
def embed(asked):
    def work(texts):
        asked.append(list(texts))
        return np.asarray([[len(text), i] for i, text in enumerate(texts)], np.float32)

    return work


def test_many_texts_are_embedded_once_and_come_back_the_same(embed, asked, tmp_path):
    first = KeptVectors(embed, tmp_path)(TEXTS)
    again = KeptVectors(embed, tmp_path)(TEXTS)
    assert np.array_equal(first, again)
    assert again.dtype == np.float32
    assert len(asked) == 1
    KeptVectors(embed, tmp_path)([*TEXTS[:-1], "another"])
    assert len(asked) == 2
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}


def test_few_texts_are_not_kept(embed, asked, tmp_path):
    vectors = KeptVectors(embed, tmp_path)
    assert vectors(TEXTS[:3]).shape == vectors(TEXTS[:3]).shape == (3, 2)
    assert len(asked) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"no numbers", None])
def test_a_damaged_entry_is_computed_anew(embed, asked, tmp_path, damage):
    vectors = KeptVectors(embed, tmp_path)
    first = vectors(TEXTS)
    (entry,) = tmp_path.iterdir()
    if damage is None:
        np.save(entry, first[:5])
    else:
        entry.write_bytes(damage)
    assert np.array_equal(vectors(TEXTS), first)
    assert np.array_equal(vectors(TEXTS), first)
    assert len(asked) == 2


def test_a_folder_that_cannot_be_written_costs_a_warning_only(embed, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(PlayheadWarning, match="cannot be kept"):
        assert KeptVectors(embed, tmp_path / "file")(TEXTS).shape == (MANY, 2)
