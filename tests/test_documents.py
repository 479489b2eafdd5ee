"""The README says what is so: its generated parts are current, its commands run, each rule has its test or a reason."""

import re
import subprocess
import sys

import pytest

from tests import documents
from web.cli import _parser


@pytest.mark.parametrize("name", documents.PARTS)
def test_the_readme_says_what_the_tests_prove(name):
    assert documents.part(documents.README.read_text(encoding="utf-8"), name) == documents.PARTS[name](), (
        "README.md is behind: run python -m tests.documents"
    )


def test_each_rule_has_a_test_or_a_reason():
    proven = set(documents.rule_tests())
    assert set(documents.RULES) - proven == set(documents.LATER)


def test_each_command_of_the_readme_is_one_of_the_program():
    text = documents.README.read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `trappa ([a-z-]+)", text, re.MULTILINE))
    commands = next(action.choices for action in _parser()._actions if action.choices)
    assert told == set(commands)


def test_the_make_targets_of_the_readme_exist():
    text = documents.README.read_text(encoding="utf-8")
    makefile = (documents.ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", text, re.MULTILINE)):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target


def test_the_program_tells_how_it_is_used():
    shown = subprocess.run([sys.executable, "-m", "web.cli", "--help"], capture_output=True, text=True, check=True)
    assert "ingest-mail" in shown.stdout
