"""The sentences for what stands in a file and cannot be read, so that the reading stays readable.

`{who}` is the element; the other names are what `say` is given: a text, or a `Label` where the languages differ.
"""

from __future__ import annotations

from lxml import etree

from engine.bpmn.findings import Value
from engine.bpmn.read.document import Document

_SAY: dict[str, tuple[str, str, str, str]] = {
    # rule, or rule/variant: Swedish, English, what to do in Swedish, in English
    "missing-id": (
        "{who} på rad {line} ska ha ett id, men saknar det",
        "{who} on line {line} should have an id, but has none",
        "Rita elementet på nytt; verktyget ger det ett id.",
        "Draw the element anew; the tool gives it an id.",
    ),
    "too-deep": (
        "{who}: delprocesser får ligga högst {most} nivåer djupt, men här är det fler",
        "{who}: sub-processes may nest {most} levels deep, but here they go deeper",
        "Låt en egen process anropas i stället.",
        "Call a process of its own instead.",
    ),
    "flow-leaves-process": (
        "{who} ska gå mellan två element i samma process, men ena änden är {other}",
        "{who} should join two elements of one process, but one end is {other}",
        "Mellan pooler ritas meddelandeflöden. Dra om flödet.",
        "Between pools there are message flows. Draw the flow anew.",
    ),
    "expression": (
        "{who}, {field}: {error}",
        "{who}, {field}: {error}",
        "{hint}",
        "{hint}",
    ),
    "too-many-expressions": (
        "{who}: filens uttryck och skript får vara högst {most} 000 tecken tillsammans, men är fler",
        "{who}: the expressions and scripts of a file may have {most},000 characters together, but have more",
        "Dela upp processen i flera.",
        "Split the process into several.",
    ),
    "message-missing": (
        "{who} ska höra ihop med ett meddelande som har ett namn, men det saknas",
        "{who} should refer to a message that has a name, but there is none",
        "Välj eller skapa meddelandet i egenskapspanelen och ge det ett namn.",
        "Choose or create the message in the properties panel, and name it.",
    ),
    "signal-missing": (
        "{who} ska höra ihop med en signal som har ett namn, men den saknas",
        "{who} should refer to a signal that has a name, but there is none",
        "Välj eller skapa signalen i egenskapspanelen och ge den ett namn.",
        "Choose or create the signal in the properties panel, and name it.",
    ),
    "name-not-fixed": (
        "{who}: namnet {name} ska vara fast, men är ett uttryck",
        "{who}: the name {name} should be fixed, but is an expression",
        "Skriv ett fast namn; det som skiljer ärenden åt hör hemma i correlationKey.",
        "Write a fixed name; what tells cases apart belongs in correlationKey.",
    ),
    "name-not-fixed/code": (
        "{who}: koden {name} ska vara fast, men är ett uttryck",
        "{who}: the code {name} should be fixed, but is an expression",
        "Skriv en fast kod; välj väg i diagrammet där koden beror på ärendet.",
        "Write a fixed code; choose the way in the diagram where the code depends on the case.",
    ),
    "parallel-multiple-alone": (
        "{who} ska vänta på att flera händelser kommer (parallelMultiple), men har bara en",
        "{who} should wait for several events to come (parallelMultiple), but has only one",
        "Lägg till det som fattas, eller ta bort parallelMultiple.",
        "Add what is missing, or remove parallelMultiple.",
    ),
    "multi-instance/unused": (
        "{who}: {name} läses inte, eftersom behavior är {text}",
        "{who}: {name} is not read, since behavior is {text}",
        "Ta bort det, eller byt behavior: None sänder för varje instans, One för den första.",
        "Remove it, or change the behavior: None throws for each instance, One for the first.",
    ),
    "error-code-missing": (
        "{who} ska ange ett fel som har en kod, men koden saknas",
        "{who} should refer to an error that has a code, but there is none",
        "Välj ett fel i egenskapspanelen och fyll i koden.",
        "Choose an error in the properties panel and fill in the code.",
    ),
    "resource-missing": (
        "{who} säger inte vem: {role} ska ha en resurs eller ett uttryck, men har inget av dem",
        "{who} does not say who: {role} should have a resource or an expression, but has neither",
        "Välj resursen vars namn är rollen, eller ange rollen som kandidatgrupp (candidateGroups).",
        "Choose the resource whose name is the role, or give the role as a candidate group.",
    ),
    "performer-twice": (
        "{who} ska göras av en person, men flera är angivna",
        "{who} should be done by one person, but several are given",
        "Behåll en av dem. De som kan ta uppgiften anges som kandidatgrupper (candidateGroups).",
        "Keep one of them. Those who may take the task are given as candidate groups.",
    ),
    "escalation-code-missing": (
        "{who} ska ange en eskalering som har en kod, men koden saknas",
        "{who} should refer to an escalation that has a code, but there is none",
        "Välj en eskalering i egenskapspanelen och fyll i koden.",
        "Choose an escalation in the properties panel and fill in the code.",
    ),
    "condition-missing": (
        "{who} ska ha ett villkor att vänta på, men villkoret saknas",
        "{who} should have a condition to wait for, but has none",
        "Skriv villkoret, till exempel ${{antal > 3}}.",
        "Write the condition, such as ${{antal > 3}}.",
    ),
    "timer/missing": (
        "{who} ska ha ett datum, en tidslängd eller en upprepning, men har inget av dem, eller flera",
        "{who} should have one date, duration or cycle, but has none or several",
        "Fyll i en av dem, till exempel P10D för tio dagar.",
        "Fill in one of them, such as P10D for ten days.",
    ),
    "timer/unreadable": (
        "{who}: {error}",
        "{who}: {error}",
        "Datum: 2026-04-01. Tidslängd: P10D. Upprepning: R4/2026-01-01/P3M eller 0 8 * * mon.",
        "Date: 2026-04-01. Duration: P10D. Cycle: R4/2026-01-01/P3M or 0 8 * * mon.",
    ),
    "timer/kind": (
        "{who}: timerns typ är {kind}, men {text} är av annat slag",
        "{who}: the type of the timer is {kind}, but {text} is of another",
        "Datum: 2026-04-01. Tidslängd: P10D. Upprepning: R4/2026-01-01/P3M eller 0 8 * * mon.",
        "Date: 2026-04-01. Duration: P10D. Cycle: R4/2026-01-01/P3M or 0 8 * * mon.",
    ),
    "not-supported/type": (
        "{who}: typen {kind} stöds inte",
        "{who}: the type {kind} is not supported",
        "Ange typen External och ett ämne (topic).",
        "Set the type External and a topic.",
    ),
    "script-format": (
        "{who}: skriptets format ska vara trappa, men är ”{language}”",
        '{who}: the format of the script should be trappa, but is "{language}"',
        "Ange formatet trappa och skriv rader som namn = uttryck.",
        "Set the format to trappa and write lines such as name = expression.",
    ),
    "decision-missing": (
        "{who} ska ange ett fast beslut, en resultatvariabel och hur resultatet lämnas, men något av dem saknas",
        "{who} should name a fixed decision, a result variable and how to map the result, but one of them is missing",
        "Välj Implementation: DMN och fyll i fälten.",
        "Choose Implementation: DMN and fill in the fields.",
    ),
    "call-missing": (
        "{who} ska säga vilken process och vilken version som anropas, men gör det inte",
        "{who} should say which process is called, and which version, but does not",
        "Fyll i Called element; bindningen är latest, deployment eller version med ett tal.",
        "Fill in Called element; the binding is latest, deployment or version with a number.",
    ),
    "call-missing/variable": (
        "{who}: varje in- och utvariabel ska ha en källa och ett mål, men en saknar det",
        "{who}: each variable in or out should have a source and a target, but one does not",
        "Fyll i båda, eller ta bort raden.",
        "Fill in both, or remove the line.",
    ),
    "multi-instance": (
        "{who} ska upprepas antingen ett antal gånger eller för varje i en samling, men anger inget av dem, eller båda",
        "{who} should repeat a number of times or for each of a collection, but says neither or both",
        "Fyll i Loop cardinality eller Collection.",
        "Fill in loop cardinality or collection.",
    ),
    "multi-instance/data": (
        "{who}: inputDataItem hör ihop med en samling, och outputDataItem med loopDataOutputRef, men ena delen saknas",
        "{who}: inputDataItem goes with a collection and outputDataItem with loopDataOutputRef, but a half is missing",
        "Fyll i båda, eller ta bort den ena.",
        "Fill in both, or remove the one.",
    ),
    "multi-instance/reference": (
        "{who}: {name} ska peka på något som finns i filen och passar där, men {text} gör inte det",
        "{who}: {name} should refer to something in the file that fits there, but {text} does not",
        "Välj ett dataobjekt, en egenskap eller en händelsedefinition på nytt.",
        "Choose a data object, a property or an event definition anew.",
    ),
    "multi-instance/name": (
        "{who}: ”{name}” ska vara ett namn som en variabel kan ha, men är det inte",
        '{who}: "{name}" should be a name that a variable can have, but is not',
        "Börja med en bokstav, till exempel parter.",
        "Begin with a letter, such as parter.",
    ),
    "multi-instance/event": (
        "{who}: det som ska sändas när en instans är klar ska vara en signal, ett meddelande eller en eskalering, men"
        " är {kind}",
        "{who}: what is thrown as an instance ends should be one signal, message or escalation, but is {kind}",
        "Byt händelsetyp.",
        "Change the trigger.",
    ),
    "multi-instance/complex": (
        "{who} ska ha complexBehaviorDefinition när behavior är Complex, och annars inte, men så är det inte",
        "{who} should have a complexBehaviorDefinition where behavior is Complex, and else none, but does not",
        "Byt behavior, eller fyll i villkor och händelse.",
        "Change the behavior, or fill in condition and event.",
    ),
    "quantity": (
        "{who}: {attribute} ska vara ett heltal från 1 till {most}, men är något annat",
        "{who}: {attribute} should be a whole number from 1 to {most}, but is something else",
        "Skriv ett sådant tal, eller ta bort det; 1 gäller där inget står.",
        "Write such a number, or remove it; where nothing is said it is 1.",
    ),
    "standard-loop": (
        "{who} ska upprepas så länge ett villkor gäller, men har varken villkor eller högsta antal varv",
        "{who} should repeat as long as a condition holds, but has neither a condition nor a maximum",
        "Skriv villkoret för ett varv till (loopCondition), till exempel ${{not godkand}}.",
        "Write the condition for another turn (loopCondition), such as ${{not approved}}.",
    ),
    "standard-loop/maximum": (
        "{who}: högsta antal varv (loopMaximum) ska vara ett heltal från 1 och uppåt, men är något annat",
        "{who}: the maximum of turns (loopMaximum) should be a whole number from 1, but is something else",
        "Skriv ett tal, eller ta bort det och låt villkoret avgöra.",
        "Write a number, or remove it and let the condition decide.",
    ),
    "parameter": (
        "{who}: varje in- och utparameter ska ha ett namn, men en saknar det",
        "{who}: each input and output parameter should have a name, but one has none",
        "Ge parametern ett namn, eller ta bort den.",
        "Name the parameter, or remove it.",
    ),
    "unknown-property": (
        "{who}: det finns ingen egenskap {name}",
        "{who}: there is no property {name}",
        "De som finns är {known}.",
        "There are {known}.",
    ),
    "gateway-direction": (
        "{who} är märkt {direction}, men har {arriving} inkommande och {leaving} utgående flöden",
        "{who} is marked {direction}, but has {arriving} incoming and {leaving} outgoing flows",
        "Kontrollera att alla flöden är med. Märkningen påverkar inte körningen.",
        "Make sure that all flows are there. The mark has no effect on execution.",
    ),
    "data-name": (
        "{who} ska ha ett namn som kan vara en variabel, men av ”{name}” blir det inget",
        '{who} should have a name that can be a variable, but "{name}" cannot',
        "Ge den ett namn som börjar med en bokstav, till exempel Rapport. Ord som and, or och not är upptagna.",
        "Give it a name that begins with a letter, such as Rapport. Words such as and, or and not are taken.",
    ),
    "data-collision": (
        "{who} och {other} skulle båda bli variabeln {variable}, så det ena skulle dölja det andra",
        "{who} and {other} would both be variable {variable}, so that one would hide the other",
        "Ge den ena ett annat namn, eller låt ett dataobjekt visas på båda ställena.",
        "Give one of them another name, or let one data object show in both places.",
    ),
    "data-collision/same": (
        "{who} och {other} heter likadant och är därför en och samma variabel, {variable}",
        "{who} and {other} have one name and so are one variable, {variable}",
        "Är det meningen behöver inget göras. Ge annars den ena ett annat namn.",
        "If that is meant there is nothing to do. Else give one of them another name.",
    ),
    "data-collision/sources": (
        "{who}: två källor i dataassociationen skulle båda heta {variable}, så den ena skulle dölja den andra",
        "{who}: two sources of the data association would both be called {variable}, so that one would hide the other",
        "Ge den ena ett annat namn.",
        "Give one of them another name.",
    ),
    "data-collision/condition": (
        "{who}: i villkoret kan {variable} vara både ett datalager och något annat som heter så",
        "{who}: in the condition {variable} may be a data store, and something else of that name too",
        "Ge det ena ett annat namn.",
        "Give one of them another name.",
    ),
    "data-sub-process": (
        "{who} ska inte ha egna in- och utdata (ioSpecification), men har det",
        "{who} should have no inputs and outputs of its own (ioSpecification), but has",
        "Ta bort dem: en delprocess ser dataobjekten omkring sig, och får egna som ritas i den.",
        "Remove them: a sub-process sees the data objects around it, and has those drawn in it to itself.",
    ),
    "data-set": (
        "{who} har in- eller utdata {lost}, som ingen uppsättning räknar upp (dataInputRefs, dataOutputRefs)",
        "{who} has input or output {lost}, which no set lists (dataInputRefs, dataOutputRefs)",
        "Lägg till det i en inputSet eller outputSet, annars tas eller lämnas det inte.",
        "Add it to an inputSet or outputSet; else it is neither taken nor given.",
    ),
    "data-association": (
        "{who}: en dataassociation med flera källor ska säga hur de blir en, men gör det inte",
        "{who}: a data association with several sources should say how they become one, but does not",
        "Skriv omvandlingen (transformation) som ett uttryck, eller rita en association för varje.",
        "Write the transformation as an expression, or draw an association for each.",
    ),
    "data-association/assignment": (
        "{who}: tilldelningen ska gå till {target} eller en del av den, men går till ”{to}”",
        '{who}: the assignment should go to {target} or a part of it, but goes to "{to}"',
        "Skriv {target}, eller {target}.fält.",
        "Write {target}, or {target}.field.",
    ),
    "data-association/end": (
        "{who}: dataassociationen ska ha elementets egna in- eller utdata i ena änden ({through}), men har {other}",
        "{who}: the data association should have the element's own inputs or outputs at one end ({through}), but"
        " has {other}",
        "Dra associationen mellan elementet och dataobjektet på nytt.",
        "Draw the association between the element and the data object anew.",
    ),
    "data-association/store": (
        "{who}: en association in i aktiviteten ska fylla dess indata, men leder till ett datalager",
        "{who}: an association into the activity should fill its inputs, but leads to a data store",
        "Dra den från aktiviteten till datalagret (dataOutputAssociation).",
        "Draw it from the activity to the data store (dataOutputAssociation).",
    ),
    "data-store-name": (
        "{who} ska ha ett namn som andra processer kan känna igen det på, men heter bara {id}",
        "{who} should have a name for other processes to know it by, but is just {id}",
        "Ge datalagret ett namn, samma i alla processer som ska dela det.",
        "Give the data store a name, the same in all processes that are to share it.",
    ),
    "data-not-visible": (
        "{who}: dataassociationen gäller {other}, som inte syns härifrån",
        "{who}: the data association is about {other}, which cannot be seen from here",
        "Dra associationen till ett dataobjekt i samma process eller delprocess, eller i en omkring den.",
        "Draw the association to a data object of the same process or sub-process, or of one around it.",
    ),
    "data-not-visible/elsewhere": (
        "{who}: dataassociationen gäller {other}, som inte är data i den här processen",
        "{who}: the data association is about {other}, which is no data of this process",
        "Dra associationen till ett dataobjekt i samma process eller delprocess, eller i en omkring den.",
        "Draw the association to a data object of the same process or sub-process, or of one around it.",
    ),
    "dangling-reference": (
        "{who} hänvisar ({through}) till ”{reference}”, som inte finns i filen",
        '{who} refers ({through}) to "{reference}", which is not in the file',
        "Ta bort associationen och dra den på nytt.",
        "Delete the association and draw it anew.",
    ),
}
_ONLY_WARNINGS = frozenset(
    {
        "gateway-direction",
        "parallel-multiple-alone",
        "multi-instance/unused",
        "data-collision/same",
        "data-set",
        "data-store-name",
    }
)


def say(document: Document, element: etree._Element, what: str, **values: Value) -> None:
    """Add the finding `what` about `element`."""
    place = document.place(element)
    make = place.warning if what in _ONLY_WARNINGS else place.error
    sv, en, fix_sv, fix_en = _SAY[what]
    values["who"] = document.label(element)
    document.findings.append(make(what.partition("/")[0], sv, en, fix_sv, fix_en, **values))
