"""Business rule tasks (§13.3.3): a decision table of the deployment decides."""

import pytest

SPAR = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
  <decision id="spar" name="Spar">
    <decisionTable id="t">
      <input id="i"><inputExpression id="ie" typeRef="string"><text>kanal</text></inputExpression></input>
      <output id="o" name="spar" typeRef="string"/>
      <rule id="r1">
        <inputEntry id="c1"><text>"post"</text></inputEntry>
        <outputEntry id="o1"><text>"hsf"</text></outputEntry>
      </rule>
      <rule id="r2">
        <inputEntry id="c2"><text>"formular"</text></inputEntry>
        <outputEntry id="o2"><text>"storsthlm"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>"""


@pytest.mark.parametrize(("kanal", "spar"), [("post", "hsf"), ("formular", "storsthlm"), ("fax", None)])
def test_the_decision_lands_in_its_variable(play, kanal, spar):
    case = play("decide", {"kanal": kanal}, files={"spar.dmn": SPAR})
    assert case.outcome == "completed"
    assert case.variables == {"kanal": kanal, "spar": spar}


def test_a_decision_that_is_not_there_becomes_an_incident(play):
    assert play("decide", {"kanal": "post"}).stuck_at == ["bedom"]
