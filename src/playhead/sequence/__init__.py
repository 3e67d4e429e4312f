"""Clip and prompt to what a model is given: token layout, positions, labels, padding. Plans on the CPU, no weights.

layout   Layout: the ids of one sample, and which positions stand for which second of the video
batch    several layouts padded to one length
"""
