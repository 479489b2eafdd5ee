"""What narrows a list, and the open tasks that fit it.

Words are looked for wherever they stand in the case's number, its title or the task's name. Where one of them is rare,
an index tells which few tasks can have it (`few`); where all are common, a list finds a page of them soon as it walks
in its order.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases import words
from engine.cases.sight import may_look_into
from engine.cases.tables import case, task, task_candidate
from engine.db import at_most
from engine.engine import Read
from engine.runtime.inbox.places import Branch
from engine.runtime.views.common import CASE_NUMBER, has_words

FEW = 2000
"""So many cases are looked up one by one; where more have a word, a page of them is found sooner in order."""
SPELLINGS = 2000
"""Words that a part may stand for, to be looked up."""
LOOKED_UP = 4
"""Words of a search that may tell which tasks, the longest first."""


@dataclass(frozen=True, slots=True)
class Search:
    """What narrows a list. `held`: "free" for tasks nobody has taken, "taken" for those somebody has."""

    text: str = ""
    process: str = ""
    party: str = ""
    held: str = ""
    late: bool = False
    order: str = "due"

    @property
    def is_empty(self) -> bool:
        return replace(self, order="due") == EVERYTHING

    @property
    def number(self) -> str:
        """The case number that is looked for, where that is all."""
        return self.text.upper() if CASE_NUMBER.fullmatch(self.text) else ""

    @property
    def words(self) -> list[str]:
        """The words that must all be there, the longest first; none where a number is looked for."""
        return [] if self.number else sorted(words.words(self.text), key=len, reverse=True)


EVERYTHING = Search()

_OPEN = task.c.state == sa.literal_column("'open'")
"""Written out, not bound: only so can PostgreSQL's prepared statements use the indexes over open tasks."""


def open_tasks(
    read: Read, branch: Branch, search: Search, among: sa.Select[Any] | None = None
) -> tuple[sa.Select[Any], Any, Any]:
    """A select of open tasks in one branch that fit the search, with its columns for due date and id, which follow an
    index. `among`: what `few` found."""
    rows: Any
    due: Any
    key: Any
    if branch is None:
        rows = sa.select(task.c.id.label("task_id"), task.c.due_at.label("due_at"))
        rows = rows.where(task.c.assignee == read.actor.person_id, _OPEN)
        due, key = task.c.due_at, task.c.id
    else:
        rows = sa.select(task_candidate.c.task_id.label("task_id"), task_candidate.c.due_at.label("due_at"))
        rows = rows.where(branch)
        due, key = task_candidate.c.due_at, task_candidate.c.task_id
        search = replace(search, party="")  # the branch has seen to it
    if among is not None:
        rows = rows.where(key.in_(among))
    if search.words or search.process or search.party or search.held:
        if branch is not None:
            rows = rows.join(task, task.c.id == task_candidate.c.task_id)
        rows = narrowed(rows.join(case, case.c.id == task.c.case_id), search)
        rows = rows.where(may_look_into(read.actor))
    else:
        rows = rows.where(key.not_in(_sealed(read.actor)))
    return (rows.where(due < read.now) if search.late else rows), due, key


def narrowed(rows: sa.Select[Any], search: Search) -> sa.Select[Any]:
    """Of tasks joined with their cases those that fit; a number is for `few`."""
    if search.words:
        found = has_words(search.words, case.c.number, case.c.title, task.c.name)
        # Wrapped, for PostgreSQL takes the words for rarer than they are, and would rather fetch all than walk to some.
        rows = rows.where(sa.case((found, sa.true()), else_=sa.false()))
    if search.process:
        rows = rows.where(case.c.process == search.process)
    if search.party:
        rows = rows.where(sa.or_(case.c.party == search.party, case.c.area == search.party))
    if search.held == "free":
        rows = rows.where(task.c.assignee.is_(None))
    if search.held == "taken":
        rows = rows.where(task.c.assignee.is_not(None))
    return rows


def _sealed(actor: Actor) -> sa.Select[Any]:
    """Open tasks of cases that are sealed to somebody else (R3): not even their titles are shown."""
    sealed = sa.select(case.c.id).where(
        case.c.sealed_to > 0, case.c.ended_at.is_(None), case.c.sealed_to != actor.person_id
    )
    return sa.select(task.c.id).where(task.c.case_id.in_(sealed), _OPEN)


# --- what few can have ------------------------------------------------------------------------------------------------


def few(read: Read, search: Search) -> tuple[sa.Select[Any] | None, Search]:
    """Ids of tasks, among which all open ones are that the text can mean, and what is still to be looked for in them;
    None where they may be many."""
    if search.number:
        return of_case(search.number), replace(search, text="")
    wanted = search.words[:LOOKED_UP]
    if not wanted:
        return None, search
    counts = [count for word in wanted for count in _counts(word)]
    found = tuple(read.connection.execute(sa.select(*counts)).one())
    for place, word in enumerate(wanted):
        those = found[place * len(_LIMITS) : (place + 1) * len(_LIMITS)]
        if all(map(operator.le, those, _LIMITS)):
            rest = (other for other in search.words if other != word)
            return _with(word, *those[1:]), replace(search, text=" ".join(rest))
    return None, search


def of_case(number: str) -> sa.Select[Any]:
    """The tasks of the case with this number: few, whatever the inbox holds."""
    found = sa.select(case.c.id).where(case.c.number == number).scalar_subquery()
    return sa.select(task.c.id).where(task.c.case_id == found)


_LIMITS = (SPELLINGS, FEW, FEW)


def _counts(word: str) -> list[sa.ScalarSelect[int]]:
    """Words that have it, cases that have those, tasks of such a name: to one more than `_LIMITS`."""
    found = (words.with_part(word, SPELLINGS + 1), _cases(word), _named(word))
    some = (one.limit(at_most(limit + 1)).subquery() for one, limit in zip(found, _LIMITS, strict=True))
    return [sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in some]


def _with(word: str, cases: int, named: int) -> sa.Select[Any]:
    """`cases` and `named`: how many there are. PostgreSQL must be told, for it would expect many more and read all."""
    some = _cases(word).limit(_about(cases)).subquery()
    of_cases = sa.select(task.c.id).join(some, some.c.case_id == task.c.case_id).where(_OPEN)
    of_names = _named(word).limit(_about(named)).subquery()
    both = of_cases.union_all(sa.select(of_names.c.id)).cte("found")
    return sa.select(both.c.id)


def _about(count: int) -> sa.ColumnElement[int]:
    """A limit of as many or some more: of each size one, so that there are few statements to keep."""
    return at_most(10 ** len(str(count)))


def _cases(word: str) -> sa.Select[Any]:
    """Live cases with the word in their number or title."""
    return words.with_word(word, SPELLINGS, live=[True])


def _named(word: str) -> sa.Select[Any]:
    """Open tasks with the word in their name."""
    fitting = sa.select(_NAMES.c.name).where(has_words([word], _NAMES.c.name))
    return sa.select(task.c.id).where(_OPEN, task.c.name.in_(fitting))


def _each_name() -> sa.CTE:
    """The names of open tasks, as many as diagrams give: from each the index leads to the next."""
    least = sa.select(sa.func.min(task.c.name)).where(_OPEN)
    names = sa.select(least.scalar_subquery().label("name")).cte("names", recursive=True)
    following = least.where(task.c.name > names.c.name).scalar_subquery()
    return names.union_all(sa.select(following).where(names.c.name.is_not(None)))


_NAMES = _each_name()
