"""The inbox: which tasks wait for whom, page by page, with counts; and the searches people save.

Made for a hundred thousand open tasks. Every list walks an index in the order shown and stops after one page; every
count stops at `COUNT_LIMIT`; words and numbers that few have are looked up (`search`). The indexes:

    task_candidate (role, scope, side, due_at, task_id)           of open tasks only; a role's, in order of due date
    task_candidate (role, scope, side, task_id)                   the same, the newest first
    task_candidate (role, scope, side, party, due_at, task_id)    those about one party; likewise for the area
    task (assignee, due_at, id) where open                        mine
    task (name) where open                                        by words in the task's name
    task (closed_by, closed_at)                                   done
    case_word (word, is_live, case_id), word_part (part, word)    by words in the case's number or title
    case (ended_at, sealed_to) where sealed                       the few whose tasks are not shown to others (R3)

What is sealed is left out by a list of its own: so lists and counts need not look at each task's case.
"""

from engine.runtime.inbox.counts import COUNT_LIMIT, InboxCounts, ProcessNames
from engine.runtime.inbox.filters import (
    SAVED_LIMIT,
    DeleteFilter,
    SavedFilter,
    SavedFilters,
    SaveFilter,
)
from engine.runtime.inbox.places import (
    ALL,
    DONE,
    LATE,
    MINE,
    STARTABLE,
    begun_in,
    membership_for,
    offered,
    require_place,
    role_of_place,
    working_roles,
)
from engine.runtime.inbox.search import EVERYTHING, Search
from engine.runtime.inbox.tasks import PAGE, Inbox, InboxPage, TaskRow

__all__ = [
    "ALL",
    "COUNT_LIMIT",
    "DONE",
    "EVERYTHING",
    "LATE",
    "MINE",
    "PAGE",
    "SAVED_LIMIT",
    "STARTABLE",
    "DeleteFilter",
    "Inbox",
    "InboxCounts",
    "InboxPage",
    "ProcessNames",
    "SaveFilter",
    "SavedFilter",
    "SavedFilters",
    "Search",
    "TaskRow",
    "begun_in",
    "membership_for",
    "offered",
    "require_place",
    "role_of_place",
    "working_roles",
]
