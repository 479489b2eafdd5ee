"""The whole schema as the house began, and what guards it: history is append-only, and no record is ever deleted (R53).

The triggers refuse whoever works with the database, not only this program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")

APPEND_ONLY = ("history", "read_log")
NEVER_DELETED = ("case", "task", "comment", "mail", "incident", "definition", "definition_file", "person", "membership")


def upgrade() -> None:
    create_tables()
    for table in APPEND_ONLY:
        refuse(table, "UPDATE", "append-only")
        refuse(table, "DELETE", "append-only")
    for table in NEVER_DELETED:
        refuse(table, "DELETE", "never deleted")
    refuse_replacing_history()


def downgrade() -> None:
    raise NotImplementedError("Expected an older schema to go back to, but this is the first.")


def refuse(table: str, verb: str, rule: str) -> None:
    """A trigger that refuses the verb, and on PostgreSQL TRUNCATE along with DELETE."""
    name = f"{table}_refuses_{verb.lower()}"
    sentence = f"Expected {table} to stay as it is, but somebody tried to {verb}: it is {rule}."
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{sentence}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(f'CREATE TRIGGER {name} BEFORE {verb} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()')
    if verb == "DELETE":
        op.execute(f'CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON "{table}" EXECUTE FUNCTION {name}()')


def refuse_replacing_history() -> None:
    """SQLite's INSERT OR REPLACE deletes without asking the trigger for DELETE."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER history_refuses_replace BEFORE INSERT ON history "
            "WHEN EXISTS (SELECT 1 FROM history WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'Expected a new row of history, but there is one: it is append-only.'); END"
        )


def create_tables() -> None:
    op.create_table(
        "definition",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("deployed_at", MOMENT, nullable=False),
        sa.Column("deployed_by", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("key", "version", name="uq_definition_key_version"),
    )
    op.create_table(
        "login_throttle",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
        sa.Column("blocked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "number",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_number")),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_table(
        "reference",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="as it stands in the file"),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference")),
    )
    op.create_index("ix_reference_kind", "reference", ["kind", "key"], unique=False)
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "case",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("definition_id", ID, nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("sealed_to", ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("data", sa.Text(), nullable=False, comment="the machine's state"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("readers", sa.Text(), nullable=False, comment="candidates who may read: {fact: [...], task: [...]}"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("started_by", ID, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("parent_wait", sa.Integer(), nullable=True),
        sa.Column("history_seq", sa.Integer(), nullable=False, comment="how many rows of history it has"),
        sa.Column("history_head", sa.String(length=64), nullable=False, comment="the hash of the last of them"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name=op.f("fk_case_definition_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["case.id"], name=op.f("fk_case_parent_id")),
        sa.ForeignKeyConstraint(["sealed_to"], ["person.id"], name=op.f("fk_case_sealed_to")),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_case_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    op.create_index(
        "ix_case_live",
        "case",
        ["definition_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_case_parent_id"), "case", ["parent_id"], unique=False)
    op.create_index("ix_case_process_state", "case", ["process", "state"], unique=False)
    op.create_index("ix_case_started_by", "case", ["started_by"], unique=False)
    op.create_index("uq_case_process_business_key", "case", ["process", "business_key"], unique=True)
    op.create_table(
        "definition_file",
        sa.Column("definition_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name=op.f("fk_definition_file_definition_id")),
        sa.PrimaryKeyConstraint("definition_id", "name", name=op.f("pk_definition_file")),
    )
    op.create_table(
        "membership",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"], unique=False)
    op.create_index("ix_membership_role", "membership", ["role", "scope"], unique=False)
    op.create_table(
        "read_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_read_log_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_log")),
    )
    op.create_index(op.f("ix_read_log_at"), "read_log", ["at"], unique=False)
    op.create_index(op.f("ix_read_log_case_id"), "read_log", ["case_id"], unique=False)
    op.create_table(
        "saved_filter",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False, comment="the fields of Search that were set"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("person_id", "name", name="uq_saved_filter_person_id_name"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_person_id"), "session", ["person_id"], unique=False)
    op.create_table(
        "case_link",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_link_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["case.id"], name=op.f("fk_case_link_other_id")),
        sa.PrimaryKeyConstraint("case_id", "other_id", "relation", name=op.f("pk_case_link")),
    )
    op.create_index(op.f("ix_case_link_other_id"), "case_link", ["other_id"], unique=False)
    op.create_table(
        "case_reader",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_reader_case_id")),
        sa.PrimaryKeyConstraint("case_id", "role", "scope", "side", name=op.f("pk_case_reader")),
    )
    op.create_index("ix_case_reader_role", "case_reader", ["role", "scope", "side", "case_id"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=True),
        sa.Column("element_name", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("definition_key", sa.Text(), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True, comment="canonical JSON, kept as the text that was hashed"),
        sa.Column("data_hash", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = case_id * 16777216 + seq", name=op.f("ck_history_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_history_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_history_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_at"), "history", ["at"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("wait", sa.Integer(), nullable=True),
        sa.Column("element", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column(
            "fence", sa.Integer(), nullable=False, comment="one more for each lease: an old lease's report is refused"
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_job_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_case_id", "job", ["case_id", "wait"], unique=False)
    op.create_index(
        "ix_job_due_at",
        "job",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_job_lease_until",
        "job",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'leased'"),
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(
        "uq_job_idempotency_key",
        "job",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("delivered_to", ID, nullable=True),
        sa.ForeignKeyConstraint(["delivered_to"], ["case.id"], name=op.f("fk_message_delivered_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        comment="published before anybody waited for it",
    )
    op.create_index(
        "ix_message_name",
        "message",
        ["name", "key"],
        unique=False,
        sqlite_where=sa.text("delivered_to IS NULL"),
        postgresql_where=sa.text("delivered_to IS NULL"),
    )
    op.create_table(
        "task",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "candidates", sa.Text(), nullable=False, comment="role[:scope][@side], as it was when the task opened"
        ),
        sa.Column("assignee", ID, nullable=True),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("follow_up_at", MOMENT, nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("instance", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assignee"], ["person.id"], name=op.f("fk_task_assignee")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_task_case_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_task_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("case_id", "wait", name="uq_task_case_id_wait"),
    )
    op.create_index(
        "ix_task_assignee",
        "task",
        ["assignee", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_task_closed_by", "task", ["closed_by", "closed_at"], unique=False)
    op.create_index(
        "ix_task_due_at",
        "task",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "wait",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_wait_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wait")),
        sa.UniqueConstraint("case_id", "wait", name="uq_wait_case_id_wait"),
    )
    op.create_index("ix_wait_name", "wait", ["kind", "name", "key"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_comment_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comment_person_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_comment_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_case_id"), "comment", ["case_id"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("wait", sa.Integer(), nullable=True),
        sa.Column("element", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_incident_case_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_incident_closed_by")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_incident_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_case_id"), "incident", ["case_id"], unique=False)
    op.create_index(
        "ix_incident_open",
        "incident",
        ["opened_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "mail",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_mail_case_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_mail_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_mail_idempotency_key")),
    )
    op.create_index(op.f("ix_mail_case_id"), "mail", ["case_id"], unique=False)
    op.create_index(op.f("ix_mail_created_at"), "mail", ["created_at"], unique=False)
    op.create_index(op.f("ix_mail_job_id"), "mail", ["job_id"], unique=False)
    op.create_table(
        "task_candidate",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_candidate_task_id")),
        sa.PrimaryKeyConstraint("task_id", "role", "scope", "side", name=op.f("pk_task_candidate")),
        comment="of open tasks only: the inbox stays as fast as the work at hand is small",
    )
    op.create_index(
        "ix_task_candidate_role", "task_candidate", ["role", "scope", "side", "due_at", "task_id"], unique=False
    )
    op.create_table(
        "task_draft",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_task_draft_person_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_draft_task_id")),
        sa.PrimaryKeyConstraint("task_id", "person_id", name=op.f("pk_task_draft")),
    )
