"""Which frames are looked at: sampling policies as pure functions of true frame times.

base         Selection, the policy type, ``sample`` (a policy on a window), helpers on true times
registry     POLICIES by name, ``policy("uniform:n=100")``
uniform      every frame, N evenly, per second with limits, segment middles
vtimellm     100 frames                          hour_llava   about one per second, at least 128
arc          one per second up to 150, labelled  internvl     segments; random or middle of intervals
qwen         two per second, pixel budget        seed_vl      rate by task, ladder of tokens
videollama3  one per second up to 180            keye         slow and fast frames
focus        by shots; denser inside spans
instants     where a caller says
"""

from playhead.media.sampling.base import Policy, Selection, constant_rate, sample
from playhead.media.sampling.instants import sample_video
from playhead.media.sampling.registry import POLICIES, policy

__all__ = ["POLICIES", "Policy", "Selection", "constant_rate", "policy", "sample", "sample_video"]
