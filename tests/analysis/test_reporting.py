import numpy as np
import pandas as pd
import pytest
from scipy import special

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


def test_a_share_of_opened_files_that_is_none_is_refused():
    with pytest.raises(AnalysisError, match="Give shares, not percentages"):
        ReportingPrior(0.93, 0.75, 0.98, 0.3, {}, opened=(74.3, 62, 84))


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
