"""VTimeLLM on ChatGLM3-6B as an engine: the same look and the same words, laid out and ended as ChatGLM3's.

Tasks are asked in English, in the forms whose answers are read; the adapters were trained on machine translations of
the same data into Chinese, whose words are not published. A question of one's own may be in Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead.models.end_to_end import Look
from playhead.models.vtimellm.chatglm import chatglm3_6b, tiny_glm
from playhead.models.vtimellm.chatglm_layout import lay_out_chatglm
from playhead.models.vtimellm.chatglm_tokens import (
    END_ID,
    USER_ROLE,
    check_tokenizer,
    special_id,
    tiny_tokenizer,
)
from playhead.models.vtimellm.config import VTimeLLMConfig, tiny_config, variant_fields
from playhead.models.vtimellm.engine import VTimeLLM
from playhead.models.vtimellm.layout import Turn
from playhead.models.vtimellm.look import Seen
from playhead.sequence.layout import Layout

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class VTimeLLMChatGLM(VTimeLLM):
    """VTimeLLM on ChatGLM3; see :class:`VTimeLLM` for the arguments, of which the tokenizer is ChatGLM3's."""

    @staticmethod
    def check(tokenizer: PreTrainedTokenizerFast, rows: int, asked: str) -> None:
        """Make sure that the tokenizer is ChatGLM3's, and of the model's size."""
        check_tokenizer(tokenizer, rows, asked=asked)

    def layout(self, look: Look[Seen], text: str) -> Layout:
        """The prompt's positions; one for each frame. It ends with ``<|assistant|>``."""
        turns = [Turn(self.settings.dialect.user_turn(text))]
        return lay_out_chatglm(self.tokenizer, turns, [look.data.fillings])

    @property
    def end_ids(self) -> Sequence[int]:
        """``</s>``, or the user's role."""
        return (END_ID, special_id(self.tokenizer, USER_ROLE))


def vtimellm_chatglm3_6b() -> VTimeLLMConfig:
    """VTimeLLM on ChatGLM3-6B, frames as features."""
    return VTimeLLMConfig(text_config=chatglm3_6b(), **variant_fields("vtimellm"))


def tiny_chatglm3() -> VTimeLLMConfig:
    """The same parts in under a million weights; the embedding has unused rows, as the published one."""
    rows = -(-len(tiny_tokenizer()) // 64) * 64
    return tiny_config("vtimellm", rows, tiny_glm(rows))
