import numpy as np
import pandas as pd
import pytest

from labtools.analysis.risk.surfaces import (
    Beside,
    NoisyCounts,
    draws_table,
    fit_surface,
    fit_surface_in_time,
    ranks_table,
)
from tests.simulation.risk_cities import MONTHS, risk_city


@pytest.fixture(scope="module")
def counted():
    rng = np.random.default_rng(3)
    areas = [f"c{k:03d}" for k in range(90)]
    exposure = pd.Series(rng.lognormal(7, 0.5, 90).round(), index=areas)
    events = pd.Series(rng.poisson(0.01 * exposure * rng.gamma(5, 0.2, 90)).astype(float), areas)
    return events, exposure, pd.Series(1.0, index=areas)


def surface(counts, neighbours=None, seed=1):
    return fit_surface(counts, neighbours, rng=np.random.default_rng(seed))


def test_without_neighbours_the_surface_is_the_gamma_one_and_says_so(counted, chart):
    _, neighbours = chart(90, np.random.default_rng(4))

    assert surface(NoisyCounts(*counted)).method == "gamma_poisson"
    assert surface(NoisyCounts(*counted), neighbours).method == "bym2"
    assert surface(NoisyCounts(*counted), neighbours * 0).method == "gamma_poisson"


def test_a_group_that_never_happened_has_a_rate_of_zero_with_an_upper_limit(counted, chart):
    events, exposure, dispersion = counted
    _, neighbours = chart(90, np.random.default_rng(4))

    found = surface(NoisyCounts(events * 0, exposure, dispersion), neighbours).table

    assert (found["rate"] == 0).all()
    # The rule of three, at 97.5 %: -log(0.025) events over everybody.
    assert found["upper"].to_numpy() == pytest.approx(3.689 / exposure.sum(), rel=1e-3)


def test_too_few_areas_have_no_surface_and_the_method_says_none(counted):
    few = [part.iloc[:4] for part in counted]

    found = surface(NoisyCounts(*few))

    assert found.method == "none"
    assert found.table.isna().all(axis=None)


@pytest.mark.parametrize("spatial", [False, True])
def test_noise_added_on_purpose_and_dispersion_widen_the_intervals(counted, chart, spatial):
    events, exposure, dispersion = counted
    neighbours = chart(90, np.random.default_rng(4))[1] if spatial else None

    def width(counts):
        table = surface(counts, neighbours).table
        return (np.log(table["upper"]) - np.log(table["lower"])).mean()

    plain = width(NoisyCounts(events, exposure, dispersion))
    assert width(NoisyCounts(events, exposure, dispersion, rounded_cells=4.0)) > plain
    assert width(NoisyCounts(events, exposure, dispersion * 1.3)) > plain


def test_noise_weighs_a_count_by_its_expected_variance_in_closed_form():
    # Alike areas: the smoothed mean of each is the common one, sixty events in three cells,
    # and rounding adds 4/3 to the variance of a large cell.
    events = pd.Series([60.0] * 8)
    counts = NoisyCounts(events, pd.Series(100.0, events.index), events * 0 + 2.0, 3.0)

    effective, exposure = counts.effective()

    spread = 2 + 4 / 3 / 20
    assert effective.to_list() == pytest.approx([60 / spread] * 8)
    assert exposure.to_list() == pytest.approx([100 / spread] * 8)


def test_draws_stand_in_rows_with_their_rate_per_thousand(counted):
    told = surface(NoisyCounts(*counted))

    table = draws_table({"theft": told}, per=1_000)

    assert list(table.columns) == ["colonia_id", "group", "draw", "rate"]
    assert len(table) == told.draws.size
    back = table.pivot(index="draw", columns="colonia_id", values="rate")
    assert back.to_numpy() == pytest.approx(told.draws.to_numpy() * 1_000)


@pytest.fixture(scope="module")
def in_time():
    city = risk_city(90, 3, mean=1.5)
    months = city.counts[:, :MONTHS].reshape(90, MONTHS // 3, 3).sum(axis=2)
    quarters = pd.DataFrame(months, city.exposure.index)

    def fitted(counts=quarters, cells=0.0, beside=None):
        rng = np.random.default_rng(1)
        return fit_surface_in_time(
            counts, city.exposure, city.neighbours, rounded_cells=cells, beside=beside, rng=rng
        )

    return city, quarters, fitted


def test_all_quarters_in_one_model_hold_the_true_rates_and_say_so(in_time):
    city, _, fitted = in_time

    found = fitted()

    truth = 12 * np.exp(city.log_risk)  # by year
    held = (found.table["lower"] <= truth) & (truth <= found.table["upper"])
    # The study's cover is 93 %; three standard errors of 90 hits are 8 points.
    assert held.mean() > 0.85
    assert found.method == "space_time"
    assert ranks_table({"theft": found})["chance_among_most"].sum() == pytest.approx(9)


def test_what_rounding_hides_widens_the_intervals_of_all_quarters(in_time):
    _, quarters, fitted = in_time
    rng = np.random.default_rng(5)
    up = rng.random(quarters.shape) < (quarters % 3) / 3
    rounded = quarters - quarters % 3 + 3 * up

    plain, told = fitted().table, fitted(rounded, 1.0).table

    wider = np.log(told["upper"] / told["lower"]) - np.log(plain["upper"] / plain["lower"])
    assert wider.mean() > 0


def test_records_still_to_come_do_not_pass_for_a_fall(in_time):
    city, quarters, fitted = in_time
    rng = np.random.default_rng(6)
    shares = pd.Series([0.85, 0.5], quarters.columns[-2:])
    late = quarters.copy()
    for quarter, share in shares.items():
        late[quarter] = rng.binomial(quarters[quarter].astype(int), share).astype(float)

    young, allowed = fitted(late).table, fitted(late, beside=Beside(recorded=shares)).table

    truth = 12 * np.exp(city.log_risk)
    held = (allowed["lower"] <= truth) & (truth <= allowed["upper"])
    # A year of which 16 % are still to come.
    assert np.log(young["rate"] / truth).mean() < -0.1
    assert np.log(allowed["rate"] / truth).mean() == pytest.approx(0, abs=0.06)
    assert held.mean() > 0.85


def test_what_a_programme_changed_is_not_told_of_the_years_before_it(in_time):
    city, quarters, fitted = in_time
    rng = np.random.default_rng(7)
    inside = rng.random(90) < 0.4
    force = pd.DataFrame(0.0, quarters.index, quarters.columns)
    force.loc[inside, quarters.columns[14:]] = 1.0
    halved = quarters.mask(force > 0, rng.binomial(quarters.astype(int), 0.5).astype(float))
    truth = 12 * np.exp(city.log_risk) * np.where(inside, 0.5, 1.0)

    def away(table):
        return np.log(table["rate"] / truth)[inside].mean()

    unaware, aware = fitted(halved).table, fitted(halved, beside=Beside(programme=force)).table

    assert abs(away(aware)) < abs(away(unaware)) / 2
    assert fitted(halved, beside=Beside(programme=force * 0)).table.equals(unaware)


def test_too_short_a_file_has_no_model_of_all_quarters(in_time):
    _, quarters, fitted = in_time

    assert fitted(quarters.iloc[:, -6:]) is None


def test_a_city_that_counts_nothing_has_no_model_of_all_quarters(in_time):
    _, quarters, fitted = in_time

    assert fitted(quarters * np.nan, 1.0) is None


def test_what_is_known_beside_counts_is_told_to_the_model_as_it_is():
    areas, quarters = pd.Index(["a", "b", "c", "d"]), pd.RangeIndex(3)
    events = pd.DataFrame(np.ones((4, 3)), areas, quarters)
    people = pd.Series(9.0, areas)
    force = pd.DataFrame([[0.0, 0.5, 1.0]], index=["b"], columns=quarters)

    panel = Beside(programme=force).panel(events, people)

    # One area of four was ever in it: three quarters above the mean, the others one below.
    assert panel.covariates is not None
    assert panel.covariates["ever_in_programme"].to_list() == [-0.25, 0.75, -0.25, -0.25]
    assert panel.drivers["programme"].loc["b"].to_list() == [0.0, 0.5, 1.0]
    assert panel.drivers["programme"].loc["a"].to_list() == [0.0, 0.0, 0.0]
    assert panel.season == 4
    nobody = Beside(programme=force * 0).panel(events, people)
    assert (nobody.covariates, dict(nobody.drivers)) == (None, {})
