"""Mails as they come: the real report 04, every encoding, and what nobody should have sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Guarded, Refused
from handlers import intake
from handlers.intake import parse
from tests.engine.house import MONDAY
from tests.examples import examples
from tests.speed import growth

REPORT_04 = Path("processes/problem_i_samverkan/scenarios/rapporter/04.eml").read_bytes()
PERSONNUMMER = "19121212-1212"


def mail(text: str = "Ett problem i samverkan.", **headers: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    told = {"From": "Chef <chef@vardcentral.example.org>", "Subject": "Problem", "Message-ID": "<1@example.org>"}
    for name, value in (told | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    return message


def variables(message: EmailMessage | bytes, now: datetime = MONDAY) -> dict[str, Any]:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    found = parse(raw, now).variables
    json.dumps(found)
    return found


def test_report_04_comes_in_whole():
    found = variables(REPORT_04)
    assert found["kanal"] == "epost"
    assert found["mottagare"] == "hsf"
    assert found["inkom_tid"] == "2026-01-28T09:14:31+01:00"
    assert found["tjanste_epost"] == "verksamhetschef@sjostigen.example.org"
    assert found["funktion"] == "Verksamhetschef, Vårdcentralen Sjöstigen"
    assert found["rubrik"] == "Läkemedelsansvar på korttidsboende, Farsta"
    assert "går att tolka på båda sätten" in found["beskrivning"]
    assert "Datum: 2025-10-15 och 2025-12-10" in found["beskrivning"]


def test_contact_data_in_the_text_does_not_come_along():
    found = variables(REPORT_04)
    assert "@" not in found["beskrivning"]
    assert found["epost"]["anmarkningar"] == ["E-postadresser och telefonnummer i texten är borttagna."]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Ring 08-123 45 67 före 2026-03-15.", "Ring [telefonnummer borttaget] före 2026-03-15."),
        ("Ring +46 70 123 45 67!", "Ring [telefonnummer borttaget]!"),
        ("Skriv till <anna.berg@huddinge.se>.", "Skriv till <[e-postadress borttagen]>."),
        (
            "Mötena hölls 2025-10-15 och 2025-12-10, 3 av 12 kom.",
            "Mötena hölls 2025-10-15 och 2025-12-10, 3 av 12 kom.",
        ),
    ],
)
def test_only_contact_data_is_taken_out(line: str, left: str):
    assert variables(mail(f"Hej!\n{line}\nHälsningar"))["beskrivning"] == f"Hej!\n{left}\nHälsningar"


def test_the_same_mail_has_the_same_key_by_whatever_way_it_came():
    again = REPORT_04.replace(b"mailbox2.hsf", b"mailbox7.hsf")
    assert again != REPORT_04
    assert parse(again, MONDAY).key == parse(REPORT_04, MONDAY).key
    assert parse(mail("Ett").as_bytes(), MONDAY).key != parse(mail("Ett annat").as_bytes(), MONDAY).key


# --- when it came in (R20) -------------------------------------------------------------------------------------------


def test_arrival_is_what_our_own_server_noted_last():
    received = "from b by a; Wed, 1 Apr 2026 00:12:00 +0200"
    message = mail(Date="Mon, 1 Dec 2025 08:00:00 +0100")
    message["Received"] = received
    message["Received"] = "from c by b; Tue, 31 Mar 2026 10:00:00 +0200"
    assert variables(message)["inkom_tid"] == "2026-04-01T00:12:00+02:00"


@pytest.mark.parametrize(
    ("date", "arrived"),
    [
        ("Mon, 1 Dec 2025 08:00:00 +0100", "2025-12-01T08:00:00+01:00"),
        ("Mon, 1 Dec 2025 08:00:00 -0000", "2025-12-01T09:00:00+01:00"),
        ("Fri, 1 Jan 2199 08:00:00 +0100", "2026-03-02T09:00:00+01:00"),
        ("i förrgår", "2026-03-02T09:00:00+01:00"),
        ("Mon, 99 Foo 99999 08:00:00 +9999", "2026-03-02T09:00:00+01:00"),
        ("Thu, 1 Jan 1970 00:00:00 +0000", "2026-03-02T09:00:00+01:00"),
    ],
)
def test_without_a_server_s_note_the_date_counts_and_a_date_to_come_does_not(date: str, arrived: str):
    message = mail()
    raw = message.as_bytes().replace(b"Subject:", f"Date: {date}\r\nSubject:".encode())
    found = variables(raw)
    assert found["inkom_tid"] == arrived
    assert "Kontrollera den." in found["epost"]["anmarkningar"][-1]


def test_a_broken_note_of_the_server_falls_back_on_the_date():
    message = mail(Date="Mon, 1 Dec 2025 08:00:00 +0100", Received="by magic")
    assert variables(message)["inkom_tid"] == "2025-12-01T08:00:00+01:00"


# --- encodings -------------------------------------------------------------------------------------------------------

TEXT = "Vårdplanering på äldreboendet, så här går det: ÅÄÖ é"


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-7", "cp850"])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_any_encoding_is_read(charset: str, encoding: str):
    message = mail()
    message.set_content(TEXT.encode(charset), "text", "plain", cte=encoding)
    message.set_param("charset", charset)
    assert variables(message)["beskrivning"] == TEXT


@pytest.mark.parametrize(
    ("claimed", "bytes_in"),
    [
        ("us-ascii", TEXT.encode()),
        ("us-ascii", TEXT.encode("windows-1252")),
        ("x-okand", TEXT.encode()),
        ("utf-8", TEXT.encode("iso-8859-1")),
        ("idna", TEXT.encode()),
        ("hex", TEXT.encode()),
        ("utf-8\udce5", TEXT.encode()),
    ],
)
def test_a_charset_that_lies_does_no_harm(claimed: str, bytes_in: bytes):
    head = f'From: chef@a.example.org\r\nContent-Type: text/plain; charset="{claimed}"\r\n\r\n'
    assert variables(head.encode("utf-8", "surrogateescape") + bytes_in)["beskrivning"] == TEXT


def test_raw_letters_in_headers_are_read():
    raw = "From: Ängla Öst <chef@a.example.org>\r\nSubject: Åtgärd på gång\r\n\r\nHej".encode("iso-8859-1")
    found = variables(raw)
    assert found["funktion"] == "Ängla Öst"
    assert found["rubrik"] == "Åtgärd på gång"


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?b?!!!?=", "=?x-okand?q?hej?=", "=?utf-8?q?=FF=FE?=", "=?", "=?utf-8?b?" + "A" * 9999 + "?=", "\x00\x01"],
)
def test_a_broken_subject_does_no_harm(subject: str):
    assert variables(f"From: chef@a.example.org\r\nSubject: {subject}\r\n\r\nHej".encode())["beskrivning"] == "Hej"


def test_prefixes_of_answers_go():
    assert variables(mail(Subject="SV: VB: Problem i samverkan: remisser studsar"))["rubrik"] == "Remisser studsar"


# --- what there is in it ---------------------------------------------------------------------------------------------


def test_attachments_are_dropped_with_a_note():
    message = mail("Se nedan.")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="journal-19121212.pdf")
    message.add_attachment("Dold text", filename="anteckning.txt")
    found = variables(message)
    assert found["beskrivning"] == "Se nedan."
    assert found["epost"]["anmarkningar"] == [
        "2 bilagor är borttagna.",
        "Ankomsttiden gick inte att läsa ur mejlet. Kontrollera den.",
    ]
    assert "journal" not in json.dumps(found)


def test_a_mail_inside_the_mail_is_an_attachment():
    message = mail("Se bifogat mejl.")
    message.add_attachment(mail(f"Gäller {PERSONNUMMER}"))
    found = variables(message)
    assert found["beskrivning"] == "Se bifogat mejl."
    assert found["epost"]["anmarkningar"][0] == "1 bilaga är borttagen."


def test_the_plain_form_is_preferred_to_the_html():
    message = mail("Enkel text")
    message.add_alternative("<p>Annan <b>text</b></p>", subtype="html")
    assert variables(message)["beskrivning"] == "Enkel text"


def test_html_only_becomes_text():
    message = mail()
    message.set_content(
        "<html><head><title>T</title><style>p{}</style></head><body><p>Första &aring;ret.</p><script>alert(1)</script>"
        "<ul><li>Ett<li>Två</ul>Slut<!-- dolt --><p hidden>x</p>",
        subtype="html",
    )
    found = variables(message)
    assert found["beskrivning"].replace("\n", "|") == "Första året.||Ett||Två||Slut|x"
    assert found["epost"]["anmarkningar"][0].startswith("Mejlet fanns bara som webbsida")


def test_long_text_is_cut_and_says_so():
    found = variables(mail("Ord " * 10_000))
    assert len(found["beskrivning"]) == intake.TEXT_LIMIT
    assert "Texten är avkortad. Resten finns i originalmejlet." in found["epost"]["anmarkningar"]


# --- what is refused, in whole sentences -----------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level) for level in range(depth)
    )
    return b"From: chef@a.example.org\r\n" + opened + b"\r\nHej"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "ingen läsbar text"),
        (b"\x00\xff\xfe" * 1000, "ingen läsbar text|avsändaradress"),
        (b"From: chef@a.example.org\r\n\r\n   \r\n", "ingen läsbar text"),
        (b"Subject: hej\r\n\r\nHej", "avsändaradress"),
        (b"From: undisclosed-recipients:;\r\n\r\nHej", "avsändaradress"),
        (b"From: <@@@>\r\n\r\nHej", "avsändaradress"),
        (b"From: " + b"a" * 100_000 + b"@b.se\r\n\r\nHej", "avsändaradress"),
        (b"From: a@b.se\r\nAuto-Submitted: auto-replied\r\n\r\nJag har semester", "automatiskt svar"),
        (b"Return-Path: <>\r\nFrom: mailer-daemon@b.se\r\n\r\nUndelivered", "automatiskt svar"),
        (b"From: a@b.se\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIIB", "ingen läsbar text"),
        (b"x" * (intake.SIZE_LIMIT + 1), "större än 10 MB"),
        (b"From: a@b.se\r\n\r\n" + b"ord " * 60_000, "längre än 200 000 tecken"),
        (nested(100_000), "djupt|delar|läsbar"),
        (
            b"From: a@b.se\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\nhej\r\n" * 1000,
            "fler än 200 delar",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_a_report_is_refused_in_a_whole_sentence(raw: bytes, sentence: str):
    with pytest.raises(Refused) as refused:
        parse(raw, MONDAY)
    assert any(part in refused.value.sv for part in sentence.split("|")), refused.value.sv
    assert refused.value.sv.endswith(".")
    assert refused.value.en.startswith("Expected ")


@pytest.mark.parametrize(
    "spelling", [PERSONNUMMER, "121212-1212", "1912 12 12 1212", "１９１２１２１２１２１２", "121272-1219"]
)
@pytest.mark.parametrize("place", ["subject", "name", "text", "html", "late"])
def test_R2_a_mail_with_a_personnummer_is_refused_and_never_repeated(spelling: str, place: str):
    message = mail(
        {"text": f"Gäller {spelling}.", "late": "Ord " * 10_000 + spelling}.get(place, "Hej"),
        Subject=f"Om {spelling}" if place == "subject" else "Hej",
        From=f'"Om {spelling}" <chef@a.example.org>' if place == "name" else "chef@a.example.org",
    )
    if place == "html":
        half = len(spelling) // 2
        message.set_content(f"<p>Om {spelling[:half]}<!-- x --><b></b>{spelling[half:]}</p>", subtype="html")
    with pytest.raises(Guarded) as refused:
        parse(message.as_bytes(), MONDAY)
    told = f"{refused.value} {refused.value.sv} {refused.value.details} {refused.value.path}"
    assert spelling not in told
    assert "1212" not in told


def test_a_telephone_number_over_two_lines_does_not_slip_through():
    with pytest.raises(Guarded, match="telephone"):
        parse(mail("Ring 08\n123 45 67").as_bytes(), MONDAY)


def answer(raw: bytes) -> bool:
    """Whether it is variables that can be stored, or a whole sentence."""
    try:
        return bool(json.dumps(parse(raw, MONDAY).variables))
    except Refused as refused:
        return refused.sv.endswith(".")


@examples(300)
@given(st.binary(max_size=600))
def test_any_bytes_give_variables_or_a_refusal(raw: bytes):
    for whole in (raw, b"From: a@b.se\r\n" + raw, b"From: a@b.se\r\nContent-Type: text/html\r\n\r\n" + raw):
        assert answer(whole)


HEADERS = st.sampled_from(
    ["From", "Reply-To", "Subject", "Received", "Date", "Content-Type", "Content-Transfer-Encoding", "Message-ID",
     "Content-Disposition", "Auto-Submitted", "Return-Path"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["a@b.se", "multipart/mixed; boundary=x", "text/html; charset=utf-7", "base64", "x-uuencode", "=?q?=",
         "=?utf-8?q?=C3=A5?= <a@b.se>", "attachment; filename*=utf-8''%E5", "text/plain; charset*0=u; charset*1=x",
         "; Wed, 1 Apr 2026 00:12:00 +0200", "message/rfc822"]
    ),
)  # fmt: skip


@examples(300)
@given(st.lists(st.tuples(HEADERS, VALUES), max_size=8), st.text(max_size=200))
def test_any_headers_give_variables_or_a_refusal(headers: list[tuple[str, str]], body: str):
    lines = [f"{name}: {value}" for name, value in headers]
    raw = ("\r\n".join(["From: a@b.se", *lines]) + f"\r\n\r\n--x\r\n\r\n{body}").encode("utf-8", "surrogatepass")
    assert answer(raw)


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    "filling", [b"<div>", b"<", b"<!--", b"<a b='", b"&amp", b"1 2 3 ", b"a@", b"08 123 45 67\n", b"0701 ", b"a"]
)
def test_reading_takes_longer_as_a_text_grows_and_not_faster(kind: str, filling: bytes):
    def reading(size: int) -> Callable[[], object]:
        text = filling * (size // len(filling))
        raw = f"From: a@b.se\r\nContent-Type: text/{kind}\r\n\r\n".encode() + text

        def read() -> None:
            with suppress(Refused):
                parse(raw, MONDAY)

        return read

    assert growth(reading, 200_000, times=3) < 15
