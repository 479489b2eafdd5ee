"""Data (§10.4): data objects, properties, inputs and outputs become variables, and data associations what fills them.

A variable is called what the element is called, made a name that an expression can use: what is no letter, digit or
underscore becomes an underscore ("Rapport (utkast)" is `Rapport_utkast`). A data object without a name goes by the name
of the references that show it, else by its id.

A data store is no variable: it is known by its name in all processes, and only an association that it is a source or
target of speaks of it, by a name made in the same way.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from engine.bpmn.expressions import Template, compile_expression, template
from engine.bpmn.findings import Label, label, shown
from engine.bpmn.model import Assignment, DataAssociation, DataElement, DataFlow, DataSet, DataStore
from engine.bpmn.read.document import Document, line_of, local, model, resolve
from engine.errors import ExpressionError

_SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
Compile = Callable[[etree._Element, str, str], Template | None]
"""An element, an expression of it and the name of the field, to a template; None, with a finding, where it is wrong."""

_OWN = ("property", "dataInput", "dataOutput")
_STORES = ("dataStoreReference", "dataStore")
_End = tuple[str, str | None]
"""One end of an association: the name by which its expressions speak of it; and, of a data store, the store's name."""
_PLACEHOLDER = "__targetRef_placeholder"
"""What Camunda Modeler and bpmn.io draw an arrow to where there is no data input: a picture, nothing to fill."""
_OWN_END = {"dataInputAssociation": "targetRef", "dataOutputAssociation": "sourceRef"}
_SETS = {
    "inputSet": ("dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs"),
    "outputSet": ("dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs"),
}


def variable_name(text: str) -> str:
    """The variable that something of this name is; "" where no name can be made of it."""
    made = re.sub(r"\W+", "_", text.strip()).strip("_")
    if made[:1].isdigit():
        made = f"_{made}"
    try:
        return made if made and compile_expression(made).names == {made} else ""
    except ExpressionError:
        return ""


class ProcessData:
    """The data of one process: read once, then asked for each activity and event (`flow_of`)."""

    def __init__(self, document: Document, scopes: Mapping[str, etree._Element], compile_field: Compile) -> None:
        """`scopes`: the process and its sub-processes by id, outer ones first."""
        self._document = document
        self._compile = compile_field
        self._scopes = scopes
        self._shown_as = _names_of_references(next(iter(scopes.values())))
        self.variables: dict[str, str] = {}
        """Id of an item-aware element -> its variable."""
        self._home: dict[str, etree._Element] = {}
        """Id of an item-aware element -> the process, sub-process, activity or event it stands in."""
        self.elements: list[DataElement] = []
        self.stores: dict[str, DataStore] = {}
        """Name -> a data store that an association reads or writes."""
        self._store_ids: dict[str, str] = {}
        """Id of what shows a data store -> the name by which expressions speak of it."""
        for scope, element in scopes.items():
            self._read_scope(scope, element)
        self.locals: dict[str, frozenset[str]] = {}
        """Process or sub-process -> the variables that live and die with it."""
        for one in self.elements:
            self.locals[one.scope] = self.locals.get(one.scope, frozenset()) | {one.variable}
        self._tell_collisions()

    # --- what there is

    def _read_scope(self, scope: str, element: etree._Element) -> None:
        for child in element.iterchildren(model("dataObject"), model("property")):
            name = child.get("name") or self._shown_as.get(child.get("id", ""), "")
            if self._add(child, element, name):
                self._keep(child, scope, name)
        for child in element.iterchildren(model("dataObjectReference")):
            self._refer(child, element, scope)

    def _refer(self, reference: etree._Element, element: etree._Element, scope: str) -> None:
        """Another picture of a data object, or, where it is said of none, one of its own."""
        found = resolve(self._document, reference, reference.get("dataObjectRef"))
        if found is None or local(found) != "dataObject":
            if self._add(reference, element, reference.get("name", "")):
                self._keep(reference, scope, reference.get("name", ""))
            return
        owner, own = found.getparent(), found.get("id", "")
        if owner is not None and owner.get("id") in self._scopes:
            self._home[reference.get("id", "")] = owner
            name = found.get("name") or self._shown_as.get(own, "")
            self.variables[reference.get("id", "")] = self._variable(found, name, tell=False)

    def _add(self, element: etree._Element, home: etree._Element, name: str) -> bool:
        found = element.get("id", "")
        if not found or name == _PLACEHOLDER:
            return False
        self._home[found] = home
        self.variables[found] = self._variable(element, name)
        return True

    def _keep(self, element: etree._Element, scope: str, name: str) -> None:
        state = element.find(model("dataState"))
        self.elements.append(
            DataElement(
                id=element.get("id", ""),
                kind=local(element),
                scope=scope,
                variable=self.variables[element.get("id", "")],
                name=name,
                is_collection=element.get("isCollection", "").strip() in ("true", "1"),
                state="" if state is None else state.get("name", ""),
                item=self._item(element),
                line=line_of(element),
            )
        )

    def _item(self, element: etree._Element) -> str:
        """What kind of thing it holds, as its item definition says (kept, and not enforced)."""
        definition = resolve(self._document, element, element.get("itemSubjectRef"))
        return (definition.get("structureRef") or "") if definition is not None else ""

    def _variable(self, element: etree._Element, name: str, tell: bool = True) -> str:
        made = variable_name(name or element.get("id", ""))
        if made:
            return made
        fallback = variable_name(f"data_{element.get('id', '')}")
        if tell:
            self._tell(
                element,
                "data-name",
                "{who} ska ha ett namn som kan vara en variabel, men av ”{name}” blir det inget",
                '{who} should have a name that can be a variable, but "{name}" cannot',
                "Ge den ett namn som börjar med en bokstav, till exempel Rapport. Ord som and, or och not är upptagna.",
                "Give it a name that begins with a letter, such as Rapport. Words such as and, or and not are taken.",
                name=shown(name),
            )
        return fallback

    def _tell_collisions(self) -> None:
        first: dict[tuple[str, str], DataElement] = {}
        for one in self.elements:
            around = [scope for scope in self._around(one.scope) if (scope, one.variable) in first]
            if around:
                self._tell_collision(one, first[around[0], one.variable])
            first.setdefault((one.scope, one.variable), one)

    def _tell_collision(self, one: DataElement, other: DataElement) -> None:
        element = self._document.by_id.get(one.id)
        if element is None:
            return
        if one.scope == other.scope and one.name == other.name and one.name:
            self._warn(
                element,
                "data-collision",
                "{who} och {other} heter likadant och är därför en och samma variabel, {variable}",
                "{who} and {other} have one name and so are one variable, {variable}",
                "Är det meningen behöver inget göras. Ge annars den ena ett annat namn.",
                "If that is meant there is nothing to do. Else give one of them another name.",
                other=label(other.kind, other.id, other.name),
                variable=one.variable,
            )
            return
        self._tell(
            element,
            "data-collision",
            "{who} och {other} skulle båda bli variabeln {variable}, så det ena skulle dölja det andra",
            "{who} and {other} would both be variable {variable}, so that one would hide the other",
            "Ge den ena ett annat namn, eller låt ett dataobjekt visas på båda ställena.",
            "Give one of them another name, or let one data object show in both places.",
            other=label(other.kind, other.id, other.name),
            variable=one.variable,
        )

    # --- what an activity or event does with it

    def flow_of(self, element: etree._Element) -> DataFlow | None:
        """What the element takes and gives; None where it says nothing of data that has an effect."""
        specification = element.find(model("ioSpecification"))
        holder = element if specification is None else specification
        has_own = holder.find(model("dataInput")) is not None or holder.find(model("dataOutput")) is not None
        if has_own and local(element) in _SUB_PROCESSES and not _is_multiple(element):
            self._tell(
                holder,
                "data-sub-process",
                "{who} ska inte ha egna in- och utdata (ioSpecification), men har det",
                "{who} should have no inputs and outputs of its own (ioSpecification), but has",
                "Ta bort dem: en delprocess ser dataobjekten omkring sig, och får egna som ritas i den.",
                "Remove them: a sub-process sees the data objects around it, and has those drawn in it to itself.",
            )
        own: dict[str, list[str]] = {kind: [] for kind in _OWN}
        for part in (element, holder) if holder is not element else (element,):
            for child in part.iterchildren(*map(model, _OWN)):
                if self._add(child, element, child.get("name", "")):
                    own[local(child)].append(self.variables[child.get("id", "")])
        flow = DataFlow(
            inputs=tuple(own["dataInput"]),
            outputs=tuple(own["dataOutput"]),
            input_sets=tuple(self._linked(holder, self._sets(element, holder, "inputSet", own["dataInput"]))),
            output_sets=tuple(self._sets(element, holder, "outputSet", own["dataOutput"])),
            taken=tuple(self._associations(element, "dataInputAssociation")),
            given=tuple(self._associations(element, "dataOutputAssociation")),
            own=frozenset(own["property"]) | frozenset(own["dataInput"]),
        )
        return None if flow == DataFlow() else flow

    def _sets(self, element: etree._Element, holder: etree._Element, kind: str, known: list[str]) -> Iterator[DataSet]:
        """§10.4.1. An event, which may leave its set out, has one of all it names."""
        found = list(holder.iterchildren(model(kind)))
        members: set[str] = set()
        for one in found:
            named, optional, late = (tuple(self._named(element, one, name)) for name in _SETS[kind])
            members.update(named)
            may_lack = tuple(dict.fromkeys((*optional, *late)))
            if lost := [name for name in may_lack if name not in named]:
                self._tell_set(one, lost[0])
            required = tuple(name for name in named if name not in may_lack)
            yield DataSet(required, may_lack, late if kind == "inputSet" else ())
        if not found and known:
            yield DataSet(tuple(known))
        elif lost := [name for name in known if name not in members]:
            self._tell_set(holder, lost[0])

    def _linked(self, holder: etree._Element, input_sets: Iterable[DataSet]) -> Iterator[DataSet]:
        """Tables 10.58 and 10.60: which output sets are expected where the activity begins with which input set. It may
        be said at either end. A set of which nothing is said goes with those of which nothing is said."""
        ins, outs = list(holder.iterchildren(model("inputSet"))), list(holder.iterchildren(model("outputSet")))
        links = {(i, j) for i, one in enumerate(ins) for j in self._places(one, "outputSetRefs", outs)}
        links |= {(i, j) for j, one in enumerate(outs) for i in self._places(one, "inputSetRefs", ins)}
        free = set(range(len(outs))) - {j for _, j in links}
        for place, one in enumerate(input_sets):
            own = {j for i, j in links if i == place} or free
            yield replace(one, gives=tuple(sorted(own))) if links else one

    def _places(self, one: etree._Element, link: str, sets: list[etree._Element]) -> Iterator[int]:
        for child in one.iterchildren(model(link)):
            found = resolve(self._document, child, child.text)
            if found in sets:
                yield sets.index(found)
            else:
                self._tell_dangling(child)

    def _tell_set(self, element: etree._Element, lost: str) -> None:
        """§10.4.1: inputs and outputs belong to a set, and what one has as optional it lists too."""
        self._warn(
            element,
            "data-set",
            "{who} har in- eller utdata {lost}, som ingen uppsättning räknar upp (dataInputRefs, dataOutputRefs)",
            "{who} has input or output {lost}, which no set lists (dataInputRefs, dataOutputRefs)",
            "Lägg till det i en inputSet eller outputSet, annars tas eller lämnas det inte.",
            "Add it to an inputSet or outputSet; else it is neither taken nor given.",
            lost=shown(lost),
        )

    def _named(self, element: etree._Element, holder: etree._Element, child_name: str) -> Iterator[str]:
        for child in holder.iterchildren(model(child_name)):
            found = resolve(self._document, child, child.text)
            if found is None or self._home.get(found.get("id", "")) is not element:
                self._tell_dangling(child)
            else:
                yield self.variables[found.get("id", "")]

    def _associations(self, element: etree._Element, kind: str) -> Iterator[DataAssociation]:
        for association in element.iterchildren(model(kind)):
            made = self._association(element, association)
            if made is not None:
                yield made

    def _association(self, element: etree._Element, association: etree._Element) -> DataAssociation | None:
        ends = list(association.iterchildren(model("sourceRef"), model("targetRef")))
        dangling = [end for end in ends if resolve(self._document, end, end.text) is None]
        for end in dangling:
            self._tell_dangling(end)
        transformation, assignments = (
            association.find(model("transformation")),
            association.findall(model("assignment")),
        )
        if dangling:
            return None
        if association.find(model("sourceRef")) is None and transformation is None and not assignments:
            return None  # an arrow that says what the activity works on, and moves nothing
        sources = list(self._ends(element, association, "sourceRef"))
        targets = list(self._ends(element, association, "targetRef"))
        known = [one for one in sources if one is not None]
        if len(known) < len(sources) or len(targets) != 1 or targets[0] is None:
            return None  # told, or a mere picture
        target, store = targets[0]
        if self._is_ambiguous(association, known):
            return None
        if len(sources) > 1 and transformation is None and not assignments:
            self._tell(
                association,
                "data-association",
                "{who}: en dataassociation med flera källor ska säga hur de blir en, men gör det inte",
                "{who}: a data association with several sources should say how they become one, but does not",
                "Skriv omvandlingen (transformation) som ett uttryck, eller rita en association för varje.",
                "Write the transformation as an expression, or draw an association for each.",
            )
            return None
        value = None
        if transformation is not None:
            value = self._expression(transformation, "transformation")
        elif len(sources) == 1 and not assignments:
            value = template(f"${{{known[0][0]}}}")
        made = tuple(one for found in assignments if (one := self._assignment(found, target)) is not None)
        return DataAssociation(
            sources=tuple(name for name, own in known if own is None),
            target=target,
            value=value,
            assignments=made,
            stores={name: own for name, own in known if own is not None},
            store=store,
        )

    def _is_ambiguous(self, association: etree._Element, sources: list[_End]) -> bool:
        """Would one source hide another in the association's expressions?"""
        names = [name for name, _ in set(sources)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is None:
            return False
        self._tell(
            association,
            "data-collision",
            "{who}: två källor i dataassociationen skulle båda heta {variable}, så den ena skulle dölja den andra",
            "{who}: two sources of the data association would both be called {variable}, so that one would hide the"
            " other",
            "Ge den ena ett annat namn.",
            "Give one of them another name.",
            variable=twice,
        )
        return True

    def _expression(self, element: etree._Element, field: str) -> Template | None:
        if element.get("language", "") not in ("", "trappa"):
            return None  # refused by name
        return self._compile(element, (element.text or "").strip(), field)

    def _assignment(self, assignment: etree._Element, target: str) -> Assignment | None:
        """§10.4.2: `to` is the target, or a place in it: `rapport`, `rapport.rubrik` or just its id."""
        source, to = assignment.find(model("from")), assignment.find(model("to"))
        if source is None or to is None:
            return None  # the schema tells
        value = self._expression(source, "from")
        text = (to.text or "").strip().removeprefix("${").removesuffix("}").strip()
        ids = ChainMap(self._store_ids, self.variables)
        first, *path = [text or target] if text in ids or not text else text.split(".")
        if ids.get(first, variable_name(first)) != target or not all(path):
            self._tell(
                assignment,
                "data-association",
                "{who}: tilldelningen ska gå till {target} eller en del av den, men går till ”{to}”",
                '{who}: the assignment should go to {target} or a part of it, but goes to "{to}"',
                "Skriv {target}, eller {target}.fält.",
                "Write {target}, or {target}.field.",
                target=target,
                to=shown(text),
            )
            return None
        return None if value is None else Assignment(value, tuple(path))

    def _ends(self, element: etree._Element, association: etree._Element, end: str) -> Iterator[_End | None]:
        """What is at one end; None where there is none to be had. An arrow to a placeholder is a picture."""
        is_picture = self._is_picture(association)
        for child in association.iterchildren(model(end)):
            found = resolve(self._document, child, child.text)
            if found is None or is_picture:
                yield None
            elif local(found) in _STORES:
                yield self._store_end(element, association, child, found)
            elif (
                _OWN_END.get(local(association)) == end and self._home.get(found.get("id", ""), element) is not element
            ):
                self._tell_own_end(child, label(local(found), found.get("id", ""), found.get("name", "")))
                yield None
            else:
                variable = self._visible_end(element, child, found)
                yield None if variable is None else (variable, None)

    def _tell_own_end(self, child: etree._Element, other: Label) -> None:
        """§10.4.2: what leads in fills the element's own data inputs, what leads out empties its data outputs."""
        self._tell(
            child,
            "data-association",
            "{who}: dataassociationen ska ha elementets egna in- eller utdata i ena änden ({through}), men har {other}",
            "{who}: the data association should have the element's own inputs or outputs at one end ({through}), but"
            " has {other}",
            "Dra associationen mellan elementet och dataobjektet på nytt.",
            "Draw the association between the element and the data object anew.",
            through=local(child),
            other=other,
        )

    def _store_end(
        self, element: etree._Element, association: etree._Element, child: etree._Element, found: etree._Element
    ) -> _End | None:
        """§10.4.1, Data Store: read by what leads into an activity or event, written by what leads out of it."""
        home = found.getparent()
        if home is None or home not in element.iterancestors():
            who = label(local(found), found.get("id", ""), found.get("name", ""))
            self._tell_end(child, who, "som inte syns härifrån", "which cannot be seen from here")
            return None
        is_written = local(child) == "targetRef"
        if is_written and local(association) == "dataInputAssociation":
            self._tell(
                child,
                "data-association",
                "{who}: en association in i aktiviteten ska fylla dess indata, men leder till ett datalager",
                "{who}: an association into the activity should fill its inputs, but leads to a data store",
                "Dra den från aktiviteten till datalagret (dataOutputAssociation).",
                "Draw it from the activity to the data store (dataOutputAssociation).",
            )
            return None
        store = self._store(found)
        self.stores[store.name] = replace(store, is_written=is_written or store.is_written)
        return self._store_ids[found.get("id", "")], store.name

    def watched_by(self, event: etree._Element, names: Iterable[str]) -> dict[str, str]:
        """Of the names that an event's condition reads those of data stores drawn around it -> the stores' own names.

        The condition draws no association (§10.5.5 knows none for it), so a name alone says what is meant.
        """
        found: dict[str, str] = {}
        for reference in self._references_around(event):
            goes_by = self._store_ids.get(reference.get("id", "")) or variable_name(self._name_of_store(reference))
            if goes_by not in names:
                continue
            store = self._store(reference)
            self._tell_hidden(event, goes_by, found.get(goes_by, store.name) != store.name)
            found[goes_by] = store.name
            self.stores[store.name] = replace(store, is_watched=True)
        return found

    def _references_around(self, event: etree._Element) -> Iterator[etree._Element]:
        for scope in self._scopes.values():
            if scope in event.iterancestors():
                yield from scope.iterchildren(model("dataStoreReference"))

    def _name_of_store(self, reference: etree._Element) -> str:
        referred = resolve(self._document, reference, reference.get("dataStoreRef"))
        own = "" if referred is None else referred.get("name", "")
        return own or reference.get("name", "") or reference.get("id", "")

    def _tell_hidden(self, event: etree._Element, name: str, is_twice: bool) -> None:
        """Is it plain which data the condition means?"""
        inside = {scope for scope, element in self._scopes.items() if element in event.iterancestors()}
        if is_twice or any(one.variable == name and one.scope in inside for one in self.elements):
            self._tell(
                event,
                "data-collision",
                "{who}: i villkoret kan {variable} vara både ett datalager och något annat som heter så",
                "{who}: in the condition {variable} may be a data store, and something else of that name too",
                "Ge det ena ett annat namn.",
                "Give one of them another name.",
                variable=name,
            )

    def _store(self, shown_by: etree._Element) -> DataStore:
        """The data store that an element shows. A picture without a store of its own shows the one of its name."""
        referred = resolve(self._document, shown_by, shown_by.get("dataStoreRef"))
        element = referred if referred is not None and local(referred) == "dataStore" else shown_by
        name = " ".join((element.get("name") or shown_by.get("name") or "").split())
        own = shown_by.get("id", "")
        if own not in self._store_ids:
            self._store_ids[own] = self._variable(shown_by, name)
            if not name:
                self._tell_nameless(shown_by, element.get("id", ""))
        name = name or element.get("id", "")
        size = element.get("capacity", "").strip()
        fresh = DataStore(
            name=name,
            capacity=int(size) if re.fullmatch(r"\d{1,18}", size) else None,
            is_unlimited=element.get("isUnlimited", "true").strip() in ("true", "1"),
            item=self._item(element),
            line=line_of(element),
        )
        return self.stores.get(name, fresh)

    def _tell_nameless(self, element: etree._Element, goes_by: str) -> None:
        self._warn(
            element,
            "data-store-name",
            "{who} ska ha ett namn som andra processer kan känna igen det på, men heter bara {id}",
            "{who} should have a name for other processes to know it by, but is just {id}",
            "Ge datalagret ett namn, samma i alla processer som ska dela det.",
            "Give the data store a name, the same in all processes that are to share it.",
            id=shown(goes_by),
        )

    def _is_picture(self, association: etree._Element) -> bool:
        ends = (resolve(self._document, child, child.text) for child in association.iterchildren(model("targetRef")))
        return any(end is not None and end.get("name") == _PLACEHOLDER for end in ends)

    def _visible_end(self, element: etree._Element, child: etree._Element, found: etree._Element) -> str | None:
        """§10.4.1: an activity reaches what stands in it and around it, not what stands inside another."""
        variable, home = self.variables.get(found.get("id", "")), self._home.get(found.get("id", ""))
        if variable is None or home is None:
            who = label(local(found), found.get("id", ""), found.get("name", ""))
            self._tell_end(child, who, "som inte är data i den här processen", "which is no data of this process")
            return None
        if home is not element and home not in element.iterancestors():
            who = label(local(found), found.get("id", ""), found.get("name", ""))
            self._tell_end(child, who, "som inte syns härifrån", "which cannot be seen from here")
            return None
        return variable

    def _tell_end(self, child: etree._Element, other: Label, why_sv: str, why_en: str) -> None:
        self._tell(
            child,
            "data-not-visible",
            f"{{who}}: dataassociationen gäller {{other}}, {why_sv}",
            f"{{who}}: the data association is about {{other}}, {why_en}",
            "Dra associationen till ett dataobjekt i samma process eller delprocess, eller i en omkring den.",
            "Draw the association to a data object of the same process or sub-process, or of one around it.",
            other=other,
        )

    def _around(self, scope: str) -> Iterator[str]:
        """The scope itself and those around it."""
        element: etree._Element | None = self._scopes[scope]
        while element is not None:
            if self._scopes.get(element.get("id", "")) is element:
                yield element.get("id", "")
            element = element.getparent()

    # --- telling

    def _tell(self, element: etree._Element, rule: str, *texts: str, **values: Any) -> None:
        found = self._document.place(element).error(rule, *texts, who=self._document.label(element), **values)
        self._document.findings.append(found)

    def _warn(self, element: etree._Element, rule: str, *texts: str, **values: Any) -> None:
        found = self._document.place(element).warning(rule, *texts, who=self._document.label(element), **values)
        self._document.findings.append(found)

    def _tell_dangling(self, child: etree._Element) -> None:
        self._tell(
            child,
            "dangling-reference",
            "{who} hänvisar ({through}) till ”{reference}”, som inte finns i filen",
            '{who} refers ({through}) to "{reference}", which is not in the file',
            "Ta bort associationen och dra den på nytt.",
            "Delete the association and draw it anew.",
            through=local(child),
            reference=shown((child.text or "").strip()),
        )


def _is_multiple(element: etree._Element) -> bool:
    """§10.4.1: only a multi-instance sub-process has inputs and outputs."""
    return element.find(model("multiInstanceLoopCharacteristics")) is not None


def _names_of_references(process: etree._Element) -> dict[str, str]:
    """Data object -> the name under which it is first shown."""
    names: dict[str, str] = {}
    for reference in process.iter(model("dataObjectReference")):
        shown_as = reference.get("name", "").strip()
        if shown_as:
            names.setdefault(reference.get("dataObjectRef", "").strip(), shown_as)
    return names
