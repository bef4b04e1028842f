import numpy as np
import pandas as pd
import pytest

from labtools.analysis.expected import compare_with_expected
from labtools.errors import AnalysisError

AREAS = pd.Index([f"c{k:03d}" for k in range(128)])


def city(seed, *, size=np.inf, months=60, mean=2.5):
    """Counts of areas whose risk never changes, but for the season of all."""
    rng = np.random.default_rng(seed)
    people = pd.Series(rng.lognormal(7.3, 0.6, len(AREAS)), AREAS)
    level = (rng.gamma(4, 0.25, len(AREAS)) * people / people.mean() * mean).to_numpy()
    season = 1 + 0.2 * np.cos(2 * np.pi * np.arange(months) / 12)
    clumps = 1.0 if np.isinf(size) else rng.gamma(size, 1 / size, (len(AREAS), months))
    return pd.DataFrame(rng.poisson(level[:, None] * season * clumps), AREAS).astype(float), people


@pytest.mark.parametrize("size", [np.inf, 2.0])
@pytest.mark.parametrize("span", [1, 3, 12])
def test_where_nothing_changed_hardly_any_city_has_a_verdict_of_change(size, span):
    alarms = 0
    for seed in range(8):
        told = compare_with_expected(*city(seed, size=size), span=span).table
        alarms += told["verdict"].isin(["increase", "decrease"]).any()

    # Nominal: one city in twenty.  Three of eight have a chance of 0.6 %.
    assert alarms <= 2


def test_the_expected_range_holds_nearly_all_counts_where_nothing_changed():
    table = pd.concat(compare_with_expected(*city(seed), span=3).table for seed in range(4))

    held = (table["lower"] <= table["observed"]) & (table["observed"] <= table["upper"])

    assert held.mean() >= 0.94


def test_a_colonia_that_tripled_is_told_and_the_interval_of_its_ratio_holds_three():
    counts, people = city(3, mean=6.0)
    counts.loc["c007", 57:] = (counts.loc["c007", 54:56].to_numpy() * 3).round()

    told = compare_with_expected(counts, people, span=3).table

    row = told.loc["c007"]
    assert row["verdict"] == "increase"
    assert 1 < row["ratio_lower"] < 3 < row["ratio_upper"]
    assert (told["verdict"] != "none").sum() == 1


def test_late_reports_do_not_pass_for_a_fall():
    counts, people = city(4, mean=20.0)
    rng = np.random.default_rng(9)
    counts[59] = rng.binomial(counts[59].astype(int), 0.6).astype(float)

    blind = compare_with_expected(counts, people, span=1)
    told = compare_with_expected(counts, people, span=1, complete=0.6)

    assert (blind.table["verdict"] == "decrease").any()
    assert not told.table["verdict"].isin(["increase", "decrease"]).any()


def test_a_colonia_with_a_month_missing_is_unknown_and_spoils_no_other():
    counts, people = city(5)
    counts.loc["c001", 59] = np.nan

    told = compare_with_expected(counts, people, span=3).table

    assert told["verdict"].value_counts()["unknown"] == 1
    assert told.loc["c001", ["expected", "ratio", "q_value"]].isna().all()
    assert told["verdict"].drop("c001").isin(["none", "increase", "decrease"]).all()


@pytest.mark.parametrize("nobody", [0.0, np.nan])
def test_a_colonia_without_people_is_judged_by_its_own_past(nobody):
    rng = np.random.default_rng(12)
    counts, people = city(5)
    people[["c000", "c001"]] = nobody
    counts.loc["c000"] = rng.poisson(5 / 3, 60)
    counts.loc["c001"] = rng.poisson(5 / 3, 60)
    counts.loc["c000", 57:] = 20.0
    counts.loc["c001", 57:] = [1.0, 2.0, 2.0]

    told = compare_with_expected(counts, people, span=3).table

    # 60 events against a usual 5 are an increase, 5 are none.
    assert told.loc[["c000", "c001"], "verdict"].tolist() == ["increase", "none"]
    assert told.loc[["c000", "c001"], "expected"].between(3, 8).all()
    others = compare_with_expected(counts.iloc[2:], people.iloc[2:], span=3).table
    assert (told["expected"].iloc[2:] / others["expected"]).std() < 1e-9


def test_thirty_events_where_nothing_was_ever_counted_are_an_increase():
    counts = pd.DataFrame(0.0, AREAS, range(60))
    counts.loc["c009", 57:] = 10.0

    told = compare_with_expected(counts, pd.Series(1_500.0, AREAS), span=3).table

    assert told.loc["c009", "verdict"] == "increase"
    assert (told["verdict"].drop("c009") == "none").all()
    assert np.isfinite(told[["expected", "ratio", "ratio_lower", "ratio_upper"]]).all(axis=None)


def test_too_short_a_file_is_refused():
    counts, people = city(6, months=30)

    with pytest.raises(AnalysisError, match="there are 30 months"):
        compare_with_expected(counts, people, span=12)
