"""`trappa serve`: the web and an embedded worker in one process."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import waitress

from engine.clock import STOCKHOLM, ShiftedClock, SystemClock
from engine.errors import Refused
from engine.worker import Worker
from web import create_app, house


def serve(*, host: str, port: int, demo: bool, start: str | None) -> None:
    """Migrate, seed where `demo`, then serve until stopped. Refuses to start without a secret key outside the demo."""
    secret_key = _secret_key(demo)
    proxy = behind(house.setting("TRAPPA_TRUSTED_PROXY"))
    house.migrate()
    engine = house.open_engine(_demo_clock(start) if demo else SystemClock(), demo=demo)
    secure = not (demo or house.setting("TRAPPA_INSECURE_COOKIES"))
    app = create_app(engine, demo=demo, secret_key=secret_key, secure_cookies=secure)
    stop = threading.Event()
    worker = Worker(engine, house.worker_name(), house.mailer())
    thread = threading.Thread(target=worker.run_forever, args=(stop,), name="worker", daemon=True)
    thread.start()
    print(f"Tvistetrappa svarar på http://{host}:{port}" + (" (demo)" if demo else ""), flush=True)
    try:
        waitress.serve(app, host=host, port=port, threads=8, ident=None, **proxy)
    finally:
        stop.set()
        thread.join(timeout=10)
        engine.close()


def behind(proxy: str) -> dict[str, Any]:
    """How waitress takes the headers in which a reverse proxy says who asks: from this address alone, else from nobody.

    Without it all requests behind a proxy come from one address, and whoever signs in shares the pace of all others.
    """
    known: dict[str, Any] = {"clear_untrusted_proxy_headers": True}
    if not proxy:
        return known
    try:
        address = str(ip_address(proxy.strip()))
    except ValueError:
        raise Refused(
            f"Expected TRAPPA_TRUSTED_PROXY to be one IP address, but it is {proxy!r}.",
            f"TRAPPA_TRUSTED_PROXY ska vara en IP-adress, till exempel 127.0.0.1, inte {proxy!r}.",
        ) from None
    headers = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return {**known, "trusted_proxy": address, "trusted_proxy_count": 1, "trusted_proxy_headers": headers}


def _demo_clock(start: str | None) -> ShiftedClock:
    """Furnishes the house where it is empty, and goes on from the time it had come to."""
    from web import demo

    wall = SystemClock()
    return ShiftedClock(
        wall, demo.furnish(database_url=house.database_url(), now=wall.now(), start=_local(start) if start else None)
    )


def _local(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"Expected --start as 2026-01-15 or 2026-01-15T08:00, but found {text}.",
            f"Skriv --start som 2026-01-15 eller 2026-01-15T08:00, inte {text}.",
        ) from None
    return moment.replace(tzinfo=STOCKHOLM) if moment.tzinfo is None else moment


def _secret_key(demo: bool) -> str:
    key = house.setting("TRAPPA_SECRET_KEY")
    if len(key) >= 32 or demo:
        return key or secrets.token_urlsafe(48)
    raise Refused(
        "Expected TRAPPA_SECRET_KEY with at least 32 characters, but it is missing or shorter.",
        "TRAPPA_SECRET_KEY saknas eller är kortare än 32 tecken. Sätt den till en slumpad text och starta igen.",
    )
