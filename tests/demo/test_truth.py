import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def table(folder):
    return lambda name: pd.read_parquet(folder / "truth" / f"{name}.parquet")


def test_intensity_has_one_row_for_each_colonia_month_and_group(table):
    intensity = table("intensity")

    assert len(intensity) == 412 * 72 * 5
    assert not intensity.duplicated(["colonia_id", "month", "group"]).any()


def test_recorded_intensity_is_the_true_one_times_the_reporting_probability(table):
    both = table("intensity").merge(table("reporting"), on=["colonia_id", "group"])

    expected = both["expected_true"] * both["probability"]

    np.testing.assert_allclose(both["expected_recorded"], expected)


def test_the_tables_of_programme_and_intensity_tell_the_same_effect(table):
    intensity = table("intensity").query("group == 'robbery'")
    both = intensity.merge(table("programme"), on=["colonia_id", "month"])

    change = np.log(both["expected_true"] / both["expected_without_programme"])

    np.testing.assert_allclose(change, both["effect_log"] + both["displacement_log"], atol=1e-12)
    treated = both[both["in_programme"] & (both["month"] == "2025-12-01")]
    assert len(treated) == 208
    assert np.exp(treated["effect_log"]).to_numpy() == pytest.approx(0.8)


def test_counts_by_colonia_are_those_of_the_located_case_files(table):
    recorded = table("intensity").groupby("colonia_id")["recorded"].sum()
    located = table("locations").query("source == 'case_files'").groupby("colonia_id").size()

    assert recorded[recorded > 0].to_dict() == located.to_dict()


def test_of_what_is_hidden_only_the_part_that_patrols_alone_could_find_is_unseen(table):
    both = table("discovery").merge(table("intensity"), on=["colonia_id", "month", "group"])

    hidden = both["true"] - both["recorded"]

    assert len(both) == 412 * 72
    assert (both["unseen"] <= hidden).all()
    expected = (hidden * both["discovered_share"]).sum()
    assert both["unseen"].sum() == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_the_city_share_and_the_shares_by_wave_agree(table):
    people = table("colonias").set_index("colonia_id")["population"]
    survey, city = table("survey"), table("city_insecurity").set_index("month")["share_insecure"]

    for wave, rows in survey.dropna().groupby("wave"):
        share = np.average(rows["share_insecure"], weights=people[rows["colonia_id"]])
        assert share == pytest.approx(city[f"{wave}-01"])


def test_known_numbers_hold_the_coefficients(folder, city):
    known = json.loads((folder / "truth" / "known_numbers.json").read_text(encoding="utf-8"))

    assert known["programme"]["full_effect_log"] == pytest.approx(-0.2231, abs=1e-4)
    assert known["leading"]["records"]["calls_911"] == {"lead_months": 1, "log_coefficient": 0.8}
    assert known["opened_of_denounced"] == 0.70
    assert known["population"] == city.people.colonias["population"].sum()
    assert known["default_point"]["longitude"] == city.office[0]
