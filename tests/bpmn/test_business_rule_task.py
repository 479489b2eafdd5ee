"""Business rule tasks (§13.3.3): a decision table of the deployment decides, with all hit policies and required decisions."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

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


BERAKNA = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
  <inputData id="kanalen" name="kanal"/>
  <decision id="tyngd" name="Kanalens tyngd">
    <informationRequirement><requiredInput href="#kanalen"/></informationRequirement>
    <decisionTable id="t1" hitPolicy="COLLECT" aggregation="SUM">
      <input id="i1"><inputExpression id="ie1" typeRef="string"><text>kanal</text></inputExpression></input>
      <output id="o1" name="poang" typeRef="number"/>
      <rule id="a1"><inputEntry id="a2"><text>"post", "fax"</text></inputEntry><outputEntry id="a3"><text>2</text></outputEntry></rule>
      <rule id="b1"><inputEntry id="b2"><text>not("post")</text></inputEntry><outputEntry id="b3"><text>3</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="spar" name="Spar">
    <informationRequirement><requiredDecision href="#tyngd"/></informationRequirement>
    <decisionTable id="t2" hitPolicy="FIRST">
      <input id="i2"><inputExpression id="ie2"><text>Kanalens tyngd</text></inputExpression></input>
      <output id="o2" name="spar" typeRef="string"/>
      <rule id="c1"><inputEntry id="c2"><text>[4..10]</text></inputEntry><outputEntry id="c3"><text>"tung"</text></outputEntry></rule>
      <rule id="d1"><inputEntry id="d2"><text>&lt; 3</text></inputEntry><outputEntry id="d3"><text>"snabb"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


@pytest.mark.parametrize(("kanal", "spar"), [("post", "snabb"), ("fax", "tung"), ("formular", None)])
def test_a_decision_may_rest_on_another(play, kanal, spar):
    case = play("decide", {"kanal": kanal}, files={"spar.dmn": BERAKNA})
    assert case.outcome == "completed"
    assert case.variables == {"kanal": kanal, "spar": spar}


def test_a_value_of_the_wrong_type_becomes_an_incident_that_says_where(play):
    case = play("decide", {"kanal": 5}, files={"spar.dmn": BERAKNA})
    assert case.stuck_at == ["bedom"]
    (incident,) = case.incidents.values()
    assert "Beslutstabellen ”Kanalens tyngd”, regel 1, kolumnen ”kanal”: Här behövs en text" in incident.message


def test_several_matches_of_a_unique_table_become_an_incident_with_the_rows(play):
    both = SPAR.replace(b'"formular"', b'"post", "fax"')
    case = play("decide", {"kanal": "post"}, files={"spar.dmn": both})
    (incident,) = case.incidents.values()
    assert "reglerna 1 och 2" in incident.message
