"""ARC-Hunyuan-Video-7B: short videos with sound, at one frame a second with the time burnt in.

config     fields of the released config.json, published values as defaults
vision     frame to 112 vectors: vision tower, merger
audio      sound to 50 vectors a second; vectors onto their frames
text       Hunyuan dense decoder under four-axis rotary positions
model      the whole as a transformers model: forward, generate, loss
weights    released key layout against ours, both ways
tokens     the released vocabulary as a fast tokenizer, its special ids
layout     a prompt's ids, what stands where, positions on four axes, labels
pictures   frames with their time burnt in, as squares
sound      sound as log-mel chunks, and when each vector of them is heard
reconcile  which sound goes with which picture
prepared   a video made ready, and the settings of that
processor  all of that: a video and a question to the model's inputs

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
