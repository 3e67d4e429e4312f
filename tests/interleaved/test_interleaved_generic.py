"""Any other model of transformers: frames as images, each after its true time, by the folder's own processor and template."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

pytest.importorskip("transformers")
import playhead
from playhead.errors import UnsupportedError, UsageError, WeightsError
from playhead.media.clip import Video
from playhead.models.pictures.words import byte_tokenizer
from playhead.models.registry import families
from playhead.models.show import show_video
from playhead.tasks.ask import Ask

MARKS = [
    "<|im_start|>",
    "<|im_end|>",
    "<image>",
    "<fake_token_around_image>",
    "<row_1_col_1>",
    "<global-img>",
]
MARKS += ["<end_of_utterance>", "<start_of_image>", "<end_of_image>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
TEXT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "intermediate_size": 64, "bos_token_id": 256, "eos_token_id": 258, "initializer_range": 0.2,
}  # fmt: skip
VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "image_size": 56, "patch_size": 14,
}  # fmt: skip


def llava(tokenizer):
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    config = LlavaConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": len(tokenizer)},
        vision_config={**VISION, "model_type": "clip_vision_model"},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
    )
    square = {"height": 56, "width": 56}
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size=square),
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    return LlavaForConditionalGeneration, config, processor


def idefics3(tokenizer):
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    config = Idefics3Config(
        text_config={**TEXT, "model_type": "llama", "vocab_size": len(tokenizer)},
        vision_config=VISION,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
    )
    images = Idefics3ImageProcessorPil(size={"longest_edge": 112}, max_image_size={"longest_edge": 56})
    processor = Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=TEMPLATE)
    return Idefics3ForConditionalGeneration, config, processor


MODELS = {"llava": llava, "idefics3": idefics3}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for name, make in MODELS.items():
        model_class, config, processor = make(byte_tokenizer(MARKS))
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = model_class(config)
        made[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(made[name])
        processor.save_pretrained(made[name])
    return made


@pytest.fixture(scope="module", params=MODELS)
def session(request, folders):
    return playhead.load(
        str(folders[request.param]), device="cpu", constrain=True, max_frames=4, max_new_tokens=60
    )


def prompt(engine, look, words="What is shown?"):
    layout = engine.layout(look, engine.request(Ask(words), look).text)
    return layout, engine.tokenizer.decode(layout.input_ids_N.tolist())


@pytest.mark.parametrize("scene", ["constant", "variable", "late_video", "single_frame", "rotated_1"])
def test_each_picture_is_an_image_after_its_true_time(session, drawn, scene) -> None:
    clip, engine = drawn(scene), session.engine
    look = engine.look(Video(str(clip.path)))
    gaps_s = [min(abs(at - each) for each in clip.times_s) for at in look.times_s]
    assert max(gaps_s) <= clip.rounding_s
    layout, words = prompt(engine, look)
    assert list(look.labels) == [f"[{at:.1f} second]" for at in look.times_s]
    at = 0
    for label in look.labels:
        at = words.index(label, at) + len(label)
    assert words.index("What is shown?") > at
    assert [slot.pts_s for slot in layout.slots] == look.times_s.tolist()
    assert len(layout.filled()) == (layout.input_ids_N == engine.place).sum()


def test_what_the_model_is_given_is_what_its_processor_makes(session, drawn) -> None:
    engine = session.engine
    look = engine.look(Video(str(drawn("variable").path), start_s=0.4))
    assert look.labels[0] == f"[{look.times_s[0] - 0.4:.1f} second]"
    layout, _ = prompt(engine, look)
    content = []
    for label in look.labels:
        content += [{"type": "text", "text": label}, {"type": "image"}]
    content.append({"type": "text", "text": "What is shown?"})
    text = engine.processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True
    )
    switch = (
        {"do_image_splitting": False}
        if hasattr(engine.processor.image_processor, "do_image_splitting")
        else {}
    )
    theirs = engine.processor(text=[text], images=[look.data.pictures], return_tensors="pt", **switch)
    ours = engine.inputs(look, layout)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    with torch.inference_mode():
        assert engine.net(**ours).logits.shape[1] == len(layout)


def test_every_task_is_answered_with_times_that_can_be_read(session, drawn) -> None:
    path = str(drawn("variable").path)
    answer = session.ground(path, "a square", start_s=0.5)
    assert answer.failure is None, answer.failure
    assert all(0.5 <= span.start_s <= span.end_s <= answer.duration_s for span in answer.spans)
    for answer in (session.chapters(path), session.watch(path), session.ask(path, "What?")):
        assert answer.failure is None, answer.failure
    assert session.choose(path, "What?", ["a", "b"]).choice in {"A", "B"}


def test_plan_and_show_need_no_weights_and_count_what_is_used(session, folders, drawn, tmp_path) -> None:
    engine, path = session.engine, str(drawn("constant").path)
    folder = tmp_path / "empty"
    shutil.copytree(folders[engine.net.config.model_type], folder)
    look = engine.look(Video(path))
    layout, _ = prompt(engine, look)
    planned, loaded = playhead.plan(path, str(folder), max_frames=4, device="cpu"), engine.plan(Video(path))
    assert planned.frames == loaded.frames == len(look.times_s)
    assert planned.video_tokens == loaded.video_tokens == len(layout.filled())
    assert loaded.weights_bytes == sum(each.nbytes for each in engine.model.parameters())
    shown = show_video(str(folder), Video(path), 3, max_frames=4)
    assert shown.frames.pts_s[0] == look.times_s[0]
    assert shown.captions[0] == f"1 of {len(look.times_s)}, told {look.labels[0]}"


def test_ways_to_tell_and_policies_of_other_systems(folders, drawn) -> None:
    path = str(drawn("variable").path)
    for options, label in (
        ({"tell": "qwen3-vl"}, "<0."),
        ({"tell": "none"}, ""),
        ({"tell": "arc"}, "00:00:00-"),
    ):
        engine = playhead.load(str(folders["llava"]), device="cpu", frames="uniform:n=3", **options).engine
        look = engine.look(Video(path))
        assert len(look.times_s) == 3
        assert look.labels[0].startswith(label)
        assert (look.labels[1] in prompt(engine, look)[1]) == (options["tell"] != "arc")
    look = engine.look(Video(path, instants_s=(0.0, 1.0)))
    assert len(look.times_s) == 2
    for options in ({"frames": "seed1.5-vl"}, {"frames": "keye1.5"}):
        with pytest.raises(UnsupportedError, match="no seam 'sizes'"):
            playhead.load(str(folders["llava"]), device="cpu", **options)
    with pytest.raises(UsageError, match="drop"):
        playhead.load(str(folders["llava"]), device="cpu", drop=0.1)
    with pytest.raises(UsageError, match="whole number"):
        playhead.load(str(folders["llava"]), device="cpu", side_px=3)


def test_a_mark_in_a_question_is_refused(session, drawn) -> None:
    with pytest.raises(UsageError, match="its mark '<image>'"):
        session.ask(str(drawn("constant").path), "What is <image>?")


def test_the_clock_is_right(folders, monkeypatch) -> None:
    from playhead.clockcheck.check import check_clock

    verdicts = check_clock(str(folders["llava"]), max_frames=8)
    assert [(each.clip, each.faults) for each in verdicts if not each.passed] == []
    assert {each.telling for each in verdicts} == {"text"}


def broken(folders, tmp_path, change):
    folder = tmp_path / "model"
    shutil.copytree(folders["llava"], folder)
    change(folder)
    return str(folder)


def rewritten(name, **values):
    def change(folder):
        held = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**held, **values}))

    return change


def test_what_cannot_be_opened_says_why(folders, tmp_path, drawn) -> None:
    for number, (change, error, said) in enumerate(
        (
            (rewritten("config.json", model_type="bert"), UnsupportedError, "model of type 'bert'"),
            (rewritten("config.json", model_type="no_such"), UnsupportedError, "model of type 'no_such'"),
            (lambda folder: (folder / "chat_template.jinja").unlink(), WeightsError, "no chat template"),
            (lambda folder: (folder / "processor_config.json").write_text("{"), WeightsError, "processor"),
            (
                lambda folder: (folder / "chat_template.jinja").write_text("{{ nothing('x') }}"),
                UnsupportedError,
                "of its own",
            ),
        )
    ):
        folder = broken(folders, tmp_path / str(number), change)
        with pytest.raises(error, match=said):
            playhead.load(folder, device="cpu").ask(str(drawn("constant").path), "What?")


def test_it_takes_what_no_other_family_names() -> None:
    claiming = [family for family in families() if family.claims is not None]
    assert [family.name for family in claiming] == ["frames-as-images"]
    assert claiming[0].claims("smolvlm")
    assert not claiming[0].claims("bert")
    named = {each for family in families() for each in family.model_types}
    assert {"qwen3_vl", "internvl", "video_llama_3"} <= named
