"""The fixture `play`: every element test runs three ways."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bpmn.driver import Both, Case, graph_of


@pytest.fixture(params=["straight", "saved and restored", "interleaved"])
def play(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`play(process, variables, at=…, payload=…, functions=…, limits=…, files=…, stores=…)` starts a case of
    the diagram beside the test: straight; with its state through JSON and a graph of its own before every step; and
    together with a second case of the same graph."""
    diagram = Path(request.path).with_name(request.path.name.removeprefix("test_")).with_suffix(".bpmn")

    def start(process: str | None = None, variables: Mapping[str, Any] | None = None, **options: Any) -> Any:
        def read() -> Any:
            return graph_of(diagram, process)

        if request.param != "interleaved":
            return Case(read, variables or {}, restored=request.param != "straight", **options)
        graph = read()
        return Both(*(Case(lambda: graph, variables or {}, **options) for _ in range(2)))

    return start
