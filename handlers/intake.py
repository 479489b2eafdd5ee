"""An e-mailed report (RFC 5322) becomes the variables of a case.

Only cleaned text goes on: no attachments, no markup, no contact data but the sender's own address. The original stays
with HSF (domain R3). Whatever the bytes are, the answer is variables or one full sentence; what is refused leaves
nothing behind.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from lxml import etree

from engine import guard
from engine.calendar import local
from engine.errors import Refused

SIZE_LIMIT = 10_000_000
"""Bytes of a message, attachments included."""
PARTS_LIMIT = 200
READ_LIMIT = 200_000
"""Characters of text in a message: what is longer is no report, and takes long to search for what may not be there."""
MARKUP = 5
"""How many times longer HTML may be than its text."""
TEXT_LIMIT = 20_000
"""Characters of the text that are kept; the rest can be read in the original."""
SUBJECT_LIMIT = 150

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_CONTACTS = (
    (re.compile(r"[^\s<>\[\](),;:]{0,80}@[^\s<>\[\](),;:]{0,200}"), "[e-postadress borttagen]"),
    (re.compile(r"[+(]?[0-9](?:[ ()/.\u2010-\u2015-]{0,2}[0-9]){6,14}"), "[telefonnummer borttaget]"),
)
_BREAKING = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre"}
_SILENT = {"script", "style", "head", "title", "template", "noscript", "object", "svg"}
_SUBJECT_PREFIX = re.compile(r"(?i)^(?:\s*(?:sv|re|fw|fwd|vb|vidarebefordrat|problem i samverkan)\s*:)+")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as a report. `key` is the same each time the same mail comes in, so it becomes one case.

    `variables`: kanal, mottagare, inkom_tid, tjanste_epost, funktion, rubrik, beskrivning and
    epost={amne, avsandare, anmarkningar: [what was left out, in Swedish]}.
    """

    key: str
    variables: dict[str, Any]


def parse(raw: bytes, now: datetime) -> Incoming:
    """Read one message. Raises Refused, or Guarded where it holds a personnummer."""
    if len(raw) > SIZE_LIMIT:
        raise _refused(
            f"a mail of at most {SIZE_LIMIT} bytes, but it is larger",
            f"Mejlet är större än {SIZE_LIMIT // 1_000_000} MB. Be avsändaren skicka det utan bilagor.",
        )
    try:
        message = message_from_bytes(raw, policy=compat32)
        body = _body(message)
        sender, name = _sender(message)
        subject = _tidy(_header(message, "Subject"))
    except RecursionError:
        raise _unreadable() from None
    _refuse_robots(message)
    guard.check_free_text({"amne": subject, "avsandare": name, "text": body.text}, "mejl")
    arrived, notes = _arrival(message, now)
    notes = [*body.notes, *notes]
    text = _without_contacts(body.text)
    if text != body.text:
        notes.append("E-postadresser och telefonnummer i texten är borttagna.")
    if len(text) > TEXT_LIMIT:
        text = text[:TEXT_LIMIT]
        notes.append("Texten är avkortad. Resten finns i originalmejlet.")
    title = _without_contacts(_SUBJECT_PREFIX.sub("", " ".join(subject.split())).strip())[:SUBJECT_LIMIT]
    title = title[:1].upper() + title[1:]
    return Incoming(
        key=_key(message, sender, body.text),
        variables={
            "kanal": "epost",
            "mottagare": "hsf",
            "inkom_tid": local(arrived).isoformat(timespec="seconds"),
            "tjanste_epost": sender,
            "funktion": _without_contacts(" ".join(name.split()))[:SUBJECT_LIMIT],
            "rubrik": title,
            "beskrivning": text,
            "epost": {"amne": title, "avsandare": sender, "anmarkningar": notes},
        },
    )


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    notes: list[str]


def _body(message: Message) -> _Body:
    """The text that the writer wrote: its plain form, else what its HTML says."""
    plain: list[str] = []
    html: list[str] = []
    dropped = 0
    for part in _parts(message):
        kind = part.get_content_type()
        if kind not in {"text/plain", "text/html"} or _is_attachment(part):
            dropped += 1
        elif kind == "text/plain":
            plain.append(_text_of(part))
        else:
            html.append(_text_of(part))
    if sum(map(len, plain)) > READ_LIMIT or sum(map(len, html)) > MARKUP * READ_LIMIT:
        raise _refused(
            f"a mail with at most {READ_LIMIT} characters of text, but it has more",
            f"Mejlets text är längre än {READ_LIMIT // 1000} 000 tecken. Be avsändaren korta den.",
        )
    text = _tidy("\n\n".join(plain)) or _tidy("\n\n".join(_text_of_html(source) for source in html))
    if not text:
        raise _refused(
            "a mail with readable text, but there is none",
            "Mejlet har ingen läsbar text. Det kan vara krypterat eller bara ha en bilaga. Be avsändaren skriva"
            " rapporten i själva mejlet.",
        )
    notes = []
    if dropped:
        notes.append("1 bilaga är borttagen." if dropped == 1 else f"{dropped} bilagor är borttagna.")
    if not any(plain):
        notes.append("Mejlet fanns bara som webbsida (HTML); här står dess text.")
    return _Body(text, notes)


def _parts(message: Message) -> Iterator[Message]:
    """The leaves, in order. A mail inside the mail counts as one leaf: an attachment."""
    todo = [message]
    for _ in range(PARTS_LIMIT):
        if not todo:
            return
        part = todo.pop()
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            todo.extend(child for child in reversed(list(part.get_payload())) if isinstance(child, Message))
        else:
            yield part
    if todo:
        raise _refused(
            f"a mail of at most {PARTS_LIMIT} parts, but it has more",
            f"Mejlet har fler än {PARTS_LIMIT} delar. Be avsändaren skicka det utan bilagor.",
        )


def _is_attachment(part: Message) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    except (LookupError, TypeError, ValueError):
        return True


def _text_of(part: Message) -> str:
    try:
        data = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except (LookupError, TypeError, ValueError):
        return ""
    return _decode(data, charset) if isinstance(data, bytes) else ""


def _decode(data: bytes, charset: str | None) -> str:
    """By the charset it claims, else as UTF-8, else as Windows-1252; never fails."""
    for name in (charset, "utf-8"):
        # idna and punycode take quadratic time and are no charset of a mail.
        if name and name.lower() not in {"idna", "punycode", "unknown-8bit"}:
            try:
                return data.decode(name)
            except (LookupError, UnicodeError, ValueError):
                continue
    return data.decode("windows-1252", errors="replace")


def _text_of_html(source: str) -> str:
    # libxml2 reads any HTML in linear time, opens nothing and expands nothing.
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        tree = etree.fromstring(f"<body>{_plain(source)}</body>".encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return ""
    return "" if tree is None else "".join(_pieces(tree))


def _pieces(tree: etree._Element) -> Iterator[str]:
    silent = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        name = element.tag if isinstance(element.tag, str) else ""
        silent += (name in _SILENT) * (1 if event == "start" else -1)
        if name in _BREAKING:
            yield "\n"
        text = element.text if event == "start" else element.tail
        if text and not silent:
            yield re.sub(r"\s+", " ", text)


def _header(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else _decoded(value)


def _decoded(value: Any) -> str:
    """A header with its encoded words read out; a broken one as it stands."""
    try:
        chunks = decode_header(value)
    except (HeaderParseError, LookupError, ValueError):
        return str(value)
    decoded = ""
    after_word = False
    for chunk, charset in chunks:
        text = chunk if isinstance(chunk, str) else _decode(chunk, charset)
        is_word = charset is not None
        # The space between an encoded word and plain text counts (RFC 2047 §6.2), but is not always handed on.
        apart = decoded and after_word is not is_word and not decoded[-1].isspace() and not text[:1].isspace()
        decoded += " " + text if apart else text
        after_word = is_word
    return decoded


def _sender(message: Message) -> tuple[str, str]:
    """Address and name of the one who wants the answer."""
    for header in ("Reply-To", "From"):
        for value in message.get_all(header, []):
            for name, address in _addresses(value):
                if _ADDRESS.fullmatch(address):
                    shown = name or next(iter(_addresses(message.get("From", ""))), ("", ""))[0]
                    return address, _tidy(_decoded(shown))
    raise _refused(
        "a mail with a readable sender, but neither Reply-To nor From has an address",
        "Mejlet saknar en läsbar avsändaradress, så rapportören kan inte få återkoppling. Kontakta avsändaren på annat"
        " sätt.",
    )


def _addresses(value: Any) -> list[tuple[str, str]]:
    # Encoded words are read out afterwards, since they may hold commas; raw letters have to be read first.
    text = value if isinstance(value, str) else _decoded(value)
    try:
        return getaddresses([text[:10_000]])
    except (LookupError, TypeError, ValueError):
        return []


def _refuse_robots(message: Message) -> None:
    """What a machine sent is no report, and an answer to it could go round for ever."""
    submitted = _header(message, "Auto-Submitted").strip().lower()
    bounced = _header(message, "Return-Path").strip() == "<>" or message.get_content_type() == "multipart/report"
    if submitted not in {"", "no"} or bounced:
        raise _refused(
            "a mail from a person, but a machine sent this one",
            "Mejlet är ett automatiskt svar eller en studs och blir ingen rapport.",
        )


def _arrival(message: Message, now: datetime) -> tuple[datetime, list[str]]:
    """When it came in: what our own mail server noted last, else when it was sent, else now (domain R20)."""
    received = message.get("Received")
    arrived = _moment(str(received).rpartition(";")[2]) if received else None
    if arrived:
        return arrived, []
    sent = _moment(_header(message, "Date"))
    if sent and sent <= now:
        return sent, ["Ankomsttiden är tagen från mejlets datum. Kontrollera den."]
    return now, ["Ankomsttiden gick inte att läsa ur mejlet. Kontrollera den."]


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(" ".join(text.split()))
        # A time without zone, or with -0000, is in UTC (RFC 5322 §3.3). Far years have no local time in Stockholm.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment if 1990 <= moment.astimezone(UTC).year <= 2200 else None
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _key(message: Message, sender: str, text: str) -> str:
    identity = "\0".join([_header(message, "Message-ID").strip(), sender, text])
    return "epost-" + hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]


def _without_contacts(text: str) -> str:
    """Without e-mail addresses and telephone numbers: first the word, and where that does not do, the whole line."""
    if guard.find_contact(text) is None:
        return text
    lines = (line if guard.find_contact(line) is None else _without_contact(line) for line in text.split("\n"))
    cleaned = "\n".join(lines)
    guard.check_free_text(cleaned, "mejl", contact=True)  # one that is broken over two lines: let a person look
    return cleaned


def _without_contact(line: str) -> str:
    for pattern, instead in _CONTACTS:
        found = [match.group() for match in pattern.finditer(line)]
        for contact in filter(guard.find_contact, found):  # dates look like telephone numbers, but are not
            line = line.replace(contact, instead)
    return line if guard.find_contact(line) is None else "[rad med kontaktuppgift borttagen]"


def _plain(text: str) -> str:
    """Without signs that no text needs: control characters, halves of characters."""
    return "".join(
        sign
        for sign in text.replace("\r\n", "\n").replace("\r", "\n")
        if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"}
    )


def _tidy(text: str) -> str:
    """Plain, composed, without trailing spaces and with at most one empty line in a row."""
    lines = (line.replace("\u00a0", " ").rstrip() for line in unicodedata.normalize("NFC", _plain(text)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _unreadable() -> Refused:
    return _refused(
        "a mail that can be read, but its parts lie too deep in each other",
        "Mejlet går inte att läsa: dess delar ligger för djupt i varandra.",
    )


def _refused(expected: str, sv: str) -> Refused:
    return Refused(f"Expected {expected}.", sv)
