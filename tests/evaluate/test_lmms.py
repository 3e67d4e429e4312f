"""Engines of playhead as a model of lmms-eval: what is asked, what is answered, and the kit's own classes where they are."""

from __future__ import annotations

import pytest

from playhead.errors import MissingExtraError, UnsupportedError, UsageError
from playhead.evaluate import lmms
from playhead.tasks.ask import Ask
from playhead.tasks.choose import Choose
from playhead.tasks.ground import Ground
from playhead.timeline import Answer, Event, ParseFailure, Sampling, Span

PROMPT = "Select the best answer.\nWhat moves?\nA. A dot.\nB. A bar.\nThe best answer is:"


def test_prompts_become_tasks() -> None:
    assert lmms.task_of(PROMPT, {}, "videomme") == Choose(
        "Select the best answer.\nWhat moves?", ("A dot.", "B. A bar."[3:]), repeats=True
    )
    found = lmms.task_of("Please find ...", {"caption": "a dot moves. "}, "temporal_grounding_charades")
    assert found == Ground("a dot moves.")
    assert lmms.task_of("Describe the video.", {"query": "x"}, "vdc") == Ask("Describe the video.")


def answer(task: str, **fields) -> Answer:
    return Answer(
        task=task, source="v", duration_s=9, model="m", sampling=Sampling("all", Span(0, 9)), **fields
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer("choose", choice="B"), "B"),
        (answer("choose", failure=ParseFailure("B or C", "two")), "B or C"),
        (answer("ground", events=(Event(Span(1.5, 2.25), ""),)), "The event happens in 1.50 - 2.25 seconds."),
        (answer("ground"), "It does not happen in the video."),
        (answer("ask", text="A dot."), "A dot."),
    ],
)
def test_answers_become_words(said, words) -> None:
    assert lmms.words_of(said) == words


def test_without_the_kit_it_says_what_to_install(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lmms_eval", None)
    with pytest.raises(MissingExtraError, match="pip install lmms-eval"):
        _ = lmms.Playhead
    with pytest.raises(AttributeError, match="Player"):
        _ = lmms.Player


@pytest.fixture
def kit():
    return pytest.importorskip("lmms_eval.api.instance", reason="lmms-eval is not installed")


def test_the_kit_resolves_and_asks_the_engine(kit, drawn) -> None:
    from lmms_eval.models.registry_v2 import ModelRegistryV2

    registry = ModelRegistryV2()
    registry.register_manifest(lmms.manifest())
    model = registry.get_model_class("playhead").create_from_arg_string(
        "engine=scout-tiny", {"batch_size": 1, "device": None}
    )
    path = str(drawn("constant").path)
    documents = [{"caption": "a beep"}, {}]
    model.task_dict = {"timelens_charades": {"test": documents}, "videomme": {"test": documents}}

    def request(prompt, task, number):
        return kit.Instance(
            request_type="generate_until",
            arguments=(prompt, {"max_new_tokens": 16}, lambda _: [path], number, task, "test"),
            idx=0,
            metadata={"task": task, "doc_id": number, "repeats": 1},
        )

    said = model.generate_until([request("find it", "timelens_charades", 0), request(PROMPT, "videomme", 1)])
    assert said[0].startswith(("The event happens in ", "It does not happen"))
    assert said[1] in ("A", "B")
    with pytest.raises(UnsupportedError, match="log-likelihoods"):
        model.loglikelihood([])
    with pytest.raises(UsageError, match="batch_size"):
        lmms.Playhead(batch_size=2)
