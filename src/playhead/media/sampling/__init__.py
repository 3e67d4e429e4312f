"""Which frames are looked at: sampling policies as pure functions of true frame times.

base      Selection, the policy type, ``sample`` (a policy on a window), helpers on true times
uniform   every frame, N evenly, per second with limits, segment middles
registry  POLICIES by name, ``policy("uniform:n=100")``
"""

from playhead.media.sampling.base import Policy, Selection, constant_rate, sample
from playhead.media.sampling.registry import POLICIES, policy

__all__ = ["POLICIES", "Policy", "Selection", "constant_rate", "policy", "sample"]
