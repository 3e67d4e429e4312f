"""VTimeLLM's tokenizer: SentencePiece to the letter, and refusals."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.errors import WeightsError
from playhead.models.vtimellm.pieces import read_pieces
from playhead.models.vtimellm.tokens import (
    check_tokenizer,
    encode,
    encode_after_end,
    load_tokenizer,
    tiny_tokenizer,
)

VOCABULARY = Path(__file__).parents[3] / "shared" / "tokenizers" / "llama-2-sentencepiece.model"
TINY = tiny_tokenizer()
TEXT = st.text(st.sampled_from("  \n\tUSERAanthe.,:0195é日😀▁</s>"), max_size=60) | st.text(max_size=40)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    if not VOCABULARY.is_file():
        pytest.skip("Llama-2's vocabulary is not here")
    folder = tmp_path_factory.mktemp("base")
    (folder / "tokenizer.model").write_bytes(VOCABULARY.read_bytes())
    return folder


@pytest.fixture(scope="module")
def llama(base):
    return load_tokenizer(base, vocab_size=32_000)


@pytest.fixture(scope="module")
def reference(base):
    sentencepiece = pytest.importorskip("sentencepiece")
    return sentencepiece.SentencePieceProcessor(str(base / "tokenizer.model"))


@settings(max_examples=300)
@given(text=TEXT)
def test_any_text_is_cut_as_sentencepiece_cuts_it(llama, reference, text):
    if "\x00" not in text:  # SentencePiece's own binding ends a text there
        assert encode(llama, text) == reference.encode(text)


@pytest.mark.parametrize("blanks", [1, 2, 3, 5, 15, 16, 17, 33])
def test_runs_of_blanks_are_cut_as_sentencepiece_cuts_them(llama, reference, blanks):
    text = f"a{' ' * blanks}b{' ' * blanks}"
    assert encode(llama, text) == reference.encode(text)


def test_both_forms_of_the_file_give_the_same_ids(llama, tmp_path):
    llama.save_pretrained(tmp_path)
    assert not (tmp_path / "tokenizer.model").exists()
    again = load_tokenizer(tmp_path, vocab_size=32_000)
    for text in ("Is it  black?", "日本の café\n", "</s>USER: 12  to 34", "   "):
        assert encode(again, text) == encode(llama, text)


def test_the_tiny_vocabulary_has_llamas_form():
    assert (TINY.unk_token_id, TINY.bos_token_id, TINY.eos_token_id, TINY.pad_token_id) == (0, 1, 2, 0)
    assert TINY.convert_ids_to_tokens(encode(TINY, "\n")) == ["▁", "<0x0A>"]
    assert TINY.decode(encode(TINY, "From 12 to 57, é 😀.\nUSER")) == "From 12 to 57, é 😀.\nUSER"


def test_a_user_after_the_end_is_two_tokens_and_not_one():
    def pieces(ids):
        return TINY.convert_ids_to_tokens(ids)

    assert pieces(encode(TINY, "USER:", opens=False)) == ["USER", ":"]
    assert pieces(encode_after_end(TINY, "USER:")) == ["US", "ER", ":"]
    assert pieces(encode_after_end(TINY, "USER:", legacy=True)) == ["▁US", "ER", ":"]
    assert encode_after_end(TINY, "") == []
    assert encode_after_end(TINY, " a") == encode(TINY, " a")


def test_after_the_end_a_first_piece_that_is_only_the_blank_goes():
    assert encode_after_end(TINY, "Z") == encode(TINY, "Z", opens=False)
    assert encode_after_end(TINY, "日") == encode(TINY, "日", opens=False)


def test_a_special_token_written_by_a_user_stays_text():
    assert not {0, 1, 2} & set(encode(TINY, "</s> <s> <unk>"))
    assert TINY.decode(encode(TINY, "a </s> b")) == "a </s> b"


def test_a_tokenizer_of_another_size_is_refused_with_both_numbers():
    with pytest.raises(WeightsError, match=f"{len(TINY)} tokens for an embedding of 32000 rows"):
        check_tokenizer(TINY, 32_000, asked="x")


def test_a_tokenizer_with_other_specials_is_refused(tmp_path):
    TINY.save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    vocab = data["model"]["vocab"]
    vocab["<s>"], vocab["</s>"] = vocab["</s>"], vocab["<s>"]
    path.write_text(json.dumps(data))
    with pytest.raises(WeightsError, match="special tokens"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("tokenizer.model", b"no such thing", "no SentencePiece file"),
        ("tokenizer.model", b"", "0 pieces"),
        ("tokenizer.json", b"{}", "no BPE tokenizer"),
        ("tokenizer.json", b'{"model": {"vocab": {"a": 0}, "merges": []}}', "without byte fallback"),
        ("else", b"", "neither tokenizer.model nor tokenizer.json"),
    ],
)
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=match):
        load_tokenizer(tmp_path)


def test_a_cut_sentencepiece_file_is_refused(base, tmp_path):
    (tmp_path / "tokenizer.model").write_bytes((base / "tokenizer.model").read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"no SentencePiece file|pieces"):
        read_pieces(tmp_path / "tokenizer.model")
