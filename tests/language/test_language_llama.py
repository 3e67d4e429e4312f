"""llama.cpp with a random model written here (real code path), and with a real small one (opt in: -m weights)."""

from __future__ import annotations

import http.client
import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import jsonschema
import pytest

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")


from helpers.tiny_model import write_tiny_model
from playhead import hub
from playhead.errors import UsageError, WeightsError
from playhead.language.llama import LlamaModel

ASK = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Which one?"}]
SCHEMA = {
    "type": "object",
    "properties": {"part": {"enum": ["A", "B"]}, "sure": {"type": "boolean"}},
    "required": ["part", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def tiny_path(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def tiny(tiny_path):
    with LlamaModel(tiny_path, name="tiny", context_tokens=512, threads=1, reuse_prefix=False) as model:
        yield model


def test_an_answer_is_held_to_the_schema(tiny):
    for seed in range(5):
        text = tiny.chat(ASK, schema=SCHEMA, max_tokens=100, temperature=2.0, seed=seed)
        jsonschema.validate(json.loads(text), SCHEMA)


def test_a_model_trained_on_less_has_less_room(tmp_path):
    path = write_tiny_model(tmp_path / "short.gguf", context_tokens=512)
    with LlamaModel(path, name="short", context_tokens=4096, threads=1) as model:
        assert model.context_tokens == 512
        with pytest.raises(UsageError, match="512"):
            model.chat([{"role": "user", "content": "x" * 600}], max_tokens=10)


def test_an_answer_ends_at_max_tokens(tiny):
    short, long = (tiny.chat(ASK, max_tokens=count) for count in (7, 40))
    assert 0 < len(short) < len(long)
    assert long.startswith(short.rstrip("\ufffd"))


def test_greedy_answers_are_the_same_every_time(tiny, tiny_path):
    first = tiny.chat(ASK, max_tokens=40)
    tiny.chat([{"role": "user", "content": "something else in between"}], max_tokens=5)
    assert tiny.chat(ASK, max_tokens=40) == first
    with LlamaModel(tiny_path, name="again", context_tokens=512, threads=1, reuse_prefix=False) as again:
        assert again.chat(ASK, max_tokens=40) == first


def test_seeds_vary_warm_answers_and_repeat_them(tiny):
    warm = [tiny.chat(ASK, max_tokens=20, temperature=1.5, seed=seed) for seed in (1, 2, 1)]
    assert warm[0] == warm[2] != warm[1]


def test_the_same_calls_in_the_same_order_agree_with_a_kept_prefix(tiny_path):
    def run():
        with LlamaModel(tiny_path, name="tiny", context_tokens=512, threads=1) as model:
            return [
                model.choose([*ASK, {"role": "user", "content": word}], ["A", "B"])
                for word in ("x", "y", "x")
            ]

    assert run() == run()


def test_a_kept_prefix_is_not_read_again(tiny_path):
    with LlamaModel(tiny_path, name="tiny", context_tokens=512, threads=1) as model:
        model.chat(ASK, max_tokens=1)
        prompt = model._prompt_tokens([*ASK[:1], {"role": "user", "content": "Which two?"}])
        used = model._complete({"prompt": prompt, "max_tokens": 1})["usage"]["prompt_tokens_details"]
    assert 30 < used["cached_tokens"] < len(prompt)


def tiny_a(model):
    """A token that is a whole character: llama.cpp gives probabilities only beside such a one."""
    return model._tokens("A")[0]


def full_distribution(model, tokens):
    """Every next token's probability, straight from the model."""
    reply = model._complete(
        {
            "prompt": tokens,
            "max_tokens": 1,
            "n_probs": 1000,
            "logit_bias": [[tiny_a(model), 100.0]],
            "temperature": 1.0,
        }
    )
    top = reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    assert len(top) > 250
    return {entry["id"]: math.exp(entry["logprob"]) for entry in top}


def test_choose_is_the_models_own_distribution_over_the_labels(tiny):
    labels = ["10", "100", "1", "none", "no", "B"]
    prompt, end = tiny._prompt_tokens(ASK), tiny._end()
    spelt = {label: tiny._tokens(label) for label in labels}
    assert len(spelt["none"]) == 1  # one token, though "no" is another
    assert spelt["100"][: len(spelt["10"])] == spelt["10"]  # goes on from "10"

    expected = dict.fromkeys(labels, 1.0)
    for label, tokens in spelt.items():
        for place, token in enumerate([*tokens, end]):
            said = tokens[:place]
            options = {
                other[place] for other in spelt.values() if other[:place] == said and len(other) > place
            }
            options |= {end} if said in spelt.values() else set()
            full = full_distribution(tiny, [*prompt, *said])
            expected[label] *= full[token] / sum(full[option] for option in options)
    found = tiny.choose(ASK, labels)
    assert list(found) == labels
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-12)
    assert found == pytest.approx(expected, rel=1e-3)


def test_one_label_is_certain_and_bad_labels_are_refused(tiny):
    assert tiny.choose(ASK, ["A"]) == {"A": 1.0}
    for labels in ([], ["A", "A"], ["A", ""]):
        with pytest.raises(UsageError, match="different, non-empty"):
            tiny.choose(ASK, labels)


def test_a_label_spelt_in_pieces_of_a_character_is_refused(tiny):
    with pytest.raises(UsageError, match="in pieces"):
        tiny.choose(ASK, ["A", "中"])


def test_count_tokens_counts_the_text_alone(tiny):
    assert tiny.count_tokens("") == 0
    assert tiny.count_tokens("xyz") == 3
    assert tiny.count_tokens("none") == 1
    assert tiny.count_tokens("<|im_end|>") > 1  # text that looks like a control token stays text


def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(tiny):
    long = [{"role": "user", "content": "x" * 600}]
    with pytest.raises(UsageError) as caught:
        tiny.chat(long, max_tokens=10)
    assert "allowed: 512" in str(caught.value)
    assert "an answer of up to 10" in str(caught.value)
    with pytest.raises(UsageError, match="allowed: 512"):
        tiny.choose(long, ["A", "B"])


def test_a_schema_nobody_understands_is_refused(tiny):
    with pytest.raises(UsageError, match="frog"):
        tiny.chat(ASK, schema={"type": "frog"}, max_tokens=5)


def test_threads_share_a_model(tiny):
    questions = [[{"role": "user", "content": f"Question {n}?"}] for n in range(8)]
    alone = [tiny.choose(question, ["A", "B", "C"]) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: tiny.choose(question, ["A", "B", "C"]), questions))
    assert together == alone


def test_llama_cpp_writes_nothing_to_the_terminal(tiny_path, capfd):
    with LlamaModel(tiny_path, name="quiet", context_tokens=256, threads=1) as model:
        model.chat(ASK, max_tokens=3)
    assert capfd.readouterr() == ("", "")


def test_the_listener_is_closed_to_others_and_goes_with_the_model(tiny_path):
    model = LlamaModel(tiny_path, name="tiny", context_tokens=256, threads=1)
    model.count_tokens("x")
    place = urlsplit(model._loaded().listening_address)
    assert place.hostname == "127.0.0.1"
    for path in ("/completion", "/tokenize", "/apply-template"):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=5)
        connection.request(
            "POST", path, "{}", {"Authorization": "Bearer guess", "Content-Type": "application/json"}
        )
        assert connection.getresponse().status == 401
        connection.close()
    model.close()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(place.hostname, place.port, timeout=5).connect()
    assert model.count_tokens("xyz") == 3  # loads again
    model.close()


@pytest.mark.parametrize("content", [b"", b"no model at all" * 100, None], ids=["empty", "text", "truncated"])
def test_a_file_that_is_no_model_is_refused(content, tiny_path, tmp_path, capfd):
    path = tmp_path / "bad.gguf"
    path.write_bytes(tiny_path.read_bytes()[:100_000] if content is None else content)
    with pytest.raises(WeightsError, match="allowed: a GGUF file"):
        LlamaModel(path, name="bad").count_tokens("x")
    assert capfd.readouterr().err == ""


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        LlamaModel(tmp_path / "none.gguf", name="none").chat(ASK, max_tokens=1)


def test_nothing_is_loaded_before_the_first_question(tiny_path):
    before = threading.active_count()
    model = LlamaModel(tiny_path, name="lazy")
    assert model._server is None
    assert threading.active_count() == before


@pytest.mark.weights
def test_a_real_model_follows_a_schema_and_prefers_the_right_label():
    folder = hub.fetch("smollm2-135m")
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 60}},
        "required": ["title"],
    }
    with LlamaModel(next(folder.glob("*.gguf")), name="smollm2-135m") as model:
        question = "Give a title for a film about the Webb space telescope in a clean room."
        texts = [
            model.chat([{"role": "user", "content": question}], schema=schema, max_tokens=60)
            for _ in range(2)
        ]
        assert texts[0] == texts[1]
        assert "Webb" in json.loads(texts[0])["title"]
        letter = [
            {
                "role": "user",
                "content": "Which letter comes first in the alphabet, A, B or C? Only the letter.",
            }
        ]
        odds = model.choose(letter, ["A", "B", "C", "none"])
        assert max(odds, key=odds.__getitem__) == "A"
        assert model.count_tokens("hello world") == 2
