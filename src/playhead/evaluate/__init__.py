"""Benchmarks run with any engine: resumable, with a manifest, a log of every sample, scores with intervals and a page.

base.py        what a benchmark is: samples with a task and a truth, and what scores them
find.py        annotation files and videos under a folder, what is missing counted
rows.py        rows of JSON, CSV and Parquet with the place of each
collect.py     what loaders share: rows become samples, what cannot be used is counted
scoring.py     from answers to the functions of playhead.metrics
special.py     evaluations that one benchmark alone defines
registry.py    every benchmark by name
lmms.py        engines as a model of lmms-eval
benchmarks/    one file a benchmark
"""
