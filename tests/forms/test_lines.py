"""Findings about a form say on which line of its file."""

import json

import pytest

from engine.forms.lines import Lines
from engine.forms.read import check_form

TEXT = """{
  "components": [
    {"key": "a", "label": "\\"[{,"},
    {
      "key": "b",
      "validate": {
        "min": [1,
          2]
      }
    }
  ],
  "å": {}, "tom": []
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("components", 2),
        ("components[0].key", 3),
        ("components[1]", 4),
        ("components[1].validate.min[1]", 8),
        ("components[1].validate.max", 6),
        ("components[7].validate", 2),
        ("å", 12),
        ("finns.inte[3]", 1),
        ("]][", 1),
    ],
)
def test_the_line_of_a_path(path: str, line: int) -> None:
    assert Lines(TEXT).of(path) == line


def test_a_finding_has_its_line_and_what_to_do() -> None:
    text = json.dumps({"components": [{"type": "textfield", "key": "a", "label": "A"}, {"type": "hologram"}]}, indent=1)
    (finding, *_) = check_form(text.encode(), "forms/x.json")
    assert text.splitlines()[finding.line - 1].strip() in ("{", '"type": "hologram"')
    assert finding.line >= 8
    assert finding.suggestion_sv
    assert finding.suggestion_en
