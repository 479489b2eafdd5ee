"""How many examples a test draws: as many as it says in `make test`, and ten times as many in `make explore`.

A profile alone could not do that, since what stands at a test overrides it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings

OF_MAKE_TEST, OF_EXPLORE = 100, 1000
"""`max_examples` of the profiles (`conftest.py`); what a test says is meant beside the first."""


def examples(count: int, **more: Any) -> settings:
    """The settings of a test that draws `count` examples in `make test`."""
    profile = settings.default or settings()
    return settings(max_examples=count * profile.max_examples // OF_MAKE_TEST, **more)
