"""The worker: leases due jobs, does them, reports back by ordinary commands. Any number may run on PostgreSQL.

Handlers run here, outside any transaction and at least once; what they give back counts exactly once. Whatever a worker
leaves behind when it dies is taken up by the next one as soon as its lease has run out.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from apscheduler.schedulers.background import BackgroundScheduler

from engine import contract
from engine.actor import Actor
from engine.cases.queries import CaseSummaries
from engine.contract import BpmnError, CaseSummary, Result, Retry
from engine.engine import Command, Engine, Read
from engine.errors import Conflict, TrappaError
from engine.identity.queries import PeopleHolding
from engine.jobs.queries import MailRow, mail_of_job
from engine.jobs.store import Job
from engine.reference import Reference
from engine.runtime.conditions import LookIntoStores, StartByCondition, TickStarts
from engine.runtime.leases import LeaseJobs, NextDue, ReturnJobs
from engine.runtime.messages import DeliverMessage, DeliverSignal
from engine.runtime.services import CallFor, Continue, FailService, FinishMail, FinishService, ThrowBpmnError
from engine.runtime.timers import FireTimer, StartByTimer
from engine.runtime.words import ForgetWords
from engine.settings.stored import Settings

log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
BATCH = 20


class Mailer(Protocol):
    def send(self, mail: MailRow) -> None:
        """Hand the mail over for good, or raise: `contract.Retry` where later may go better."""
        ...


class Worker:
    """`name` tells workers apart in the jobs' leases. Without a mailer mails wait in the queue."""

    def __init__(self, engine: Engine, name: str, mailer: Mailer | None = None) -> None:
        self.engine = engine
        self.name = name
        self.mailer = mailer
        self.actor = Actor.system()
        self.house = House(engine, self.actor)
        self._do: Mapping[str, Callable[[Job], None]] = {
            "service": self._call_handler,
            "mail": self._send_mail,
            "timer": self._by_command(FireTimer),
            "start": self._by_command(StartByCondition),
            "start_tick": self._by_command(TickStarts),
            "start_timer": self._by_command(StartByTimer),
            "message": self._by_command(DeliverMessage),
            "signal": self._by_command(DeliverSignal),
            "condition": self._by_command(LookIntoStores),
            "continue": self._by_command(Continue),
            "words": self._by_command(ForgetWords),
        }

    def run_once(self) -> int:
        """Lease what is due and do it; gives how many jobs that were."""
        leased = self.engine.execute(LeaseJobs(self.name, BATCH, LEASE_SECONDS), actor=self.actor)
        started = time.monotonic()
        for place, job in enumerate(leased):
            if time.monotonic() - started > LEASE_SECONDS / 2:
                # Slow work: what might outlive its lease is given back rather than begun.
                self.engine.execute(ReturnJobs(leased[place:]), actor=self.actor)
                return place
            self._carry_out(job)
        return len(leased)

    def run_until_idle(self, *, at_most: int = 100_000) -> int:
        """Until nothing is due; gives how many jobs were done."""
        done = 0
        while done < at_most and (count := self.run_once()):
            done += count
        return done

    def run_forever(self, stop: threading.Event) -> None:
        """Until `stop` is set. APScheduler ticks each second; a commit in this process that leaves work wakes us."""
        alarm = threading.Event()
        self.engine.wake = alarm.set
        clock = BackgroundScheduler(timezone="UTC")
        clock.add_job(alarm.set, "interval", seconds=1, max_instances=1, coalesce=True)
        clock.start()
        try:
            while not stop.is_set():
                if not alarm.wait(timeout=5):
                    continue
                alarm.clear()
                self._run_quietly(stop)
        finally:
            self.engine.wake = lambda: None
            clock.shutdown(wait=False)

    def live_until(self, to: datetime, move: Callable[[datetime], Any]) -> int:
        """On a virtual clock: go from due time to due time up to `to`, doing what falls due on the way.

        `move` sets the clock. Gives how many jobs were done.
        """
        done = self.run_until_idle()
        while (due := self.engine.ask(NextDue(), actor=self.actor)) is not None and due <= to:
            move(max(due, self.engine.clock.now()))
            done += self.run_until_idle()
        move(to)
        return done + self.run_until_idle()

    def _run_quietly(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set() and self.run_once():
                pass
        except Exception:
            # The database may be away for a while: the next tick tries again.
            log.exception("The worker could not go on; it tries again")
            stop.wait(1)

    # --- one job ---

    def _carry_out(self, job: Job) -> None:
        try:
            self._do[job.kind](job)
        except Conflict as overtaken:
            log.info("Job %d was overtaken: %s", job.id, overtaken)
        except Exception as failure:
            self._report(job, failure)

    def _report(self, job: Job, failure: Exception) -> None:
        after = failure.after if isinstance(failure, Retry) else None
        message, message_en = _told(failure)
        log.warning("Job %d (%s %s) failed, attempt %d: %s", job.id, job.kind, job.topic or "", job.attempts, message)
        try:
            self._execute(FailService(job.id, job.fence, message, after, message_en))
        except Conflict as overtaken:
            log.info("Job %d was overtaken: %s", job.id, overtaken)

    def _call_handler(self, job: Job) -> None:
        handler = contract.handlers().get(job.topic or "")
        if handler is None:
            raise Retry(f"Ingen tjänst tar hand om {job.topic}.", en=f"No service takes care of {job.topic}.")
        call = self.engine.ask(CallFor(job, self.house), actor=self.actor)
        try:
            given = handler(call)
        except BpmnError as error:
            self._execute(ThrowBpmnError(job.id, job.fence, error.code, error.message, error.variables))
            return
        self._execute(FinishService(job.id, job.fence, _result(given)))

    def _send_mail(self, job: Job) -> None:
        if self.mailer is None:
            raise Retry("Ingen e-postserver är inställd.", timedelta(minutes=5), en="No mail server is set.")
        self.mailer.send(self.engine.ask(_MailOf(job.id), actor=self.actor))
        self._execute(FinishMail(job.id, job.fence))

    def _by_command(self, command: Callable[[int, int], Command[Any]]) -> Callable[[Job], None]:
        return lambda job: self._execute(command(job.id, job.fence))

    def _execute(self, command: Command[Any]) -> None:
        self.engine.execute(command, actor=self.actor)


def _result(given: Any) -> Result:
    if given is None:
        return Result()
    return given if isinstance(given, Result) else Result(dict(given))


def _told(failure: Exception) -> tuple[str, str]:
    """A sentence for the incident, in Swedish and English: what was raised on purpose speaks for itself; of a defect
    only its kind and place are told, since its text may quote what stands in a case."""
    if isinstance(failure, Retry):
        return (str(failure), failure.en) if str(failure) else ("Tjänsten svarade inte.", "The service did not answer.")
    if isinstance(failure, TrappaError):
        return getattr(failure, "sv", str(failure)), str(failure)
    kind, frames = type(failure).__name__, traceback.extract_tb(failure.__traceback__)
    places = [f" ({frames[-1].name}, {line} {frames[-1].lineno})" if frames else "" for line in ("rad", "line")]
    return f"Oväntat fel: {kind}{places[0]}.", f"Unexpected error: {kind}{places[1]}."


class _MailOf:
    def __init__(self, job_id: int) -> None:
        self.job_id = job_id

    def run(self, read: Read) -> MailRow:
        return mail_of_job(read, self.job_id)


class House:
    """What handlers may ask (contract.Reader); each question is a read of its own."""

    def __init__(self, engine: Engine, actor: Actor) -> None:
        self._engine = engine
        self._actor = actor

    def cases(self, process: str, *, statuses: Sequence[str] = (), state: str | None = "active") -> list[CaseSummary]:
        return self._engine.ask(CaseSummaries(process, tuple(statuses), state), actor=self._actor)

    def case(self, process: str, business_key: str) -> CaseSummary | None:
        found = self._engine.ask(CaseSummaries(process, (), None, business_key), actor=self._actor)
        return found[0] if found else None

    def reference(self, kind: str) -> list[dict[str, Any]]:
        return self._engine.ask(Reference(kind), actor=self._actor)

    def setting(self, name: str) -> Any:
        return self._engine.ask(_SettingOf(name), actor=self._actor)

    def people(self, candidate: str) -> list[dict[str, Any]]:
        found = self._engine.ask(PeopleHolding((candidate,)), actor=self._actor)
        return [{"person": one.id, "namn": one.name, "epost": one.email} for one in found]


class _SettingOf:
    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, read: Read) -> Any:
        return Settings(read.connection)[self.name]
