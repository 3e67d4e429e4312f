"""Weights quantised while they are read: transformers' quantisers get our un-fused tensors, each by its own name."""

from __future__ import annotations

from typing import ClassVar

import torch
from transformers.core_model_loading import ConversionOps
from transformers.quantizers import HfQuantizer
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from helpers.arc_toy import full_inputs
from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration

STEP = 1 / 64


class Round(ConversionOps):
    """Weights on a coarse grid: what an integer format would keep of them."""

    seen: ClassVar[dict[str, tuple[int, ...]]] = {}

    def convert(self, input_dict, **kwargs):
        one = {name: each[0] if isinstance(each, list) else each for name, each in input_dict.items()}
        Round.seen |= {name: tuple(each.shape) for name, each in one.items()}
        return {name: (each / STEP).round() * STEP for name, each in one.items()}


@register_quantization_config("playhead_round")
class RoundConfig(QuantizationConfigMixin):
    def __init__(self, **kwargs):
        self.quant_method = "playhead_round"
        self.modules_to_not_convert = None


@register_quantizer("playhead_round")
class RoundQuantizer(HfQuantizer):
    requires_calibration = False

    def param_needs_quantization(self, model, param_name, **kwargs):
        return "_proj.weight" in param_name and not param_name.startswith("speech_encoder")

    def get_quantize_ops(self):
        return Round()

    def is_serializable(self):
        return False

    @property
    def is_trainable(self):
        return False


def test_a_quantiser_of_transformers_is_given_the_unfused_tensors(arc_folder, model):
    Round.seen = {}
    rounded = ArcHunyuanVideoForConditionalGeneration.from_pretrained(
        arc_folder, quantization_config=RoundConfig()
    ).eval()
    decoder = {name: shape for name, shape in Round.seen.items() if name.startswith("language_model")}
    tower = {name: shape for name, shape in Round.seen.items() if name.startswith("vision_model")}
    assert len(decoder) == 2 * 7
    assert decoder["language_model.model.layers.0.self_attn.k_proj.weight"] == (32, 64)
    assert decoder["language_model.model.layers.1.mlp.gate_proj.weight"] == (128, 64)
    assert len(tower) == 2 * 4
    want = model.state_dict()
    for name, each in rounded.state_dict().items():
        expected = (want[name] / STEP).round() * STEP if name in Round.seen else want[name]
        assert torch.equal(each, expected), name
    with torch.no_grad():
        got = rounded(**full_inputs(), logits_to_keep=1).logits
        exact = model(**full_inputs(), logits_to_keep=1).logits
    assert 1e-4 < float((got - exact).abs().max()) < 1.0
