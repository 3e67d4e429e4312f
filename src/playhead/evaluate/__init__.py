"""Benchmarks run with any engine: resumable, with a manifest, a log of every sample, scores with intervals and a page.

base.py        what a benchmark is: samples with a task and a truth, and what scores them
find.py        annotation files and videos under a folder, what is missing counted
rows.py        rows of JSON, CSV and Parquet with the place of each
collect.py     what loaders share: rows become samples, what cannot be used is counted
scoring.py     from answers to the functions of playhead.metrics
special.py     evaluations that one benchmark alone defines
judges.py      whether a text tells a statement
registry.py    every benchmark by name
run.py         from the first sample to the scores, in a folder that a run can go on from
ahead.py       the next video is prepared while the engine answers
log.py         every answer as soon as it is there
manifest.py    what the numbers were made with
results.py     scores and values as files
comparison.py  two runs, sample by sample
mistakes.py    how wrong answers are, in overlap and in seconds
report.py      the page: report_cases.py, charts.py, strips.py, report_assets/
lmms.py        engines as a model of lmms-eval
benchmarks/    one file a benchmark
"""
