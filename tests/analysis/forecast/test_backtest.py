from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from labtools.analysis.forecast.alerts import alerts_within, at_least
from labtools.analysis.forecast.backtest import (
    _difference,
    backtest,
    inside_share,
    scoreboard,
)
from labtools.analysis.forecast.baselines import (
    CountForecast,
    History,
    last_twelve_months,
    same_month_last_year,
    shrunken_counts,
)
from labtools.analysis.forecast.contagion import borders_apart, rings_of
from labtools.analysis.forecast.discounted import (
    Discount,
    _discount_at,
    _one_ahead,
    _season,
    discounted_counts,
    fit_discount,
)
from labtools.analysis.forecast.models import MODELS, Model, lead_signs, models_for
from labtools.analysis.forecast.scores import log_mass
from labtools.analysis.risk.traits import traits_of_level
from labtools.errors import AnalysisError

NEAREST = {"discounted_counts", "space_time"}
NO_NEIGHBOURS = {
    "same_month_last_year",
    "last_twelve_months",
    "shrunken_counts",
    "discounted_counts",
}


def history(counts, rings=None, **leads):
    months = pd.date_range("2019-01-01", periods=np.shape(counts)[1], freq="MS")
    return History(
        pd.DataFrame(counts, columns=months),
        rings,
        {name: pd.DataFrame(table, columns=months) for name, table in leads.items()},
    )


def city(rng, areas=150, months=60, spread=0.8):
    """Return counts of areas that differ and do not change, but for the season."""
    season = np.exp(0.3 * np.sin(2 * np.pi * np.arange(months) / 12))
    mean = np.exp(rng.normal(0, spread, (areas, 1))) * season
    return rng.poisson(mean), mean


def test_last_year_is_expected_again_month_by_month():
    counts = np.tile(np.arange(24.0), (2, 1))

    ahead = same_month_last_year(history(counts), 2)

    assert ahead.mean.tolist() == [[12.5, 13.5], [12.5, 13.5]]


def test_twelve_months_have_the_posterior_of_jeffreys():
    ahead = last_twelve_months(history(np.ones((1, 12))), 1)

    assert (ahead.mean[0, 0], ahead.size[0, 0]) == (12.5 / 12, 12.5)


def test_shrunken_counts_lie_between_their_own_and_the_common_mean():
    rng = np.random.default_rng(1)
    counts, _ = city(rng)

    ahead = shrunken_counts(history(counts), 1).mean[:, 0]

    own = counts[:, -12:].mean(axis=1)
    common = own.mean()
    assert ((ahead - own) * (common - own) >= 0).all()
    assert ((ahead - common) * (own - common) >= 0).all()


def test_the_season_of_the_city_is_found_and_chance_is_not_taken_for_one():
    rng = np.random.default_rng(2)
    with_season, _ = city(rng)
    without = rng.poisson(0.6, (150, 60))

    def season(counts):
        faded = Discount(areas=0.9, city=0.9, likeness=2.0, overdispersion=0.1)
        year = discounted_counts(history(counts), 12, faded).mean[0]
        return year / np.exp(np.log(year).mean())

    found, none = season(with_season), season(without)

    truth = np.exp(0.3 * np.sin(2 * np.pi * np.arange(12) / 12))
    assert np.abs(np.log(found / truth) - np.log(found / truth).mean()).max() < 0.08
    assert np.abs(none - 1).max() < 0.08


def test_the_season_is_a_regression_on_two_waves_drawn_to_none_by_james_and_stein():
    rng = np.random.default_rng(15)
    at = np.arange(50)
    total = rng.poisson(60 * np.exp(0.12 * np.cos(2 * np.pi * at / 12))).astype(float)

    found = _season(total[None], at % 12, 12)

    year = pd.Series(total).rolling(12).mean().rolling(2).mean().shift(-6)
    ratio = np.log(total / year)[6:-6]
    angle = 2 * np.pi * at / 12
    waves = np.column_stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)])
    fit = sm.OLS(ratio.to_numpy() - ratio.mean(), waves[6:-6]).fit()
    left = fit.ssr / (38 - 4 - 1)
    shrink = 1 - 4 * left / (fit.fittedvalues**2).sum()
    assert 0.2 < shrink < 0.95
    assert np.log(found) == pytest.approx(shrink * (waves @ fit.params))


def test_without_two_years_or_with_a_month_of_nothing_there_is_no_season():
    total = 9.0 + np.arange(30.0) % 12

    for short in (total[:24], np.where(np.arange(30) == 9, 0.0, total)):
        assert _season(short[None], np.arange(len(short)) % 12, 12).tolist() == [1.0] * len(short)
    assert np.ptp(_season(total[None, :25], np.arange(25) % 12, 12)) > 0


def test_faded_counts_are_the_weighted_sums_written_out():
    counts = np.array([[1.0, 2, 4] * 6, [3.0, 0, 2] * 6])
    how = Discount(areas=0.5, city=1.0, likeness=2.0, overdispersion=0.25)

    ahead = discounted_counts(history(counts), 1, how)

    level = np.cumsum(counts.mean(axis=0)) / np.arange(1, 19)
    weight = 0.5 ** np.arange(17, -1, -1)
    shape = 2 + counts @ weight
    mean = level[-1] * shape / (2 + weight @ level)
    assert ahead.mean[:, 0] == pytest.approx(mean)
    assert ahead.size[:, 0] == pytest.approx(1 / (1 / shape + 0.25))


def test_faded_counts_are_calibrated_and_near_the_best_there_is():
    rng = np.random.default_rng(3)
    counts, mean = city(rng, months=72)
    known = history(counts)

    tested = backtest(known, models_for(known)[:4], origins=(60, 63, 66, 69))

    board = scoreboard(tested, MODELS[:4]).set_index("model")
    assert board.index[board["shown"]].tolist() == ["discounted_counts"]
    assert board.loc["discounted_counts", "cover_95"] == pytest.approx(0.95, abs=0.02)
    assert board.loc["discounted_counts", "pit_departure"] < 0.03
    cells = tested.cells[tested.cells["model"] == "discounted_counts"]
    month = cells["origin"] + cells["step"]
    truth = mean[cells["area"], month]
    assert np.sqrt(((np.log(cells["mean"]) - np.log(truth)) ** 2).mean()) < 0.25


def test_where_nothing_beats_the_simplest_the_simplest_is_shown():
    rng = np.random.default_rng(5)
    counts = rng.poisson(2.0, (80, 48))

    twin = Model("twin", lambda _: shrunken_counts)
    models = (MODELS[2], twin)
    board = scoreboard(backtest(history(counts), models, origins=(36, 42)), models)

    assert board["shown"].tolist() == [True, False]


def test_a_model_sees_nothing_after_its_origin():
    rng = np.random.default_rng(6)
    counts = rng.poisson(2.0, (40, 48))
    changed = counts.copy()
    changed[:, 45:] = 50

    first, second = (
        backtest(history(c), MODELS[:4], origins=(42,)).cells["mean"] for c in (counts, changed)
    )

    assert first.equals(second)


def test_a_backtest_beyond_the_last_month_is_refused():
    with pytest.raises(AnalysisError, match="needs 50 months"):
        backtest(history(np.ones((9, 48))), MODELS[:1], origins=(47,))


def test_the_interval_of_a_true_forecast_holds_its_share_of_counts():
    rng = np.random.default_rng(7)
    counts = rng.poisson(0.7, 20_000)
    tested = backtest(
        history(np.column_stack([np.zeros(20_000), counts])),
        (Model("true", lambda _: _always(0.7)),),
        origins=(1,),
        steps=1,
    )

    cells = tested.cells

    for level in (0.5, 0.8, 0.95):
        found = inside_share(cells["pit_lower"].to_numpy(), cells["pit_upper"].to_numpy(), level)
        assert found == pytest.approx(level, abs=0.015)


def _always(mean):
    return lambda known, steps: CountForecast(
        np.full((len(known.counts), steps), mean), np.full((len(known.counts), steps), np.inf)
    )


def test_records_that_run_ahead_improve_the_forecast_where_they_do():
    rng = np.random.default_rng(8)
    side = np.arange(100).reshape(10, 10)
    pairs = np.vstack(
        [
            np.column_stack([side[:, :-1].ravel(), side[:, 1:].ravel()]),
            np.column_stack([side[:-1].ravel(), side[1:].ravel()]),
        ]
    )
    wave = rng.normal(0, 0.5, (100, 61))
    for month in range(1, 61):
        wave[:, month] = 0.7 * wave[:, month - 1] + 0.7 * wave[:, month]
    calls = rng.poisson(30 * np.exp(wave[:, 1:]))
    crimes = rng.poisson(1.5 * np.exp(wave[:, :-1]))
    known = history(crimes, rings_of(borders_apart(pairs, 100), furthest=2), calls=calls)

    models = tuple(m for m in models_for(known) if m.name.startswith("endemic"))
    board = scoreboard(backtest(known, models, origins=(48, 54), steps=1), models)

    scores = board.set_index("model")["crps"]
    assert scores["endemic_epidemic_leads"] < scores["endemic_epidemic"]


def test_a_sign_of_other_records_speaks_of_months_before_only():
    rng = np.random.default_rng(9)
    calls = rng.poisson(5, (4, 30))
    later = calls.copy()
    later[:, 20:] = 99

    first, second = (
        lead_signs(history(np.ones((4, 30)), calls=c), 2)["calls"] for c in (calls, later)
    )

    assert first.iloc[:, :21].equals(second.iloc[:, :21])
    assert first.shape == (4, 32)
    assert (
        first.columns[29:].to_list() == pd.date_range("2021-06-01", periods=3, freq="MS").to_list()
    )


def test_without_other_records_the_model_that_needs_them_does_not_compete():
    assert "endemic_epidemic_leads" not in {m.name for m in models_for(history(np.ones((2, 30))))}


def told_by_a_trait(months, areas=80):
    rng = np.random.default_rng(12)
    keys = pd.RangeIndex(areas)
    trait = rng.standard_normal(areas)
    mean = np.broadcast_to(0.25 * np.exp(0.9 * trait)[:, None], (areas, months))
    traits = traits_of_level(pd.DataFrame({"poor": trait}, keys), pd.Series(100.0, keys))
    return replace(history(rng.poisson(mean)), traits=traits)


def test_without_traits_of_the_areas_the_model_of_risk_does_not_compete():
    known = told_by_a_trait(30)

    assert "space_time" in {m.name for m in models_for(known)}
    assert "space_time" not in {m.name for m in models_for(replace(known, traits=None))}


def test_where_events_are_few_and_a_trait_tells_them_the_model_of_risk_is_nearer():
    known = told_by_a_trait(36)
    models = [m for m in MODELS if m.name in NEAREST]

    board = scoreboard(backtest(known, models, origins=(30, 33), steps=3), models)

    scores = board.set_index("model")
    assert scores.loc["space_time", "crps"] < scores.loc["discounted_counts", "crps"]
    # 480 counts: two standard errors are two points.
    assert scores.loc["space_time", "cover_95"] == pytest.approx(0.95, abs=0.025)


def test_the_model_of_risk_tells_the_same_of_the_same_history():
    known = told_by_a_trait(26, areas=30)
    expect = next(m for m in MODELS if m.name == "space_time").learn(known)

    assert np.array_equal(expect(known, 2).mean, expect(known, 2).mean)


def test_with_less_than_two_years_the_model_of_risk_expects_what_a_simpler_one_does():
    known = told_by_a_trait(20)
    models = {m.name: m.learn(known)(known, 3).mean for m in MODELS if m.name in NEAREST}

    assert np.array_equal(models["space_time"], models["discounted_counts"])


@pytest.mark.parametrize("learn", [fit_discount, lambda h: same_month_last_year(h, 1)])
def test_too_few_months_are_refused(learn):
    with pytest.raises(AnalysisError, match="at least 1"):
        learn(history(np.ones((5, 8))))


@pytest.mark.parametrize("size", [np.inf, 4.0])
def test_false_alerts_stay_within_the_budget(size):
    rng = np.random.default_rng(10)
    mean = np.exp(rng.normal(0, 1, (400, 1)))
    law = CountForecast(mean, np.full((400, 1), size))
    false = []

    for _ in range(200):
        drawn = mean if np.isinf(size) else rng.gamma(size, mean / size)
        counts = pd.Series(rng.poisson(drawn)[:, 0])
        false.append(alerts_within(counts, law, budget=1.0)["alert"].sum())

    # 200 months: a mean of one has a standard error of 0.07.
    assert 0.2 < np.mean(false) < 1.2


def test_the_greatest_count_without_alert_is_just_below_the_first_with():
    law = CountForecast(np.array([[0.4], [7.0]]), np.array([[np.inf], [3.0]]))
    quiet = alerts_within(pd.Series([0, 0]), law, budget=0.1)["upper"]

    at, above = (alerts_within(quiet + extra, law, budget=0.1)["alert"] for extra in (0, 1))

    assert at.tolist() == [False, False]
    assert above.tolist() == [True, True]


def test_a_missing_count_is_no_alert():
    law = CountForecast(np.ones((2, 1)), np.full((2, 1), np.inf))

    found = alerts_within(pd.Series([np.nan, 9]), law, budget=0.5)

    assert found["alert"].tolist() == [False, True]


def test_a_budget_of_nothing_is_refused():
    law = CountForecast(np.ones((1, 1)), np.full((1, 1), np.inf))

    with pytest.raises(AnalysisError, match="budget above zero"):
        alerts_within(pd.Series([1]), law, budget=0)


def test_four_weekly_salmonella_are_expected_as_a_seasonal_naive_forecast_does(oracle):
    counts = oracle("salmNewport_4weekly.csv")["y"].to_numpy(float)
    days = pd.date_range("2004-01-01", periods=117, freq="MS")  # stand for periods of four weeks
    known = History(pd.DataFrame([counts[:117]], columns=days), season=13)

    last_year = same_month_last_year(known, 13).mean[0] - 0.5

    # R's forecast 8.20: snaive, mean absolute errors of 13 steps of snaive and of ETS(M,N,A).
    assert last_year.tolist() == [16, 14, 11, 4, 6, 3, 14, 12, 9, 19, 17, 10, 9]
    assert np.abs(last_year - counts[117:]).mean() == pytest.approx(5.15384615384615)
    faded = discounted_counts(known, 13, fit_discount(known)).mean[0]
    assert np.abs(faded - counts[117:]).mean() < 5.8461124275161 * 1.05


def test_shootings_of_new_york_are_expected_better_than_by_the_best_reference(oracle):
    # 87 cells of 8,000 feet, 22 quarterly origins from January 2018, three months ahead.
    table = oracle("nyc_month_cells_8000ft.csv")
    months = [name for name in table.columns if name.startswith("20")]
    counts = table[months].astype(float).set_axis(pd.to_datetime(months, format="%Y-%m"), axis=1)
    models = [model for model in MODELS if model.name in NO_NEIGHBOURS]

    tested = backtest(History(counts), models, origins=range(144, 208, 3), steps=3)

    board = scoreboard(tested, models).set_index("model")
    shown = board[board["shown"]].iloc[0]
    # The reference: a map of discounted counts, CRPS .7116, covering 96 %, efficiency .901.
    assert shown["crps"] <= 0.7116
    assert 0.94 <= shown["cover_95"] <= 0.97
    assert shown["efficiency_index"] == pytest.approx(0.901, abs=0.005)
    assert board.loc["same_month_last_year", "crps"] > 0.9422


LAWS = [(0.01, np.inf), (0.4, np.inf), (60.0, np.inf), (7.0, 3.0), (0.4, 0.5), (300.0, 2.0)]


def scipys(mean, size):
    return stats.poisson(mean) if np.isinf(size) else stats.nbinom(size, size / (size + mean))


@pytest.mark.parametrize(("mean", "size"), LAWS)
def test_so_many_or_more_are_as_likely_as_scipy_says(mean, size):
    counts = np.array([0.0, 1.0, 2.0, 5.0, 80.0])

    told = at_least(counts, np.full(5, mean), np.full(5, size))

    assert told == pytest.approx(scipys(mean, size).sf(counts - 1))


@pytest.mark.parametrize(("budget", "each"), [(0.012, 0.002), (0.3, 0.05), (9.0, 0.5)])
def test_the_greatest_count_without_alert_is_scipys_quantile(budget, each):
    mean, size = (np.array(it)[:, None] for it in zip(*LAWS, strict=True))
    seen = pd.Series([0.0, 1, 2, 3, 4, 5, np.nan])
    law = CountForecast(np.vstack([mean, [[1.0]]]), np.vstack([size, [[1.0]]]))

    found = alerts_within(seen, law, budget=budget)

    # A count that is missing takes no part of the budget: six share it.
    expected = [scipys(*told).isf(each) for told in LAWS]
    assert found["upper"].to_list()[:6] == expected
    assert found["p_value"].to_list()[:6] == pytest.approx(
        [scipys(*told).sf(count - 1) for told, count in zip(LAWS, seen, strict=False)]
    )
    assert np.isnan(found["p_value"][6])


def test_records_that_are_half_there_are_held_against_half_of_what_was_expected():
    law = CountForecast(np.array([[8.0]]), np.array([[3.0]]))

    found = alerts_within(pd.Series([9]), law, budget=0.05, complete=0.5)

    assert found["expected"].to_list() == [4.0]
    assert found["upper"].to_list() == [scipys(4.0, 3.0).isf(0.05)]


def test_what_is_learnt_from_is_what_would_have_been_forecast_two_months_before():
    counts = np.random.default_rng(13).poisson(2.0, (7, 20)).astype(float)
    how = Discount(areas=0.9, city=0.7, likeness=3.0, overdispersion=0.2)

    mean, size = _one_ahead(counts, np.ones(20), how)

    for known in (1, 6, 18):
        ahead = discounted_counts(history(counts[:, :known]), 2, how)
        assert mean[:, known + 1] == pytest.approx(ahead.mean[:, 1])
        assert size[:, known + 1] == pytest.approx(ahead.size[:, 1])


def test_no_other_weights_of_the_past_would_have_forecast_it_clearly_better():
    counts, _ = city(np.random.default_rng(14), areas=80, months=20)

    found = fit_discount(history(counts))

    def loss(how):
        mean, size = _one_ahead(counts.astype(float), np.ones(20), how)
        return -log_mass(counts[:, 6:].astype(float), mean[:, 6:], size[:, 6:]).mean()

    here = loss(found)
    for areas in (0.5, 0.8, 0.9, 0.95, 0.99):
        for likeness in (0.1, 0.5, 1.0, 2.0, 8.0):
            for over in (0.002, 0.02, 0.1, 0.5):
                other = Discount(areas, found.city, likeness, over)
                assert here < loss(other) + 2e-3


def test_weights_are_told_on_their_own_scales_and_held_within_bounds():
    told, far = _discount_at(np.array([0.0, 2.0, 1.0, -2.0])), _discount_at(np.full(4, 99.0))

    assert (told.areas, told.likeness) == (pytest.approx(0.5), pytest.approx(np.e))
    assert told.city == pytest.approx(1 / (1 + np.exp(-2)))
    assert told.overdispersion == pytest.approx(np.exp(-2))
    assert far.areas == pytest.approx(1 / (1 + np.exp(-6)))
    assert (far.likeness, far.overdispersion) == (
        pytest.approx(np.exp(6)),
        pytest.approx(np.exp(2)),
    )


def test_eighteen_months_are_enough_to_learn_how_the_past_fades_and_seventeen_are_not():
    counts = np.random.default_rng(16).poisson(2.0, (9, 18))

    assert 0 < fit_discount(history(counts)).areas < 1
    with pytest.raises(AnalysisError, match="at least 18 months, and there are 17"):
        fit_discount(history(counts[:, :17]))
    with pytest.raises(AnalysisError, match="and there are 18"):
        fit_discount(history(counts * 0))


def test_a_sign_is_two_months_over_all_before_them_in_logarithms():
    calls = np.array([[4.0, 2, 6, 3, 9, 0], [0.0, 0, 0, 0, 0, 0]])

    signs = lead_signs(history(np.ones((2, 6)), calls=calls), 3)

    found = signs["calls"].to_numpy()
    assert list(signs) == ["calls"]
    assert found[0, :3].tolist() == [0, 0, 0]
    # Before the fourth month: 2 and 6 against 4; before the sixth: 3 and 9 against 4, 2 and 6.
    assert found[0, 3] == pytest.approx(np.log((4 + 0.5) / (4 + 0.5)))
    assert found[0, 5] == pytest.approx(np.log((6 + 0.5) / (4 + 0.5)))
    last = np.log((4.5 + 0.5) / (15 / 4 + 0.5))
    assert found[0, 6:] == pytest.approx([last] * 3)
    assert (found[1] == 0).all()


def test_signs_of_neighbours_are_those_of_their_mean_record():
    rings = rings_of(borders_apart(np.array([[0, 1], [1, 2]]), 3), furthest=1)
    calls = np.array([[4.0, 2, 6, 3], [1.0, 1, 1, 7], [2.0, 8, 0, 1]])

    signs = lead_signs(history(np.ones((3, 4)), rings, calls=calls), 1)

    around = lead_signs(history(np.ones((3, 4)), calls=rings.rings[0] @ calls), 1)["calls"]
    assert list(signs) == ["calls", "calls_around"]
    assert signs["calls_around"].to_numpy() == pytest.approx(around.to_numpy())
    assert signs["calls_around"].iloc[0, 4] != pytest.approx(signs["calls"].iloc[0, 4])
    months = pd.date_range("2019-01-01", periods=5, freq="MS")
    assert signs["calls_around"].columns.to_list() == months.to_list()


def test_of_models_that_score_alike_the_simplest_is_shown_and_the_best_where_all_are_beaten():
    rng = np.random.default_rng(17)
    counts = rng.poisson(3.0, (60, 24))
    near, far = (
        Model(name, lambda _, m=m: _always(m)) for name, m in (("near", 3.0), ("far", 9.0))
    )

    tested = backtest(history(counts), (far, near), origins=(18, 20), steps=2)
    board = scoreboard(tested, (far, near))

    assert board["model"].to_list() == ["far", "near"]
    assert board["shown"].to_list() == [False, True]
    assert board["counts"].to_list() == [240, 240]
    assert board.loc[1, ["difference", "difference_lower", "difference_upper"]].to_list() == [0] * 3
    assert board.loc[1, ["log_difference", "log_difference_lower"]].to_list() == [0, 0]
    assert board.loc[0, "difference_lower"] > 0
    assert board.loc[0, "log_difference_lower"] > 0
    cells = tested.cells.set_index(["model", "origin", "step", "area"])["crps"]
    away = cells["far"] - cells["near"]
    assert board.loc[0, "difference"] == pytest.approx(away.mean())


def test_the_error_of_a_difference_is_clustered_by_area_and_by_month():
    index = pd.MultiIndex.from_product([[6, 9], [0, 1], range(5)], names=["origin", "step", "area"])
    values = pd.Series(np.random.default_rng(18).normal(size=20), index)

    low, mean, high = _difference(values)

    away = values - values.mean()
    month = (away.groupby(["origin", "step"]).sum() ** 2).sum() * 4 / 3
    area = (away.groupby("area").sum() ** 2).sum() * 5 / 4
    alone = (away**2).sum() * 20 / 19
    variance = max(month + area - alone, month, area) / 400
    reach = stats.t.ppf(0.975, 3) * np.sqrt(variance)
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((mean - reach, mean + reach))


def test_weights_are_held_within_their_lower_bounds_too():
    far = _discount_at(np.full(4, -99.0))

    assert far.areas == pytest.approx(1 / (1 + np.exp(2)))
    assert far.city == pytest.approx(1 / (1 + np.exp(2)))
    assert far.likeness == pytest.approx(np.exp(-4))
    assert far.overdispersion == pytest.approx(np.exp(-7))


@pytest.mark.parametrize(("budget", "complete"), [(0.0, 1.0), (0.1, 0.0), (0.1, 1.01)])
def test_a_budget_of_nothing_or_more_records_than_there_are_is_refused(budget, complete):
    law = CountForecast(np.array([[8.0]]), np.array([[3.0]]))

    with pytest.raises(AnalysisError, match="budget above zero"):
        alerts_within(pd.Series([9]), law, budget=budget, complete=complete)
