"""Families in which each picture is a run of tokens in a plain prompt, through transformers' own models, with true time.

kinds             what the engine asks of such a family
internvl          InternVL 3 and 3.5: one tile a picture, numbered
videollama3       VideoLLaMA 3: own proportions, times in words, unchanged places left out
llava_onevision   LLaVA-OneVision: one square a picture, told by order
flash             InternVL3.5-Flash: released folders, and tiles at the rate its router says
vir               the router's modules, and the model around it
families          these by their model_type
config            the configurations of the released checkpoints, and the tiny ones
tokens            tokenizers, their marks and chat templates
settings          the families' options
pictures          which pictures, and each prepared for the encoder
rates             two rates: pictures given as all or a quarter of their tokens
layout            a prompt's places
collate           prompts and pictures to what the models take, one or several
weights           strict loading
keep              what stays on disk of a video
engine            a video looked at once, questions put to it
plan              what answering would take
show              what the models see, as pictures
family            presets, and how engines are made
generic           any other model that reads images and text, by its folder's own processor
generic_family    how folders of these are opened, planned and shown
"""
