"""How much one call of the machine may do (trust.md C 23). Passing a limit becomes an incident, never a hang."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one call, and of one case where it says so.

    `steps`: elements that tokens reach and turns of standard loops, and `steps_per_instance` more for each
    multi-instance instance begun; a loop in which nothing waits ends here. `instances`: multi-instance instances begun.
    `depth`: sub-processes inside each other. `variable_bytes`: all variables of the case, as JSON. `expression_steps`,
    `expression_size`, `cpu_seconds`: what all expressions of the call may spend together (see `expressions.Budget`).
    """

    steps: int = 10_000
    steps_per_instance: int = 20
    instances: int = 10_000
    depth: int = 20
    variable_bytes: int = 1_000_000
    expression_steps: int = 20_000_000
    expression_size: int = 50_000_000
    cpu_seconds: float = 5.0
