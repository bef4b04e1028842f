import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.expected import _expected, compare_with_expected
from labtools.analysis.risk.discount import discounted
from labtools.analysis.smoothing import fit_gamma_poisson
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


SIZES = np.arange(1.0, 41.0)


def faded(months):
    """Return the sum of the weights of months that halve every nine."""
    return (2 ** (-(np.arange(months) + 0.5) / 9)).sum()


def test_where_all_areas_have_one_rate_the_law_is_the_negative_binomial_of_all_their_events():
    areas = pd.RangeIndex(40)
    counts = pd.DataFrame(np.tile(SIZES[:, None], 36), areas)
    counts[35] += np.where(np.arange(40) == 7, 14.0, 0.0)

    found = compare_with_expected(counts, pd.Series(100 * SIZES, areas), span=1)

    # Constant counts: no season, no dispersion; what is known of the rate is all the events.
    known = SIZES.sum() * faded(35)
    law = stats.nbinom(known, known / (known + SIZES))
    table = found.table
    assert found.dispersion.to_numpy() == pytest.approx(1.0)
    assert table["expected"].to_numpy() == pytest.approx(SIZES)
    assert table["lower"].to_list() == law.ppf(0.025).tolist()
    assert table["upper"].to_list() == law.ppf(0.975).tolist()
    reach = stats.norm.ppf(0.975) * np.sqrt(1 / (22 + 0.5) + 1 / known)
    row = table.loc[7]
    assert row["ratio"] == pytest.approx(22 / 8)
    assert row["ratio_lower"] == pytest.approx(22.5 / 8 * np.exp(-reach))
    assert row["ratio_upper"] == pytest.approx(22.5 / 8 * np.exp(reach))
    tails = [
        (
            law.pmf(np.arange(y + 1)[:, None])[:, k].sum(),
            1 - law.pmf(np.arange(y)[:, None])[:, k].sum(),
        )
        for k, y in enumerate(counts[35].astype(int))
    ]
    both = np.minimum(1, 2 * np.min(tails, axis=1))
    assert table["q_value"].to_numpy() == pytest.approx(stats.false_discovery_control(both))
    assert table["verdict"].to_list() == ["none"] * 7 + ["increase"] + ["none"] * 32


def test_with_half_of_the_events_recorded_half_are_expected_with_the_same_doubt_of_the_rate():
    counts = pd.DataFrame(np.tile(SIZES[:, None], 36))

    table = compare_with_expected(counts, pd.Series(100 * SIZES), span=1, complete=0.5).table

    known = SIZES.sum() * faded(35)
    law = stats.nbinom(known, known / (known + SIZES / 2))
    assert table["expected"].to_numpy() == pytest.approx(SIZES / 2)
    assert table["upper"].to_list() == law.ppf(0.975).tolist()


@pytest.mark.parametrize("span", [1, 3])
def test_the_season_is_what_the_coming_months_were_beside_the_year_before_them(span):
    season = np.array([1.0, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 4])
    months = 48 + span
    by_month = np.tile(season, 6)[:months]
    counts = pd.DataFrame(SIZES[:, None] * by_month)

    table = compare_with_expected(counts, pd.Series(100 * SIZES), span=span).table

    weight = 2 ** (-(np.arange(48)[::-1] + 0.5) / 9)
    level = (weight * by_month[:48]).sum() / weight.sum()
    factor = season[:span].mean() / season.mean()
    assert table["expected"].to_numpy() == pytest.approx(SIZES * level * span * factor)


def test_a_whole_year_has_no_season():
    counts = pd.DataFrame(np.tile(SIZES[:, None], 40))
    counts[[3, 15]] *= 2

    table = compare_with_expected(counts, pd.Series(100 * SIZES), span=12).table

    weight = 2 ** (-(np.arange(28)[::-1] + 0.5) / 9)
    level = (weight.sum() + weight[3] + weight[15]) / weight.sum()
    assert table["expected"].to_numpy() == pytest.approx(SIZES * level * 12)


def test_areas_that_differ_are_expected_by_their_own_gamma_law():
    counts, people = city(21, mean=4.0)

    found = compare_with_expected(counts, people, span=12)

    told = discounted(counts.iloc[:, :48], people, period_months=1)
    fit = fit_gamma_poisson(told["events"], told["exposure"])
    shape = fit.shape + told["events"]
    mean = shape / (fit.inverse_scale + told["exposure"]) * people
    variance = found.dispersion * mean + mean**2 / shape
    law = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    pd.testing.assert_series_equal(found.table["expected"], mean, check_names=False)
    assert found.table["upper"].to_list() == law.ppf(0.975).tolist()
    assert found.table["lower"].to_list() == law.ppf(0.025).tolist()


def test_an_area_without_people_is_expected_its_own_faded_mean_and_half_an_event():
    counts = pd.DataFrame(np.tile(SIZES[:, None], 36))
    people = pd.Series(100 * SIZES)
    people[4] = 0.0

    table = compare_with_expected(counts, people, span=1).table

    assert table.loc[4, "expected"] == pytest.approx((5 * faded(35) + 0.5) / faded(35))


@pytest.mark.parametrize("truth", [1.0, 3.0])
def test_the_dispersion_of_past_errors_is_the_one_that_made_the_counts(truth):
    rng = np.random.default_rng(22)
    mean = 8.0
    shape = (200, 60)
    drawn = (
        rng.poisson(mean, shape)
        if truth == 1
        else rng.negative_binomial(mean / (truth - 1), 1 / truth, shape)
    )

    found = compare_with_expected(
        pd.DataFrame(drawn, dtype=float), pd.Series(500.0, range(200)), span=1
    )

    # 200 areas and 12 months: the standard error of a variance over its mean is 3 to 4 %.
    assert found.dispersion.mean() == pytest.approx(truth, rel=0.12)


def test_what_is_expected_is_gamma_with_residents_and_without():
    counts, people = city(5, months=48)
    people["c000"] = 0.0
    past = counts.iloc[:, :36]

    mean, variance = _expected(counts, people, 36, 12)

    told = discounted(past, people.replace(0.0, 1.0), period_months=1)
    fit = fit_gamma_poisson(told["events"].drop("c000"), told["exposure"].drop("c000"))
    # A year is expected: the rate's gamma is that of a year's count.
    shared = stats.gamma(
        fit.shape + told["events"], scale=1 / (fit.inverse_scale + told["exposure"])
    )
    alone = stats.gamma(0.5 + told["events"], scale=1 / told["exposure"])
    years = people.replace(0.0, 1.0).to_numpy()
    law = pd.DataFrame({"mean": shared.mean() * years, "variance": shared.var() * years**2}, AREAS)
    law.loc["c000"] = [alone.mean()[0], alone.var()[0]]
    assert mean.to_numpy() == pytest.approx(law["mean"].to_numpy())
    assert variance.to_numpy() == pytest.approx(law["variance"].to_numpy())
