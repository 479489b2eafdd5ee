"""Data stores (§10.4.1), which no variable holds: each is known by its name in all processes, and only an association
that it is a source or target of, or a condition that waits for what it holds, speaks of it, by a name made in the same
way as a variable's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lxml import etree

from engine.bpmn.findings import shown
from engine.bpmn.model import DataStore
from engine.bpmn.read.document import Document, line_of, local, model, resolve
from engine.bpmn.read.extensions import is_true
from engine.bpmn.read.items import Items, variable_name
from engine.bpmn.read.says import say

KINDS = ("dataStoreReference", "dataStore")


class Stores:
    """The data stores that one process reads or writes."""

    def __init__(self, document: Document, scopes: Mapping[str, etree._Element], items: Items) -> None:
        self._document = document
        self._scopes = scopes
        self._items = items
        self.known: dict[str, DataStore] = {}
        """Name -> a data store that an association reads or writes, or a condition looks into."""
        self.ids: dict[str, str] = {}
        """Id of what shows a data store -> the name by which expressions speak of it."""

    def used(self, shown_by: etree._Element, is_written: bool) -> tuple[str, str]:
        """An association reads or writes it: the name by which its expressions speak of the store, the store's own."""
        store = self._store(shown_by)
        self.known[store.name] = replace(store, is_written=is_written or store.is_written)
        return self.ids[shown_by.get("id", "")], store.name

    def watched_by(self, event: etree._Element, names: Iterable[str]) -> dict[str, str]:
        """Of the names that an event's condition reads those of data stores drawn around it -> the stores' own names.

        The condition draws no association (§10.5.5 knows none for it), so a name alone says what is meant.
        """
        found: dict[str, str] = {}
        for reference in self._references_around(event):
            goes_by = self.ids.get(reference.get("id", "")) or variable_name(self._name_of(reference))
            if goes_by not in names:
                continue
            store = self._store(reference)
            self._tell_hidden(event, goes_by, found.get(goes_by, store.name) != store.name)
            found[goes_by] = store.name
            self.known[store.name] = replace(store, is_watched=True)
        return found

    def _references_around(self, event: etree._Element) -> Iterator[etree._Element]:
        for scope in self._scopes.values():
            if scope in event.iterancestors():
                yield from scope.iterchildren(model("dataStoreReference"))

    def _name_of(self, reference: etree._Element) -> str:
        referred = resolve(self._document, reference, reference.get("dataStoreRef"))
        own = "" if referred is None else referred.get("name", "")
        return own or reference.get("name", "") or reference.get("id", "")

    def _tell_hidden(self, event: etree._Element, name: str, is_twice: bool) -> None:
        """Is it plain which data the condition means?"""
        inside = {scope for scope, element in self._scopes.items() if element in event.iterancestors()}
        if is_twice or any(one.variable == name and one.scope in inside for one in self._items.elements):
            say(self._document, event, "data-collision/condition", variable=name)

    def _store(self, shown_by: etree._Element) -> DataStore:
        """The data store that an element shows. A picture without a store of its own shows the one of its name."""
        referred = resolve(self._document, shown_by, shown_by.get("dataStoreRef"))
        element = referred if referred is not None and local(referred) == "dataStore" else shown_by
        name = " ".join((element.get("name") or shown_by.get("name") or "").split())
        own = shown_by.get("id", "")
        if own not in self.ids:
            self.ids[own] = self._items.variable(shown_by, name)
            if not name:
                say(self._document, shown_by, "data-store-name", id=shown(element.get("id", "")))
        name = name or element.get("id", "")
        size = element.get("capacity", "").strip()
        fresh = DataStore(
            name=name,
            capacity=int(size) if re.fullmatch(r"\d{1,18}", size) else None,
            is_unlimited=is_true(element, "isUnlimited", "true"),
            item=self._items.structure_of(element),
            line=line_of(element),
        )
        return self.known.get(name, fresh)
