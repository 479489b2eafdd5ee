"""Global tasks (§10.3.6): user, manual, script, business rule and plain; a call activity runs them."""

from pathlib import Path

import pytest

from engine.bpmn.changes import CaseCalled, TaskOpened
from engine.bpmn.checks import CheckContext, check
from engine.bpmn.read import read
from engine.errors import Refused
from tests.bpmn.drawing import bpmn

FILES = Path(__file__).with_name("files")
DIAGRAM = Path(__file__).with_name("global_task.bpmn")


def test_a_call_activity_calls_it_like_a_process(play):
    case = play("ringer")
    assert case.found(CaseCalled)[0].key == "granska"
    assert case.found(CaseCalled)[0].variables == {"roll": "h"}
    assert case.complete("anrop", omdome="bra").variables == {"svar": "bra"}


def test_a_user_task_opens_and_its_end_is_the_end(play):
    case = play("granska", {"roll": "h"})
    (opened,) = case.found(TaskOpened)
    assert (opened.name, opened.candidates, opened.form) == ("Granska", ("h",), "granska")
    assert case.complete("task", omdome="bra").outcome == "completed"


def test_it_does_not_begin_without_its_inputs(play):
    with pytest.raises(Refused, match="roll"):
        play("granska")


def test_the_other_kinds(play):
    assert play("skriv_ut").complete("task").outcome == "completed"
    assert play("rakna", {"a": 1, "b": 2}).variables["summa"] == 3
    assert play("inget").outcome == "completed"
    niva = play("bedom", {"antal": 3, "status": "klar"}, files={"niva.dmn": (FILES / "niva.dmn").read_bytes()})
    assert niva.variables["niva"] == "sekretariat"


def test_a_file_of_global_tasks_alone_can_run():
    lone = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="u"><globalTask id="x"/></definitions>'  # noqa: E501
    reading = read(lone)
    assert not reading.is_draft
    assert [graph.key for graph in reading.graphs] == ["x"]


def test_findings_name_the_global_task():
    beside = '<globalUserTask id="g" name="Granska"/><globalScriptTask id="r"><script>a</script></globalScriptTask>'
    findings = check({"p.bpmn": bpmn("", beside=beside, executable="")}, CheckContext(roles={"h"}))
    told = [(one.rule, one.element, one.line) for one in findings if one.is_error]
    assert sorted(told) == [("no-candidates", "g", 6), ("script-format", "r", 6)]
    assert any("en globala användaruppgiften ”Granska” (g)" in one.sv for one in findings)


def test_called_beside_it_is_found():
    findings = check({"p.bpmn": DIAGRAM.read_bytes()}, CheckContext(processes=()))
    assert "unknown-process" not in {finding.rule for finding in findings}
