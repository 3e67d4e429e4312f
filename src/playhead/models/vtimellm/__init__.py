"""VTimeLLM and its successors LongVALE-LLM and AVicuna as ordinary transformers models.

config   what a folder holds, and the published sizes
model    projected features among the embeddings of a language model
vision   frames to CLIP's joint-space vectors
sound    sound to the rows LongVALE-LLM and AVicuna are given
weights  the released files into one model, strictly
lora     merging of the released adapters, one matrix at a time
files    tensors of released files by name, read one at a time
"""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from playhead.models.vtimellm.config import VTimeLLMConfig
from playhead.models.vtimellm.model import VTimeLLMForCausalLM, VTimeLLMModel

AutoConfig.register("vtimellm", VTimeLLMConfig, exist_ok=True)
AutoModel.register(VTimeLLMConfig, VTimeLLMModel, exist_ok=True)
AutoModelForCausalLM.register(VTimeLLMConfig, VTimeLLMForCausalLM, exist_ok=True)

__all__ = ["VTimeLLMConfig", "VTimeLLMForCausalLM", "VTimeLLMModel"]
