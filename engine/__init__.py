"""Tvistetrappa's engine: `Engine` carries out commands and answers queries; it knows no HTTP.

    engine = Engine("sqlite:///trappa.db", SystemClock())
    case_id = engine.execute(StartCase("problem_i_samverkan", {...}), actor=engine.actor_for(7))
    task = engine.ask(TaskById(12), actor=engine.actor_for(7))

Everything one needs from outside is a name of this package; each is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import contract as contract
    from engine.actor import Actor as Actor
    from engine.actor import Membership as Membership
    from engine.bpmn.findings import Finding as Finding
    from engine.cases.queries import CaseById as CaseById
    from engine.cases.queries import CaseByNumber as CaseByNumber
    from engine.cases.queries import CaseDetail as CaseDetail
    from engine.cases.queries import CommentsOf as CommentsOf
    from engine.cases.queries import HistoryOf as HistoryOf
    from engine.cases.queries import RelatedCases as RelatedCases
    from engine.cases.tasks import TaskById as TaskById
    from engine.cases.tasks import TaskDetail as TaskDetail
    from engine.cases.tasks import TasksOf as TasksOf
    from engine.clock import SystemClock as SystemClock
    from engine.clock import VirtualClock as VirtualClock
    from engine.definitions.commands import Deploy as Deploy
    from engine.definitions.commands import Deployed as Deployed
    from engine.definitions.commands import KnownHere as KnownHere
    from engine.definitions.commands import Retire as Retire
    from engine.engine import Engine as Engine
    from engine.engine import Read as Read
    from engine.engine import Transaction as Transaction
    from engine.errors import BadTime as BadTime
    from engine.errors import CheckFailed as CheckFailed
    from engine.errors import Conflict as Conflict
    from engine.errors import ExpressionError as ExpressionError
    from engine.errors import Guarded as Guarded
    from engine.errors import Invalid as Invalid
    from engine.errors import NotAllowed as NotAllowed
    from engine.errors import NotFound as NotFound
    from engine.errors import Refused as Refused
    from engine.errors import TrappaError as TrappaError
    from engine.errors import Unavailable as Unavailable
    from engine.errors import Unsure as Unsure
    from engine.identity.commands import AddPerson as AddPerson
    from engine.identity.commands import DeactivatePerson as DeactivatePerson
    from engine.identity.commands import EditPerson as EditPerson
    from engine.identity.commands import EndRole as EndRole
    from engine.identity.commands import GrantRole as GrantRole
    from engine.identity.commands import KeepSession as KeepSession
    from engine.identity.commands import LogIn as LogIn
    from engine.identity.commands import LogInDemo as LogInDemo
    from engine.identity.commands import LogOut as LogOut
    from engine.identity.commands import ReactivatePerson as ReactivatePerson
    from engine.identity.commands import SetPassword as SetPassword
    from engine.identity.queries import People as People
    from engine.identity.queries import PeopleHolding as PeopleHolding
    from engine.identity.queries import PersonById as PersonById
    from engine.identity.queries import PersonBySession as PersonBySession
    from engine.identity.queries import ReadLog as ReadLog
    from engine.reference import Agreements as Agreements
    from engine.reference import Areas as Areas
    from engine.reference import Bodies as Bodies
    from engine.reference import LoadReference as LoadReference
    from engine.reference import Parties as Parties
    from engine.reference import Reference as Reference
    from engine.reference import Roles as Roles
    from engine.runtime.adhoc import BeginActivity as BeginActivity
    from engine.runtime.adhoc import EndAdHoc as EndAdHoc
    from engine.runtime.administration import ChangeSetting as ChangeSetting
    from engine.runtime.administration import MoveClock as MoveClock
    from engine.runtime.administration import SettingsList as SettingsList
    from engine.runtime.incidents import ResolveIncident as ResolveIncident
    from engine.runtime.incidents import RetryIncident as RetryIncident
    from engine.runtime.leases import LeaseJobs as LeaseJobs
    from engine.runtime.leases import NextDue as NextDue
    from engine.runtime.leases import ReturnJobs as ReturnJobs
    from engine.runtime.lifecycle import CancelCase as CancelCase
    from engine.runtime.lifecycle import ResumeCase as ResumeCase
    from engine.runtime.lifecycle import StartCase as StartCase
    from engine.runtime.lifecycle import SuspendCase as SuspendCase
    from engine.runtime.messages import BroadcastSignal as BroadcastSignal
    from engine.runtime.messages import DeliverMessage as DeliverMessage
    from engine.runtime.messages import DeliverSignal as DeliverSignal
    from engine.runtime.messages import PublishMessage as PublishMessage
    from engine.runtime.queries import DefinitionById as DefinitionById
    from engine.runtime.queries import Definitions as Definitions
    from engine.runtime.queries import Incidents as Incidents
    from engine.runtime.queries import Jobs as Jobs
    from engine.runtime.queries import Mails as Mails
    from engine.runtime.queries import StartableProcesses as StartableProcesses
    from engine.runtime.queries import VerifyHistory as VerifyHistory
    from engine.runtime.services import Continue as Continue
    from engine.runtime.services import FailService as FailService
    from engine.runtime.services import FinishMail as FinishMail
    from engine.runtime.services import FinishService as FinishService
    from engine.runtime.services import ThrowBpmnError as ThrowBpmnError
    from engine.runtime.tasks import ClaimTask as ClaimTask
    from engine.runtime.tasks import Comment as Comment
    from engine.runtime.tasks import CompleteTask as CompleteTask
    from engine.runtime.tasks import DelegateTask as DelegateTask
    from engine.runtime.tasks import ReleaseTask as ReleaseTask
    from engine.runtime.tasks import SaveDraft as SaveDraft
    from engine.runtime.timers import FireTimer as FireTimer
    from engine.runtime.timers import StartByTimer as StartByTimer
    from engine.runtime.waits import SkipWait as SkipWait
    from engine.worker import Worker as Worker

_NAMES = {
    "actor": "Actor Membership",
    "bpmn.findings": "Finding",
    "cases.queries": "CaseByNumber CaseById CaseDetail CommentsOf HistoryOf RelatedCases",
    "cases.tasks": "TaskById TaskDetail TasksOf",
    "clock": "SystemClock VirtualClock",
    "definitions.commands": "Deploy Deployed KnownHere Retire",
    "engine": "Engine Read Transaction",
    "errors": "BadTime CheckFailed Conflict ExpressionError Guarded Invalid NotAllowed NotFound Refused TrappaError"
    " Unavailable Unsure",
    "identity.commands": "AddPerson DeactivatePerson EditPerson EndRole GrantRole KeepSession LogIn LogInDemo LogOut"
    " ReactivatePerson SetPassword",
    "identity.queries": "People PeopleHolding PersonById PersonBySession ReadLog",
    "reference": "Agreements Areas Bodies LoadReference Parties Reference Roles",
    "runtime.adhoc": "BeginActivity EndAdHoc",
    "runtime.administration": "ChangeSetting MoveClock SettingsList",
    "runtime.incidents": "ResolveIncident RetryIncident",
    "runtime.leases": "LeaseJobs NextDue ReturnJobs",
    "runtime.waits": "SkipWait",
    "runtime.lifecycle": "CancelCase ResumeCase StartCase SuspendCase",
    "runtime.messages": "BroadcastSignal DeliverMessage DeliverSignal PublishMessage",
    "runtime.queries": "DefinitionById Definitions Incidents Jobs Mails StartableProcesses VerifyHistory",
    "runtime.services": "Continue FailService FinishMail FinishService ThrowBpmnError",
    "runtime.tasks": "ClaimTask Comment CompleteTask DelegateTask ReleaseTask SaveDraft",
    "runtime.timers": "FireTimer StartByTimer",
    "worker": "Worker",
}
_WHERE = {name: f"engine.{module}" for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
