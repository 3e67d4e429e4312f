"""ChatGLM3's tokenizer: the special tokens behind the pieces, and texts cut as SentencePiece cuts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")
pytest.importorskip("transformers")

from playhead.errors import WeightsError
from playhead.models.vtimellm.chatglm_tokens import (
    SPECIALS,
    check_tokenizer,
    encode,
    load_tokenizer,
    special_id,
    tiny_tokenizer,
)
from playhead.models.vtimellm.pieces import read_text_rules

LINES = [
    "The video shows a man who walks from 12 to 57.",
    "During which frames can we see a red square?",
    "这个视频从 12 到 57 显示一个红色的方块。",
    "请问在哪些帧里可以看到一个人走路？",
    "视频开始的时候，一个人走进房间。",
    "From 00 to 99, a person opens the door and leaves.",
]
TEXTS = [
    *LINES,
    "\nDuring which frames can we see a dog?",
    "a  b   c",
    "  two blanks before and one after ",
    "half é, half 🙂, none of it known",
    "<|user|> and [gMASK] and </s> and <0x41> are text here",
    "全角！＂１２",
    " ",
    "",
]


@pytest.fixture(scope="module", params=["identity", "nmt_nfkc", "with whole pieces"])
def real(request, tmp_path_factory):
    """A SentencePiece file trained here, and the library's own reading of it."""
    sentencepiece = pytest.importorskip("sentencepiece")
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "lines.txt").write_text("\n".join(LINES * 20), encoding="utf-8")
    plain = request.param != "nmt_nfkc"
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "lines.txt"),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=460,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity" if plain else "nmt_nfkc",
        remove_extra_whitespaces=not plain,
        user_defined_symbols=["<|blank|>", "帧里"] if request.param == "with whole pieces" else [],
        minloglevel=2,
    )
    return folder, sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))


@pytest.mark.parametrize("text", [*TEXTS, "one<|blank|>two<|blank|>"])
def test_texts_are_cut_as_sentencepiece_cuts_them(real, text) -> None:
    folder, theirs = real
    ours = load_tokenizer(folder)
    assert encode(ours, text) == theirs.encode(text)


@pytest.mark.parametrize("text", LINES)
def test_ids_become_the_text_that_sentencepiece_makes_of_them(real, text) -> None:
    folder, theirs = real
    ids = theirs.encode(text)
    assert load_tokenizer(folder).decode(ids) == theirs.decode(ids)


def test_special_tokens_stand_behind_the_pieces_in_the_published_order(real) -> None:
    folder, theirs = real
    tokenizer = load_tokenizer(folder)
    pieces = theirs.get_piece_size()
    assert [special_id(tokenizer, name) for name in SPECIALS] == list(range(pieces, pieces + 9))
    # With the published 64,789 pieces these are the published ids.
    at = {name: 64_789 + place for place, name in enumerate(SPECIALS)}
    assert (at["[gMASK]"], at["sop"], at["<|user|>"], at["<|assistant|>"]) == (64790, 64792, 64795, 64796)
    assert at["<|observation|>"] < 65_024


def test_rules_of_a_file_are_read(real, request) -> None:
    folder, _ = real
    rules = read_text_rules(folder / "tokenizer.model")
    nfkc = bool(rules.charsmap)
    assert rules.fewer_blanks is nfkc
    assert rules.opening_blank
    assert nfkc == ("nmt_nfkc" in request.node.name)


def test_no_text_can_make_a_special_token() -> None:
    tokenizer = tiny_tokenizer()
    first = special_id(tokenizer, SPECIALS[0])
    for name in (*SPECIALS, "</s>", "<s>", "<unk>"):
        ids = encode(tokenizer, f"a {name} b")
        assert all(2 < each < first for each in ids)
        assert tokenizer.decode(ids) == f"a {name} b"


def test_it_is_written_and_read_as_the_same_tokenizer(tmp_path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    again = load_tokenizer(tmp_path, vocab_size=len(tokenizer))
    for text in TEXTS:
        assert encode(again, text) == encode(tokenizer, text)
        assert again.decode(encode(again, text)) == text


def test_another_tokenizer_is_refused(tmp_path) -> None:
    tokenizer = tiny_tokenizer()
    count = len(tokenizer)
    check_tokenizer(tokenizer, count + 64, asked="a test")  # unused rows
    for rows in (count - 1, count + 512):
        with pytest.raises(WeightsError, match=f"{count} tokens for an embedding of {rows} rows"):
            check_tokenizer(tokenizer, rows, asked="a test")
    with pytest.raises(WeightsError, match="neither"):
        load_tokenizer(tmp_path)
    from playhead.models.vtimellm.tokens import tiny_tokenizer as llamas

    with pytest.raises(WeightsError, match="special tokens"):
        check_tokenizer(llamas(), None, asked="a test")


@pytest.mark.parametrize(
    "damage",
    ["not json", "{}", '{"model": {"type": "WordLevel", "byte_fallback": true}}', "no merges"],
)
def test_a_broken_file_is_refused_by_name(tmp_path, damage) -> None:
    path: Path = tmp_path / "tokenizer.json"
    tiny_tokenizer().save_pretrained(tmp_path)
    if damage == "no merges":
        held = json.loads(path.read_text())
        held["model"]["merges"] = [["never", "there"]]
        damage = json.dumps(held)
    path.write_text(damage)
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_a_file_that_is_no_sentencepiece_file_is_refused(tmp_path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(b"\x0a\xff\xff")
    with pytest.raises(WeightsError, match=r"tokenizer\.model"):
        load_tokenizer(tmp_path)
    with pytest.raises(WeightsError, match="no SentencePiece file"):
        read_text_rules(tmp_path / "tokenizer.model")
