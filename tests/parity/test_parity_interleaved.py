"""InternVL, VideoLLaMA 3 and LLaVA-OneVision against transformers' own code: token ids, pixels, masks, logits.

transformers' video processors need torchvision, which is not installed. What of them needs none is called as it is: their
text for a video, their cutting and their mask (the file is imported with an empty torchvision, which these do not use);
shrinking and colours are held to the Pillow image processors of the same release, the same rule for one picture.
"""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.internvl.processing_internvl import InternVLProcessor
from transformers.models.llava_onevision.processing_llava_onevision import LlavaOnevisionProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.video_llama_3.image_processing_pil_video_llama_3 import VideoLlama3ImageProcessorPil
from transformers.models.video_llama_3.processing_video_llama_3 import VideoLlama3Processor
from transformers.video_utils import VideoMetadata

from playhead.media.clip import Video
from playhead.media.open import open_clip
from playhead.models.family import EngineOptions
from playhead.models.interleaved.config import published_config
from playhead.models.interleaved.families import KINDS
from playhead.models.interleaved.family import FAMILY
from playhead.models.pictures.read import bicubic
from playhead.sequence.drop import changed
from playhead.tasks.ask import Ask

pytestmark = pytest.mark.parity
PIXELS = 2e-6
LOGITS = 1e-5
NAMES = {
    "internvl": "internvl-tiny",
    "video_llama_3": "videollama3-tiny",
    "llava_onevision": "llava-onevision-tiny",
}


@pytest.fixture(scope="module")
def engines():
    options = EngineOptions(device="cpu", family={"max_frames": 6})
    return {kind: FAMILY.make(FAMILY.presets[name], None, options) for kind, name in NAMES.items()}


@pytest.fixture(scope="module")
def without_torchvision():
    """Imports a file of transformers that asks for torchvision and uses it in no line run here."""
    names = [
        "torchvision",
        "torchvision.transforms",
        "torchvision.transforms.v2",
        "torchvision.transforms.v2.functional",
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setitem(sys.modules, name, ModuleType(name))
        for above, below in pairwise(names):
            setattr(sys.modules[above], below.rpartition(".")[2], sys.modules[below])
        return {
            kind: importlib.import_module(f"transformers.models.{kind}.video_processing_{kind}")
            for kind in ("video_llama_3", "internvl")
        }


@pytest.fixture(scope="module")
def their_videollama3(without_torchvision):
    return without_torchvision["video_llama_3"]


def looked(engine, path, **window):
    look = engine.look(Video(str(path), **window))
    return look, engine.layout(look, engine.request(Ask("What is shown?"), look).text)


def their_text(engine, look, indices, rate_hz) -> str:
    """What their processor writes in the place of a video's one mark."""
    kind, data = engine.kind.model_type, look.data
    if kind == "internvl":
        made = InternVLProcessor.__new__(InternVLProcessor)
        made.start_image_token, made.image_token, made.end_image_token = "<img>", "<IMG_CONTEXT>", "</img>"
        made.image_seq_length = engine.net.config.image_seq_length
        return made.replace_video_token({"pixel_values_videos": data.prepared[None]}, 0)
    if kind == "llava_onevision":
        made = LlavaOnevisionProcessor.__new__(LlavaOnevisionProcessor)
        made.num_image_tokens, made.video_token = 49, "<video>"
        return made.replace_video_token({"pixel_values_videos": data.prepared[None]}, 0)
    made = VideoLlama3Processor.__new__(VideoLlama3Processor)
    made.video_token = "<|video_pad|>"
    inputs = engine.kind.inputs(engine.net.config, data.prepared, data.grids_F2)
    metadata = VideoMetadata(total_num_frames=1000, fps=rate_hz, frames_indices=list(indices))
    mask = torch.from_numpy(data.kept_M)
    return made.replace_video_token(
        {**inputs, "video_compression_mask": mask, "video_metadata": [metadata]}, 0
    )


def their_ids(engine, video_text: str, question: str) -> list[int]:
    """Their whole way: template, the video's text in it, and the tokenizer over all of it."""
    message = {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": question}]}
    tokenizer = engine.words
    text = tokenizer.apply_chat_template(
        [message], chat_template=engine.kind.template, tokenize=False, add_generation_prompt=True
    )
    return tokenizer(text.replace(engine.kind.video_mark, video_text), add_special_tokens=False)["input_ids"]


# --- token ids -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NAMES)
def test_token_ids_are_those_of_their_processor(engines, drawn, kind) -> None:
    clip, engine = drawn("constant"), engines[kind]
    look, layout = looked(engine, clip.path)
    indices = [
        clip.times_s.index(min(clip.times_s, key=lambda t: abs(t - at))) for at in look.times_s.tolist()
    ]
    text = their_text(engine, look, indices, rate_hz=25.0)
    question = engine.request(Ask("What is shown?"), look).text
    assert layout.input_ids_N.tolist() == their_ids(engine, text, question)


def test_their_times_are_off_where_the_rate_varies_and_ours_are_not(engines, drawn) -> None:
    clip, engine = drawn("variable"), engines["video_llama_3"]
    look, _ = looked(engine, clip.path)
    indices = [
        clip.times_s.index(min(clip.times_s, key=lambda t: abs(t - at))) for at in look.times_s.tolist()
    ]
    average_hz = len(clip.times_s) / clip.end_s
    text = their_text(engine, look, indices, rate_hz=average_hz)
    told_s = [float(part.partition("s:")[0]) for part in text.split("Time ")[1:]]
    assert max(abs(told - at) for told, at in zip(told_s, look.times_s, strict=True)) > 0.1
    assert list(look.labels) == [f"Time {at:.1f}s:" for at in look.times_s]


def test_a_user_gets_letters_where_theirs_makes_marks(engines, drawn) -> None:
    for kind, engine in engines.items():
        look, _ = looked(engine, drawn("constant").path)
        plain = engine.layout(look, "What is ?").input_ids_N
        made = engine.layout(look, f"What is {engine.kind.video_mark}?").input_ids_N
        assert len(made) == len(plain) + len(engine.kind.video_mark), kind
        assert (made == engine.chat.place).sum() == (plain == engine.chat.place).sum()


# --- which pictures --------------------------------------------------------------------------------------------------


def test_their_internvl_takes_other_pictures_and_none_of_a_short_video(without_torchvision) -> None:
    """Theirs is a new rule; ours is that of the makers' own evaluation, near the middles of equal segments."""
    theirs = without_torchvision["internvl"].InternVLVideoProcessor.sample_frames
    own = SimpleNamespace(num_frames=None, fps=None, initial_shift=True)
    times_s = np.arange(300) / 25
    made = theirs(own, VideoMetadata(total_num_frames=300, fps=25.0), num_frames=32).tolist()
    ours = KINDS["internvl"].policy(32, 1.0)(12.0, times_s).indices.tolist()
    assert len(made) == len(ours) == 32
    assert 0 < max(abs(a - b) for a, b in zip(made, ours, strict=True)) <= 2
    segment = 299 / 32
    assert ours == [int(segment / 2 + np.round(segment * k)) for k in range(32)]
    with pytest.raises(ValueError, match="exceeds"):
        theirs(own, VideoMetadata(total_num_frames=5, fps=25.0), num_frames=32)
    assert len(KINDS["internvl"].policy(32, 1.0)(0.2, times_s[:5])) == 32


# --- pixels ----------------------------------------------------------------------------------------------------------


def picture(size_px) -> np.ndarray:
    width_px, height_px = size_px
    rows_HW = np.linspace(0, 255, height_px)[:, None, None]
    noise = np.random.default_rng(1).normal(0, 20, (height_px, width_px, 3))
    return (rows_HW + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("size_px", [(640, 360), (97, 301), (448, 448)])
def test_pixels_are_those_of_their_pillow_image_processors(size_px) -> None:
    given = picture(size_px)
    square = {"height": 448, "width": 448}
    kind, config = KINDS["internvl"], published_config("internvl", "internvl3.5-1b")
    colours = {"image_mean": kind.colours[0], "image_std": kind.colours[1]}
    expected = GotOcr2ImageProcessorPil(size=square, **colours)(given, return_tensors="np")["pixel_values"][0]
    size = kind.size_rule(config, 0)(*size_px, 8)
    np.testing.assert_allclose(
        kind.prepare(config, bicubic(given, size), kind.colours), expected, atol=PIXELS
    )
    kind, config = KINDS["llava_onevision"], published_config("llava_onevision", "llava-onevision-0.5b")
    colours = {"image_mean": kind.colours[0], "image_std": kind.colours[1]}
    square = {"height": 384, "width": 384}
    expected = SiglipImageProcessorPil(size=square, **colours)(given, return_tensors="np")["pixel_values"][0]
    size = kind.size_rule(config, 0)(*size_px, 8)
    np.testing.assert_allclose(
        kind.prepare(config, bicubic(given, size), kind.colours), expected, atol=PIXELS
    )


@pytest.mark.parametrize(
    ("size_px", "frames"), [((640, 360), 1), ((640, 360), 180), ((97, 301), 40), ((64, 48), 9)]
)
def test_videollama3_sizes_and_squares_are_theirs(size_px, frames, their_videollama3) -> None:
    kind, config = KINDS["video_llama_3"], published_config("video_llama_3", "videollama3-2b")
    size = kind.size_rule(config, 16_384)(*size_px, frames)
    expected = their_videollama3.smart_resize(
        size_px[1], size_px[0], 28, min_pixels=12_544, max_pixels=max(12_845_056 // frames, 12_544)
    )
    assert size == expected[::-1]
    processor = VideoLlama3ImageProcessorPil(
        size={"shortest_edge": 12_544, "longest_edge": max(12_845_056 // frames, 12_544)},
        merge_size=2,
        image_mean=kind.colours[0],
        image_std=kind.colours[1],
    )
    theirs = processor(picture(size_px), return_tensors="np")
    ours = kind.prepare(config, bicubic(picture(size_px), size), kind.colours)
    np.testing.assert_allclose(ours, theirs["pixel_values"], atol=PIXELS)
    assert kind.grid(config, size) == tuple(theirs["image_grid_thw"][0][1:] // 2)


def test_the_mask_of_what_changes_is_theirs(engines, drawn, their_videollama3) -> None:
    engine = engines["video_llama_3"]
    masks = []
    for scene in ("constant", "variable", "single_frame"):
        data = looked(engine, drawn(scene).path)[0].data
        inputs = engine.kind.inputs(engine.net.config, data.prepared, data.grids_F2)
        theirs = their_videollama3.VideoLlama3VideoProcessor._get_compression_mask(
            None, *(inputs[name] for name in ("pixel_values_videos", "video_grid_thw", "video_merge_sizes"))
        )
        assert torch.equal(torch.from_numpy(data.kept_M), theirs)
        masks.append(data.kept_M)
    assert not np.concatenate(masks).all()


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.4, 5.0, 1000.0])
def test_the_mask_is_theirs_at_every_threshold(threshold, their_videollama3) -> None:
    chance = np.random.default_rng(4)
    rows = chance.normal(0, 1, (3, 24, 588)).astype(np.float32)
    rows[1, :12] = rows[0, :12] + 0.0005
    rows[2] = rows[1]
    theirs = their_videollama3.VideoLlama3VideoProcessor._get_compression_mask(
        None, torch.from_numpy(rows.reshape(72, 588)), torch.tensor([[3, 4, 6]]), torch.tensor([2]), threshold
    )
    cells = rows.reshape(3, 6, -1)
    ours = [changed(now, before, threshold) for now, before in zip(cells, [None, *cells[:-1]], strict=True)]
    assert np.concatenate(ours).tolist() == theirs.tolist()


# --- logits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NAMES)
def test_logits_are_those_of_their_whole_way(engines, drawn, kind, their_videollama3) -> None:
    """Their processor's tensors through their model, against what the engine gives the model when it answers."""
    clip, engine = drawn("constant"), engines[kind]
    look, layout = looked(engine, clip.path)
    config = engine.net.config
    frames = open_clip(str(clip.path), sampling="every").frames
    shown = [frames.pixels_FHWC[list(frames.pts_s).index(at)] for at in look.times_s]
    if kind == "video_llama_3":
        height_px, width_px = look.sampling.frame_size_px[::-1]
        processor = VideoLlama3ImageProcessorPil(
            size={"shortest_edge": 12_544, "longest_edge": 12_845_056 // len(shown)},
            merge_size=2, image_mean=engine.colours[0], image_std=engine.colours[1],
        )  # fmt: skip
        rows = torch.cat(
            [torch.from_numpy(processor(each, return_tensors="np")["pixel_values"]) for each in shown]
        )
        grid = torch.tensor([[len(shown), height_px // 14, width_px // 14]])
        merge = torch.tensor([2])
        mask = their_videollama3.VideoLlama3VideoProcessor._get_compression_mask(None, rows, grid, merge)
        given = {"pixel_values_videos": rows, "video_grid_thw": grid, "video_merge_sizes": merge}
        given["video_compression_mask"] = mask
    else:
        side = look.sampling.frame_size_px[0]
        processor = SiglipImageProcessorPil(
            size={"height": side, "width": side}, image_mean=engine.colours[0], image_std=engine.colours[1]
        )
        tiles = torch.from_numpy(processor(shown, return_tensors="np")["pixel_values"])
        given = {"pixel_values": tiles} if kind == "internvl" else {"pixel_values_videos": tiles[None]}
    ids = torch.from_numpy(layout.input_ids_N)[None]
    with torch.inference_mode():
        theirs = engine.net(input_ids=ids, attention_mask=torch.ones_like(ids), **given).logits
        ours = engine.net(**engine.inputs(look, layout)).logits
        kept = engine.net(**engine._with_features(look, layout, lambda *_: None)).logits
    torch.testing.assert_close(ours, theirs, atol=LOGITS, rtol=LOGITS)
    torch.testing.assert_close(kept, theirs, atol=LOGITS, rtol=LOGITS)
    assert config.model_type == kind
