"""The command line `trappa`: the outermost room, where engine, handlers, processes and web are put together.

Each command imports what it needs itself: `trappa check` starts without database and pages.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import handlers
import processes
from engine.errors import CheckFailed, Refused, TrappaError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 when it refused (the sentence is on stderr), 2 for wrong usage."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names and files may hold what no terminal can show
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(arguments.run(arguments) or 0)
    except CheckFailed as failed:
        for finding in failed.findings:
            print(finding.line_of_text("sv"), file=sys.stderr)
        return 1
    except TrappaError as refused:
        print(refused.sv if isinstance(refused, Refused) else str(refused), file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trappa", description="Tvistetrappa: samverkan under HÖK som körbara processer."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="web and embedded worker")
    serve.add_argument(
        "--demo", action="store_true", help="seed reference data, people per role and example cases; adjustable clock"
    )
    serve.add_argument(
        "--start", metavar="DATE", help="with --demo: start the clock at this local time, without example cases"
    )
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--host", default="127.0.0.1")
    serve.set_defaults(run=_serve)

    worker = commands.add_parser("worker", help="a worker alone (PostgreSQL: as many as you like)")
    worker.set_defaults(run=_worker)

    migrate = commands.add_parser("migrate", help="database schema to the newest")
    migrate.set_defaults(run=_migrate)

    check = commands.add_parser("check", help="findings, one a line; exit 1 if any is an error")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)

    deploy = commands.add_parser("deploy", help="check, then a new version where the content is new")
    deploy.add_argument("files", nargs="+", type=Path, metavar="FILE|FOLDER")
    deploy.set_defaults(run=_deploy)

    play = commands.add_parser("play", help="run scenarios on a virtual clock in a throw-away database")
    play.add_argument("scenarios", nargs="*", type=Path, metavar="FOLDER|SCENARIO")
    play.set_defaults(run=_play)

    bench = commands.add_parser("bench", help="our steps beside bare SQL in one run; prints ratios")
    bench.add_argument("--only", action="append", metavar="PART", help="ladder, loop, multi, deploy; size, memory")
    bench.add_argument("--json", action="store_true")
    bench.add_argument("--short", action="store_true", help="few samples; exit 1 below half of the goals")
    bench.add_argument(
        "--postgresql",
        metavar="URL",
        help="a server where databases may be made; else TRAPPA_DATABASE_URL, if it is one",
    )
    bench.set_defaults(run=_bench)

    verify = commands.add_parser(
        "verify", help="the history's proof; exit 1 names the first bad row, or missing guards"
    )
    verify.add_argument("--replay", action="store_true", help="also play each case again from its history and compare")
    verify.set_defaults(run=_verify)

    ingest = commands.add_parser(
        "ingest-mail", help="an e-mailed report (on standard input) becomes a case in HSF's inbox"
    )
    ingest.set_defaults(run=_ingest_mail)

    admin = commands.add_parser("add-admin", help="the first administrator of a new house; asks for the password")
    admin.add_argument("username")
    admin.add_argument("name")
    admin.set_defaults(run=_add_admin)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    from web.server import serve

    serve(host=arguments.host, port=arguments.port, demo=arguments.demo, start=arguments.start)


def _worker(arguments: argparse.Namespace) -> None:
    from engine.worker import Worker
    from web import house

    engine = house.open_engine()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    Worker(engine, house.worker_name(), house.mailer()).run_forever(stop)


def _migrate(arguments: argparse.Namespace) -> None:
    from web import house

    house.migrate()
    print("Databasen har det nyaste schemat.")


def _check(arguments: argparse.Namespace) -> int:
    from engine.clock import SystemClock
    from engine.definitions.check import check
    from web import files

    findings = check(files.read_files(arguments.files), files.check_context(SystemClock().now()))
    if arguments.json:
        print(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(finding.line_of_text("sv"))
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _deploy(arguments: argparse.Namespace) -> None:
    from web import files, house

    house.migrate()
    engine = house.open_engine()
    house.load_reference(engine)
    for deployment in files.deployments(arguments.files):
        for deployed in house.deploy(engine, deployment).definitions:
            told = "ny version" if deployed.is_new else "oförändrad, version"
            print(f"{deployed.key}: {told} {deployed.version}")


def _play(arguments: argparse.Namespace) -> int:
    from engine.scenarios import play, tell
    from web import house

    handlers.register()
    played = play(arguments.scenarios or processes.folders(), ingest=house.ingest)
    print(tell(played))
    return 0 if all(one.passed for one in played) else 1


def _bench(arguments: argparse.Namespace) -> int:
    from engine.bench import PARTS, Plan, misses, run, tell
    from web import house

    parts = tuple(arguments.only or Plan().parts)
    if unknown := sorted(set(parts) - set(PARTS)):
        print(f"Det finns ingen mätning som heter {unknown[0]}. Välj bland {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    told = run(Plan(parts, arguments.postgresql or house.postgresql_url(), arguments.short))
    print(json.dumps(told, indent=1) if arguments.json else tell(told))
    missed = misses(told) if arguments.short else []
    for sentence in missed:
        print(sentence, file=sys.stderr)
    return 1 if missed else 0


def _verify(arguments: argparse.Namespace) -> int:
    from web import house

    with closing(house.open_engine()) as engine:
        report = house.verify(engine, replay=arguments.replay)
    print(report.sentence_sv)
    if report.warning_sv:
        print(report.warning_sv)
    return 1 if report.first_bad or report.warning_sv else 0


def _ingest_mail(arguments: argparse.Namespace) -> None:
    from web import house

    number = house.ingest_mail(house.open_engine(), sys.stdin.buffer.read(house.MAIL_LIMIT + 1))
    print(f"Mejlet är registrerat som ärende {number} i HSF:s inkorg.")


def _add_admin(arguments: argparse.Namespace) -> None:
    import getpass

    from web import house

    house.migrate()
    house.add_admin(
        house.open_engine(), arguments.username, arguments.name, getpass.getpass("Lösenord (minst 12 tecken): ")
    )
    print(f"{arguments.name} är administratör.")


if __name__ == "__main__":
    raise SystemExit(main())
