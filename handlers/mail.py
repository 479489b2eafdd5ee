"""Sends mail over SMTP. Called by the worker outside any transaction, so it may happen twice: the Message-ID, made from
the idempotency key, lets the receiving side see that it is the same mail."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from engine.contract import Retry
from engine.errors import Refused

TIMEOUT = 30
"""Seconds for each answer of the mail server."""


class Outgoing(Protocol):
    """What is to be sent, as the engine stores it."""

    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def idempotency_key(self) -> str: ...


class MailRefused(Refused):
    """The mail server will never take this mail: a person must look at the address, trying again does not help."""


class Smtp:
    """A mail server: `smtp://user:password@host:port` (TLS where the server offers it) or `smtps://…` (from the start).

    `?starttls=required` refuses a server without TLS. A password is only ever sent over TLS.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._required = parse_qs(self._url.query).get("starttls") == ["required"]
        self._sender = sender
        if url and (self._url.scheme not in {"smtp", "smtps"} or not self._url.hostname):
            raise Refused(
                "Expected TRAPPA_SMTP_URL as smtp://host:port or smtps://host:port, but it is not.",
                "TRAPPA_SMTP_URL ska skrivas smtp://värd:port eller smtps://värd:port.",
            )

    def send(self, mail: Outgoing) -> None:
        """Hand the mail over. Raises Retry where it may work later, MailRefused where it never will."""
        message = self._message(mail)
        try:
            with self._server() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, _ = next(iter(refused.recipients.values()))
            raise self._failure(code) from None
        except smtplib.SMTPResponseException as response:
            raise self._failure(response.smtp_code) from None
        except (OSError, smtplib.SMTPException) as error:
            kind = type(error).__name__
            raise Retry(
                f"E-postservern gick inte att nå ({kind}).", en=f"The mail server could not be reached ({kind})."
            ) from None

    __call__ = send

    @staticmethod
    def _failure(code: int) -> Exception:
        # 5xx is final for the mail, but these are about who we are, which may be mended.
        if code in range(500, 600) and code not in {530, 534, 535, 538}:
            return MailRefused(
                f"Expected the mail server to take the mail, but it answered {code}.",
                f"E-postservern tar inte emot mejlet (svar {code}). Kontrollera adressen.",
            )
        return Retry(
            f"E-postservern tog inte emot mejlet just nu (svar {code}).",
            en=f"The mail server did not take the mail now (answer {code}).",
        )

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        host, port = self._url.hostname or "", self._url.port or 0
        encrypted = self._url.scheme == "smtps"
        server = (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if encrypted
            else smtplib.SMTP(host, port, timeout=TIMEOUT)
        )
        with server:
            server.ehlo()
            if not encrypted and (self._required or server.has_extn("starttls")):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
                encrypted = True
            if self._url.username:
                if not encrypted:
                    raise Retry(
                        "E-postservern erbjuder ingen kryptering, så lösenordet skickas inte.",
                        en="The mail server offers no encryption, so the password is not sent.",
                    )
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            yield server

    def _message(self, mail: Outgoing) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = self._message_id(mail.idempotency_key)
        # So that no holiday reply answers us, and ours is never taken for a report (handlers/intake.py).
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "sv"
        message.set_content(mail.body, cte="quoted-printable")
        return message

    def _message_id(self, idempotency_key: str) -> str:
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "localhost"
        return f"<{hashlib.sha256(idempotency_key.encode()).hexdigest()[:40]}@{domain}>"
