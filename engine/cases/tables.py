"""Cases, and what each of them waits for: tasks for people, messages and signals.

In the indexes `task_candidate` and `case_reader` an absent scope or side is the empty text, so that a row can be a key.
"""

import sqlalchemy as sa

from engine.db import Id, Json, Moment, State, Words, metadata

_LIVE = sa.text("ended_at IS NULL")
_TAKEN = sa.text("state = 'open' AND assignee IS NOT NULL")
_CLOSED = sa.text("closed_by IS NOT NULL")
_SEALED = sa.text("sealed_to IS NOT NULL")
_UNUSUAL = sa.text("state NOT IN ('active', 'completed')")
_CANCELLED = sa.text("state = 'cancelled' AND assignee IS NOT NULL")
_OPEN = sa.text("state = 'open'")
_IN_AREA = sa.text("area IS NOT NULL")

_Plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text in the order of its characters' numbers: what begins with the same letters stands together."""

case = sa.Table(
    "case",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("definition_id", Id, sa.ForeignKey("definition.id"), nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("business_key", Words),
    sa.Column("title", Words, nullable=False),
    sa.Column("status", Words),
    sa.Column("party", Words),
    sa.Column("area", Words),
    sa.Column("sealed_to", Id, sa.ForeignKey("person.id")),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("data", State, nullable=False, comment="the machine's state"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("readers", Json, nullable=False, comment="candidates who may read: {fact: [...], task: [...]}"),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("started_by", Id, sa.ForeignKey("person.id")),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("outcome", Words),
    sa.Column("parent_id", Id, sa.ForeignKey("case.id"), index=True),
    sa.Column("parent_wait", sa.Integer),
    sa.Column("history_seq", sa.Integer, nullable=False, comment="how many rows of history it has"),
    sa.Column("history_head", sa.String(64), nullable=False, comment="the hash of the last of them"),
    sa.Index("uq_case_process_business_key", "process", "business_key", unique=True),
    sa.Index("ix_case_process_state", "process", "state"),
    sa.Index("ix_case_live", "definition_id", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    sa.Index("ix_case_started_by", "started_by"),
    sa.Index("ix_case_changed_at", "changed_at", "id"),
    sa.Index("ix_case_state", "state", sqlite_where=_UNUSUAL, postgresql_where=_UNUSUAL),
    sa.Index("ix_case_sealed_to", "ended_at", "sealed_to", sqlite_where=_SEALED, postgresql_where=_SEALED),
)

case_run = sa.Table(
    "case_run",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False, comment="one run of the machine's state, as JSON"),
    comment="of big cases only: what would make each step cost what all their runs cost",
    sqlite_with_rowid=False,
)

case_reader = sa.Table(
    "case_reader",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Index("ix_case_reader_role", "role", "scope", "side", "case_id"),
    sqlite_with_rowid=False,
)

case_word = sa.Table(
    "case_word",
    metadata,
    sa.Column("word", _Plain, primary_key=True),
    sa.Column("is_live", sa.Boolean, primary_key=True, comment="the case is not over"),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    comment="words in number and title of cases: what people search for",
    sqlite_with_rowid=False,
)

word_part = sa.Table(
    "word_part",
    metadata,
    sa.Column("part", _Plain, primary_key=True),
    sa.Column("word", _Plain, primary_key=True),
    comment="every word, from each of its letters on: any part of a word begins one of these",
    sqlite_with_rowid=False,
)

case_start = sa.Table(
    "case_start",
    metadata,
    sa.Column("form", sa.String(64), primary_key=True, comment="hash of who sent which answers"),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), nullable=False),
    comment="a form sent twice starts one case",
)

case_link = sa.Table(
    "case_link",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("other_id", Id, sa.ForeignKey("case.id"), primary_key=True, index=True),
    sa.Column("relation", sa.Text, primary_key=True),
)

task = sa.Table(
    "task",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("wait", sa.Integer, nullable=False),
    sa.Column("element", sa.Text, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("candidates", Json, nullable=False, comment="role[:scope][@side], as it was when the task opened"),
    sa.Column("assignee", Id, sa.ForeignKey("person.id")),
    sa.Column("claimed_at", Moment),
    sa.Column("due_at", Moment),
    sa.Column("follow_up_at", Moment),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("form", sa.Text),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("closed_by", Id, sa.ForeignKey("person.id")),
    sa.Column("instance", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("case_id", "wait", name="uq_task_case_id_wait"),
    sa.Index("ix_task_assignee", "assignee", "due_at", "id", sqlite_where=_TAKEN, postgresql_where=_TAKEN),
    sa.Index("ix_task_closed_by", "closed_by", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    sa.Index("ix_task_cancelled", "assignee", sqlite_where=_CANCELLED, postgresql_where=_CANCELLED),
    sa.Index("ix_task_name", "name", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

task_candidate = sa.Table(
    "task_candidate",
    metadata,
    sa.Column("task_id", Id, sa.ForeignKey("task.id"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("due_at", Moment),
    sa.Column("party", Words, comment="the case's"),
    sa.Column("area", Words, comment="the case's, where it is not the party's own"),
    sa.Index("ix_task_candidate_role", "role", "scope", "side", "due_at", "task_id"),
    sa.Index("ix_task_candidate_newest", "role", "scope", "side", "task_id"),
    sa.Index("ix_task_candidate_party", "role", "scope", "side", "party", "due_at", "task_id"),
    sa.Index(
        "ix_task_candidate_area",
        *("role", "scope", "side", "area", "due_at", "task_id"),
        sqlite_where=_IN_AREA,
        postgresql_where=_IN_AREA,
    ),
    comment="of open tasks only: the inbox stays as fast as the work at hand is small",
    sqlite_with_rowid=False,
)

task_draft = sa.Table(
    "task_draft",
    metadata,
    sa.Column("task_id", Id, sa.ForeignKey("task.id"), primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), primary_key=True),
    sa.Column("data", Json, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
)

comment = sa.Table(
    "comment",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), nullable=False, index=True),
    sa.Column("task_id", Id, sa.ForeignKey("task.id")),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("text", Words, nullable=False),
)

wait = sa.Table(
    "wait",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("wait", sa.Integer, nullable=False),
    sa.Column("element", sa.Text, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("key", Words),
    sa.UniqueConstraint("case_id", "wait", name="uq_wait_case_id_wait"),
    sa.Index("ix_wait_name", "kind", "name", "key"),
)

offer = sa.Table(
    "offer",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("wait", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("role", sa.Text, primary_key=True, comment="empty: the person whose id the scope is, by name"),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("elements", Json, nullable=False, comment="ids of the activities"),
    sa.Column("offered_at", Moment, nullable=False, comment="since when something may be begun under the wait"),
    sa.Index("ix_offer_role", "role", "scope", "side", "offered_at", "case_id", "wait"),
    comment="what may be begun now in ad-hoc sub-processes, and by whom",
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("key", Words),
    sa.Column("variables", Json, nullable=False),
    sa.Column("published_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("delivered_to", Id, sa.ForeignKey("case.id")),
    sa.Index(
        "ix_message_name",
        "name",
        "key",
        sqlite_where=sa.text("delivered_to IS NULL"),
        postgresql_where=sa.text("delivered_to IS NULL"),
    ),
    comment="published before anybody waited for it",
)

number = sa.Table(
    "number",
    metadata,
    sa.Column("series", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
