"""Scenarios: tests that a designer can write. Who does what on which date, and what must then be true (`trappa play`).

A scenario is a YAML file in `<process>/scenarios/`. It is played on a virtual clock in a throw-away database, through
the same commands as everything else; handlers are those that are registered.

    titel: Ett tomt kvartal undertecknas ändå
    start: 2026-01-15T08:00                 local time
    processer: [strukturellt_problem]       besides its own process and those that its diagram calls
    installningar: {registrering: 5}
    steg:
      - klocka: 2026-04-01T08:00            or {plus: P3D}; what falls due on the way happens in its order
      - starta: {process: x, som: rapportor_kommun:huddinge, med: {falt: värde}, fil: 01.yaml, nyckel: K, namn: A}
      - mejl: {fil: 04.eml, namn: B}
      - gor: {uppgift: granska, arende: A, som: storsthlm, med: {falt: värde}}
      - borja: {aktivitet: ring, arende: A, som: storsthlm}         an activity of an ad-hoc sub-process
      - avsluta: {delprocess: Utredning, arende: A, som: storsthlm}    … and its work is done
      - vagra: {uppgift: granska, arende: A, som: hsf, varfor: finns inte}      or what `starta`, `mejl` and
                                                                                `borja` take
      - vanta
      - meddelande: {namn: x, nyckel: K, med: {}}
      - kolla: {arende: A, status: x, tillstand: active, titel: x, oppna_uppgifter: [granska],
                forsenade_uppgifter: [], forfaller: {granska: 2026-04-25}, variabel: {a.b: 1, antal(lista): 2},
                inkorg: {storsthlm: ja, hsf: nej}, antal_arenden: {x: 1}, utskick: {kvitto: 2}, incidenter: 0}
      - forvantat: {arende: A, fil: 01.yaml}    a report against the block `expected` of its file

`arende` is a name that a step gave, a business key, a number, or `process/business key`; `gor` finds the task in the
case and in those it called. `som` is a candidate, or a list of them for one person who holds them all; `storsthlm#2` is
another person than `storsthlm`. A task is named by its element or by its name. Without `som` the house itself starts.
A service that fails makes the scenario fail, unless the scenario says itself what it expects of `incidenter`.
"""

from engine.scenarios.run import Played, play, tell

__all__ = ["Played", "play", "tell"]
