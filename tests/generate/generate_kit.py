"""Tiny real tokenizers and language models built in code: byte-level BPE, Llama-style byte fallback, tiktoken-like."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

WORDS = [
    "the",
    " the",
    " cat",
    "cat",
    "00",
    ":",
    "00:",
    " to",
    "think",
    "answer",
    "From",
    " From",
    "nd",
    "ing",
    '{"',
    '":',
    "é",
]
END, ALSO_END = "</s>", "<|end|>"


def byte_alphabet() -> list[str]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    odd = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(odd)) for byte in range(256)]


def _merged(letters: dict[str, int], words: list[list[str]]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary that holds each word, with the merges that build it up letter by letter."""
    vocabulary, merges = dict(letters), []
    for pieces in words:
        built = pieces[0]
        for piece in pieces[1:]:
            if (built, piece) not in merges:
                merges.append((built, piece))
            built += piece
            vocabulary.setdefault(built, len(vocabulary))
    return vocabulary, merges


def _finish(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    tokenizer.add_special_tokens([AddedToken(END, special=True), AddedToken(ALSO_END, special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END)


def byte_level(more: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """As GPT-2's, Qwen2's; ``more`` are further tokens, to make it as large as a published one."""
    alphabet = byte_alphabet()
    words = [[alphabet[byte] for byte in word.encode()] for word in WORDS]
    vocabulary, merges = _merged({letter: at for at, letter in enumerate(alphabet)}, words)
    for each in more:
        vocabulary.setdefault(each, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    return _finish(tokenizer)


def byte_fallback() -> PreTrainedTokenizerFast:
    """As Llama's: spaces are ``▁``, and what is no letter of the vocabulary is written in bytes."""
    letters = [f"<0x{byte:02X}>" for byte in range(256)]
    letters += [
        "▁",
        *sorted(set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:.,<>/-'\"{}[]")),
    ]
    start = {"<unk>": 0}
    start |= {letter: at for at, letter in enumerate(letters, start=1)}
    words = [list(word.replace(" ", "▁")) for word in WORDS if "é" not in word]
    vocabulary, merges = _merged(start, words)
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return _finish(tokenizer)


def tiktoken_like() -> PreTrainedTokenizerFast:
    """As tiktoken files converted: bytes, merges by rank, words split by a pattern first."""
    alphabet = byte_alphabet()
    words = [[alphabet[byte] for byte in word.encode()] for word in WORDS]
    vocabulary, merges = _merged({letter: at for at, letter in enumerate(alphabet)}, words)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
    pattern = Regex(r"\p{N}{1,3}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return _finish(tokenizer)


TOKENIZERS = {"byte-level": byte_level, "byte-fallback": byte_fallback, "tiktoken-like": tiktoken_like}


def llama(size: int, seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=None, eos_token_id=None, pad_token_id=None,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def qwen2(size: int, seed: int = 0) -> Qwen2ForCausalLM:
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=None, eos_token_id=None, pad_token_id=None,
    )  # fmt: skip
    return Qwen2ForCausalLM(config).eval()


MODELS = {"llama": llama, "qwen2": qwen2}
