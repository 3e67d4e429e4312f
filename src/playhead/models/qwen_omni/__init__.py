"""Qwen2.5-Omni and Qwen3-Omni through transformers' own thinkers: pictures and sound of a window on one clock, text out.

kinds        the two systems: classes, marks, how pictures and sound are put together
config       the configurations of the released checkpoints, and the tiny ones
tokens       the tokenizer and its marks
settings     the family's own options
sound        the sound of a window as the encoder takes it, and when each token of it is heard
layout       a prompt's places and positions
collate      prompts, pictures and sound to what the model takes, one or several
weights      strict loading: the thinker of a released folder
engine       a video looked at and listened to once, questions put to it
plan         what answering would take
show         what the model sees, as pictures
family       presets, and how engines are made

Which pictures are taken, how they are cut and how tasks are worded is the Qwen-VL line's (``playhead.models.qwen_vl``).
The talker, and what makes its tokens sound, are left out.
"""
