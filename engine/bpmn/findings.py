"""What reading and checking a process file brings to light, told to people who draw and do not program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend (`severity` error: stands in the way of a deployment) or to think over (warning).

    `sv` and `en` are whole sentences: what was expected, what was found; the suggestions say what to do about it.
    `element` is the id it is about ("" where it is the whole file, or has no id), `line` its line in `file`.
    `path`: of a counter-example, the ids of the elements that tokens pass until it shows.
    """

    rule: str
    severity: str
    file: str
    line: int
    element: str
    sv: str
    en: str
    suggestion_sv: str
    suggestion_en: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.line_of_text()

    def line_of_text(self, language: str = "sv") -> str:
        """`file:line:element: text`, with the suggestion after it, on one line."""
        texts = (self.en, self.suggestion_en) if language == "en" else (self.sv, self.suggestion_sv)
        return printable(f"{self.file}:{self.line}:{self.element}: {' '.join(texts)}")

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Label:
    """How a sentence names an element, in both languages: `användaruppgiften ”Granska” (Task_1)`."""

    sv: str
    en: str


Value = str | int | Label


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding belongs; makes the findings of one element.

    The four texts are the sentence in Swedish and English, and what to do about it; `{name}` in them is filled in from
    `values`, with a `Label` in the language of the text.
    """

    file: str
    line: int
    element: str

    def error(self, rule: str, sv: str, en: str, fix_sv: str, fix_en: str, **values: Value) -> Finding:
        return self._finding(ERROR, rule, (sv, en, fix_sv, fix_en), values)

    def warning(self, rule: str, sv: str, en: str, fix_sv: str, fix_en: str, **values: Value) -> Finding:
        return self._finding(WARNING, rule, (sv, en, fix_sv, fix_en), values)

    def _finding(self, severity: str, rule: str, texts: Sequence[str], values: Mapping[str, Value]) -> Finding:
        in_swedish = {name: value.sv if isinstance(value, Label) else value for name, value in values.items()}
        in_english = {name: value.en if isinstance(value, Label) else value for name, value in values.items()}
        sv, en, fix_sv, fix_en = (
            text.format(**(in_english if index % 2 else in_swedish)) if values else text
            for index, text in enumerate(texts)
        )
        return Finding(rule, severity, self.file, self.line, self.element, _sentence(sv), _sentence(en), fix_sv, fix_en)


_KINDS = {
    "process": ("processen", "process"),
    "subProcess": ("delprocessen", "sub-process"),
    "adHocSubProcess": ("ad hoc-delprocessen", "ad-hoc sub-process"),
    "transaction": ("transaktionen", "transaction"),
    "callActivity": ("anropsaktiviteten", "call activity"),
    "globalTask": ("den globala uppgiften", "global task"),
    "globalUserTask": ("den globala användaruppgiften", "global user task"),
    "globalManualTask": ("den globala manuella uppgiften", "global manual task"),
    "globalScriptTask": ("den globala skriptuppgiften", "global script task"),
    "globalBusinessRuleTask": ("den globala regeluppgiften", "global business rule task"),
    "dataObject": ("dataobjektet", "data object"),
    "dataObjectReference": ("dataobjektet", "data object"),
    "dataStoreReference": ("datalagret", "data store"),
    "dataInput": ("indata", "data input"),
    "dataOutput": ("utdata", "data output"),
    "property": ("egenskapen", "property"),
    "dataInputAssociation": ("dataassociationen", "data association"),
    "dataOutputAssociation": ("dataassociationen", "data association"),
    "task": ("uppgiften", "task"),
    "userTask": ("användaruppgiften", "user task"),
    "manualTask": ("den manuella uppgiften", "manual task"),
    "serviceTask": ("tjänsteuppgiften", "service task"),
    "sendTask": ("sänduppgiften", "send task"),
    "receiveTask": ("mottagningsuppgiften", "receive task"),
    "scriptTask": ("skriptuppgiften", "script task"),
    "businessRuleTask": ("regeluppgiften", "business rule task"),
    "exclusiveGateway": ("den exklusiva gatewayen", "exclusive gateway"),
    "inclusiveGateway": ("den inkluderande gatewayen", "inclusive gateway"),
    "parallelGateway": ("den parallella gatewayen", "parallel gateway"),
    "eventBasedGateway": ("den händelsestyrda gatewayen", "event-based gateway"),
    "complexGateway": ("den komplexa gatewayen", "complex gateway"),
    "startEvent": ("starthändelsen", "start event"),
    "endEvent": ("sluthändelsen", "end event"),
    "intermediateCatchEvent": ("den väntande mellanhändelsen", "intermediate catch event"),
    "intermediateThrowEvent": ("den sändande mellanhändelsen", "intermediate throw event"),
    "boundaryEvent": ("kanthändelsen", "boundary event"),
    "sequenceFlow": ("flödet", "sequence flow"),
    "messageFlow": ("meddelandeflödet", "message flow"),
    "association": ("associationen", "association"),
    "lane": ("banan", "lane"),
    "participant": ("poolen", "pool"),
    "message": ("meddelandet", "message"),
    "signal": ("signalen", "signal"),
    "error": ("felet", "error"),
    "escalation": ("eskaleringen", "escalation"),
    "decision": ("beslutstabellen", "decision"),
}


MAX_FINDINGS = 1_000


def bounded(findings: Iterable[Finding], file: str) -> list[Finding]:
    """At most MAX_FINDINGS of one file, each once, and a last one that says that there are more."""
    kept: dict[Finding, None] = {}
    for finding in findings:
        if len(kept) == MAX_FINDINGS:
            place = Place(file, finding.line, "")
            kept[
                place.error(
                    "more-findings",
                    f"filen har fler anmärkningar än de {MAX_FINDINGS} som visas",
                    f"The file has more findings than the {MAX_FINDINGS} that are shown.",
                    "Rätta dem som visas, och kontrollera igen.",
                    "Mend those that are shown, and check again.",
                )
            ] = None
            break
        kept[finding] = None
    return list(kept)


def label(kind: str, element: str, name: str = "") -> Label:
    """The label of an element by its XML local name; what has no word of its own goes by that name."""
    sv, en = _KINDS.get(kind, (f"elementet {kind}", f"element {kind}"))
    element, name = element.strip(), shown(name)
    if not element and not name:
        return Label(sv, en)
    where = f" ({shown(element)})" if element else ""
    return Label(
        f"{sv} ”{name}”{where}" if name else f"{sv} {shown(element)}",
        f'{en} "{name}"{where}' if name else f"{en} {shown(element)}",
    )


def shown(text: str, length: int = 80) -> str:
    """Text from a file on one line and of bearable length, without what a screen would not show."""
    text = printable(" ".join(text[: 20 * length].split()))
    return text if len(text) <= length else text[: length - 1] + "…"


def printable(text: str) -> str:
    """Without what would move the cursor of a screen, or be no character at all."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def listed(texts: Iterable[str], last: str, limit: int = 8) -> str:
    """`a, b och c`, with `last` the word before the last; a long list ends in an ellipsis."""
    items = [shown(text) for text in texts]
    if len(items) > limit:
        return ", ".join(items[:limit]) + " …"
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" {last} " + items[-1] if items else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…", "!", "?")) else ".")
