"""Whom the figures serve less well, on ten colonias whose truth is written here."""

import numpy as np
import pandas as pd
import pytest

from labtools.privacy.keys import Keyring
from labtools.settings import Lab, Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import empty_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.fairness import fairness_tables, size_of
from labtools.workflow.known import Known

KEYS = [f"c{i}" for i in range(10)]
#: Two colonias of each grade, the first has most internet; the most marginal have most crime.
INTERNET = np.arange(95.0, -5.0, -10.0)
PEOPLE = [100, 400, 600, 1_400, 1_600, 3_900, 4_000, 5_000, 6_000, 7_000]
END = pd.Timestamp("2026-01-01")


def known(rates=range(1, 11)):
    year = pd.DateOffset(years=1)
    edition = Edition(
        "internal", Window(END - year - year, END - year, END), frozenset({"c0"}), frozenset(),
        Keyring((("", b"k" * 32),)), (),
    )  # fmt: skip
    quarters = pd.MultiIndex.from_product(
        [KEYS, pd.date_range("2025-01-01", periods=4, freq="QS"), words.GROUPS],
        names=["colonia_id", "quarter", "group"],
    ).to_frame(index=False)
    quarters = quarters.assign(events=pd.array([3] * len(quarters), dtype="Int64"), state="shown")
    rate = np.array(rates, dtype=float)
    crime = pd.DataFrame(
        {
            "colonia_id": KEYS,
            "group": "total",
            "smoothed": rate,
            "smoothed_lower": rate * 0.8,
            "smoothed_upper": rate * 1.2,
            "versus_municipality": ["below"] * 2 + ["unknown"] * 6 + ["above"] * 2,
        }
    )
    indicators = pd.DataFrame({"colonia_id": KEYS, "indicator": "internet", "value": INTERNET})
    colonias = pd.DataFrame({"colonia_id": KEYS, "population": PEOPLE, "borough": "b"})
    lab = Lab(name="Lab", municipality="M", municipality_id="99001", seed=1)
    return Known(
        {"colonias": colonias, "quarters": quarters},
        {"crime": crime, "indicators": indicators},
        edition,
        Settings.model_construct(lab=lab),
    )


def chosen(**costs):
    rows = [
        (key, "lamps", "a", "factor_4", "x", cost, 2.0, 1.0, 3.0, 1.0, "firm")
        for key, cost in costs.items()
    ]
    return pd.DataFrame(rows, columns=list(empty_table("portfolio").columns))


def test_each_grade_and_size_has_its_colonias_its_people_and_what_is_withheld_of_them():
    told = fairness_tables(known(), empty_table("portfolio"))["fairness"]

    grades, sizes = (told[told["by"] == by].set_index("part") for by in ("grade", "size"))
    assert grades["colonias"].tolist() == [2] * 5
    assert grades["withheld"].tolist() == [0.5, 0, 0, 0, 0]
    assert grades["told"].tolist() == [1, 0, 0, 0, 1]
    assert grades["rate_width"].tolist() == pytest.approx([0.4] * 5)
    assert sizes["colonias"].to_dict() == {"0-499": 2, "500-1499": 2, "1500-3999": 2, "4000+": 4}
    assert sizes["residents"].sum() == sum(PEOPLE)


def test_the_error_of_the_published_year_is_seen_where_it_is_published():
    # Forty-eight events, all multiples of three: rounded as they are, so no error at all.
    told = fairness_tables(known(), empty_table("portfolio"))["fairness"]

    assert (told["year_error"].dropna() == 0).all()
    assert told["year_error"].notna().sum() == len(told)


def test_what_a_grade_receives_is_told_by_resident_and_without_a_budget_it_is_not_zero():
    none = fairness_tables(known(), empty_table("portfolio"))["fairness"]
    some = fairness_tables(known(), chosen(c9=1_300.0, c8=1_300.0))["fairness"]

    assert none[["per_resident", "averted"]].isna().all(axis=None)
    grades = some[some["by"] == "grade"].set_index("part")
    assert grades["per_resident"].tolist() == pytest.approx([0, 0, 0, 0, 2_600 / 13_000])
    assert grades.loc["5", "averted"] == pytest.approx(4 / 13)


def test_where_the_most_marginal_report_less_more_of_the_most_affected_are_theirs():
    # All rates alike: what is recorded in the last grade counts for more if less is reported.
    rates = [10, 10, 10, 10, 10, 10.4, 10, 10, 9.8, 9.8]

    told = fairness_tables(known(rates), empty_table("portfolio"))["fairness_if"]

    share = told.pivot(index="grade", columns="shift", values="affected")
    assert share.loc["5", 0.0] == 0
    assert share.loc["5", -0.2] == 1
    assert share.sum().tolist() == pytest.approx([1, 1, 1])


def test_colonias_without_census_or_counts_are_in_no_group():
    empty = known()
    bare = Known(
        {**empty.processed, "quarters": empty_table("quarters")},
        {**empty.results, "indicators": empty.results["indicators"].head(0)},
        empty.edition,
        empty.settings,
    )

    told = fairness_tables(bare, empty_table("portfolio"))

    assert set(told["fairness"]["by"]) == {"size"}
    assert told["fairness"]["year_error"].isna().all()
    assert told["fairness_if"].empty


def test_a_size_is_from_its_first_to_its_last_resident_and_unknown_is_none():
    sizes = size_of(pd.Series([0.0, 499.0, 500.0, 3_999.0, 4_000.0, np.nan]))

    assert sizes.tolist()[:5] == ["0-499", "0-499", "500-1499", "1500-3999", "4000+"]
    assert pd.isna(sizes.iloc[5])
