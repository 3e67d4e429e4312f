"""The tokenizer against tiktoken itself, its special ids, its files, and files that do not fit."""

import base64
import json
import unicodedata

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoProcessor, AutoTokenizer

from playhead.errors import WeightsError
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoTokenizer, tiny_config
from playhead.models.arc_hunyuan_video.tokens import (
    BASE_TOKENS,
    SPECIAL_STRINGS,
    VOCAB_FILE,
    check_tokenizer,
    config_ids,
    load_tokenizer,
    make_tokenizer,
    read_ranks,
    special_ids,
    tiny_tokenizer,
)

# cl100k's pattern as its library publishes it, with digits one by one.
PATTERN = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"""
    r"""|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
TEXTS = (
    "The chef slices the onion while the pan is heating; then the chef stirs the onions and the garlic. "
    "When does the speaker show the slide? It's shown at 00:12:59 - 00:13:02, isn't it? I'll say they've DONE it.\n\n"
    "什么时候可以看到厨师切洋葱？视频标题：今天做饭。请描述这个视频的内容。视频里的人说了什么？ "
    "Où est-ce que l'été commence ? Straße, naïve, café. здравствуйте мир привет. こんにちは世界。 2024 3.14159 \t  x\r\n"
)


def byte_letters():
    from playhead.models.arc_hunyuan_video.tokens import _LETTERS

    return {letter: byte for byte, letter in enumerate(_LETTERS)}


@pytest.fixture(scope="module")
def trained():
    """Base tokens of a vocabulary trained here by another implementation, in the order of their ranks."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([TEXTS] * 4, trainer)
    letters = byte_letters()
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    tokens = [bytes(letters[letter] for letter in text) for text, _ in by_id]
    assert len(tokens) > 400
    return tokens


def write_vocabulary(path, tokens, ranks=None):
    lines = [
        base64.b64encode(token) + b" " + str(rank).encode()
        for token, rank in zip(tokens, ranks or range(len(tokens)), strict=True)
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture(scope="module")
def pair(trained, tmp_path_factory):
    """Our tokenizer of a file with duplicates and a meaningless rank column, and tiktoken's of the same tokens."""
    twice = [*trained[:300], trained[5], trained[40], *trained[300:], trained[-1]]
    folder = tmp_path_factory.mktemp("released")
    write_vocabulary(folder / VOCAB_FILE, twice, ranks=[9] * len(twice))
    base = {token: rank for rank, token in enumerate(trained)}
    specials = {text: len(base) + i for i, text in enumerate(SPECIAL_STRINGS)}
    theirs = tiktoken.Encoding("check", pat_str=PATTERN, mergeable_ranks=base, special_tokens=specials)
    return load_tokenizer(folder), theirs


def theirs_of(theirs, text):
    return theirs.encode(unicodedata.normalize("NFC", text), allowed_special="all")


@pytest.mark.parametrize(
    "text",
    [
        TEXTS,
        "",
        " ",
        "   \n\n  x",
        "a\r\nb\r\n\r\n",
        "12345 6.7 ١٢٣ ⅷ ²",
        "it's IT'S I'LL 'sx ’s 'ſ o'ſx",
        "cafe\u0301 ﬁ Å Å",
        "<|startoftext|><vid><img><IMG_CONTEXT><newline></img></vid>\nwhy?\n<sep>",
        "<sep>\u0338 <|extra_204|> <|extra_31|> <|extra_205|> <image> <video>",
        "👩‍👩‍👧‍👦 🇫🇷 e\u0301\u0323 \u200b x\u00a0y\u3000z\u0085",
        "def f(x):\n\treturn x ** 2  # ok\n",
    ],
)
def test_ids_are_tiktokens(pair, text):
    ours, theirs = pair
    ids = ours.encode(text)
    assert ids == theirs_of(theirs, text)
    assert ours.decode(ids) == unicodedata.normalize("NFC", text)


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_ids_are_tiktokens_on_any_text(pair, text):
    ours, theirs = pair
    if any(unicodedata.category(character) == "Cn" for character in text):
        return  # a character that one library's Unicode tables know and the other's do not
    assert ours.encode(text) == theirs_of(theirs, text)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "the",
                " the",
                "'s",
                "'LL",
                "1",
                "23",
                "\n",
                "\r\n",
                "  ",
                "\t",
                "厨师",
                "é",
                "e\u0301",
                "?!",
                "-",
                "<sep>",
                "<vid>",
                "x",
            ]
        )
    )
)
def test_ids_are_tiktokens_on_pieces_of_prompts(pair, pieces):
    ours, theirs = pair
    text = "".join(pieces)
    assert ours.encode(text) == theirs_of(theirs, text)


def test_ids_are_tiktokens_on_a_vocabulary_that_nobody_trained():
    """Tokens that can be made in several ways, some of them in no order that training would give."""
    tokens = [bytes([byte]) for byte in range(256)]
    tokens += [
        text.encode() for text in ("bc", "ab", "abc", "ca", "cab", "abcabc", "bca", "cb", "aabb", "12", "1:")
    ]
    ours = make_tokenizer({token: rank for rank, token in enumerate(tokens)})
    theirs = tiktoken.Encoding(
        "check",
        pat_str=PATTERN,
        mergeable_ranks={token: rank for rank, token in enumerate(tokens)},
        special_tokens={},
    )

    @settings(max_examples=400)
    @given(st.text(alphabet="abc1: ", max_size=24))
    def check(text):
        assert ours.encode(text) == theirs.encode(text)

    check()


def test_file_order_counts_and_duplicates_do_not(trained, tmp_path):
    ranks = read_ranks(
        write_vocabulary(tmp_path / "x.tiktoken", [*trained, *trained[:50]], ranks=[3] * (len(trained) + 50))
    )
    assert ranks == {token: rank for rank, token in enumerate(trained)}


def test_special_ids_stand_where_the_published_table_says():
    table = {
        "<|endoftext|>": 127957,
        "<|startoftext|>": 127958,
        "<|bos|>": 127959,
        "<|eos|>": 127960,
        "<|pad|>": 127961,
        "<img>": 127962,
        "</img>": 127963,
        "<newline>": 127964,
        "<|extra_31|>": 127965,
        "<|extra_32|>": 127966,
        "<|extra_33|>": 127967,
        "<IMG_CONTEXT>": 127968,
        "<|extra_0|>": 127969,
        "<|extra_30|>": 127999,
        "<sep>": 128000,
        "<vid>": 128001,
        "</vid>": 128002,
        "<|extra_34|>": 128003,
        "<|extra_204|>": 128173,
    }
    assert {text: BASE_TOKENS + SPECIAL_STRINGS.index(text) for text in table} == table
    assert BASE_TOKENS + len(SPECIAL_STRINGS) == 128174
    assert len(set(SPECIAL_STRINGS)) == 12 + 205


def test_a_small_vocabulary_keeps_the_offsets():
    tokenizer = tiny_tokenizer()
    base = tokenizer.base_tokens
    assert len(tokenizer) == base + 217
    ids = special_ids(tokenizer)
    shift = BASE_TOKENS - base
    assert (ids.endoftext + shift, ids.image_context + shift, ids.vid + shift) == (127957, 127968, 128001)
    assert tokenizer.encode("<vid></vid><sep>") == [ids.vid, ids.vid_end, ids.sep]


def test_nothing_is_added_and_special_ones_can_be_left_out():
    tokenizer = tiny_tokenizer()
    assert tokenizer.encode("") == []
    assert tokenizer("hi").input_ids == tokenizer.encode("hi", add_special_tokens=False)
    every = [*tokenizer.encode("a the b"), *range(tokenizer.base_tokens, len(tokenizer))]
    assert tokenizer.decode(every, skip_special_tokens=True) == "a the b"
    assert tokenizer.decode(every) == "a the b" + "".join(SPECIAL_STRINGS)


@pytest.mark.parametrize("text", [TEXTS, "<vid><img>时间<sep>12"])
def test_saved_and_reloaded_it_is_the_same(pair, text, tmp_path):
    ours, _ = pair
    ours.save_pretrained(tmp_path)
    again = load_tokenizer(tmp_path)
    assert isinstance(again, ArcHunyuanVideoTokenizer)
    assert again.encode(text) == ours.encode(text)
    assert again.get_vocab() == ours.get_vocab()
    assert (again.pad_token, again.eos_token, again.bos_token, again.padding_side) == (
        "<|pad|>",
        "<|endoftext|>",
        "<|startoftext|>",
        "left",
    )
    assert again.encode(text, split_special_tokens=True) != ours.encode(text) or "<" not in text


def test_auto_classes_find_it(tmp_path):
    tokenizer = tiny_tokenizer()
    tiny_config(len(tokenizer), **config_ids(tokenizer)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert type(AutoTokenizer.from_pretrained(tmp_path)) is ArcHunyuanVideoTokenizer
    assert AutoTokenizer.from_pretrained(tmp_path).get_vocab() == tokenizer.get_vocab()


def test_a_released_folder_is_read_whatever_its_tokenizer_config_says(trained, tmp_path):
    write_vocabulary(tmp_path / VOCAB_FILE, trained)
    told = {"tokenizer_class": "SomeTokenizer", "eos_token": "<|eos|>", "additional_special_tokens": ["<x>"]}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(told))
    by_hand = load_tokenizer(tmp_path)
    by_transformers = ArcHunyuanVideoTokenizer.from_pretrained(tmp_path)
    config = tiny_config(len(by_hand), **config_ids(by_hand))
    config.save_pretrained(tmp_path)
    by_auto = AutoProcessor.from_pretrained(tmp_path).tokenizer
    for each in (by_transformers, by_auto):
        assert each.get_vocab() == by_hand.get_vocab()
        assert each.eos_token == "<|endoftext|>"


def test_a_released_folder_without_tokenizer_config_is_found_by_auto_classes(trained, tmp_path):
    write_vocabulary(tmp_path / VOCAB_FILE, trained)
    by_hand = load_tokenizer(tmp_path)
    tiny_config(len(by_hand), **config_ids(by_hand)).save_pretrained(tmp_path)
    found = AutoTokenizer.from_pretrained(tmp_path)
    assert type(found) is ArcHunyuanVideoTokenizer
    assert found.get_vocab() == by_hand.get_vocab()


# --- files that do not fit ------------------------------------------------------------------------------------------


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match=r"hunyuan\.tiktoken or tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_a_missing_vocabulary_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match="No such file"):
        read_ranks(tmp_path / "x.tiktoken")


def test_a_line_that_is_no_base64_is_named(tmp_path):
    (tmp_path / VOCAB_FILE).write_bytes(base64.b64encode(b"a") + b" 0\n***** 1\n")
    with pytest.raises(WeightsError, match="line 2"):
        load_tokenizer(tmp_path)


def test_a_cut_vocabulary_is_an_error_with_numbers(trained, tmp_path):
    write_vocabulary(tmp_path / VOCAB_FILE, trained[10:50])
    with pytest.raises(WeightsError, match="40 tokens without 216 of the 256"):
        load_tokenizer(tmp_path)


def test_a_broken_tokenizer_json_is_an_error(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"model": {}}')
    with pytest.raises(WeightsError, match="load the tokenizer"):
        load_tokenizer(tmp_path)


def test_more_ids_than_embedding_rows_is_an_error_with_both_numbers(tmp_path):
    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    config = tiny_config(300, **config_ids(tokenizer))
    with pytest.raises(WeightsError, match=f"{len(tokenizer)} ids for an embedding of 300 rows"):
        load_tokenizer(tmp_path, config)
    assert len(load_tokenizer(tmp_path, tiny_config(len(tokenizer), **config_ids(tokenizer)))) == len(
        tokenizer
    )


def test_other_ids_in_the_config_are_an_error_with_both_numbers():
    tokenizer = tiny_tokenizer()
    ids = config_ids(tokenizer)
    config = tiny_config(len(tokenizer), **{**ids, "image_token_id": 7})
    with pytest.raises(
        WeightsError, match=rf"<IMG_CONTEXT> with id {ids['image_token_id']} .* image_token_id 7"
    ):
        check_tokenizer(tokenizer, config)


def test_a_tokenizer_of_another_family_is_an_error(tmp_path):
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["later"])
    with pytest.raises(WeightsError, match=r"<\|endoftext\|> with id"):
        check_tokenizer(tokenizer)
