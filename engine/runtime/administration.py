"""What an administrator sets: settings, and in a demo the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.calendar import iso
from engine.db import dumps
from engine.definitions import conditions
from engine.engine import Read, Transaction
from engine.errors import Invalid, NotFound, Refused
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.reference import rows
from engine.settings import wrong_for_unit
from engine.settings.stored import Settings, setting


@dataclass(frozen=True, slots=True)
class SettingsList:
    """All settings by name, as they are now. For admin and revisor."""

    def run(self, read: Read) -> dict[str, Any]:
        permissions.require(read.actor, "admin", "revisor", to="see the settings", att="se inställningarna")
        return dict(sorted(Settings(read.connection).items()))


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """Another value of the same kind, and in the same unit, for a setting that exists; counts from the next step on."""

    name: str
    value: Any

    def execute(self, tx: Transaction) -> None:
        permissions.require(tx.actor, "admin", to="change a setting", att="ändra inställningar")
        settings = Settings(tx.connection)
        if self.name not in settings:
            raise NotFound(
                "Expected a setting that exists, but there is none of this name.", "Inställningen finns inte."
            )
        self._require_same_kind(settings[self.name])
        unit = next((row.get("enhet", "") for row in rows(tx, "installningar") if row["nyckel"] == self.name), "")
        problem = wrong_for_unit(self.value, unit)
        if problem:
            raise Invalid(problem[1], problem[0], fields={"value": problem[0]})
        dumps(self.value)
        _store(tx, self.name, self.value)
        jobs.add(tx, conditions.after_setting(tx))

    def _require_same_kind(self, old: Any) -> None:
        numbers = (int, float)
        is_number = isinstance(old, numbers) and isinstance(self.value, numbers)
        if type(self.value) is not type(old) and not is_number:
            problem = f"Värdet ska vara av samma slag som förut ({_kind(old)})."
            raise Invalid("Expected a value of the same kind, but it is another.", problem, fields={"value": problem})


def _store(tx: Transaction, name: str, value: Any) -> None:
    changed = tx.connection.execute(setting.update().where(setting.c.name == name).values(value=value))
    if not changed.rowcount:
        tx.connection.execute(setting.insert(), {"name": name, "value": value})


def _kind(value: Any) -> str:
    return {bool: "ja eller nej", str: "text", list: "lista", int: "tal", float: "tal"}.get(type(value), "text")


@dataclass(frozen=True, slots=True)
class MoveClock:
    """Set a demo's clock forward; refused where the house is no demo. What falls due is done by the worker."""

    to: datetime

    def execute(self, tx: Transaction) -> None:
        move = getattr(tx.engine.clock, "set", None)
        if not tx.engine.demo or move is None:
            raise Refused("Expected a demo, but this house runs on real time.", "Klockan kan bara ställas i en demo.")
        if self.to < tx.now:
            raise Refused(
                f"Expected a time after {iso(tx.now)}, but {iso(self.to)} lies before it.",
                "Klockan kan bara ställas framåt.",
            )
        wall = getattr(tx.engine.clock, "wall", lambda: self.to)
        _store(tx, "demo.clock", self.to.timestamp())
        _store(tx, "demo.wall", wall().timestamp())
        tx.after_commit.append(lambda: move(self.to))
        tx.after_commit.append(tx.engine.wake)
