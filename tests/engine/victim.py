"""A process that works until it is killed: `python -m tests.engine.victim URL TIME PERSON`.

It runs the worker, then completes every open task it finds, and says on standard output what has been acknowledged.
"""

import sys
from datetime import datetime

from engine import CompleteTask, Refused, Worker, contract
from engine.cases.queries import CaseSummaries
from engine.cases.tasks import TasksOf as Tasks
from tests.engine.house import SYSTEM, House

contract._handlers["test.tjanst"] = lambda call: {"svar": call.case_number}


class Telling(Worker):
    def _execute(self, command) -> None:
        super()._execute(command)
        tell("job", command.job_id, command.fence)


def tell(*words: object) -> None:
    print(*words, flush=True)


def main(url: str, time: str, person: int) -> None:
    house = House(url, datetime.fromisoformat(time))
    worker = Telling(house.engine, "victim")
    actor = house.engine.actor_for(person)
    tell("ready")
    while True:
        worker.run_once()
        for case in house.engine.ask(CaseSummaries("tjanst"), actor=SYSTEM):
            for task in house.engine.ask(Tasks(case.id), actor=SYSTEM):
                try:
                    house.engine.execute(CompleteTask(task.id, {}), actor=actor)
                except Refused:
                    continue
                tell("task", task.id)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
