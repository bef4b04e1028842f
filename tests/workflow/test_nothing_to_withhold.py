"""What nobody supplied is missing; only a figure that there is can be withheld."""

from types import SimpleNamespace

import pandas as pd
import pytest

from labtools.workflow.results import states_of, unknowns_table
from labtools.workflow.unplaced import Unplaced

SMALL = SimpleNamespace(is_public=True, withheld=frozenset({"a"}), unplaced=Unplaced())


def crime(*states):
    return pd.DataFrame(
        {"colonia_id": ["a", "b"], "group": "total", "person_years": [10.0, 900.0], "state": states}
    )


def processed(quarters, survey=()):
    tables = {"colonias": {"colonia_id": ["a", "b"]}, "quarters": quarters, "survey": survey}
    tables |= {"city_perception": (), "actions": (), "indicators": ()}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def test_where_no_colonia_has_a_figure_none_is_called_withheld():
    assert list(states_of(crime("missing", "missing"), SMALL)["state"]) == ["missing", "missing"]


@pytest.mark.parametrize("other", ["shown", "missing"])
def test_where_any_has_one_a_small_colonia_is_withheld_whatever_it_has(other):
    states = states_of(crime("shown", other), SMALL)["state"]

    assert list(states) == ["suppressed", other]
    assert list(states_of(crime("missing", "shown"), SMALL)["state"]) == ["suppressed", "shown"]


@pytest.mark.parametrize(
    ("quarters", "survey", "told"),
    [((), (), False), ([{"events": 1}], (), True), ((), [{"wave": 1}], True)],
)
def test_a_ficha_says_withheld_only_where_there_is_something_to_withhold(quarters, survey, told):
    table = unknowns_table(processed(quarters, survey), crime("missing", "missing"), SMALL)
    of_small = set(table.loc[table["colonia_id"] == "a", "what"])

    assert ("withheld" in of_small) is told
    assert ("no_incident_file" in of_small) is not bool(quarters)
