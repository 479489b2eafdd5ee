"""`trappa bench`: our steps beside bare SQL that does the same writes, in one run, so that noise hits both alike.

    ladder   five user tasks in lanes, each with a boundary timer, a script and a gateway behind it, 2 kB of data
    loop     one case that turns ten thousand times: its last turn beside a first one
    multi    one of five thousand parallel children beside one of ten
    deploy   a diagram of five hundred elements: read, checked, stored
    size     a million finished and a hundred thousand live cases beside an empty house (only when asked for)
    memory   what a process holds over a hundred thousand steps (only when asked for)

Walk on in `run.py`: what is measured on which database, and told. A benchmark, not a test; with `short` it judges
itself by half of the goals.
"""

from engine.bench.run import PARTS, Plan, run
from engine.bench.tell import misses, tell

__all__ = ["PARTS", "Plan", "misses", "run", "tell"]
