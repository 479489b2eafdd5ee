"""Any file at all through `trappa check`: no stack trace, two seconds and 200 MB at most, and findings that help.

Good files are changed at random here (`mutations.py`), and a process of its own checks the worst we could think of.
"""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.checks import CheckContext
from engine.bpmn.findings import Finding
from engine.bpmn.read import read
from engine.definitions.check import check
from tests.bpmn import compensation_drawings, drawings_of_events, test_checks, test_foreign_files, test_read
from tests.bpmn.drawing import NAMESPACES, bpmn, chain
from tests.bpmn.mutations import SEEDS, mutated
from tests.examples import examples
from tests.speed import LIMIT, in_time
from web.files import check_context

ABOUT_THE_FILE = {
    *("xml-empty", "xml-too-large", "xml-doctype", "xml-too-deep", "xml-too-many", "xml-syntax", "xml-encoding"),
    *("not-bpmn", "not-dmn", "form-unreadable", "more-findings", "missing-id", "too-many-expressions"),
}
"""Findings about no element, or about one without an id."""


@cache
def known() -> CheckContext:
    return check_context(datetime(2026, 3, 2, tzinfo=UTC))


def helpful(findings: list[Finding]) -> None:
    """Each says where, what is wrong in both languages, and what to do about it."""
    for finding in findings:
        texts = (finding.sv, finding.en, finding.suggestion_sv, finding.suggestion_en)
        assert all(text.strip() for text in texts), finding
        assert finding.sv != finding.en, finding
        assert finding.line > 0, finding
        assert finding.file, finding
        assert finding.severity in ("error", "warning"), finding
        assert all(text.isprintable() for text in texts), finding


# --- every finding there is ------------------------------------------------------------------------------------------


def corpus() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Every drawing and file with which the tests here provoke findings."""
    tables = (
        test_checks.SPECIFICATION,
        compensation_drawings.BROKEN,
        drawings_of_events.DRAWINGS,
        test_checks.HOUSE_RULES,
    )
    for body in (body for table in tables for body, _ in table):
        yield body, {"p.bpmn": bpmn(body, beside=test_checks.DEFINED)}
    for body in (*test_read.REFUSED_INSIDE.values(), *test_read.REFUSED_BESIDE.values()):
        yield body, {"p.bpmn": bpmn(chain(body), beside=test_read._DEFINITIONS)}
    for test in (*vars(test_read).values(), *vars(test_foreign_files).values()):
        for mark in getattr(test, "pytestmark", ()):
            yield from _given_to(mark)
    for path in SEEDS:
        yield path.name, {"p.bpmn": path.read_bytes()}
    damaged = (test_read.FILES / "niva.dmn").read_bytes()
    for piece in (b"hitPolicy=", b"expressionLanguage=", b"<text>", b"id=", b"typeRef="):
        yield piece.decode(), {"niva.dmn": damaged.replace(piece, piece[:-1] + b"x" + piece[-1:]), "f.json": b"[1]"}


def _given_to(mark: pytest.Mark) -> Iterator[tuple[str, dict[str, bytes]]]:
    for values in mark.args[1] if mark.name == "parametrize" else ():
        text = values[0] if isinstance(values, tuple) else values
        if isinstance(text, str) and "<" in text and len(text) < 10_000:
            beside = test_read._DEFINITIONS + '<message id="namnlos"/><error id="utan_kod"/>'
            yield text, {"p.bpmn": bpmn(chain(f'<task id="x0"/>{text}', "x0", "x0"), beside=beside)}


def test_every_finding_says_where_what_and_what_to_do() -> None:
    rules, elements = set(), 0
    for what, files in corpus():
        findings = check(files, test_checks.HOUSE)
        helpful(findings)
        for finding in findings:
            rules.add(finding.rule)
            elements += bool(finding.element)
            may_lack = finding.rule in {"xsd", "not-executable", "no-diagram"} and what.endswith(
                (".bpmn", ".bpmn2", "id=")
            )
            assert finding.element or finding.rule in ABOUT_THE_FILE or may_lack, (what, finding)
    assert len(rules) > 80
    assert elements > 500


# --- mutations -------------------------------------------------------------------------------------------------------


@examples(200)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_mutated_files_get_findings_and_no_trace(path: Path, number: int) -> None:
    """Attributes deleted, elements doubled, moved and renamed, ids swapped, bytes and encodings changed."""
    source = mutated(path.read_bytes(), random.Random(number))
    findings = in_time(lambda: check({path.name: source}, known()))
    helpful(findings)
    reading = read(source, name=path.name)
    assert reading.is_draft or reading.graphs


@examples(100)
@given(st.sampled_from(["niva.dmn", "f.json"]), st.integers(0, 2**32))
def test_mutated_decisions_and_forms_get_findings_and_no_trace(name: str, number: int) -> None:
    chance = random.Random(number)
    form = json.dumps({"components": [{"type": "textfield", "key": f"a{one}", "label": "A"} for one in range(4)]})
    source = (test_read.FILES / name).read_bytes() if name.endswith(".dmn") else form.encode()
    broken = bytearray(source)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(broken))
        broken[at : at + chance.randint(0, 9)] = chance.choice(
            [b"", b'"', b"{", b"[[", b"\\ud800", b"\xff", b"1e999", b"<", b"a"]
        )
    helpful(check({name: bytes(broken)}, known()))


# --- made by hand ------------------------------------------------------------------------------------------------------


def _encoded(encoding: str, declared: str) -> bytes:
    text = bpmn(chain('<userTask id="x" name="Återkoppla"/>')).decode()
    return text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding, "replace")


def _sub_processes(levels: int) -> bytes:
    inside = "".join(f'<subProcess id="d{level}">' for level in range(levels)) + "</subProcess>" * levels
    return bpmn(chain('<task id="x"/>') + inside)


def _gateways(kind: str, count: int) -> bytes:
    """Each leads to all: as many ways as there can be."""
    names = [f"g{number}" for number in range(count)]
    body = "".join(f'<{kind} id="{name}"/>' for name in names)
    flows = "".join(
        f"\n{one} -> {other}" + (" if x" if kind != "parallelGateway" else "") for one in names for other in names
    )
    return bpmn(chain(body + flows, names[0], names[-1]))


def _messages(count: int) -> bytes:
    tasks = "".join(f'<task id="t{number}"/>' for number in range(count))
    flows = "".join(f'<messageFlow id="m{number}" sourceRef="t{number}" targetRef="t0"/>' for number in range(count))
    return bpmn(chain(tasks, "t0", "t0"), beside=f'<collaboration id="c">{flows}</collaboration>')


HOSTILE: dict[str, bytes] = {
    "empty.bpmn": b"",
    "blank.bpmn": b" \n\t ",
    "null.bpmn": b"\0" * 10_000,
    "noise.bpmn": random.Random(1).randbytes(100_000),
    "html.bpmn": b"<!DOCTYPE html><html><body><p>Hej</body></html>",
    "xhtml.bpmn": b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "dmn.bpmn": (test_read.FILES / "niva.dmn").read_bytes(),
    "cmmn.bpmn": b'<definitions xmlns="http://www.omg.org/spec/CMMN/20151109/MODEL"/>',
    "bpmn1.bpmn": b'<definitions xmlns="http://schema.omg.org/spec/BPMN/1.2"><process id="p"/></definitions>',
    "xpdl.xml": (test_read.FILES / "bpmn1.xpdl").read_bytes(),
    "zip.bpmn": b"PK\x03\x04" + b"\0" * 500,
    "pdf.bpmn": b"%PDF-1.7\n%\xe2\xe3",
    "json.bpmn": b'{"bpmn": true}',
    "bpmn.dmn": bpmn(chain('<task id="x"/>')),
    "bpmn.json": bpmn(chain('<task id="x"/>')),
    "bom.bpmn": b"\xef\xbb\xbf" + bpmn(chain('<task id="x"/>')),
    "two_boms.bpmn": b"\xef\xbb\xbf" * 2 + bpmn(chain('<task id="x"/>')),
    "wrong_bom.bpmn": b"\xff\xfe" + bpmn(chain('<task id="x"/>')),
    "utf16.bpmn": _encoded("utf-16", "UTF-16"),
    "utf16_said_8.bpmn": _encoded("utf-16", "UTF-8"),
    "utf7.bpmn": _encoded("utf-7", "UTF-7"),
    "ebcdic.bpmn": _encoded("cp500", "EBCDIC-CP-BE"),
    "ebcdic_said_8.bpmn": _encoded("cp037", "UTF-8"),
    "windows.bpmn": _encoded("windows-1252", "windows-1252"),
    "latin_said_8.bpmn": _encoded("iso-8859-1", "UTF-8"),
    "klingon.bpmn": _encoded("utf-8", "klingon"),
    "laughs.bpmn": bpmn(chain('<task id="x"/>')).replace(
        b"?>", b'?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>', 1
    ),
    "prefixes.bpmn": bpmn(chain('<task id="x"/>'))
    .replace(b"<task", b"<q:task")
    .replace(b"<definitions", b'<definitions xmlns:q="http://www.omg.org/spec/BPMN/20100524/MODEL"'),
    "no_process.bpmn": f'<definitions {NAMESPACES} targetNamespace="u"/>'.encode(),
    "own_id.bpmn": bpmn(
        chain(
            '<subProcess id="p"><endEvent id="f"><cancelEventDefinition/></endEvent></subProcess><intermediateThrowEvent id="x"><compensateEventDefinition/></intermediateThrowEvent>'
        )
    ),
    "own_id_script.bpmn": bpmn(
        chain(
            '<subProcess id="p"><scriptTask id="f" scriptFormat="trappa"><script>a = b</script></scriptTask></subProcess><task id="x"/>'
        )
    ),
    "itself.bpmn": bpmn(
        chain('<boundaryEvent id="x" attachedToRef="x"><errorEventDefinition/></boundaryEvent><task id="p"/>')
    ),
    "calls_itself.bpmn": bpmn(chain('<callActivity id="x" calledElement="p"/>')),
    "links.bpmn": bpmn(
        chain(
            "".join(
                f'<intermediateThrowEvent id="t{one}"><linkEventDefinition name="l"/></intermediateThrowEvent>'
                for one in range(2_000)
            )
            + '<intermediateCatchEvent id="x"><linkEventDefinition name="l"/></intermediateCatchEvent>'
        )
    ),
    "deep.bpmn": _sub_processes(90),
    "deeper.bpmn": _sub_processes(4_000),
    "exclusive.bpmn": _gateways("exclusiveGateway", 55),
    "inclusive.bpmn": _gateways("inclusiveGateway", 55),
    "parallel.bpmn": _gateways("parallelGateway", 55),
    "complex.bpmn": _gateways("complexGateway", 40)
    .replace(b'"/>', b'"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>', 41)
    .replace(
        b'<startEvent id="s"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>',
        b'<startEvent id="s"/>',
    ),
    "lanes.bpmn": bpmn(
        '<laneSet id="ls">'
        + "".join(f'<lane id="l{one}">' + "<flowNodeRef>x</flowNodeRef>" * 40 + "</lane>" for one in range(110))
        + "</laneSet>"
        + chain('<task id="x"/>')
    ),
    "messages.bpmn": _messages(2_400),
    "one_attribute.bpmn": bpmn(chain(f'<task id="x" name="{"&#228;" * 800_000}"/>')),
    "escape.json": b'{"components": [{"type": "\\u001b[2J\\ud800", "key": "\\ud800", "label": "\\u202e"}]}',
    "deep.json": b"[" * 400_000,
    "long.json": b'{"components": [' + b'{"type": "textfield", "key": "a", "label": "a"},' * 20_000 + b"{}]}",
    "big_number.json": b'{"components": ' + b"9" * 100_000 + b"}",
}
_LIMITED = """
import resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2)  # of addresses; what is used is measured below
from web.cli import main
def used():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
for path in sys.argv[1:]:
    seconds = []
    while not seconds or (len(seconds) < 3 and seconds[-1] >= 2):  # a busy machine can only add
        started = time.process_time()
        code = main(["check", path])
        seconds.append(time.process_time() - started)
    print("RESULT", Path(path).name, code, min(seconds), used(), flush=True)
"""


def test_hostile_files_through_the_front_door(tmp_path: Path) -> None:
    """`trappa check` itself, with a ceiling on its memory: each file is answered in words, in time."""
    for number, (name, content) in enumerate(HOSTILE.items()):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / name).write_bytes(content)
    paths = [str(path) for path in sorted(tmp_path.glob("*/*"), key=lambda path: int(path.parent.name))]
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "folder.bpmn").mkdir()
    (odd / "locked.bpmn").symlink_to("/proc/self/mem")
    (odd / "loop.bpmn").symlink_to("loop.bpmn")
    (odd / "\udcff.bpmn").write_bytes(b"<a/>")
    paths += [str(path) for path in sorted(odd.iterdir())] + [str(odd / "gone.bpmn"), str(odd / ("a" * 300 + ".bpmn"))]
    done = subprocess.run([sys.executable, "-c", _LIMITED, *paths], capture_output=True, timeout=300)
    told = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in told, told[-3000:]
    results = [line.rsplit(maxsplit=3) for line in told.splitlines() if line.startswith("RESULT")]
    assert len(results) == len(paths)
    for name, code, seconds, megabytes in results:
        assert code in ("0", "1"), name
        assert float(seconds) < LIMIT, name
        assert int(megabytes) < 200, name
    refused = [line for line in told.splitlines() if not line.startswith("RESULT")]
    assert len(refused) > len(HOSTILE) - 10
    assert all(line.isprintable() for line in refused)
