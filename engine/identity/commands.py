"""People, what they hold, and signing in and out."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import iso, local
from engine.engine import Engine, Read, Transaction
from engine.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from engine.identity import passwords, permissions
from engine.identity.queries import hash_of_token
from engine.identity.tables import login_throttle, membership, person, session
from engine.settings.stored import Settings

# --- people --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A new person, without roles. Gives the id. Without a password they sign in some other way, or not at all."""

    username: str
    name: str
    email: str = ""
    password: str | None = None
    demo: bool = False
    password_hash: str | None = None

    def prepare(self, engine: Engine, actor: Actor) -> AddPerson:
        if self.password is None:
            return self
        return replace(self, password=None, password_hash=passwords.make_hash(self.password, self.username))

    def execute(self, tx: Transaction) -> int:
        _require_admin(tx.actor)
        username = _username(self.username)
        taken = sa.select(person.c.id).where(person.c.username == username)
        if tx.connection.execute(taken).first():
            raise Conflict(
                "Expected a username of their own, but somebody has it.",
                "Användarnamnet är upptaget.",
                username=username,
            )
        row = {
            "username": username,
            "name": _name(self.name),
            "email": _email(self.email),
            "password_hash": self.password_hash,
            "active": True,
            "demo": self.demo,
        }
        return int(tx.connection.execute(person.insert().returning(person.c.id), row).scalar_one())


@dataclass(frozen=True, slots=True)
class EditPerson:
    """Another name or address; what happened under the old name keeps it."""

    person_id: int
    name: str
    email: str

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx.actor)
        _change_person(tx, self.person_id, name=_name(self.name), email=_email(self.email))


@dataclass(frozen=True, slots=True)
class DeactivatePerson:
    """No longer with us: signed out everywhere at once. People are never deleted (R53)."""

    person_id: int

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx.actor)
        _change_person(tx, self.person_id, active=False)
        tx.connection.execute(session.delete().where(session.c.person_id == self.person_id))


@dataclass(frozen=True, slots=True)
class ReactivatePerson:
    person_id: int

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx.actor)
        _change_person(tx, self.person_id, active=True)


@dataclass(frozen=True, slots=True)
class SetPassword:
    """A new password, by the person or an admin; signs out whoever was signed in with the old one."""

    person_id: int
    password: str
    password_hash: str | None = None

    def prepare(self, engine: Engine, actor: Actor) -> SetPassword:
        username = engine.ask(_UsernameOf(self.person_id), actor=Actor.system())
        return replace(self, password="", password_hash=passwords.make_hash(self.password, username))

    def execute(self, tx: Transaction) -> None:
        if tx.actor.person_id != self.person_id:
            _require_admin(tx.actor)
        _change_person(tx, self.person_id, password_hash=self.password_hash)
        tx.connection.execute(session.delete().where(session.c.person_id == self.person_id))


@dataclass(frozen=True, slots=True)
class _UsernameOf:
    person_id: int

    def run(self, read: Read) -> str:
        return read.connection.execute(sa.select(person.c.username).where(person.c.id == self.person_id)).scalar() or ""


def _change_person(tx: Transaction, person_id: int, **values: Any) -> None:
    changed = tx.connection.execute(person.update().where(person.c.id == person_id).values(**values))
    if not changed.rowcount:
        raise NotFound(f"Expected a person {person_id}, but there is none.", "Personen finns inte.")


def _require_admin(actor: Actor) -> None:
    permissions.require(actor, "admin", to="administer people", att="administrera personer")


def _username(text: str) -> str:
    username = text.strip().casefold()
    if not re.fullmatch(r"[\w.@+-]{2,100}", username):
        problem = "Användarnamnet ska ha 2 till 100 tecken: bokstäver, siffror eller . @ + - _"
        raise Invalid(
            "Expected a username of letters and digits, but it is none.", problem, fields={"username": problem}
        )
    return username


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        problem = "Ange ett namn med högst 200 tecken."
        raise Invalid("Expected a name, but it is empty, too long or unprintable.", problem, fields={"name": problem})
    return name


def _email(text: str) -> str:
    email = text.strip()
    if email and not re.fullmatch(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,190}", email):
        problem = "Ange en e-postadress som namn@exempel.se."
        raise Invalid("Expected an e-mail address, but it is none.", problem, fields={"email": problem})
    return email


# --- what they hold ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GrantRole:
    """A role from a day on (today where not said), to and with a day or until further notice; gives its id.

    R35: who publishes processes takes no part in cases: the role processdesigner is not combined with a working role.
    """

    person_id: int
    role: str
    scope: str | None = None
    side: str | None = None
    party: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def execute(self, tx: Transaction) -> int:
        _require_admin(tx.actor)
        valid_from = self.valid_from or local(tx.now).date()
        if self.valid_to is not None and self.valid_to < valid_from:
            problem = "Slutdatum ska inte ligga före startdatum."
            raise Invalid("Expected an end after the start, but it lies before.", problem, fields={"valid_to": problem})
        if not re.fullmatch(r"[a-z0-9_]{1,100}", self.role):
            problem = "Ange en rollnyckel: små bokstäver, siffror och understreck."
            raise Invalid("Expected the key of a role, but it is none.", problem, fields={"role": problem})
        if not tx.connection.execute(sa.select(person.c.id).where(person.c.id == self.person_id)).first():
            raise NotFound(f"Expected a person {self.person_id}, but there is none.", "Personen finns inte.")
        self._refuse_designer_at_work(tx, valid_from)
        row = {
            "person_id": self.person_id,
            "role": self.role,
            "scope": self.scope or None,
            "side": self.side or None,
            "party": self.party or None,
            "valid_from": valid_from,
            "valid_to": self.valid_to,
        }
        return int(tx.connection.execute(membership.insert().returning(membership.c.id), row).scalar_one())

    def _refuse_designer_at_work(self, tx: Transaction, valid_from: date) -> None:
        other: sa.ColumnElement[bool]
        if self.role == "processdesigner":
            other = membership.c.role.not_in(permissions.NEVER_WORK)
        elif self.role not in permissions.NEVER_WORK:
            other = membership.c.role == "processdesigner"
        else:
            return
        until = self.valid_to or date.max
        held = sa.select(membership.c.role).where(
            membership.c.person_id == self.person_id,
            other,
            membership.c.valid_from <= until,
            sa.or_(membership.c.valid_to.is_(None), membership.c.valid_to >= valid_from),
        )
        found = tx.connection.execute(held).scalar()
        if found:
            raise Refused(
                f"Expected a person without {found} for the role {self.role}, but they hold it at the same time (R35).",
                "Den som är processdesigner kan inte samtidigt ha en roll i ärendena."
                f" Personen har redan rollen {found}.",
            )


@dataclass(frozen=True, slots=True)
class EndRole:
    """The last day of a membership; it stays to be seen. Yesterday, where not said: over at once."""

    membership_id: int
    valid_to: date | None = None

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx.actor)
        valid_to = self.valid_to or local(tx.now).date() - timedelta(days=1)
        ended = membership.update().where(membership.c.id == self.membership_id).values(valid_to=valid_to)
        if not tx.connection.execute(ended).rowcount:
            raise NotFound(
                f"Expected a membership {self.membership_id}, but there is none.", "Rolltilldelningen finns inte."
            )


# --- signing in and out --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogIn:
    """Gives a token, once; the database knows only its hash. Wrong passwords in a row make the account wait."""

    username: str
    password: str
    person_id: int | None = None

    def prepare(self, engine: Engine, actor: Actor) -> LogIn:
        """Hashing takes a tenth of a second: too long for a transaction."""
        found = engine.ask(_PasswordOf(self.username), actor=Actor.system())
        person_id, password_hash = found or (None, None)
        fits = passwords.fits(self.password, password_hash)
        return replace(self, password="", person_id=person_id if fits else None)

    def execute(self, tx: Transaction) -> str:
        username = self.username.strip().casefold()[:100]
        tries = tx.connection.execute(
            sa.select(login_throttle).where(login_throttle.c.username == username).with_for_update()
        ).one_or_none()
        if tries and tries.blocked_until and tries.blocked_until > tx.now:
            raise NotAllowed(
                "Expected to sign in, but the account waits after too many wrong passwords.",
                "För många felaktiga försök. Försök igen efter kl "
                f"{local(tries.blocked_until + timedelta(minutes=1)).strftime('%H:%M')}.",
                until=iso(tries.blocked_until),
            )
        if self.person_id is None:
            _count_failure(tx, username, tries.failures + 1 if tries else 1, is_new=tries is None)
            return ""
        if tries:
            tx.connection.execute(login_throttle.delete().where(login_throttle.c.username == username))
        return _open_session(tx, self.person_id)


@dataclass(frozen=True, slots=True)
class _PasswordOf:
    username: str

    def run(self, read: Read) -> tuple[int, str | None] | None:
        found = sa.select(person.c.id, person.c.password_hash).where(
            person.c.username == self.username.strip().casefold(), person.c.active
        )
        row = read.connection.execute(found).one_or_none()
        return (row.id, row.password_hash) if row else None


def _count_failure(tx: Transaction, username: str, failures: int, *, is_new: bool) -> None:
    settings = Settings(tx.connection)
    over = failures - settings["login.tries"]
    pause = timedelta(minutes=min(60, settings["login.wait_minutes"] * 2 ** min(over, 10))) if over >= 0 else None
    values = {"failures": failures, "failed_at": tx.now, "blocked_until": tx.now + pause if pause else None}
    if is_new:
        tx.connection.execute(login_throttle.insert(), {"username": username, **values})
    else:
        tx.connection.execute(login_throttle.update().where(login_throttle.c.username == username).values(**values))
    # Counted even though refused: committed first, raised then.
    tx.refusal = NotAllowed(
        "Expected the right password, but account and password do not fit.", "Användarnamnet eller lösenordet är fel."
    )


@dataclass(frozen=True, slots=True)
class LogInDemo:
    """Sign in as one of the demo's people, without a password. Refused unless the house runs as a demo."""

    person_id: int

    def execute(self, tx: Transaction) -> str:
        found = sa.select(person.c.id).where(person.c.id == self.person_id, person.c.demo, person.c.active)
        if not tx.engine.demo or not tx.connection.execute(found).first():
            raise NotFound("Expected a demo account, but there is none.", "Sidan finns inte.")
        return _open_session(tx, self.person_id)


def _open_session(tx: Transaction, person_id: int) -> str:
    token = secrets.token_urlsafe(32)
    expires_at = tx.now + timedelta(hours=Settings(tx.connection)["session.hours"])
    tx.connection.execute(session.delete().where(session.c.expires_at < tx.now))
    tx.connection.execute(
        session.insert(),
        {
            "token_hash": hash_of_token(token),
            "person_id": person_id,
            "created_at": tx.now,
            "seen_at": tx.now,
            "expires_at": expires_at,
        },
    )
    return token


@dataclass(frozen=True, slots=True)
class KeepSession:
    """Somebody is still there: the idle time starts anew, unless it is over. Once a minute (`SignedIn.is_fresh`)."""

    token: str

    def execute(self, tx: Transaction) -> None:
        idle = timedelta(minutes=Settings(tx.connection)["session.idle_minutes"])
        tx.connection.execute(
            session.update()
            .where(session.c.token_hash == hash_of_token(self.token), session.c.seen_at > tx.now - idle)
            .values(seen_at=tx.now)
        )


@dataclass(frozen=True, slots=True)
class LogOut:
    token: str

    def execute(self, tx: Transaction) -> None:
        tx.connection.execute(session.delete().where(session.c.token_hash == hash_of_token(self.token)))
