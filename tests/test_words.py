"""The words that users read: in diagrams, forms, pages and mails."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
READ = ("processes/*/*.bpmn", "processes/*/forms/*.json", "web/templates/**/*.html", "web/*.py", "handlers/*.py")


def _texts() -> Iterator[tuple[Path, str]]:
    for pattern in READ:
        for path in sorted(ROOT.glob(pattern)):
            yield path, path.read_text(encoding="utf-8")


def test_R55_nothing_says_avtal():
    """One cause in the förstudie's own list is called so; it is not about HÖK."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path, text in _texts()
        for line in text.splitlines()
        if re.search(r"(?i)(?<!saknat stöd efter )avtal(?!sutskott)", line)
    ]
    assert found == []


def test_R54_the_report_form_points_to_tib_in_a_crisis():
    guidance = (ROOT / "web/templates/start/guidance/problem_i_samverkan.html").read_text(encoding="utf-8")
    assert "tjänsteman i beredskap (TIB)" in " ".join(guidance.split())


def test_nothing_confuses_a_problem_in_samverkan_with_an_avvikelse():
    """The word stands only where the own duty is meant."""
    for path, text in _texts():
        if path.suffix != ".py":
            for line in text.splitlines():
                if re.search(r"(?i)avvikelse", line):
                    assert re.search(r"(?i)egen|egna|eget|ersätter|hanvisad|hänvisad", line), f"{path}: {line.strip()}"
