"""Passwords: argon2id, and what one must look like. Slow on purpose, hence never inside a transaction."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from engine.errors import Invalid

SHORTEST, LONGEST = 12, 128

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """As slow to check as a real one: the time taken does not tell whether an account exists."""
    return _hasher.hash("a password that nobody has")


def make_hash(password: str, username: str) -> str:
    """Invalid where the password is too short, too simple or holds the username."""
    problem = _problem(password, username)
    if problem:
        raise Invalid(
            "Expected a password that is hard to guess, but this one is not.",
            "Lösenordet kan inte användas. " + problem,
            fields={"password": problem},
        )
    return _hasher.hash(password)


def _problem(password: str, username: str) -> str | None:
    if not SHORTEST <= len(password) <= LONGEST:
        return f"Lösenordet ska ha minst {SHORTEST} och högst {LONGEST} tecken."
    if username and username.casefold() in password.casefold():
        return "Lösenordet får inte innehålla användarnamnet."
    if len(set(password)) < 5:
        return "Lösenordet ska ha minst fem olika tecken."
    return None


def fits(password: str, password_hash: str | None) -> bool:
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return password_hash is not None
