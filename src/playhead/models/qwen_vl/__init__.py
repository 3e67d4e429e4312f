"""The Qwen-VL line through transformers' own models: Qwen2-VL, Qwen2.5-VL, Qwen3-VL, with true time.

kinds        the generations: classes, cut of pictures, how each is told the time
config       the configurations of the released checkpoints, and the tiny ones
tokens       the tokenizer and its marks
settings     the family's own options
pictures     which pictures, at which size, cut for the encoder
held         pictures as bytes, cut into rows where they are encoded
encode       their features, some at a time
keep         what stays on disk of a video
layout       a prompt's places and positions
collate      prompts and pictures to what the model takes, one or several
weights      strict loading
engine       a video looked at once, questions put to it
plan         what answering would take
show         what the model sees, as pictures
family       presets, and how engines are made

The models, and their registration with the Auto classes, are transformers' own.
"""
