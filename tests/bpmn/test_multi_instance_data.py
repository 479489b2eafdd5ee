"""Data of multi-instance activities (§10.3.8): loopDataInputRef and its item, loopDataOutputRef and its item."""


def test_over_a_data_object_into_another(play):
    """A data object is the variable of its name; what is no letter or digit in it is an underscore."""
    case = play("objects", {"parter": ["Nacka", "Salem"], "svar": "fallets"})
    assert [case.seen_at("svara", instance)["part"] for instance in (0, 1)] == ["Nacka", "Salem"]
    assert case.seen_at("svara", 0)["svar"] is None, "each instance has an output item of its own"
    case.complete("svara", instance=1, svar="nej").complete("svara", svar="ja")
    assert case.outcome == "completed"
    assert case.variables == {"parter": ["Nacka", "Salem"], "svar": "fallets", "alla_svar": ["ja", "nej"]}


def test_an_instance_that_gives_nothing_leaves_null(play):
    case = play("objects", {"parter": ["Nacka", "Salem"]}).complete("svara", instance=1, svar="ja").complete("svara")
    assert case.variables["alla_svar"] == [None, "ja"]


def test_a_property_over_itself(play):
    case = play("properties", {"rader": [1, 2, 3]})
    assert case.outcome == "completed"
    assert case.variables == {"rader": [2, 4, 6]}


def test_over_a_data_input_that_an_association_fills(play):
    case = play("specified", {"parter": ["Nacka", "Salem"]})
    assert [case.seen_at("svara", instance)["part"] for instance in (0, 1)] == ["Nacka", "Salem"]
    assert case.seen_at("svara", 0)["lista"] == ["Nacka", "Salem"]
    assert case.complete("svara", instance=0).complete("svara").variables == {"parter": ["Nacka", "Salem"]}
