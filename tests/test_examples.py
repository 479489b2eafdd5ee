"""`make explore` draws ten times what `make test` draws, of every test that says how much it draws."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.examples import OF_EXPLORE, OF_MAKE_TEST, examples

HERE = Path(__file__).parent


@pytest.fixture(params=["trappa", "explore"])
def profile(request: pytest.FixtureRequest) -> Iterator[str]:
    before = settings.get_current_profile_name()
    settings.load_profile(request.param)
    yield request.param
    settings.load_profile(before)


def test_a_test_draws_what_it_says_and_ten_times_that_to_explore(profile: str) -> None:
    assert examples(60).max_examples == (600 if profile == "explore" else 60)
    assert settings().max_examples == (OF_EXPLORE if profile == "explore" else OF_MAKE_TEST)


def test_no_test_fixes_its_number_past_the_profile() -> None:
    """What stands in `@settings` overrides the profile, so it is said by `examples` (`tests/examples.py`)."""
    fixed = [
        f"{path.relative_to(HERE)}:{number}"
        for path in sorted(HERE.rglob("*.py"))
        if path.name not in ("examples.py", "conftest.py", Path(__file__).name)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\bmax_examples\b", line)
    ]
    assert fixed == []
