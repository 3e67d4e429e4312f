"""ARC-Hunyuan-Video-7B: short videos with sound, at one frame a second with the time burnt in.

In the order of the data:

settings    the family's own options, and which value is the faithful one
processor   a video and a question to the model's inputs; prepared says what is kept in between
pictures    frames with their time burnt in, as squares
sound       sound as log-mel chunks, and when each vector of them is heard
reconcile   which sound goes with which picture
tokens      the released vocabulary as a fast tokenizer, its special ids
dialect     how it is asked, and in which form it answers
layout      a prompt's ids, what stands where, positions on four axes, labels
config      fields of the released config.json, published values as defaults
vision      frame to 112 vectors: vision tower, merger
audio       sound to 50 vectors a second; vectors onto their frames
text        Hunyuan dense decoder under four-axis rotary positions
model       the whole as a transformers model: forward, loss
generation  token after token, several answers at once
weights     released key layout against ours, both ways
tiny        random weights under the real architecture
engine      look once, read the video once, answer any number of questions
plan        what a video would take, before anything is run
family      presets, options, how an engine is made

Importing this package registers the model with transformers' Auto classes and its loader.
"""

from __future__ import annotations

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageTextToText,
    AutoModelForMultimodalLM,
    AutoProcessor,
    AutoTokenizer,
)

from playhead.models.arc_hunyuan_video.config import (
    ArcHunyuanVideoAudioConfig,
    ArcHunyuanVideoConfig,
    ArcHunyuanVideoTextConfig,
    ArcHunyuanVideoVisionConfig,
    tiny_config,
)
from playhead.models.arc_hunyuan_video.model import ArcHunyuanVideoForConditionalGeneration
from playhead.models.arc_hunyuan_video.processor import ArcHunyuanVideoProcessor
from playhead.models.arc_hunyuan_video.tokens import ArcHunyuanVideoTokenizer
from playhead.models.arc_hunyuan_video.weights import register

register()
AutoConfig.register(ArcHunyuanVideoConfig.model_type, ArcHunyuanVideoConfig, exist_ok=True)
for _auto in (AutoModel, AutoModelForImageTextToText, AutoModelForMultimodalLM):
    _auto.register(ArcHunyuanVideoConfig, ArcHunyuanVideoForConditionalGeneration, exist_ok=True)
AutoTokenizer.register(ArcHunyuanVideoConfig, ArcHunyuanVideoTokenizer, exist_ok=True)  # type: ignore[no-untyped-call]
AutoProcessor.register(ArcHunyuanVideoConfig, ArcHunyuanVideoProcessor, exist_ok=True)  # type: ignore[no-untyped-call]

__all__ = [
    "ArcHunyuanVideoAudioConfig",
    "ArcHunyuanVideoConfig",
    "ArcHunyuanVideoForConditionalGeneration",
    "ArcHunyuanVideoProcessor",
    "ArcHunyuanVideoTextConfig",
    "ArcHunyuanVideoTokenizer",
    "ArcHunyuanVideoVisionConfig",
    "tiny_config",
]
