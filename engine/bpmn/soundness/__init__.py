"""Is a process sound? Found out by playing every way that its tokens can go, before anybody runs it.

Sound (van der Aalst 1997; for BPMN: Dijkman, Dumas, Ouyang 2008) means that from wherever a case may come to it can
still end, that nothing waits in vain, that each element can be reached, and that no element is at work twice at once
without a word of it in the drawing.

Only tokens are played, not data: each condition may hold or not. What is found can hence be impossible for a reason
that lies in the data; what is not found cannot happen. Each scope is played by itself: a sub-process inside it is one
step, which ends as it can end; what a non-interrupting boundary event leads to is too, where it leads to nothing else.
A state is the tokens on the sequence flows of a scope.

Of steps that cannot disturb each other only one order is played (a persistent set, Godefroid 1996): the flows into an
element are its own, so that it suffices to play one element alone, the earliest first, that tokens meet where they can.
Only what an inclusive or complex join looks out for is played in every order. Past `search.MAX_STATES` the answer is:
not decided; and so it is where a complex gateway asks for more than tokens (`complex_joins`).

`net` knows what elements do with tokens, `search` plays them, `problem` names what can come of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.bpmn.model import Graph
from engine.bpmn.soundness.problem import (
    BY_PEOPLE,
    DEAD,
    DEADLOCK,
    ENDLESS,
    LEFT_BEHIND,
    NEVER_ENDS,
    ON_DATA,
    TOO_LARGE,
    TWICE,
    UNDECIDED,
    Problem,
)
from engine.bpmn.soundness.search import Search

__all__ = [
    "BY_PEOPLE",
    "DEAD",
    "DEADLOCK",
    "ENDLESS",
    "LEFT_BEHIND",
    "NEVER_ENDS",
    "ON_DATA",
    "TOO_LARGE",
    "TWICE",
    "UNDECIDED",
    "Problem",
    "named",
    "problems",
]

MAX_NODES = 1_500
"""Elements of one process; a larger one is not looked at."""


def problems(graph: Graph) -> list[Problem]:
    """All that is wrong with the flow of tokens in a process that has no errors by itself."""
    if len(graph.nodes) > MAX_NODES:
        return [Problem(UNDECIDED, graph.key, why=TOO_LARGE)]
    search = Search(graph)
    search.explore(graph.key)
    return search.found


def named(graph: Graph, path: Iterable[str]) -> list[str]:
    """A path as people read it: the names of what has one, else ids."""
    return [graph.nodes[node].name or node for node in path]
