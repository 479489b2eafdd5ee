"""Forms: reading a form-js JSON schema, and checking what somebody filled in against it. Pure.

A form is a file `forms/<key>.json` beside the diagram, as the bpmn.io form editor saves it. Of its components we play:
textfield, textarea, number, checkbox, radio, select, checklist, taglist, datetime (date, time, datetime), group,
dynamiclist (a repeating table), text, separator, spacer, table (read only) and a submit button (its label becomes the
text of ours). Everything else is refused at deployment by name (`check_form`). What we read besides form-js stands
under `properties`:

    kalla       options out of the reference data, of one kind or several: "lokala_omraden", "organ, parter"
    platt       on a dynamiclist with one field: "ja" gives ["2026-01-22"] instead of [{"datum": "2026-01-22"}]
    min_rader, max_rader   of a dynamiclist
    tidigast, senast       of a date: "idag" or an ISO date
    fel         the sentence to say when a required answer is missing

What several answers must fulfil together stands beside "components", in the language of the diagrams (where
`post("lokala_omraden", key)` gives a row of the reference data), and is asked once every field by itself will do:

    "regler": [{"villkor": "till >= fran", "falt": "till", "text": "Slutdatum ska vara efter startdatum."}]

`conditional.hide` follows a small part of FEEL: `=principiell.svar != "ja"`, with `and`, `or`, `not(...)` and
`list contains(a, "x")`. A hidden field is not required; what was written in it nevertheless is kept.
"""

from collections.abc import Mapping
from typing import Any

from engine.forms.check import check
from engine.forms.conditions import Condition
from engine.forms.html import from_html
from engine.forms.model import Context, Field, Form, Option, choices, inputs, lookup, options_of, put
from engine.forms.read import BadForm, check_form, parse

__all__ = [
    "BadForm",
    "Condition",
    "Context",
    "Field",
    "Form",
    "Option",
    "check_form",
    "choices",
    "from_html",
    "inputs",
    "lookup",
    "options_of",
    "parse",
    "put",
    "validate",
]


def validate(
    schema: Form | bytes | str | Mapping[str, Any], data: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Checked and tidied answers: every field of the form is there; left empty it is None, [] or False.

    Raises `Invalid` with Swedish sentences by field path ("rader.0.namn"); unknown keys are refused.
    """
    return check(parse(schema), data, context)
