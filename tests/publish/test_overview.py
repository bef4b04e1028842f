"""The overview's tables in words: no bare figure, no column or word of the code."""

import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.narrative.around import around_table
from labtools.publish import overview
from tests.publish.released_example import released_tables

PEERS = pd.DataFrame(
    {
        "city": ["Querétaro", "León"],
        "share": [0.462, 0.7],
        "lower": [0.4, 0.63],
        "upper": [0.52, 0.77],
        "difference": [None, -0.238],
        "difference_lower": [None, -0.33],
        "difference_upper": [None, -0.146],
        "versus": ["itself", "below"],
    }
)
CODE = ("insecurity", "city_perception", "shown", "violence", "ratio", "lower", "nan", "<NA>")


@pytest.fixture(scope="module")
def tables():
    return released_tables()


@pytest.fixture
def told(tables):
    perception = tables["perception"]
    city = perception[perception["area_kind"] == "city"]
    changes = tables["perception_change"]
    with speaking("es_MX"):
        return {
            "crime": overview.crime_in_words(tables["municipality_crime"]),
            "months": overview.months_in_words(tables["municipality_series"]),
            "asked": overview.asked_in_words(city[city["indicator"] == "insecurity"]),
            "answers": overview.answers_in_words(around_table(city)),
            "changes": overview.changes_in_words(changes),
            "peers": overview.peers_in_words(PEERS),
        }


def test_every_table_is_in_the_readers_words(told):
    for name, table in told.items():
        page = table.to_html()
        assert not [word for word in CODE if word in page], name


def test_rates_changes_and_shares_stand_with_their_intervals(told):
    assert told["crime"].iloc[0, 2] == "14.00 (13.70 a 14.30)"
    assert told["crime"].iloc[0, 3] == "−2 % (−5 a 0)"
    assert told["asked"].iloc[0].tolist()[1:] == ["48 % (45 a 52 %)", "1,340"]
    assert told["answers"].iloc[0, 0] == "38 % (35 a 41 %)"


def test_other_cities_stand_in_the_order_of_the_alphabet_and_no_place_is_given(told):
    assert list(told["peers"].index) == ["León", "Querétaro"]
    assert told["peers"].iloc[0].tolist() == [
        "70 % (63 a 77 %)",
        "−23.8 (−33.0 a −14.6)",
        "la ciudad está por debajo",
    ]
    assert told["peers"].iloc[1, 1] == ""


def test_what_no_figure_is_of_is_told_missing_and_not_as_nothing():
    row = {"group": "total", "before": None, "now": None, "verdict": "unknown"}
    ends = dict.fromkeys(("rate", "lower", "upper", "ratio", "ratio_lower", "ratio_upper"))
    with speaking("en"):
        bare = pd.DataFrame([row | ends]).astype(dict.fromkeys(ends, float))
        table = overview.crime_in_words(bare)

    assert "nan" not in table.to_html()
