"""Hour-LLaVA: an hour of video as a memory of every frame, of which the language model reads a refreshed part.

config       the configuration, of released files and our own; sizes 3B, 7B and tiny
vision       SigLIP cut before its last layer, pooling, pixels
forget       which rows of the memory are kept, by place and by time
recall       the memory, read in pieces
memaug       kept tokens and question look things up in the memory
query        what asks the memory, sample by sample
model        the transformers model
images       still images, for training
weights      strict loading
tokens       special ids of the tokenizer
layout       a prompt's positions
collate      samples as a batch
dialect      tasks in the family's words, and the form of constrained answers
features     files of features as published
rows         rows of numbers into a file, chunk by chunk
store        features of an hour on disk
encode       a video to stored features and projected memory
settings     the family's own options
engine       a video encoded once, questions put to it
plan         what answering would take
family       presets, and how engines are made

Importing this package registers the family with transformers' Auto classes.
"""

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from playhead.models.hour_llava.config import MODEL_TYPE, HourLlavaConfig
from playhead.models.hour_llava.model import HourLlavaForCausalLM, HourLlavaModel

AutoConfig.register(MODEL_TYPE, HourLlavaConfig, exist_ok=True)
AutoModel.register(HourLlavaConfig, HourLlavaModel, exist_ok=True)
AutoModelForCausalLM.register(HourLlavaConfig, HourLlavaForCausalLM, exist_ok=True)
