"""The city's figure of perception beside the country's and other cities', as written here."""

import numpy as np
import pandas as pd
import pytest

from labtools.messages import speaking
from labtools.narrative.felt import COUNTRY, peer_sentences
from labtools.tables.periods import Window
from labtools.workflow.peers import city_peers_table

NOW = pd.Timestamp("2025-04-01")
YEAR = pd.DateOffset(years=1)
WINDOW = Window(NOW - YEAR - YEAR, NOW - YEAR, NOW + pd.DateOffset(months=3))


def cities(*rows):
    table = pd.DataFrame(rows, columns=["city", "share", "cv"])
    return table.assign(indicator="insecurity", quarter=NOW)


SHOWN = cities(
    ("Querétaro", 0.46, 0.05),
    (COUNTRY, 0.63, 0.02),
    ("Mérida", 0.30, 0.08),
    ("Puebla", 0.48, 0.05),
    ("Tijuana", 0.60, np.nan),
)


def test_each_other_city_is_below_above_or_not_distinguishable_with_its_interval():
    earlier = SHOWN.assign(quarter=NOW - YEAR, share=0.9)

    found = city_peers_table(pd.concat([SHOWN, earlier]), "Querétaro", WINDOW).set_index("city")

    error = 1.96 * np.hypot(0.05 * 0.46, 0.02 * 0.63)
    country = found.loc[COUNTRY]
    assert found["versus"].to_dict() == {
        COUNTRY: "below",
        "Mérida": "above",
        "Puebla": "similar",
        "Querétaro": "itself",
    }
    told = country[["difference_lower", "difference", "difference_upper"]].tolist()
    assert told == pytest.approx([-0.17 - error, -0.17, -0.17 + error])
    assert found.loc["Querétaro", ["difference", "q_value"]].isna().all()


def test_what_is_told_counts_the_cities_and_ranks_none():
    found = city_peers_table(SHOWN, "Querétaro", WINDOW)

    with speaking("en"):
        own, country, others = peer_sentences(found)

    assert "46.0 %" in own
    assert country.endswith("The city lies below it.")
    assert "Of 2 other cities, it lies above 1 and below 0; from 1" in others


def test_with_one_city_only_it_is_told_which_file_would_answer():
    found = city_peers_table(SHOWN[:1], "Querétaro", WINDOW)

    with speaking("en"):
        told = peer_sentences(found)

    assert "ensu_inegi_workbook" in told[-1]


def test_without_the_city_there_is_nothing_to_set_beside_others():
    found = city_peers_table(SHOWN[1:], "Querétaro", WINDOW)

    assert found.empty
    with speaking("en"):
        assert len(peer_sentences(found)) == 1
