import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from labtools.analysis.reporting import (
    ReportingPrior,
    chance_among_first,
    corrected_rates,
    crime_draws,
    expected_records,
    group_reporting,
    list_overlap,
    reporting_draws,
)
from labtools.errors import AnalysisError

GROUPS = {"robbery": (-0.1, 0.5), "other": (-0.5, 0.5)}
PRIOR = ReportingPrior(0.93, 0.75, 0.98, 0.3, GROUPS)
AREAS = pd.Index([f"a{i:03d}" for i in range(300)])


def city(seed):
    """Return recorded, crimes, victims, reports and covariates of a city of uneven reporting."""
    rng = np.random.default_rng(seed)
    poor = rng.standard_normal(len(AREAS))
    p = special.expit(-0.5 - 0.5 * poor + 0.2 * rng.standard_normal(len(AREAS)))
    crimes = rng.poisson(rng.gamma(2, 35, len(AREAS)))
    recorded = rng.binomial(crimes, p)
    victims = rng.poisson(1.3, len(AREAS))
    told = rng.binomial(victims, p)
    seen = poor + 0.4 * rng.standard_normal(len(AREAS))
    table = pd.DataFrame(
        {"recorded": recorded, "crimes": crimes, "victims": victims, "told": told, "p": p}, AREAS
    )
    return table, pd.DataFrame({"poor": seen}, AREAS), rng


def probable(recorded, p, rng):
    alike = pd.Series(1.0, recorded.index)
    expected = expected_records(recorded, alike, size=len(p), rng=rng)
    return crime_draws(recorded.to_numpy(), expected, p, rng=rng)


def test_the_planted_dark_figure_lies_in_its_interval_in_nine_of_ten_areas():
    held = []
    for seed in range(6):
        table, x, rng = city(seed)
        p = reporting_draws(table["told"], table["victims"], x, prior=PRIOR, rng=rng)
        crimes = probable(table["recorded"], p, rng)
        lower, upper = crimes.quantile(0.025), crimes.quantile(0.975)
        held.append(((lower <= table["crimes"]) & (table["crimes"] <= upper)).mean())

    assert np.mean(held) >= 0.9


def test_a_survey_of_the_lab_outweighs_a_national_figure_that_is_far_off():
    table, x, rng = city(1)

    p = reporting_draws(table["told"], table["victims"], x, prior=PRIOR, rng=rng)

    told = table["told"].sum() / table["victims"].sum()
    assert PRIOR.unreported == 0.93
    assert p.mean().mean() == pytest.approx(told, abs=0.03)


def test_without_a_survey_the_prior_alone_speaks_and_is_wide():
    _, x, rng = city(2)
    nobody = pd.Series(0, AREAS)

    p = reporting_draws(nobody, nobody, x, prior=PRIOR, rng=rng, size=4_000)

    of_city = special.expit(special.logit(p).mean(axis=1))
    assert np.quantile(of_city, [0.025, 0.5, 0.975]) == pytest.approx([0.018, 0.07, 0.24], abs=0.02)


def test_groups_together_agree_with_what_is_said_of_all_crime():
    table, x, rng = city(3)
    recorded = pd.DataFrame({"robbery": table["recorded"], "other": table["recorded"] // 2})
    p = reporting_draws(table["told"], table["victims"], x, prior=PRIOR, rng=rng, size=300)

    groups = group_reporting(p, recorded, PRIOR, rng=rng)

    parts = sum((recorded[g].to_numpy() / groups[g].to_numpy()).sum(axis=1) for g in recorded)
    whole = (recorded.sum(axis=1).to_numpy() / p.to_numpy()).sum(axis=1)
    assert parts == pytest.approx(whole, rel=1e-6)
    assert groups["other"].mean().mean() < groups["robbery"].mean().mean()


def test_crimes_are_never_fewer_than_recorded_and_missing_stays_missing():
    p = pd.DataFrame(0.3, index=range(2_000), columns=["none", "ten", "unknown"])

    rng = np.random.default_rng(1)
    # Gamma draws of what is expected: what is not recorded is negative binomial, in closed form.
    expected = rng.gamma([2.0, 12.0, 1.0], 0.8, (len(p), 3))

    crimes = crime_draws(np.array([0.0, 10.0, np.nan]), expected, p, rng=rng)

    assert (crimes["ten"] >= 10).all()
    odds = 0.7 / 0.3
    assert crimes["ten"].mean() == pytest.approx(10 + 9.6 * odds, rel=0.02)
    assert crimes["ten"].var() == pytest.approx(9.6 * odds + 12 * 0.8**2 * odds**2, rel=0.1)
    assert crimes["none"].mean() == pytest.approx(1.6 * odds, rel=0.1)
    assert crimes["unknown"].isna().all()


def test_a_city_of_small_counts_has_as_many_crimes_as_happened_and_no_phantoms():
    rng = np.random.default_rng(4)
    areas = pd.Index([f"a{k}" for k in range(412)])
    p = pd.DataFrame(0.07, range(1_000), areas)
    size = pd.Series(rng.gamma(1.0, 1.0, 412), areas)
    held, beyond, sums, small = [], [], [], []
    for _ in range(4):
        crimes = rng.poisson(size * rng.gamma(2.0, 10.0, 412))
        recorded = pd.Series(rng.binomial(crimes, 0.07), areas)
        expected = expected_records(recorded, size, size=len(p), rng=rng)
        draws = crime_draws(recorded.to_numpy(), expected, p, rng=rng)
        lower, middle, upper = np.quantile(draws, (0.025, 0.5, 0.975), axis=0)
        held.append((lower <= crimes) & (crimes <= upper))
        few = (recorded <= 1).to_numpy()
        mean = draws.mean().to_numpy()
        beyond.append((middle > crimes).mean() / 2 + (middle >= crimes).mean() / 2)
        sums.append((mean.sum(), crimes.sum()))
        small.append((mean[few].sum(), crimes[few].sum()))

    # To take every number of crimes for as likely told 64 % more than happened, and a middle
    # above the truth in 95 of 100 places, which held it in 70.
    for told, happened in (np.sum(sums, axis=0), np.sum(small, axis=0)):
        assert told == pytest.approx(happened, rel=0.08)
    assert np.mean(beyond) == pytest.approx(0.5, abs=0.05)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_a_denounced_crime_without_case_file_is_not_recorded():
    prior = ReportingPrior(0.927, 0.75, 0.98, 0.3, {}, opened=(0.743, 0.62, 0.84))
    victims = pd.Series(400.0, AREAS[:30])
    alike = pd.DataFrame(index=AREAS[:30])
    rng = np.random.default_rng(8)

    p = reporting_draws(victims * 0.4, victims, alike, prior=prior, rng=rng)

    of_city = p.mean(axis=1)
    # 40 of 100 were denounced, and 74.3 of 100 of those have a file (62 to 84).
    assert of_city.median() == pytest.approx(0.4 * 0.743, rel=0.02)
    limits = of_city.quantile([0.025, 0.975]).to_numpy()
    assert limits == pytest.approx([0.4 * 0.62, 0.4 * 0.84], rel=0.04)


@pytest.mark.parametrize(
    "opened",
    [
        (74.3, 62, 84),
        (0.5, 0.0, 0.8),
        (0.5, 0.5, 0.8),
        (0.8, 0.5, 0.8),
        (0.5, 0.3, 1.0),
        (1.0, 0.9, 1.0),
        (1.0, 1.0, 1.1),
    ],
)
def test_a_share_of_opened_files_that_is_none_is_refused(opened):
    with pytest.raises(AnalysisError, match="Give shares, not percentages"):
        ReportingPrior(0.93, 0.75, 0.98, 0.3, {}, opened=opened)


@pytest.mark.parametrize(
    ("unreported", "lower", "upper"),
    [(0.93, 0.0, 0.98), (0.93, 0.93, 0.98), (0.98, 0.75, 0.98), (0.93, 0.75, 1.0)],
)
def test_a_dark_figure_that_is_not_inside_its_limits_is_refused(unreported, lower, upper):
    with pytest.raises(AnalysisError, match="between its limits"):
        ReportingPrior(unreported, lower, upper, 0.3, {})


def test_more_files_than_crimes_asked_about_are_refused_and_as_many_are_not():
    assert ReportingPrior(0.93, 0.75, 0.98, 0.3, {}, files=(4.0, 4.0)).files == (4.0, 4.0)
    for files in ((5.0, 4.0), (-1.0, 4.0)):
        with pytest.raises(AnalysisError, match="have a case file"):
            ReportingPrior(0.93, 0.75, 0.98, 0.3, {}, files=files)


def test_rates_are_divided_by_reporting_draw_by_draw():
    rates = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 1.0, 1.0]})
    p = pd.DataFrame({"b": [0.5, 0.25], "a": [0.1, 1.0]})

    corrected = corrected_rates(rates, p)

    assert corrected.to_numpy().tolist() == [[10.0, 2.0], [2.0, 4.0], [30.0, 2.0]]


def test_a_list_tells_the_chance_of_being_in_it_and_who_comes_and_goes():
    one = pd.DataFrame({"a": [5.0, 5.0], "b": [4.0, 6.0], "c": [1.0, 1.0], "d": [np.nan, 9.0]})
    other = pd.DataFrame({"a": [5.0, 5.0], "b": [4.0, 6.0], "c": [9.0, 9.0], "d": [np.nan, 9.0]})

    assert chance_among_first(one, 1).to_dict() == pytest.approx(
        {"a": 0.5, "b": 0.5, "c": 0.0, "d": np.nan}, nan_ok=True
    )
    moved = list_overlap(one, other, 2)
    assert moved.index[moved["in_before"]].to_list() == ["a", "b"]
    assert "c" in moved.index[moved["in_after"]]
    assert "d" not in moved.index[moved["in_after"]]


def test_the_more_there_is_to_know_of_reporting_the_better_true_risk_is_told():
    # METHODS: the error of the logarithm of true risk falls when reporting is in the model.
    table, x, rng = city(5)
    p = reporting_draws(table["told"], table["victims"], x, prior=PRIOR, rng=rng)
    corrected = np.log(probable(table["recorded"], p, rng).median())
    truth, raw = np.log(table["crimes"]), np.log(table["recorded"].clip(lower=0.5))

    errors = [float(((it - it.mean()) - (truth - truth.mean())).std()) for it in (raw, corrected)]

    assert errors[1] < 0.8 * errors[0]


def test_percentages_given_for_shares_are_refused():
    with pytest.raises(AnalysisError, match="Give shares, not percentages"):
        ReportingPrior(93, 75, 98, 0.3, GROUPS)


OPENED = ReportingPrior(0.9, 0.8, 0.95, 0.3, GROUPS, opened=(0.5, 0.3, 0.7))


def with_files(told, asked):
    return ReportingPrior(0.9, 0.8, 0.95, 0.3, GROUPS, opened=(0.5, 0.3, 0.7), files=(told, asked))


def test_the_share_with_a_case_file_has_the_median_and_the_limits_declared():
    assert OPENED.opened_limits() == pytest.approx((0.5, 0.3, 0.7), abs=0.005)
    drawn = OPENED.opened_draws(20_000, np.random.default_rng(1))
    assert drawn.shape == (20_000, 1)
    assert np.quantile(drawn, (0.5, 0.025, 0.975)) == pytest.approx((0.5, 0.3, 0.7), abs=0.012)


def test_with_what_victims_told_of_case_files_the_law_is_that_of_numerical_integration():
    sd = special.logit(0.7) / 1.96

    def weigh(x, power):
        share = special.expit(x)
        return share**power * stats.norm.pdf(x, 0, sd) * share**12 * (1 - share) ** 28

    whole, first, second = (integrate.quad(weigh, -6, 6, args=(k,))[0] for k in (0, 1, 2))
    mean = first / whole
    told = with_files(12.0, 40.0)

    middle, low, high = told.opened_limits()
    drawn = told.opened_draws(40_000, np.random.default_rng(2))

    assert drawn.mean() == pytest.approx(mean, abs=0.002)
    assert drawn.std() == pytest.approx(np.sqrt(second / whole - mean**2), rel=0.02)
    for limit, share in ((middle, 0.5), (low, 0.025), (high, 0.975)):
        below = integrate.quad(weigh, -6, special.logit(limit), args=(0,))[0] / whole
        assert below == pytest.approx(share, abs=0.012)


def test_drawn_shares_lie_anywhere_between_the_points_of_the_grid_and_towards_neither():
    declared = ReportingPrior(0.9, 0.8, 0.95, 0.3, GROUPS, opened=(0.5, 0.05, 0.95))
    sd = special.logit(0.95) / 1.96

    drawn = np.sort(declared.opened_draws(200_000, np.random.default_rng(3))[:, 0])

    assert len(np.unique(drawn)) > 199_000
    law = stats.kstest(special.logit(drawn), stats.norm(0, sd).cdf)
    assert law.statistic < 1.63 / np.sqrt(200_000)


def test_where_every_denounced_crime_has_a_file_nothing_is_drawn():
    assert PRIOR.opened_limits() == (1.0, 1.0, 1.0)
    assert (PRIOR.opened_draws(5, np.random.default_rng(1)) == 1).all()


def test_the_national_figure_is_told_in_log_odds_of_being_recorded():
    law = OPENED.area_prior

    assert law.centre == pytest.approx(np.log(0.1 / 0.9))
    assert law.centre_sd == pytest.approx((np.log(0.2 / 0.8) - np.log(0.05 / 0.95)) / (2 * 1.96))
    # Half of what is denounced has a file: twice as much is denounced as is recorded.
    told = OPENED.told_prior
    assert told.centre == pytest.approx(np.log(0.2 / 0.8), abs=1e-6)
    assert told.centre_sd == pytest.approx((np.log(0.4 / 0.6) - np.log(0.1 / 0.9)) / (2 * 1.96))
    assert (law.spread, told.spread) == (0.3, 0.3)


def test_without_a_survey_draws_have_the_moments_of_the_prior():
    areas = pd.DataFrame(index=range(60))
    nobody = pd.Series(dtype=float)

    draws = reporting_draws(
        nobody, nobody, areas, prior=OPENED, rng=np.random.default_rng(3), size=8_000
    )

    log_odds = special.logit(draws.to_numpy())
    law = OPENED.area_prior
    city = log_odds.mean(axis=1)
    inside = log_odds.var(axis=1, ddof=1)
    # A gamma of shape 2 and scale 0.3 has a second moment of 2 × 3 × 0.09.
    assert inside.mean() == pytest.approx(0.54, rel=0.06)
    assert city.mean() == pytest.approx(law.centre, abs=0.03)
    assert city.var() == pytest.approx(law.centre_sd**2 + 0.54 / 60, rel=0.06)


def test_groups_differ_as_declared_and_hide_together_what_all_crime_hides():
    rng = np.random.default_rng(4)
    sure = ReportingPrior(0.9, 0.8, 0.95, 0.3, {"robbery": (0.7, 0.0), "other": (-0.4, 0.0)})
    reporting = pd.DataFrame(rng.uniform(0.05, 0.4, (6, 3)), columns=list("abc"))
    recorded = pd.DataFrame({"robbery": [5.0, 0, 9], "other": [20.0, 3, np.nan]}, list("abc"))

    found = group_reporting(reporting, recorded, sure, rng=rng)

    log_odds = {name: special.logit(table.to_numpy()) for name, table in found.items()}
    assert log_odds["robbery"] - log_odds["other"] == pytest.approx(1.1)
    counts = recorded.fillna(0.0)
    hidden = sum(np.exp(-log_odds[g]) @ counts[g].to_numpy() for g in counts)
    whole = ((1 - reporting) / reporting).to_numpy() @ counts.sum(axis=1).to_numpy()
    assert hidden == pytest.approx(whole)


def test_a_group_that_no_survey_knows_is_like_all_crime_with_doubt():
    reporting = pd.DataFrame(np.full((20_000, 1), 0.2), columns=["a"])
    recorded = pd.DataFrame({"robbery": [0.0], "never heard of": [0.0]}, ["a"])

    found = group_reporting(reporting, recorded, PRIOR, rng=np.random.default_rng(5))

    drawn = special.logit(found["never heard of"]["a"])
    assert drawn.mean() == pytest.approx(special.logit(0.2), abs=0.02)
    assert drawn.std() == pytest.approx(0.6, rel=0.02)


def test_rates_of_more_draws_take_those_of_reporting_in_turn():
    rates = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    reporting = pd.DataFrame({"b": [0.9, 0.9], "a": [0.5, 0.25]})

    assert corrected_rates(rates, reporting)["a"].to_list() == [2.0, 8.0, 6.0]
    assert corrected_rates(rates, reporting * 0)["a"].to_list() == [1e4, 2e4, 3e4]


def test_crimes_not_recorded_are_poisson_of_the_odds_of_not_being_recorded():
    size = 40_000
    p = pd.DataFrame({"a": np.full(size, 0.2)})

    drawn = crime_draws(np.array([3.0]), np.full((size, 1), 2.0), p, rng=np.random.default_rng(6))

    hidden = drawn["a"] - 3
    assert hidden.mean() == pytest.approx(2.0 * 0.8 / 0.2, abs=0.06)
    assert hidden.var() == pytest.approx(8.0, rel=0.04)
