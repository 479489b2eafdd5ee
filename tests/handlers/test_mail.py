"""Mail through a real SMTP server: what arrives, and what is made of each way in which a server can say no."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from engine.contract import Retry
from engine.errors import Refused
from handlers.mail import MailRefused, Smtp

SENDER = "Tvistetrappa <tvistetrappa@example.org>"


@dataclass(frozen=True)
class Outgoing:
    to: str = "samordnande.funktion@huddinge.example.org"
    subject: str = "Återkoppling i ärende PS-2026-0001: gemensam kvartalsanalys"
    body: str = (
        "Hej!\n\nBedömningen är klar: strukturellt problem. ”Åäö” – och en lång rad " + "ord " * 40 + "\n.\nSlut\n"
    )
    created_at: datetime = datetime(2026, 4, 21, 12, 0, tzinfo=UTC)
    idempotency_key: str = "job-17-mail-0"


class Postbox:
    """Keeps what comes; `answers` says what to answer at RCPT or DATA instead of taking it."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.at_rcpt: str | None = None
        self.at_data: str | None = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.at_rcpt:
            return self.at_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.at_data:
            return self.at_data
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def server(postbox: Postbox) -> Iterator[Controller]:
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def smtp(server: Controller, query: str = "") -> Smtp:
    return Smtp(f"smtp://{server.hostname}:{server.port}{query}", SENDER)


def test_a_mail_arrives_as_it_was_written(server: Controller, postbox: Postbox):
    smtp(server).send(Outgoing())
    (got,) = postbox.got
    assert got["To"] == Outgoing.to
    assert got["From"] == SENDER
    assert got["Subject"] == Outgoing.subject
    assert got["Date"] == "Tue, 21 Apr 2026 12:00:00 +0000"
    assert got.get_content().replace("\r\n", "\n") == Outgoing.body
    assert got["Auto-Submitted"] == "auto-generated"


def test_the_same_mail_sent_twice_has_the_same_message_id(server: Controller, postbox: Postbox):
    for key in ("job-17-mail-0", "job-17-mail-0", "job-18-mail-0"):
        smtp(server).send(Outgoing(idempotency_key=key))
    first, again, other = [got["Message-ID"] for got in postbox.got]
    assert first == again != other
    assert first.endswith("@example.org>")


def test_our_own_mail_is_never_taken_for_a_report(server: Controller, postbox: Postbox):
    from handlers.intake import parse

    smtp(server).send(Outgoing())
    with pytest.raises(Refused, match="machine"):
        parse(postbox.got[0].as_bytes(), datetime(2026, 5, 1, tzinfo=UTC))


def test_a_line_break_in_a_subject_adds_no_header(server: Controller, postbox: Postbox):
    smtp(server).send(Outgoing(subject="Hej\r\nBcc: alla@example.org\nX: y"))
    assert postbox.got[0]["Subject"] == "Hej Bcc: alla@example.org X: y"
    assert postbox.got[0]["Bcc"] is None


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", ["450 4.2.1 Later", "451 4.3.0 Try again", "452 Full"])
def test_a_temporary_no_is_tried_again(server: Controller, postbox: Postbox, where: str, answer: str):
    setattr(postbox, where, answer)
    with pytest.raises(Retry, match=answer[:3]):
        smtp(server).send(Outgoing())


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", ["550 5.1.1 Unknown", "554 5.7.1 Refused"])
def test_a_final_no_is_for_a_person_to_look_at(server: Controller, postbox: Postbox, where: str, answer: str):
    setattr(postbox, where, answer)
    with pytest.raises(MailRefused) as refused:
        smtp(server).send(Outgoing())
    assert answer[:3] in refused.value.sv
    assert "@" not in refused.value.sv
    assert "5.1.1" not in refused.value.sv


def test_a_server_that_is_away_is_tried_again():
    with pytest.raises(Retry, match="gick inte att nå"):
        Smtp(f"smtp://127.0.0.1:{free_port()}", SENDER).send(Outgoing())


def test_a_server_that_says_nothing_sensible_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        import threading

        def hang_up() -> None:
            connection, _ = listening.accept()
            connection.sendall(b"\x00\xff nonsense\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(Retry):
            Smtp(f"smtp://127.0.0.1:{port}", SENDER).send(Outgoing())
        thread.join()


def test_tls_that_is_required_but_not_offered_is_tried_again(server: Controller, postbox: Postbox):
    with pytest.raises(Retry):
        smtp(server, "?starttls=required").send(Outgoing())
    assert postbox.got == []


def test_a_password_is_never_sent_in_the_open(postbox: Postbox):
    seen: list[LoginPassword] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append(data)
        return AuthResult(success=True)

    controller = Controller(
        postbox, hostname="127.0.0.1", port=free_port(), authenticator=authenticate, auth_require_tls=False
    )
    controller.start()
    try:
        url = f"smtp://anna:hemligt%20ord@127.0.0.1:{controller.port}"
        with pytest.raises(Retry, match="ingen kryptering"):
            Smtp(url, SENDER).send(Outgoing())
    finally:
        controller.stop()
    assert seen == []
    assert postbox.got == []


def test_a_certificate_that_nobody_knows_is_not_trusted(server: Controller):
    with pytest.raises(Retry):
        Smtp(f"smtps://127.0.0.1:{server.port}", SENDER).send(Outgoing())
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("url", ["http://example.org", "smtp://", "localhost:25"])
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(Refused, match="TRAPPA_SMTP_URL"):
        Smtp(url, SENDER)
