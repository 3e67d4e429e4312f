"""Benchmarks run with any engine: resumable, with a manifest, a log of every sample, scores with intervals and a page.

base.py        what a benchmark is: samples with a task and a truth, and what scores them
find.py        annotation files and videos under a folder, what is missing counted
scoring.py     from answers to the functions of playhead.metrics
registry.py    every benchmark by name
benchmarks/    one file a benchmark
"""
