"""Writes the parts of README.md that say what is so: elements, limits, rules, settings. `python -m tests.documents`

A part stands between `<!-- name -->` and `<!-- /name -->`; `tests/test_documents.py` holds the README to them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from engine.bpmn.limits import told
from tests.bpmn.test_patterns import PATTERNS
from web.house import ENVIRONMENT

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

RULES = {
    1: "no report without the declaration that it concerns no individual",
    2: "a personnummer is refused and nothing stored",
    3: "a report about an individual is handed back and its text closed",
    4: "reporting does not replace the own avvikelse duty, said in form and receipt",
    5: "a kommun's report lands with Storsthlm, never HSF",
    6: "a vårdgivare's report lands with HSF, never Storsthlm",
    7: "a private vårdcentral is a vårdgivare; private utförare report through the kommun",
    8: "Norrtälje: KSON is the local actor",
    9: "Stockholms stad needs a stadsdel",
    10: "one samordnande vårdcentral and at least one kommun-funktion per area and date",
    11: "a documented local attempt, or principiell with motivation",
    12: "a locally solved problem never reaches the analysis",
    13: "solved locally only when both sides confirm",
    14: "feedback on the process to every report",
    15: "no end without feedback",
    16: "each decision gives feedback to all levels below",
    17: "feedback on a problem reaches each joined report exactly once",
    18: "the analysis needs both signatures",
    19: "one analysis per quarter, also after a double start",
    20: "late reports go to the next quarter; none in zero or two open analyses",
    21: "each report gets an assessment with motivation",
    22: "an empty quarter is signed too",
    23: "only structural problems reach sekretariatet",
    24: "no rung is skipped",
    25: "principiell skips the local wait only",
    26: "a samrådsgrupp's expertise returns to sekretariatet",
    27: "a confirmed problem is always reported to VIS",
    28: "VIS does not judge",
    29: "a decision is dated, with attendance per side; one side absent needs a reason",
    30: "justering is optional per body",
    31: "who reported does not sign the analysis of that report",
    32: "access by role, body and party",
    33: "contact data of other parties' rapportörer is withheld",
    34: "the auditor reads all, changes nothing, and reading is logged",
    35: "a process designer holds no task role",
    36: "a running case stays on its version",
    37: "append-only, hash-checkable history",
    38: "a diagram needs known lanes, feedback on each rung and known handlers",
    39: "late is flagged, never decided",
    40: "deadlines are configuration, in Swedish working days",
    41: "TSG's priorities before 1 January, or an overdue task shows",
    42: "the wheel's periods open by the calendar in Stockholm",
    43: "only sekretariatet sets methods, sources and nyckeltal",
    44: "the VIS report needs dialogue and data, or a recorded reason",
    45: "the result also goes to socialtjänstnätverket",
    46: "priority areas are valid after VIS decides",
    47: "a samrådsgrupp's uppdrag is valid after TSG decides",
    48: "stimulansmedel for one side cannot start the process",
    49: "kunskapsstyrning needs one of four criteria",
    50: "the riktlinje changes only by TSG",
    51: "HÖK is in force once all parties have adopted it",
    52: "a kommun's utvecklingsfråga needs its socialchef",
    53: "no hard delete",
    54: "crisis is out of scope; the form points to TIB",
    55: "överenskommelse, never avtal",
    56: "Swedish interface, WCAG 2.1 AA",
}

LATER = {
    30: "belongs to the process `protokoll` (m2); TSG and VIS decisions here have no justering",
    46: "belongs to the process `prioriterade_omraden` (h)",
    47: "belongs to the process `samradsgrupp` (i); the ladder records the uppdrag and names the process",
    48: "belongs to the process `stimulansmedel` (g)",
    49: "belongs to the process `kunskapsstyrning` (f)",
    50: "belongs to the process `riktlinje` (n1)",
    51: "belongs to the process `antagande` (k)",
    52: "belongs to the process `utvecklingsfraga` (e); the ladder's feedback points to it",
}


def elements() -> str:
    """A row for each element test: its docstring's first line and where it is."""
    rows = ["| What works, straight, saved and restored, and interleaved | Proof |", "|---|---|"]
    for path in sorted((ROOT / "tests" / "bpmn").glob("test_*.py")):
        if path.with_name(path.name.removeprefix("test_").removesuffix(".py") + ".bpmn").is_file():
            told = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
            rows.append(f"| {told.rstrip('.')} | `{path.relative_to(ROOT)}` |")
    return "\n".join(rows)


def patterns() -> str:
    """A row for each workflow pattern; the test that proves it is called by its number."""
    text = (ROOT / "tests" / "bpmn" / "test_patterns.py").read_text(encoding="utf-8")
    tried = {int(number) for number in re.findall(r"^def test_wcp_(\d+)_", text, re.MULTILINE)}
    rows = ["| No | Pattern | How |", "|---|---|---|"]
    for number, (name, how) in PATTERNS.items():
        is_there = how.startswith("no: ") != (number in tried)
        rows.append(f"| {number} | {name} | {how if is_there else 'no test yet'} |")
    return "\n".join(rows)


def rules() -> str:
    proofs = rule_tests()
    rows = ["| Rule | Says | Test |", "|---|---|---|"]
    for number, says in RULES.items():
        tests = "<br>".join(f"`{test}`" for test in proofs.get(number, ()))
        rows.append(f"| R{number} | {says} | {tests or 'later: ' + LATER.get(number, 'no test yet')} |")
    return "\n".join(rows)


def rule_tests() -> dict[int, list[str]]:
    """Rule number -> `file::test` of the tests whose name carries it."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, numbers in re.findall(
            r"^(?:async )?def (test_((?:R\d+_)+)\w*)", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            for number in re.findall(r"R(\d+)_", numbers):
                found[int(number)].append(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return found


def settings() -> str:
    return "\n".join(
        ["| Variable | Meaning |", "|---|---|", *(f"| `{name}` | {says} |" for name, says in ENVIRONMENT.items())]
    )


def limits() -> str:
    rows = (f"| `{name}` | {value} | {what} |" for name, value, what in told())
    return "\n".join(["| Limit | | What it bounds |", "|---|---:|---|", *rows])


PARTS: dict[str, Callable[[], str]] = {
    "elements": elements,
    "patterns": patterns,
    "limits": limits,
    "rules": rules,
    "settings": settings,
}


def part(text: str, name: str) -> str:
    """What stands between the marks of the part; ValueError where a mark is missing."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    return text[text.index(begin) + len(begin) : text.index(end)]


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, written in PARTS.items():
        text = text.replace(f"<!-- {name} -->\n{part(text, name)}\n", f"<!-- {name} -->\n{written()}\n")
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
