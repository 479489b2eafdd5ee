"""What makes a condition that a process starts by change (Table 10.84): the data stores it names, and what it asks of
the house by these functions (`engine.settings.functions`)."""

OF_THE_MINUTE = frozenset({"now"})
"""Functions whose answer may be another each minute."""
OF_THE_DAY = frozenset({"today", "workdays", "year", "quarter", "quarter_before"})
OF_SETTINGS = frozenset({"setting"})
OF_THE_HOUSE = OF_THE_MINUTE | OF_THE_DAY | OF_SETTINGS
