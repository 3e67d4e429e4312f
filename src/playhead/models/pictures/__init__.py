"""What all families that look at single pictures share: which are taken, at which size, how each is told its time.

settings   frames=, tell=, drop=: the options of the mechanisms, checked against a family's seams
tell       ways to tell a model the time of a picture: in words beside it, or burnt into it
choose     pictures of a window and their sizes, by the family's rule or by a policy of the caller's
read       those pictures decoded, drawn on and shrunk one at a time
similar    how alike neighbours are, for slow and fast pictures
telling    how a family tells times under the caller's wishes
dialect    tasks in words, with prompts.toml
words      prompts of words and places, part by part
cost       parameters and operations of the language model
"""
