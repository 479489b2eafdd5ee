"""Reads of people and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor, Membership
from engine.calendar import local
from engine.engine import Read, Transaction
from engine.errors import NotFound
from engine.identity import permissions
from engine.identity.tables import membership, person, read_log, session
from engine.settings.stored import Settings


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A membership as the administrator sees it, past and coming ones too."""

    id: int
    role: str
    scope: str | None
    side: str | None
    party: str | None
    valid_from: date
    valid_to: date | None

    def is_valid(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or self.valid_to >= day)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str
    name: str
    email: str
    active: bool
    demo: bool
    roles: tuple[HeldRole, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as of now. `is_fresh`: seen within the last minute; where not, tell so by `KeepSession`, and it lives
    until `idle_until`."""

    person_id: int
    username: str
    name: str
    demo: bool
    idle_until: datetime
    expires_at: datetime
    is_fresh: bool


def hash_of_token(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


_SESSION = (
    sa.select(session, person.c.username, person.c.name, person.c.demo)
    .join(person, person.c.id == session.c.person_id)
    .where(session.c.token_hash == sa.bindparam("token_hash"), person.c.active)
)


@dataclass(frozen=True, slots=True)
class PersonBySession:
    """Who is signed in with this token; None where nobody is, or no longer: idle or past its time."""

    token: str

    def run(self, read: Read) -> SignedIn | None:
        row = read.connection.execute(_SESSION, {"token_hash": hash_of_token(self.token)}).one_or_none()
        if row is None:
            return None
        idle = timedelta(minutes=Settings(read.connection)["session.idle_minutes"])
        if read.now >= min(row.seen_at + idle, row.expires_at):
            return None
        is_fresh = read.now - row.seen_at < timedelta(minutes=1)
        idle_until = (row.seen_at if is_fresh else read.now) + idle
        return SignedIn(row.person_id, row.username, row.name, row.demo, idle_until, row.expires_at, is_fresh)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody with what they hold, by name; for admin and revisor. `demo`: those whom its sign-in page offers."""

    demo: bool = False

    def run(self, read: Read) -> list[Person]:
        if not (self.demo and read.engine.demo):
            permissions.require(read.actor, "admin", "revisor", to="list people", att="se personerna")
        rows = sa.select(person).where(person.c.demo, person.c.active) if self.demo else sa.select(person)
        return _with_roles(read, read.connection.execute(rows).all())


@dataclass(frozen=True, slots=True)
class PersonById:
    """One person with what they hold; for admin, revisor and that person."""

    person_id: int

    def run(self, read: Read) -> Person:
        if read.actor.person_id != self.person_id:
            permissions.require(read.actor, "admin", "revisor", to="see a person", att="se personen")
        rows = read.connection.execute(sa.select(person).where(person.c.id == self.person_id)).all()
        if not rows:
            raise NotFound(f"Expected a person {self.person_id}, but there is none.", "Personen finns inte.")
        return _with_roles(read, rows)[0]


@dataclass(frozen=True, slots=True)
class PeopleHolding:
    """Active people who now hold one of the candidates: who may do a task, whom a mail is for. Sorted by name."""

    candidates: tuple[str, ...]

    def run(self, read: Read) -> list[Person]:
        return holders(read, self.candidates)


_NAMED = sa.select(person.c.id).where(
    sa.or_(person.c.username == sa.bindparam("text"), person.c.id == sa.bindparam("id"))
)


def person_named(read: Read, text: str | None) -> int | None:
    """An assignee stands in a diagram as a username, or as the id that a variable like `startad_av` holds."""
    if text is None:
        return None
    number = int(text) if text.isdecimal() and len(text) < 19 else -1
    found: int | None = read.connection.execute(_NAMED, {"text": text.casefold(), "id": number}).scalar()
    return found


def holders(read: Read, candidates: Iterable[str]) -> list[Person]:
    wanted = [permissions.parse(candidate) for candidate in candidates]
    if not wanted:
        return []
    today = local(read.now).date()
    rows = read.connection.execute(
        sa.select(person)
        .where(person.c.active)
        .where(
            person.c.id.in_(
                sa.select(membership.c.person_id).where(
                    membership.c.role.in_({candidate.role for candidate in wanted}),
                    membership.c.valid_from <= today,
                    sa.or_(membership.c.valid_to.is_(None), membership.c.valid_to >= today),
                )
            )
        )
    ).all()
    return [
        one
        for one in _with_roles(read, rows)
        if any(
            held.is_valid(today)
            and permissions.covers(Membership(held.role, held.scope, held.side, held.party), candidate)
            for held in one.roles
            for candidate in wanted
        )
    ]


def _with_roles(read: Read, rows: Sequence[Any]) -> list[Person]:
    # Sorted here: the database's own order knows no å, ä and ö.
    held: dict[int, list[HeldRole]] = {}
    ids = [row.id for row in rows]
    found = sa.select(membership).order_by(membership.c.id)
    for row in read.connection.execute(found if len(ids) > 500 else found.where(membership.c.person_id.in_(ids))):
        role = HeldRole(row.id, row.role, row.scope, row.side, row.party, row.valid_from, row.valid_to)
        held.setdefault(row.person_id, []).append(role)
    people = [
        Person(row.id, row.username, row.name, row.email, row.active, row.demo, tuple(held.get(row.id, ())))
        for row in rows
    ]
    return sorted(people, key=lambda one: swedish(one.name))


_ORDER = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "é": "e", "ü": "y"})


def swedish(text: str) -> str:
    """A key that sorts as Swedish does: å, ä, ö last."""
    return text.casefold().translate(_ORDER)


def matching(table: sa.Table, actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: rows of `task_candidate` or `case_reader` that one of the actor's memberships matches."""
    return sa.or_(sa.false(), *matches(table, actor))


def matches(table: sa.Table, actor: Actor) -> list[sa.ColumnElement[bool]]:
    """The same, a condition for each membership."""
    return [
        sa.and_(
            table.c.role == held.role,
            table.c.scope.in_({"", held.scope or ""}),
            table.c.side.in_({"", held.side or ""}),
        )
        for held in dict.fromkeys(actor.memberships)
        if held.role not in permissions.NEVER_WORK
    ]


@dataclass(frozen=True, slots=True)
class LoggedRead:
    id: int
    at: datetime
    person_id: int
    name: str
    role: str | None
    case_id: int | None
    what: str


@dataclass(frozen=True, slots=True)
class ReadLog:
    """What the auditor read, newest first (R34). For revisor and admin."""

    limit: int = 200
    before_id: int | None = None

    def run(self, read: Read) -> list[LoggedRead]:
        permissions.require(read.actor, "revisor", "admin", to="see the log of reads", att="se läsloggen")
        rows = sa.select(read_log, person.c.name).join(person).order_by(read_log.c.id.desc()).limit(self.limit)
        if self.before_id is not None:
            rows = rows.where(read_log.c.id < self.before_id)
        return [
            LoggedRead(row.id, row.at, row.person_id, row.name, row.role, row.case_id, row.what)
            for row in read.connection.execute(rows)
        ]


_LOG_READ = read_log.insert()


def log_read(read: Read, what: str, case_id: int | None = None) -> None:
    """R34: where the auditor reads, that is written down before the answer leaves the house."""
    actor = read.actor
    if actor.person_id is None or not actor.holds("revisor"):
        return
    row = {"at": read.now, "person_id": actor.person_id, "role": "revisor", "case_id": case_id, "what": what}

    def write(tx: Transaction) -> None:
        tx.connection.execute(_LOG_READ, row)

    read.traces.append(write)
