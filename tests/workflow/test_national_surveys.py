"""Estimates of a national survey, edition against edition, each with its doubt."""

import pandas as pd
import pytest
from scipy import stats

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.narrative.around import edition_sentences
from labtools.tables.contracts import empty_table
from labtools.tables.periods import Window
from labtools.workflow.national_surveys import estimate_change_table, told_once
from labtools.workflow.peers import city_peers_table

END = pd.Timestamp("2025-01-01")
YEAR = pd.DateOffset(years=1)
WINDOW = Window(END - YEAR - YEAR, END - YEAR, END)


def estimates(*rows):
    table = pd.DataFrame(rows, columns=["edition", "category", "estimate", "standard_error"])
    asked = "Durante " + (table["edition"] - 1).astype(str) + ", ¿se cambió de vivienda?"
    table = table.assign(source="envipe", question=asked, domain="State", unit="Households")
    ends = {"lower": table["estimate"], "upper": table["estimate"], "cv": 0.1}
    return table.assign(**ends)[list(empty_table("survey_estimates").columns)]


def test_a_change_has_the_interval_of_two_independent_estimates_and_is_judged_with_the_others():
    told = estimates(
        (2022, "Querétaro", 900, 10),
        (2023, "Querétaro", 1_000, 30),
        (2024, "Querétaro", 1_200, 40),
        (2023, "Puebla", 500, 30),
        (2024, "Puebla", 520, 40),
    )

    found = estimate_change_table(told, WINDOW).set_index("category")

    row = found.loc["Querétaro"]
    assert row[["before_edition", "edition", "difference"]].tolist() == [2023, 2024, 200]
    assert row[["lower", "upper"]].tolist() == pytest.approx([200 - 1.96 * 50, 200 + 1.96 * 50])
    # Benjamini and Hochberg of two: the smaller p-value counts twice.
    assert row["q_value"] == pytest.approx(2 * 2 * stats.norm.sf(4))
    assert found["verdict"].to_dict() == {"Puebla": "none", "Querétaro": "increase"}


def test_an_estimate_of_one_edition_has_no_change_and_a_later_edition_is_not_known_yet():
    told = estimates((2024, "Querétaro", 900, 10), (2025, "Querétaro", 2_000, 30))

    assert estimate_change_table(told, WINDOW).empty
    assert estimate_change_table(empty_table("survey_estimates"), WINDOW).empty


def test_an_estimate_without_error_tells_no_change():
    told = estimates((2023, "Querétaro", 900, None), (2024, "Querétaro", 2_000, 30))

    assert estimate_change_table(told, WINDOW).empty


def test_the_words_count_what_changed_and_what_cannot_be_told_apart():
    told = estimates(
        (2023, "A", 900, 10), (2024, "A", 600, 10), (2023, "B", 5, 2), (2024, "B", 6, 2)
    )

    with speaking("en"):
        (said,) = edition_sentences(estimate_change_table(told, WINDOW))

    assert "of 2 estimates with an earlier edition, 0 increased, 1 decreased, and of 1" in said


def published(*rows):
    table = pd.DataFrame(rows, columns=["city", "share", "cv"])
    table = table.assign(indicator="insecurity", quarter=pd.Timestamp("2024-10-01"))
    table = table.astype({"cv": float})
    return table[list(empty_table("city_perception").columns)]


def test_a_citys_figure_that_two_files_tell_is_told_once_with_its_variation():
    own = published(("Example", 0.61, None))
    all_cities = published(("Example", 0.6132, 0.05), ("Other", 0.4, 0.05))
    both = pd.concat([own, all_cities], ignore_index=True)

    once = told_once(both)

    pd.testing.assert_frame_equal(once, all_cities)
    assert list(city_peers_table(once, "Example", WINDOW)["city"]) == ["Example", "Other"]
    assert told_once(empty_table("city_perception")).empty


def test_two_files_that_tell_different_figures_are_refused_with_the_first():
    rows = published(("Example", 0.61, 0.05), ("Example", 0.66, 0.05), ("Other", 0.4, 0.05))

    with speaking("en"), pytest.raises(SourceError) as refused:
        told_once(rows)

    told = str(refused.value)
    assert "1 figures of perception" in told
    assert "insecurity of Example in 2024-10: 61.0 and 66.0 %" in told
