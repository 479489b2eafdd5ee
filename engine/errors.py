"""What the house raises on purpose. Everything else that is raised is a defect.

A refusal is one full sentence, "Expected to X, but Y.", in English (`en`, what `str()` gives, for logs and developers)
and in Swedish (`sv`, for the screen). Both may land in logs, so neither ever quotes what a person wrote in a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class TrappaError(Exception):
    """The base of all of them: `except TrappaError` catches what was meant, and no defect."""


class Unavailable(TrappaError):
    """The database does not answer now. Nothing was changed; trying again later helps."""


class Unsure(TrappaError):
    """The connection broke at the commit: nobody knows whether it stands, so the engine does not run it again."""


class Refused(TrappaError):
    """A command or a text is refused: nothing was changed, nothing is stored.

    `Refused("Expected to ..., but ...", "Det gick inte att ..., eftersom ...", task_id=7)`; what is known besides the
    sentences lies in `details`.
    """

    def __init__(self, en: str, sv: str, **details: Any) -> None:
        super().__init__(en, sv)
        self.en = en
        self.sv = sv
        self.details: dict[str, Any] = details

    def __str__(self) -> str:
        return self.en


class NotFound(Refused):
    """What was asked for is not there, or not for this actor: both answer alike, so that nobody learns which."""


class NotAllowed(Refused):
    """The actor lacks the role, the party or the turn for it."""


class Conflict(Refused):
    """Somebody else was faster: `Conflict(en, sv, who="Ada Ek", when=<aware datetime>)`, both in `details`."""


class Invalid(Refused):
    """What was filled in does not do: `fields` holds the Swedish messages for each field path.

    `Invalid(en, sv, fields={"lokal_hantering.nar": ["Ange minst ett datum."]})`; one bare text per field will also do.
    """

    def __init__(self, en: str, sv: str, *, fields: Mapping[str, str | Iterable[str]], **details: Any) -> None:
        super().__init__(en, sv, **details)
        self.fields: dict[str, tuple[str, ...]] = {
            path: (messages,) if isinstance(messages, str) else tuple(messages) for path, messages in fields.items()
        }


class CheckFailed(Refused):
    """A process was refused at deployment; `findings` holds all that was found, in the order it was found."""

    def __init__(self, findings: Iterable[Any], **details: Any) -> None:
        self.findings: tuple[Any, ...] = tuple(findings)
        count = sum(finding.is_error for finding in self.findings)
        super().__init__(
            f"Expected a process without errors, but {count} {'stands' if count == 1 else 'stand'} in the way.",
            f"Processen kan inte tas i bruk: {count} fel måste rättas.",
            **details,
        )


class Guarded(Refused):
    """A text holds what must never be stored: a personnummer, or contact data in free text. See `engine.guard`.

    Carries where (`path`) and what kind (`kind`: "personnummer" or "kontaktuppgift"), and by construction never the
    text: there is no parameter to pass it in. Not an `Invalid`, whose form is shown again with what was filled in.
    """

    _WHAT = {
        "personnummer": (
            "a personnummer or samordningsnummer",
            "Texten innehåller ett personnummer eller samordningsnummer. Det som skrivs här får inte gå att knyta till"
            " en enskild person. Ta bort numret och försök igen. Ingenting av texten har sparats.",
        ),
        "kontaktuppgift": (
            "an e-mail address or a telephone number",
            "Texten innehåller en e-postadress eller ett telefonnummer. Sådana uppgifter får inte stå i fritext."
            " Ta bort uppgiften och försök igen. Ingenting av texten har sparats.",
        ),
    }

    def __init__(self, path: str, kind: str = "personnummer") -> None:
        what, sv = self._WHAT[kind]
        super().__init__(f"Expected a text without {what} at {path!r}, but there is one.", sv)
        self.path = path
        self.kind = kind

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """The message at its field, in the same shape as `Invalid.fields`."""
        return {self.path: (self.sv,)}


class BadTime(Refused, ValueError):
    """A date, a duration, a timer rule or an instant that cannot be read, or lies beyond all bounds."""


class ExpressionError(Refused):
    """An expression cannot be compiled, or has no value for these variables.

    `source` is its text as it stands in the process, `line` the line in it; neither holds a value from a case.
    """

    source: str | None = None
    line: int | None = None


class BudgetSpent(ExpressionError):
    """An expression was stopped because it took more steps, space or time than one is given."""
