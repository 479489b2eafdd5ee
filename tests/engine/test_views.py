"""The pages' queries, on both databases: they run, agree with the one rule of who may read, and say nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine import Actor, CancelCase, CaseById, ChangeSetting, Comment, Engine, NotFound, SuspendCase
from engine import Mails as MailsOf
from engine.calendar import parse_instant
from engine.runtime.views import (
    CasePage,
    Cases,
    CaseWalk,
    Diagram,
    Happened,
    HistorySearch,
    MailById,
    Mails,
    Process,
    Processes,
    TroubleById,
    Troubles,
    Year,
)
from tests.processes.ladder import Ladder


@pytest.fixture
def ladder(database_url: str) -> Iterator[Ladder]:
    played = Ladder(database_url)
    played.report("05")  # from Haninge
    own = played.report("02")  # from Värmdö
    played.register(own)
    other = played.report("03", ingang="rapport")
    played.do(other, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="ror_individ")
    yield played
    played.engine.close()


def numbers(engine: Engine, actor: Actor, query: Cases) -> set[str]:
    return {row.number for row in engine.ask(query, actor=actor).rows}


def test_the_list_and_the_page_follow_one_rule(ladder: Ladder) -> None:
    engine = ladder.engine
    everybody = [
        ladder.person(som)
        for som in ("storsthlm", "storsthlm#2", "hsf", "sekretariat", "revisor", "rapportor_kommun:varmdo", "tsg")
    ]
    every = engine.ask(Cases(), actor=ladder.person("admin")).rows
    assert len(every) == 3
    for actor in everybody:
        listed = {row.id for row in engine.ask(Cases(), actor=actor).rows}
        for row in every:
            may_read = _may(engine, actor, row.id)
            assert (row.id in listed) == may_read, (actor.name, row.number)
            if may_read:
                assert engine.ask(CasePage(row.id), actor=actor).case.id == row.id
                assert engine.ask(CaseWalk(row.id), actor=actor).number == row.number
            else:
                with pytest.raises(NotFound):
                    engine.ask(CasePage(row.id), actor=actor)
                with pytest.raises(NotFound):
                    engine.ask(CaseWalk(row.id), actor=actor)


def test_R33_a_case_s_page_its_mails_and_the_list_of_all_tell_the_same_addresses(ladder: Ladder) -> None:
    engine, varmdo = ladder.engine, "rapportor_kommun:varmdo"
    ladder.person(varmdo)
    own = sa.text("UPDATE person SET email = 'Vard.Omsorg@varmdo.example.org' WHERE name LIKE '%Varmdo'")
    with engine._database.begin() as connection:
        assert connection.execute(own).rowcount == 1
    sent = [mail for mail in engine.ask(MailsOf(), actor=Actor.system()) if mail.case_id == 2]
    assert {mail.to for mail in sent} == {"vard.omsorg@varmdo.example.org"}
    for som, may_know in {"admin": True, "revisor": True, varmdo: True, "storsthlm": False}.items():
        actor = ladder.person(som)
        page = () if som == "admin" else engine.ask(CasePage(2), actor=actor).mails
        lists = () if som == varmdo else engine.ask(Mails(), actor=actor).rows
        told = {mail.who for mail in page} | {mail.to for mail in lists if mail.case_id == 2}
        told |= {mail.to for mail in engine.ask(MailsOf(2), actor=actor)}
        told |= {engine.ask(MailById(mail.id), actor=actor).to for mail in sent}
        assert told == ({"vard.omsorg@varmdo.example.org"} if may_know else {""}), som
        if lists:
            found = engine.ask(Mails("vard.omsorg"), actor=actor).rows
            assert bool(found) is may_know, f"{som} searches by an address"


def test_R3_no_list_of_mails_shows_what_a_sealed_case_wrote(ladder: Ladder) -> None:
    (mail,) = [one for one in ladder.engine.ask(MailsOf(), actor=Actor.system()) if one.case_id == 3]
    assert mail.body
    for som, may_look in {"admin": False, "revisor": False, "storsthlm": True}.items():
        actor = ladder.person(som)
        assert [one.body for one in ladder.engine.ask(MailsOf(3), actor=actor)] == [mail.body if may_look else ""], som
        assert ladder.engine.ask(MailById(mail.id), actor=actor).body == (mail.body if may_look else None), som


def _may(engine: Engine, actor: Actor, case_id: int) -> bool:
    try:
        engine.ask(CaseById(case_id), actor=actor)
    except NotFound:
        return False
    return True


def test_cases_are_found_by_text_in_any_case_and_by_filters(ladder: Ladder) -> None:
    engine, actor = ladder.engine, ladder.person("storsthlm")
    assert numbers(engine, actor, Cases(search="RUBRIK")) == numbers(engine, actor, Cases(search="rubrik"))
    assert numbers(engine, actor, Cases(search="%")) == numbers(engine, actor, Cases(search="_")) == set()
    assert numbers(engine, actor, Cases(party="varmdo")) == {"PS-2026-0002"}
    assert numbers(engine, actor, Cases(status="vantar_analys")) == {"PS-2026-0002"}
    assert len(numbers(engine, actor, Cases(state="closed"))) == 1
    for sort in ("changed", "started", "number", "title", "nonsense"):
        assert len(numbers(engine, actor, Cases(sort=sort))) == 3
    page = engine.ask(Cases(page=2), actor=actor)
    assert (page.rows, page.count, page.has_more) == ((), 3, False)
    assert ("problem_i_samverkan", "Problem i samverkan") in page.processes


def test_R3_the_auditor_cannot_find_a_sealed_case_by_its_words(ladder: Ladder) -> None:
    engine, auditor = ladder.engine, ladder.person("revisor")
    assert "PS-2026-0003" in numbers(engine, auditor, Cases())
    assert "PS-2026-0003" not in numbers(engine, auditor, Cases(search="individ"))
    assert "PS-2026-0003" in numbers(engine, auditor, Cases(search="PS-2026-0003"))
    story = engine.ask(CasePage(3), actor=auditor)
    assert (story.case.title, story.variables, story.mails, story.comments) == (None, {}, (), ())
    assert all(not event.changes for event in story.story.events)
    assert any(event.is_sealed for event in story.story.events)


def test_what_a_case_waits_for_and_what_was_said(ladder: Ladder) -> None:
    engine = ladder.engine
    owner = ladder.person("storsthlm")
    engine.execute(Comment(2, "En kommentar."), actor=owner)
    story = engine.ask(CasePage(2), actor=owner)
    assert [one.kind for one in story.waiting if not one.is_aside] == ["message"]
    assert [note.text for note in story.comments] == ["En kommentar."]
    assert {mail.rung for mail in story.mails} == {"mottagning", "avstamning"}
    assert {mail.who for mail in story.mails} == {""}, "addresses are contact data (R33)"
    assert all(mail.who for mail in engine.ask(CasePage(2), actor=ladder.person("revisor")).mails)
    first = engine.ask(CasePage(1), actor=owner)
    task = next(one for one in first.waiting if one.kind == "task")
    assert (task.is_mine, task.candidates, task.is_aside) == (True, ("storsthlm",), False)
    assert any(one.kind == "timer" and one.is_aside for one in first.waiting)


def test_history_comes_in_pages(ladder: Ladder) -> None:
    engine, actor = ladder.engine, ladder.person("storsthlm")
    seen: list[int] = []
    before: int | None = None
    while True:
        story = engine.ask(CasePage(2, before, all_steps=True), actor=actor).story
        seen += [event.seq for event in story.events]
        before = story.older_than
        if before is None:
            break
    assert seen == list(range(max(seen), 0, -1))


def test_the_path_walked_and_where_it_stands(ladder: Ladder) -> None:
    walk = ladder.engine.ask(CaseWalk(2), actor=ladder.person("storsthlm"))
    assert {"start", "ta_emot_storsthlm", "stampla"} <= set(walk.visited)
    assert walk.current == ("vanta_pa_analys",)
    assert any("__" in name for name in walk.visited), "flows too"


def test_of_many_cases_the_newest_tell_where_they_stand(ladder: Ladder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.views.processes.WALK", 1)
    page = ladder.engine.ask(Process("problem_i_samverkan"), actor=ladder.person("admin"))
    assert (page.shown.running, page.looked_at) == (2, 1)
    assert page.counts["vanta_pa_analys"] == 1
    assert "ta_emot_storsthlm" not in page.counts, "where the older one stands"


def test_mails_processes_troubles_history(ladder: Ladder) -> None:
    engine, admin, auditor = ladder.engine, ladder.person("admin"), ladder.person("revisor")
    mails = engine.ask(Mails(search="PS-2026-0002", status="kept"), actor=admin)
    assert {mail.case_id for mail in mails.rows} == {2}
    assert mails.counts == {"queued": 0, "failed": 0}
    assert engine.ask(MailById(mails.rows[0].id), actor=admin).body
    assert {row.newest.key for row in engine.ask(Processes(), actor=admin)} >= {"problem_i_samverkan", "kvartalsanalys"}
    page = engine.ask(Process("problem_i_samverkan"), actor=admin)
    assert page.counts["vanta_pa_analys"] == 1
    assert page.shown.running == 2
    assert engine.ask(Diagram(page.shown.id), actor=ladder.person("tsg")).startswith(b"<?xml")
    assert engine.ask(Troubles(), actor=admin).rows == ()
    assert engine.ask(Troubles(closed=True), actor=admin).rows == ()
    with pytest.raises(NotFound):
        engine.ask(TroubleById(1), actor=admin)
    rows, more = engine.ask(HistorySearch(text="PS-2026-0002", role="storsthlm"), actor=auditor)
    assert {row.number for row in rows} == {"PS-2026-0002"}
    assert more is None
    everything, more = engine.ask(HistorySearch(since=parse_instant("2026-01-01")), actor=auditor)
    assert more is not None
    older, _ = engine.ask(HistorySearch(before=more), actor=auditor)
    assert {row.id for row in older}.isdisjoint(row.id for row in everything)


def test_incidents_name_their_step(ladder: Ladder, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine import contract

    def fail(call: contract.Call) -> None:
        raise contract.Retry("Tjänsten svarar inte.")

    ladder.engine.execute(ChangeSetting("retry.minutes", []), actor=ladder.person("admin"))
    monkeypatch.setitem(contract._handlers, "aterkoppling", fail)
    ladder.do(1, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="registrera", rubrik="Rubrik")
    admin = ladder.person("admin")
    (trouble,) = ladder.engine.ask(Troubles(), actor=admin).rows
    assert (trouble.number, trouble.step, trouble.topic) == ("PS-2026-0001", "Återkoppla: mottagning", "aterkoppling")
    assert ladder.engine.ask(TroubleById(trouble.id), actor=admin).message == "Tjänsten svarar inte."
    story = ladder.engine.ask(CasePage(1), actor=admin)
    assert story.waiting[0].kind == "incident"


def test_the_year(ladder: Ladder) -> None:
    ladder.to("2026-04-02T09:00")
    story = ladder.engine.ask(Year(2026), actor=ladder.person("storsthlm"))
    assert story.case_id is None
    assert [one.key for one in story.quarters] == ["2026-Q1"]
    assert ladder.engine.ask(Year(2026), actor=ladder.person("rapportor_kommun:varmdo")).quarters == []


def test_a_case_that_was_stopped(ladder: Ladder) -> None:
    admin = ladder.person("admin")
    ladder.engine.execute(SuspendCase(1, "Fel underlag"), actor=admin)
    assert numbers(ladder.engine, admin, Cases(state="suspended")) == {"PS-2026-0001"}
    ladder.engine.execute(CancelCase(2, "Hör inte hit"), actor=admin)
    events = ladder.engine.ask(CasePage(2), actor=ladder.person("storsthlm")).story.events
    assert {event.kind for event in events} >= {"case:cancelled", "case:ended"}


def test_what_happened_is_told_in_a_demo_only(ladder: Ladder) -> None:
    since = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    with pytest.raises(NotFound):
        ladder.engine.ask(Happened(since), actor=ladder.person("tsg"))
    ladder.engine.demo = True
    counts = ladder.engine.ask(Happened(since), actor=ladder.person("tsg"))
    assert counts["case:started"] == 3
    assert counts["mail"] >= 3
