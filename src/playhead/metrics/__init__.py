"""Numbers that can be trusted: grounding, highlights, dense captions, multiple choice; needs numpy alone.

spans.py        overlap of spans and of sets of spans, exact matching
interval.py     one value an item; means, 95 % intervals by video, two runs compared
grounding.py    when something happens: mIoU, R@k, sets of spans, nothing to find
highlights.py   QVHighlights: moments by length, highlights by rating
told.py         a timed sentence
captions.py     dense captions: the evaluations of ActivityNet, VTimeLLM, YouCook2
soda.py         SODA_c: captions as a story
ngrams.py       BLEU, ROUGE-L, CIDEr
java.py         METEOR and the tokenizer of published caption scores (extra ``metrics``, and a Java runtime)
atoms.py        descriptions by atomic events: missed, hallucinated; any judge
choice.py       multiple choice: accuracy by group, reading the chosen option
vtimellm.py     VTimeLLM's log, with its rounding and without
files.py        JSON and JSON Lines with the line of every record
formats.py      prediction and truth files of the published evaluations, checked
bounds.py       spans outside their video, and spans that are not in seconds
tables.py       CSV, TSV and spreadsheets with the place of every row
logs.py         logs of lmms-eval and VLMEvalKit, read with playhead's own grammar
score.py        one name for each kind of file: reader, metrics, digits
"""

from playhead.metrics.atoms import score_atoms
from playhead.metrics.captions import score_activitynet, score_vtimellm, score_youcook2
from playhead.metrics.choice import read_option, score_choice
from playhead.metrics.grounding import score_grounding, span_f1, top_iou
from playhead.metrics.highlights import Highlighted, Retrieved, score_highlights
from playhead.metrics.interval import Difference, Estimate, Scores, compare
from playhead.metrics.score import score_files
from playhead.metrics.soda import score_soda
from playhead.metrics.spans import best_matching, iou, iou_matrix, set_iou
from playhead.metrics.told import Caption

__all__ = [
    "Caption",
    "Difference",
    "Estimate",
    "Highlighted",
    "Retrieved",
    "Scores",
    "best_matching",
    "compare",
    "iou",
    "iou_matrix",
    "read_option",
    "score_activitynet",
    "score_atoms",
    "score_choice",
    "score_files",
    "score_grounding",
    "score_highlights",
    "score_soda",
    "score_vtimellm",
    "score_youcook2",
    "set_iou",
    "span_f1",
    "top_iou",
]
