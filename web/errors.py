"""Pages for when it did not go as asked: a plain sentence, what to do now, a number to tell; never a stack trace."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, InternalServerError

from engine.errors import Conflict, Guarded, Invalid, NotAllowed, NotFound, Refused, Unavailable, Unsure
from web.languages import current
from web.security import wants_json

log = logging.getLogger(__name__)


def sentence(refused: Refused) -> str:
    """A refusal in the reader's language."""
    return refused.en if current() == "en" else refused.sv


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unavailable, _database_away)
    app.register_error_handler(Unsure, _unsure)
    app.register_error_handler(Exception, _defect)


def _http(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error
    return page(error.code or 500, headers=_kept_headers(error))


def _kept_headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}


def _refused(refused: Refused) -> Any:
    codes = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 422, Guarded: 422}
    code = next((code for kind, code in codes.items() if isinstance(refused, kind)), 409)
    # Nothing is said of what was not found: it may be there, for others.
    return page(code, None if code == 404 else sentence(refused))


def _database_away(error: Unavailable) -> Any:
    log.error("Request %s: %s", g.get("request_id"), error)
    return page(503, headers={"Retry-After": "10"})


def unsure_whether() -> str:
    """The connection broke at the commit. Sending again is safe: what was done already is not done twice."""
    return gettext(
        "Förbindelsen bröts just när det skulle sparas, så vi vet inte om det hann bli klart. Det du har skrivit står "
        "kvar här. Skicka igen: hann det bli klart blir det inte dubbelt, utan du får veta det."
    )


def _unsure(error: Unsure) -> Any:
    log.error("Request %s: %s", g.get("request_id"), error)
    return page(
        503,
        gettext(
            "Förbindelsen bröts just när det skulle sparas, så vi vet inte om det hann bli klart. Gå tillbaka och "
            "titta efter. Är det inte gjort, gör om det."
        ),
    )


def _defect(error: Exception) -> Any:
    log.error("Request %s failed: %s %s", g.get("request_id"), request.method, request.url_rule, exc_info=error)
    return page(InternalServerError.code)


def page(code: int, told: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """The error page for a status code; `told` replaces its usual sentence. Scripts get the sentence as JSON."""
    title, text = _words().get(code, _words()[400 if code < 500 else 500])
    if wants_json():
        response = jsonify(message=told or text, id=g.get("request_id"))
    else:
        response = Response(_html(code, title, told or text), mimetype="text/html")
    response.status_code = code
    response.headers.extend(headers or {})
    return response


def _html(code: int, title: str, text: str) -> str:
    try:
        return render_template("errors/error.html", code=code, title=title, text=text, request_id=g.get("request_id"))
    except Exception:
        # The frame itself needs the database; where that is away the sentence must still come through.
        log.exception("Request %s: the error page could not be drawn", g.get("request_id"))
        return render_template("errors/bare.html", code=code, title=title, text=text, request_id=g.get("request_id"))


def _words() -> dict[int, tuple[str, str]]:
    """Status code -> heading and sentence."""
    return {
        400: (
            gettext("Det gick inte att förstå"),
            gettext("Det som skickades gick inte att läsa. Gå tillbaka, ladda om sidan och försök igen."),
        ),
        401: (
            gettext("Du behöver logga in"),
            gettext("Du är inte inloggad längre. Logga in och försök igen."),
        ),
        403: (
            gettext("Det gick inte att ta emot"),
            gettext(
                "Sidan var för gammal eller öppnad någon annanstans ifrån. Inget är sparat. Ladda om och försök igen."
            ),
        ),
        404: (
            gettext("Sidan finns inte"),
            gettext(
                "Det du söker finns inte, eller är inte för dig. Kontrollera adressen eller börja om från inkorgen."
            ),
        ),
        405: (
            gettext("Så kan sidan inte användas"),
            gettext("Adressen finns men kan inte öppnas så här. Börja om från inkorgen."),
        ),
        409: (
            gettext("Någon annan hann före"),
            gettext("Det du ville göra går inte längre, för något har ändrats sedan du öppnade sidan."),
        ),
        413: (
            gettext("Det är för stort"),
            gettext("Det som skickades är större än vad som går att ta emot. Korta texten och försök igen."),
        ),
        422: (
            gettext("Något behöver ändras"),
            gettext("Det som skickades kan inte tas emot som det är."),
        ),
        429: (
            gettext("Lite för fort"),
            gettext("Det kom många anrop på kort tid. Vänta en minut och försök igen. Inget av det sista har sparats."),
        ),
        500: (
            gettext("Något gick fel hos oss"),
            gettext("Felet är antecknat. Det du gjorde senast är inte sparat. Försök igen om en stund."),
        ),
        503: (
            gettext("Stängt en stund"),
            gettext("Tjänsten svarar inte just nu. Försök igen om en stund. Det som redan är sparat finns kvar."),
        ),
    }
