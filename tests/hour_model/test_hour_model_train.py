"""Training through the family's own batches: a video and text alone, by hand and by transformers' Trainer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hour_kit import padded

from playhead.errors import UsageError
from playhead.models.hour_llava.collate import Sample, collate
from playhead.models.hour_llava.family import tiny_model
from playhead.models.hour_llava.forget import plan_memory
from playhead.models.hour_llava.layout import Seen, conversation_layout, prompt_layout
from playhead.models.hour_llava.tokens import tiny_tokenizer, token_ids
from playhead.timeline import Span

TOKENIZER = tiny_tokenizer()
IDS = token_ids(TOKENIZER)
UNUSED = [
    f"model.vision_tower.vision_tower.vision_model.post_layernorm.{part}" for part in ("weight", "bias")
]


def seen_of(pictures: int) -> Seen:
    times_s = np.arange(float(pictures))
    return Seen(times_s, np.stack([times_s, times_s + 1], axis=1), Span(0.0, float(pictures)))


def film(pictures=12, seed=1) -> Sample:
    kept = plan_memory(pictures, seed=seed)
    turns = [("<image>\nWhat happens?", "A dog runs."), ("And then?", "It sleeps.")]
    layout = conversation_layout(TOKENIZER, IDS, turns, seen_of(pictures), kept)
    chance = torch.Generator().manual_seed(seed)
    return Sample(layout, torch.randn(pictures, 64, 32, generator=chance).half())


def text() -> Sample:
    return Sample(conversation_layout(TOKENIZER, IDS, [("Hi there", "Hello!")]))


def batch_of(samples, model, **options):
    return collate(samples, model.config, padding=IDS.padding, **options)


def test_a_batch_of_a_film_and_a_text_has_the_losses_of_both() -> None:
    model = tiny_model()
    samples = [film(), text()]
    both = model(**batch_of(samples, model))
    alone = [model(**batch_of([each], model)) for each in samples]
    # The first of a row predicts nothing, the rest of what is labelled counts alike.
    counts = [int((each.layout.labels_N[1:] != -100).sum()) for each in samples]
    mean = sum(count * out.loss.item() for count, out in zip(counts, alone, strict=True)) / sum(counts)
    assert both.loss.item() == pytest.approx(mean, abs=1e-5)
    for row, (each, out) in enumerate(zip(samples, alone, strict=True)):
        assert torch.allclose(both.logits[row, : len(each.layout)], out.logits[0], atol=1e-4)


def test_the_labels_say_the_same_of_the_query_as_the_layout() -> None:
    model = tiny_model()
    given = batch_of([film(), text()], model)
    without = {key: each for key, each in given.items() if key != "query_mask"}
    with torch.no_grad():
        assert torch.equal(model(**given).logits, model(**without).logits)


def test_text_alone_can_keep_the_whole_graph_and_changes_nothing_else() -> None:
    model = tiny_model()
    plain = model(**batch_of([text()], model))
    plain.loss.backward()
    asleep = {name for name, each in model.named_parameters() if each.grad is None}
    assert any("vision_resampler" in name for name in asleep)
    wanted = {name: each.grad for name, each in model.named_parameters()}
    model.zero_grad()
    whole = model(**batch_of([text()], model, whole_graph=True))
    whole.loss.backward()
    assert whole.loss.item() == plain.loss.item()
    missing = [name for name, each in model.named_parameters() if each.grad is None]
    assert [name for name in missing if "vision_tower" not in name] == []
    for name, each in model.named_parameters():
        if each.grad is not None:
            assert torch.equal(each.grad, torch.zeros_like(each) if wanted[name] is None else wanted[name])


def test_left_padding_is_what_the_single_samples_answer() -> None:
    model = tiny_model().train(False)
    kept = [plan_memory(count, seed=count) for count in (12, 140)]
    samples = [
        Sample(prompt_layout(TOKENIZER, IDS, words, seen_of(n), each), torch.randn(n, 64, 32))
        for words, each, n in zip(("Who?", "What is it, and where?"), kept, (12, 140), strict=True)
    ]
    options = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None, "pad_token_id": IDS.padding}
    with torch.no_grad():
        together = model.generate(**batch_of(samples, model, side="left"), **options)[:, -4:]
        alone = [model.generate(**batch_of([each], model), **options)[0, -4:] for each in samples]
    assert torch.equal(together, torch.stack(alone))


def test_it_pads_as_the_tests_own_way_of_padding() -> None:
    model, samples = tiny_model(), [film(12, 1), film(30, 2)]
    found = batch_of(samples, model)
    wanted = padded([batch_of([each], model) for each in samples], "right")
    for key in ("attention_mask", "slot_mask", "query_mask"):
        assert torch.equal(found[key], wanted[key])
    shown = found["attention_mask"].bool()
    assert torch.equal(found["input_ids"][shown], wanted["input_ids"][shown])
    assert (found["input_ids"][~shown] == IDS.padding).all()
    assert (found["labels"][~shown] == -100).all()


@pytest.mark.parametrize("checkpointing", [False, True])
def test_trainer_makes_steps_on_films_and_texts(tmp_path, checkpointing) -> None:
    from transformers import Trainer, TrainingArguments

    model = tiny_model()
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    made = TrainingArguments(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=2, learning_rate=1e-2, use_cpu=True,
        remove_unused_columns=False, report_to=[], disable_tqdm=True, save_strategy="no", logging_steps=1,
        gradient_checkpointing=checkpointing, dataloader_pin_memory=False,
    )  # fmt: skip
    trainer = Trainer(
        model=model,
        args=made,
        train_dataset=[film(12, 1), text(), film(30, 2), text()],
        data_collator=lambda samples: batch_of(samples, model, whole_graph=True),
    )
    trainer.train()
    losses = [each["loss"] for each in trainer.state.log_history if "loss" in each]
    assert len(losses) == 2
    assert all(np.isfinite(losses))
    learned = {
        name.split(".")[1] for name, each in model.named_parameters() if not torch.equal(each, before[name])
    }
    assert {"embed_tokens", "layers", "image_newline", "mm_projector", "vision_resampler"} <= learned


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        (Sample(film().layout), "a video's places but no memory"),
        (Sample(text().layout, torch.zeros(3, 64, 32)), "a memory but no places"),
    ],
)
def test_what_does_not_go_together_is_refused(sample, told) -> None:
    with pytest.raises(UsageError, match=told):
        batch_of([sample], tiny_model())


def test_a_sample_longer_than_the_model_was_trained_with_is_refused() -> None:
    model = tiny_model(tokenizer_model_max_length=100)
    with pytest.raises(UsageError, match="100, the longest"):
        batch_of([film()], model)
