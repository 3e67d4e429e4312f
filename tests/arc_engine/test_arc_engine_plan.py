"""What a video would take: the published counts, and the tiny model's real ones."""

from __future__ import annotations

import pytest

from playhead.models.arc_hunyuan_video import ArcHunyuanVideoForConditionalGeneration, tiny_config
from playhead.models.arc_hunyuan_video.plan import PUBLISHED, dimensions_of, video_tokens


def test_the_published_sizes() -> None:
    assert round(PUBLISHED.parameters / 1e9, 3) == 8.635
    assert PUBLISHED.slots == 112
    assert PUBLISHED.cache_bytes(1, 2) == 128 * 1024
    assert round(PUBLISHED.cache_bytes(17_102, 2) / 1e9, 2) == 2.24
    assert (video_tokens(60), video_tokens(150)) == (6842, 17_102)


def test_operations_are_of_the_size_that_was_estimated_before() -> None:
    """Specification 8.4, for 60 frames: the vision tower and the prompt take about 0.1 PFLOP each."""
    assert 60 * PUBLISHED.frame_flops() == pytest.approx(1e14, rel=0.3)
    assert PUBLISHED.prefill_flops(6900) == pytest.approx(1e14, rel=0.3)
    assert PUBLISHED.token_flops(0) == pytest.approx(2 * PUBLISHED.decoder_parameters, rel=0.01)


def test_the_count_of_parameters_is_the_models_own() -> None:
    config = tiny_config(vocab_size=600, pad_token_id=4)
    model = ArcHunyuanVideoForConditionalGeneration(config)
    assert dimensions_of(config).parameters == sum(each.numel() for each in model.parameters())
