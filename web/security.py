"""What stands before every view: session, permission, CSRF, pace; and the headers after it.

Every view declares who may use it, right under its URL:

    @inbox.get("/inbox")
    @allow(SIGNED_IN)                 # or ANYONE, or role keys: @allow("admin", "revisor")
    def show(): ...

A route that declares nothing stops the application from starting (`check_routes`). Whoever lacks the role gets the same
"finns inte" as for an address that does not exist. What one may see of a case or task, the engine decides.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine import Actor, KeepSession, PersonBySession
from web.door import engine

ANYONE: Final = "*anyone"
SIGNED_IN: Final = "*signed in"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_HOURS: Final = 12

View = TypeVar("View", bound=Callable[..., Any])


def allow(*who: str) -> Callable[[View], View]:
    """Declare who may use a view: ANYONE, SIGNED_IN, or the role keys of which one is enough."""
    if not who:
        raise ValueError("Expected at least one of ANYONE, SIGNED_IN or a role key, but allow() was called with none.")

    def declare(view: View) -> View:
        view.allowed = frozenset(who)  # type: ignore[attr-defined]
        return view

    return declare


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that nobody decided about (deny by default)."""
    allow(ANYONE)(app.view_functions["static"])
    bare = sorted({rule.rule for rule in app.url_map.iter_rules() if not _allowed(app, rule.endpoint)})
    if bare:
        raise RuntimeError(
            f"Expected every route to say with @allow who may use it, but these do not: {', '.join(bare)}."
        )


def _allowed(app: Flask, endpoint: str) -> frozenset[str]:
    return getattr(app.view_functions[endpoint], "allowed", frozenset())


def holds(*roles: str) -> bool:
    """Whether the person who asks has one of these roles now."""
    actor = g.get("actor")
    return actor is not None and any(membership.role in roles for membership in actor.memberships)


# --- before every view ---------------------------------------------------------------------------------------------


def admit() -> Any:
    """Find out who asks; stop what is forged, too fast, or not for them."""
    g.request_id = secrets.token_hex(5)
    if request.endpoint == "static":
        return None
    _recognise()
    if request.endpoint is None:
        return None  # 404 and 405 get their page, with the menu of whoever asks
    allowed = _allowed(current_app, request.endpoint)
    if ANYONE not in allowed:
        if g.actor is None:
            return _to_login()  # before the look at the form: its token went with the session that ended
        if SIGNED_IN not in allowed and not holds(*allowed):
            abort(404)
    if request.method not in SAFE_METHODS:
        _require_own_page()
        _require_pace()
    return None


def _recognise() -> None:
    g.actor = g.person = None
    g.session_token = request.cookies.get(cookie_name(current_app.config["SESSION_COOKIE_SECURE"]))
    if not g.session_token:
        return
    # Asked anew at every request: a role that ended, or a person who was deactivated, has no rights from now on.
    signed_in = engine().ask(PersonBySession(g.session_token), actor=Actor.nobody())
    if signed_in is None:
        g.session_token = None
        return
    g.person = signed_in
    g.actor = engine().actor_for(signed_in.person_id)
    if not signed_in.is_fresh:
        engine().execute(KeepSession(g.session_token), actor=g.actor)


def _to_login() -> Any:
    if wants_json():
        abort(401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else local_path(request.referrer)
    address = url_for("auth.login", next=wanted if wanted != "/" else None)
    if is_pane():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def is_pane() -> bool:
    """Whether a part of a page is asked for, to be shown within another one."""
    return request.headers.get("HX-Request") == "true"


def wants_json() -> bool:
    """Scripts of ours ask for JSON and must not be sent to a page made for eyes."""
    return request.accept_mimetypes.best == "application/json"


# --- session cookie ------------------------------------------------------------------------------------------------


def cookie_name(secure: bool) -> str:
    """`__Host-` where the connection is encrypted: no other host, path or plain connection can then set or read it."""
    return "__Host-trappa" if secure else "trappa"


def begin_session(response: BaseResponse, token: str) -> BaseResponse:
    """A new id at every sign-in; what the browser had before is overwritten."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(
        cookie_name(secure), token, max_age=SESSION_HOURS * 3600, secure=secure, httponly=True, samesite="Lax", path="/"
    )
    session.clear()
    g.session_token = token
    return response


def end_session(response: BaseResponse) -> BaseResponse:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.delete_cookie(cookie_name(secure), secure=secure, httponly=True, samesite="Lax", path="/")
    session.clear()
    g.session_token = None
    return response


# --- forged requests and pace --------------------------------------------------------------------------------------


def csrf_token() -> str:
    """Goes into every form and into <meta name="csrf-token">."""
    return hmac.new(_secret().encode(), b"csrf", hashlib.sha256).hexdigest()


def _secret() -> str:
    """What only this browser and the server know: its session's token, or for guests one in the signed cookie."""
    if g.get("session_token"):
        return str(g.session_token)
    if "guest" not in session:
        session["guest"] = secrets.token_urlsafe(24)
    return str(session["guest"])


def _require_own_page() -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    given = request.headers.get("X-CSRFToken") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        abort(403)


class Pace:
    """At most `limit` of something a minute for each key; kept in this process, which is enough to stop a runaway."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def is_exceeded(self, key: str, limit: int) -> bool:
        at = time.monotonic()
        seen = self._seen[key]
        while seen and seen[0] <= at - 60:
            seen.popleft()
        if len(self._seen) > 10_000:
            self._forget(at)
        if len(seen) >= limit:
            return True
        seen.append(at)
        return False

    def _forget(self, at: float) -> None:
        for key in [key for key, seen in self._seen.items() if not seen or seen[-1] <= at - 60]:
            del self._seen[key]


def _require_pace() -> None:
    limit: int = current_app.config["WRITES_PER_MINUTE"]
    if g.actor is None:
        # Many may come from one address, and all do where a proxy does not tell whose it was.
        require_pace(f"guest {request.remote_addr}", 10 * limit)
    elif request.endpoint == "tasks.save_draft":
        require_pace(f"draft {g.actor.person_id}", 2 * limit)  # scripts save while one types
    else:
        require_pace(f"write {g.actor.person_id}", limit)


def require_pace(key: str, limit: int) -> None:
    if current_app.extensions["pace"].is_exceeded(key, limit):
        abort(429)


# --- after every view ----------------------------------------------------------------------------------------------

CSP: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def protect(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = CSP
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    headers["X-Request-Id"] = g.get("request_id", "")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response


def local_path(url: str | None, otherwise: str = "/") -> str:
    """The path of an address within this house; anything that could lead out of it becomes `otherwise`."""
    if not url or any(ord(sign) < 33 or sign == "\\" for sign in url):
        return otherwise
    parts = urlsplit(url)
    if parts.netloc and parts.netloc != request.host:
        return otherwise
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if path.startswith("/") and not path.startswith("//") else otherwise


def idle_seconds() -> int:
    """For how long this session lives if nothing more is asked."""
    left: timedelta = min(g.person.idle_until, g.person.expires_at) - engine().clock.now()
    return max(int(left.total_seconds()), 0)


def init_app(app: Flask, *, secret_key: str | None, secure_cookies: bool) -> None:
    """`secret_key` signs the small cookie with messages between pages; sessions themselves are rows in the database."""
    app.secret_key = secret_key or secrets.token_urlsafe(48)
    app.config.update(
        SESSION_COOKIE_NAME="__Host-besked" if secure_cookies else "besked",
        SESSION_COOKIE_SECURE=secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=2_000_000,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        MAX_FORM_PARTS=5_000,
        WRITES_PER_MINUTE=60,
    )
    app.extensions["pace"] = Pace()
    app.before_request(admit)
    app.after_request(protect)
    app.jinja_env.globals.update(csrf_token=csrf_token, holds=holds, idle_seconds=idle_seconds)
