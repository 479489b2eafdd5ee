"""A test client that inspects every page it gets, so that hundreds of tests look at the HTML for free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

PAGE_LIMIT = 100_000
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENDS_P = {
    "address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
INLINE = {"a", "b", "em", "span", "strong", "time", "kbd", "code", "small"}
LABELLED = {"input", "select", "textarea"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    content: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [one for one in self.content if isinstance(one, Element)]

    @property
    def text(self) -> str:
        return " ".join(self.raw_text.split())

    @property
    def raw_text(self) -> str:
        return "".join(one if isinstance(one, str) else one._apart() for one in self.content)

    def _apart(self) -> str:
        return self.raw_text if self.tag in INLINE else f" {self.raw_text} "

    def all(self, *tags: str) -> Iterator[Element]:
        for child in self.children:
            if not tags or child.tag in tags:
                yield child
            yield from child.all(*tags)

    def first(self, tag: str, **attributes: str) -> Element | None:
        return next((one for one in self.all(tag) if attributes.items() <= one.attributes.items()), None)

    def within(self, *tags: str) -> bool:
        parent = self.parent
        while parent is not None:
            if parent.tag in tags:
                return True
            parent = parent.parent
        return False

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")


class Page(HTMLParser):
    """The tree of a page, with what is wrong in how it is written."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.at = self.root
        self.problems: list[str] = []
        self.feed(html)
        self.close()
        if self.at is not self.root:
            self.problems.append(f"<{self.at.tag}> is never closed")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice: {names}")
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        if tag in ENDS_P and (self.at.tag == "p" or element.within("p")):
            self.problems.append(f"<{tag}> stands in a <p>: {self.at.text[:60]}")
        if tag == "form" and element.within("form"):
            self.problems.append("a form stands in a form")
        if tag in {"a", "button"} and element.within("a", "button"):
            self.problems.append(f"<{tag}> stands in a link or button")
        self.at.content.append(element)
        if tag not in VOID:
            self.at = element

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.at.tag != tag:
            self.problems.append(f"</{tag}> closes <{self.at.tag}>")
            return
        self.at = self.at.parent or self.root

    def handle_data(self, data: str) -> None:
        self.at.content.append(data)


class Inspector(FlaskClient):
    """`get` and `post` follow nothing; every HTML answer is inspected. `page` is the last one."""

    page: Element
    html: str
    is_hostile = False
    """Set where the test itself writes what looks like a template's mistake."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 307, 308):
            self.html = response.get_data(as_text=True)
            parsed = Page(self.html)
            self.page = parsed.root
            problems = [*parsed.problems, *inspect(self.application, parsed.root, self.html, words=not self.is_hostile)]
            assert not problems, f"{response.request.path}: " + "; ".join(problems)
        assert_headers(response)
        return response

    def see(self, path: str, status: int = 200) -> Element:
        """GET a page that must come with this status."""
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status_code} {response.location} {self.heading()}"
        return self.page

    def heading(self) -> str:
        page = getattr(self, "page", None)
        heading = page.first("h1") if page else None
        return heading.text if heading else ""

    def form(self, action: str) -> Element:
        """The form on the last page that posts to `action`, by itself or by one of its buttons."""
        forms = list(self.page.all("form"))
        for ways in (lambda one: [one["action"]], lambda one: [button["formaction"] for button in one.all("button")]):
            for one in forms:
                if action in ways(one):
                    return one
        raise AssertionError(f"no form to {action} among {[one['action'] for one in forms]}")

    def submit(
        self, action: str, data: dict[str, Any] | None = None, status: int = 303, **options: Any
    ) -> TestResponse:
        """Send the form as a browser would: what stands in its fields, changed by `data` (None takes a field out)."""
        values = fields_of(self.form(action))
        for name, value in (data or {}).items():
            values = [pair for pair in values if pair[0] != name]
            given = value if isinstance(value, list) else [] if value is None else [value]
            values += [(name, str(one)) for one in given]
        response = self.post(action, data=_many(values), **options)
        assert response.status_code == status, f"{action}: {response.status_code} {self.heading()} {self.errors()}"
        return response

    def errors(self) -> list[str]:
        summary = next((one for one in self.page.all("div") if "error-summary" in one["class"]), None)
        return [item.text for item in summary.all("li")] if summary else []

    def flashes(self) -> str:
        found = next((one for one in self.page.all("div") if "flash-list" in one["class"]), None)
        return found.text if found else ""


def _many(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def fields_of(form: Element) -> list[tuple[str, str]]:
    """What a browser would send for a form as it stands."""
    pairs = []
    for one in form.all("input", "select", "textarea"):
        name = one["name"]
        if not name or one.within("template") or "disabled" in one.attributes:
            continue
        if one.tag == "textarea":
            pairs.append((name, one.raw_text.removeprefix("\n")))
        elif one.tag == "select":
            options = list(one.all("option"))
            chosen = next(
                (option for option in options if "selected" in option.attributes), options[0] if options else None
            )
            pairs.append((name, chosen["value"] if chosen else ""))
        elif one["type"] not in ("checkbox", "radio") or "checked" in one.attributes:
            pairs.append((name, one["value"]))
    return pairs


# --- what every page must be -----------------------------------------------------------------------------------------


def inspect(app: Flask, page: Element, html: str, *, words: bool = True) -> list[str]:
    checks = [_frame, _ids, _labels, _forms, _links, _inline, *([_words] if words else [])]
    problems = [problem for check in checks for problem in check(app, page)]
    if len(html.encode()) > PAGE_LIMIT:
        problems.append(f"the page has {len(html.encode())} bytes")
    return problems


def _is_part(page: Element) -> bool:
    return page.first("html") is None


def _frame(app: Flask, page: Element) -> Iterator[str]:
    if _is_part(page):
        return
    html, title = page.first("html"), page.first("title")
    if html is None or html["lang"] not in ("sv", "en"):
        yield "the page does not say its language"
    if title is None or not title.text.removesuffix("– Tvistetrappa").strip():
        yield "the page has no title of its own"
    headings = list(page.all("h1"))
    if len(headings) != 1 or not headings[0].text:
        yield f"the page has {len(headings)} h1"
    if page.first("main") is None:
        yield "the page has no main"
    level = 1
    for heading in page.all("h1", "h2", "h3", "h4"):
        if heading.within("dialog"):
            continue
        if int(heading.tag[1]) > level + 1 and not heading.within("aside", "nav"):
            yield f"the heading {heading.text!r} skips a level"
        level = int(heading.tag[1])


def _ids(app: Flask, page: Element) -> Iterator[str]:
    ids = [one["id"] for one in page.all() if one["id"] and not one.within("template")]
    for double in {one for one in ids if ids.count(one) > 1}:
        yield f"the id {double!r} stands twice"
    known = set(ids)
    for one in page.all():
        if one.within("template"):
            continue
        for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for reference in one[attribute].split():
                if reference not in known:
                    yield f"{attribute}={reference!r} points at nothing"
        if one.tag == "a" and one["href"].startswith("#") and one["href"][1:] not in known:
            yield f"the link {one.text!r} points at nothing: {one['href']}"


def _labels(app: Flask, page: Element) -> Iterator[str]:
    labelled = {one["for"] for one in page.all("label")}
    for one in page.all(*LABELLED):
        if one["type"] == "hidden" or one.within("template"):
            continue
        if not (one["id"] in labelled or one["aria-label"] or one["aria-labelledby"] or one.within("label")):
            yield f"<{one.tag} name={one['name']!r}> has no label"
    for one in page.all("button", "a", "summary", "th"):
        if not (one.text or one["aria-label"]):
            yield f"<{one.tag}> says nothing: {one.attributes}"
    for one in page.all("img"):
        if "alt" not in one.attributes:
            yield "an image has no alt"
    for one in page.all("fieldset"):
        legend = next((child for child in one.children if child.tag == "legend"), None)
        if "field" in one["class"].split() and (legend is None or not legend.text):
            yield f"the fieldset {one['id']!r} has no legend"


def _forms(app: Flask, page: Element) -> Iterator[str]:
    for one in page.all("form"):
        method = one["method"].upper() or "GET"
        problem = _address_problem(app, one["action"] or "/inbox", method)
        if problem:
            yield f"the form to {one['action']!r} {problem}"
        if method == "POST" and one.first("input", name="csrf_token") is None:
            yield f"the form to {one['action']!r} has no CSRF token"
        if method == "GET" and one.first("input", name="csrf_token") is not None:
            yield f"the form to {one['action']!r} would show its CSRF token in the address"
        for button in one.all("button"):
            if button["formaction"] and (problem := _address_problem(app, button["formaction"], "POST")):
                yield f"the button to {button['formaction']!r} {problem}"


def _links(app: Flask, page: Element) -> Iterator[str]:
    for one in page.all("a"):
        address = one["href"]
        if not address or address.startswith(("#", "mailto:")):
            continue
        if address.lower().startswith(("javascript:", "data:", "vbscript:")):
            yield f"a link runs script: {address[:40]}"
        elif not urlsplit(address).scheme and (problem := _address_problem(app, address, "GET")):
            yield f"the link {one.text!r} to {address!r} {problem}"


def _address_problem(app: Flask, address: str, method: str) -> str | None:
    parts = urlsplit(address)
    if parts.netloc:
        return "leads to another host"
    try:
        app.url_map.bind("localhost").match(parts.path or "/", method=method)
    except RequestRedirect:
        return "is redirected by its spelling"
    except NotFound:
        return "leads nowhere"
    except MethodNotAllowed:
        return f"cannot be asked for by {method}"
    return None


def _inline(app: Flask, page: Element) -> Iterator[str]:
    for one in page.all():
        if "style" in one.attributes or one.tag == "style":
            yield f"<{one.tag}> has inline style"
        for name in one.attributes:
            if name.startswith(("on", "hx-on")):
                yield f"<{one.tag}> has the handler {name}"
        if one.tag == "script" and (one.text or not one["src"].startswith("/")):
            yield "a script stands in the page or comes from elsewhere"


def _words(app: Flask, page: Element) -> Iterator[str]:
    """What would tell of a mistake in a template, or of Python."""
    told = " ".join(one.text for one in page.all("main"))
    for sign in ("{{", "}}", "{%", "<built-in", "object at 0x", "Undefined", "%(", "&lt;time", "&amp;"):
        if sign in told:
            yield f"the page says {sign!r}"
    if re.search(r"(?<![\w.])None(?!\w)", told):
        yield "the page says 'None'"


def assert_headers(response: TestResponse) -> None:
    policy = response.headers.get("Content-Security-Policy", "")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in response.headers or "Werkzeug" in response.headers["Server"]
