"""VTimeLLM and its successors LongVALE-LLM and AVicuna as ordinary transformers models.

config     what a folder holds, and the published sizes
model      projected features among the embeddings of a language model
vision     frames to CLIP's joint-space vectors
sound      sound to the rows LongVALE-LLM and AVicuna are given
weights    the released files into one model, strictly
lora       merging of the released adapters, one matrix at a time
files      tensors of released files by name, read one at a time
pieces     read a SentencePiece file, and join its pieces as SentencePiece does
tokens     Llama-2's tokenizer as the checkpoints were trained with it
layout     a conversation as positions: text, what fills a video and in which order, what is trained
chatglm    ChatGLM3's released weights and adapters as GLM's
chatglm_tokens  ChatGLM3's tokenizer, its special tokens behind the pieces of its file
chatglm_layout  a conversation as VTimeLLM on ChatGLM3 was trained
chatglm_engine  that system as an engine
collate    samples as the tensors the model takes
dialect    how a task is asked, what two digits mean, forms of answers (words in prompts.toml)
frames     which frames are looked at, and what hundredths are hundredths of
look       from a video to what fills its positions
settings   the family's own options
presets    the sizes, and the parts a published one is put together from
engine     the three systems as engines
plan       what answering would take
family     making, opening and planning for the rest of playhead
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from playhead.models.vtimellm.config import VTimeLLMConfig
from playhead.models.vtimellm.model import VTimeLLMForCausalLM, VTimeLLMModel

AutoConfig.register("vtimellm", VTimeLLMConfig, exist_ok=True)
AutoModel.register(VTimeLLMConfig, VTimeLLMModel, exist_ok=True)
AutoModelForCausalLM.register(VTimeLLMConfig, VTimeLLMForCausalLM, exist_ok=True)

__all__ = ["VTimeLLMConfig", "VTimeLLMForCausalLM", "VTimeLLMModel"]
