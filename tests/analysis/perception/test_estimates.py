import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.perception.calibrate import calibrate_linear, poststratify, rake
from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import (
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    estimate_share,
    estimate_total,
)
from labtools.analysis.perception.replicates import jackknife
from labtools.errors import AnalysisError

SCHOOLS = pd.Series({"E": 4421, "H": 755, "M": 1018})


@pytest.fixture(scope="module")
def told(reference):
    return reference("survey_api_full.json")


@pytest.fixture(scope="module")
def stratified(oracle):
    schools = oracle("apistrat.csv")
    return schools, survey_design(schools, weight="pw", stratum="stype", population=("fpc",))


@pytest.fixture(scope="module")
def clustered(oracle):
    schools = oracle("apiclus1.csv")
    return schools, survey_design(schools, weight="pw", clusters=("dnum",), population=("fpc",))


def pair(found):
    return pytest.approx((found.value, found.standard_error), rel=1e-6)


def test_simple_and_stratified_estimates_are_those_of_r_survey(told, stratified, oracle):
    schools, design = stratified
    simple = oracle("apisrs.csv")
    loose = survey_design(schools, weight="pw", stratum="stype")
    drawn = survey_design(simple, weight="pw", population=("fpc",))

    assert told["strat_mean"] == pair(estimate_mean(design, schools["api00"]))
    assert told["strat_mean_without_correction"] == pair(estimate_mean(loose, schools["api00"]))
    assert told["strat_total"] == pair(estimate_total(design, schools["enroll"]))
    assert told["ratio"] == pair(estimate_ratio(design, schools["api.stu"], schools["enroll"]))
    assert told["simple_mean"] == pair(estimate_mean(drawn, simple["api00"]))
    for kind, expected in told["by_type"].items():
        domain = schools["stype"] == kind
        assert expected == pair(estimate_mean(design, schools["api00"], domain))


def test_clusters_of_one_and_two_stages_are_those_of_r_survey(told, clustered, oracle):
    schools, design = clustered
    two = oracle("apiclus2.csv")
    twice = survey_design(two, weight="pw", clusters=("dnum", "snum"), population=("fpc1", "fpc2"))

    mean = estimate_mean(design, schools["api00"])

    assert told["one_stage_mean"] == pair(mean)
    assert mean.design_effect == pytest.approx(told["one_stage_design_effect"], rel=1e-6)
    assert told["one_stage_total"] == pair(estimate_total(design, schools["enroll"]))
    assert told["two_stage_mean"] == pair(estimate_mean(twice, two["api00"]))
    assert told["two_stage_total"] == pair(estimate_total(twice, two["enroll"]))


def test_intervals_of_a_share_are_those_of_r_survey(told, clustered):
    schools, design = clustered
    wide = (schools["sch.wide"] == "Yes").astype(float)

    logit = estimate_share(design, wide, interval="logit")
    beta = estimate_share(design, wide)

    # R fits the logit one by iteration, to eleven digits.
    assert (logit.lower, logit.upper) == pytest.approx(told["logit"], rel=1e-9)
    assert (beta.lower, beta.upper) == pytest.approx(told["beta"], rel=1e-9)


@pytest.mark.parametrize("way", ["post_stratified", "greg", "raked"])
def test_calibrated_estimates_are_those_of_r_survey(told, clustered, way):
    schools, design = clustered
    kinds = pd.get_dummies(schools["stype"], dtype=float)[["H", "M"]]
    covariates = kinds.assign(one=1.0, before=schools["api99"])
    totals = pd.Series({"H": 755, "M": 1018, "one": 6194, "before": 3914069})
    wide = (schools["sch.wide"], pd.Series({"No": 1072, "Yes": 5122}))
    calibrated = {
        "post_stratified": lambda: poststratify(design, schools["stype"], SCHOOLS),
        "greg": lambda: calibrate_linear(design, covariates, totals),
        "raked": lambda: rake(design, {"type": (schools["stype"], SCHOOLS), "wide": wide}),
    }[way]()

    mean = estimate_mean(calibrated, schools["api00"])
    total = estimate_total(calibrated, schools["enroll"])

    assert (mean.value, mean.standard_error) == pytest.approx(told[way]["mean"], rel=2e-6)
    assert (total.value, total.standard_error) == pytest.approx(told[way]["total"], rel=1e-5)
    assert calibrated.weight.sum() == pytest.approx(6194)


def test_the_stratified_jackknife_is_that_of_r_survey(told, stratified):
    schools, design = stratified

    mean, covariance = jackknife(design).estimate(
        lambda weight: np.average(schools["api00"], weights=weight)
    )

    assert mean[0] == pytest.approx(told["jackknife"][0])
    assert np.sqrt(covariance[0, 0]) == pytest.approx(told["jackknife"][1], rel=1e-8)


def lonely_sample():
    return pd.DataFrame(
        {"h": ["a", "a", "b", "b", "alone"], "w": 1.0, "y": [1.0, 2.0, 4.0, 8.0, 5.0]}
    )


def test_a_lonely_stratum_does_what_was_declared():
    # By hand, with influences (y - 4) / 5: -.6, -.4 | 0, .8 | .2.
    sample = lonely_sample()
    inside = 2 * 2 * 0.1**2 + 2 * 2 * 0.4**2

    def variance(lonely):
        design = survey_design(sample, weight="w", stratum="h", lonely=lonely)
        return estimate_mean(design, sample["y"]).standard_error ** 2

    assert variance("remove") == pytest.approx(inside)
    assert variance("centre") == pytest.approx(inside + 0.2**2)
    assert variance("average") == pytest.approx(inside * 3 / 2)
    with pytest.raises(AnalysisError, match="single cluster"):
        variance("refuse")


@pytest.mark.parametrize(
    ("lonely", "variance"), [("remove", 9), ("average", 18), ("centre", 59), (None, 34)]
)
def test_a_stratum_of_which_a_domain_has_one_cluster_does_what_was_declared(lonely, variance):
    # By hand: influences of the mean of 1, 2 and 4, in ninths: -4, -1 | 5 and, outside, 0.
    sample = lonely_sample().iloc[:4]
    domain = pd.Series([True, True, True, False])
    plain = survey_design(sample, weight="w", stratum="h", lonely=lonely or "centre")
    design = plain.with_lonely_domains() if lonely else plain

    found = estimate_mean(design, sample["y"], domain)

    assert found.standard_error**2 == pytest.approx(variance / 81)


@pytest.mark.parametrize("lonely", ["remove", "average", "centre", "refuse"])
def test_a_domain_with_two_of_three_clusters_of_a_stratum_is_not_alone_there(lonely):
    sample = pd.DataFrame({"w": 1.0, "h": [0, 0, 0, 1, 1], "y": [1.0, 3, 9, 4, 8]})
    domain = pd.Series([True, True, False, True, True])
    plain = survey_design(sample, weight="w", stratum="h", lonely=lonely)

    found, strict = (
        estimate_mean(design, sample["y"], domain)
        for design in (plain, plain.with_lonely_domains())
    )

    # By hand: influences of the mean of 1, 3, 4 and 8, in quarters: -3, -1, 0 | 0, 4.
    inside = 3 / 2 * (9 + 1 + 0 - 3 * (4 / 3) ** 2) + 2 * (0 + 16 - 2 * 4)
    assert found.standard_error**2 == pytest.approx(inside / 16)
    assert strict.standard_error == found.standard_error


def test_a_lonely_domain_is_refused_where_that_was_declared():
    sample = lonely_sample().iloc[:4]
    plain = survey_design(sample, weight="w", stratum="h", lonely="refuse")
    strict = plain.with_lonely_domains()

    assert estimate_mean(strict, sample["y"]).standard_error > 0
    with pytest.raises(AnalysisError, match="single cluster"):
        estimate_mean(strict, sample["y"], pd.Series([True, True, True, False]))


def test_a_median_has_the_interval_of_its_share():
    sample = pd.DataFrame({"w": np.ones(101), "y": np.arange(101.0)})

    median = estimate_quantile(survey_design(sample, weight="w"), sample["y"], 0.5)

    # 0.505 of people are at or below 50: sqrt(.505 * .495 / 100) = .05; t with 100 df: 1.984.
    assert median.value == 50
    assert (median.lower, median.upper) == (40, 60)


def test_the_verdict_follows_the_declared_rules():
    sample = pd.DataFrame({"w": np.ones(100), "y": [1.0] * 50 + [0.0] * 50})
    design = survey_design(sample, weight="w")

    many = estimate_share(design, sample["y"])
    few = estimate_share(design, sample["y"], sample.index.to_series() >= 90)
    some = estimate_share(design, (sample.index.to_series() < 10).astype(float))

    assert (many.verdict(), few.verdict(), some.verdict()) == (
        "enough",
        "insufficient",
        "insufficient",
    )


def test_nobody_asked_gives_nothing_and_a_unanimous_answer_keeps_an_interval():
    sample = pd.DataFrame({"w": np.ones(50), "y": np.zeros(50)})
    design = survey_design(sample, weight="w")

    nobody = estimate_share(design, sample["y"] * np.nan)
    none = estimate_share(design, sample["y"])

    assert nobody.respondents == 0
    assert np.isnan(nobody.value)
    # Clopper-Pearson: 1 - 0.025 ** (1 / 50).
    assert (none.lower, none.upper) == pytest.approx((0, 1 - 0.025 ** (1 / 50)))
    assert none.verdict() == "insufficient"


def test_margins_that_cannot_agree_are_refused(clustered):
    schools, design = clustered

    with pytest.raises(AnalysisError, match="nobody asked X"):
        poststratify(design, schools["stype"], pd.concat([SCHOOLS, pd.Series({"X": 5})]))


def test_a_kind_of_which_the_census_has_nobody_need_not_be_asked(clustered):
    schools, design = clustered

    with_nobody = poststratify(design, schools["stype"], pd.concat([SCHOOLS, pd.Series({"X": 0})]))

    plain = poststratify(design, schools["stype"], SCHOOLS)
    assert with_nobody.weight == pytest.approx(plain.weight)


def test_negative_weights_and_too_small_populations_are_refused():
    sample = lonely_sample().assign(n=1)

    with pytest.raises(AnalysisError, match="negative"):
        survey_design(sample.assign(w=-1.0), weight="w")
    with pytest.raises(AnalysisError, match="more units were drawn"):
        survey_design(sample, weight="w", stratum="h", population=("n",))


def test_three_blocks_that_happen_to_agree_are_not_enough():
    rows = pd.DataFrame({"weight": 1.0, "block": np.repeat([0, 1, 2], 10)})
    said = pd.Series(np.concatenate([np.arange(10) < k for k in (3, 3, 4)]).astype(float))
    design = survey_design(rows, weight="weight", clusters=("block",))

    found = estimate_share(design, said)

    assert found.design_effect < 0.2
    assert found.effective == 30  # and not 207
    assert found.verdict() == "insufficient"
    # Korn and Graubard with 30 people at most, and Student's 29 and 2 degrees of freedom.
    n = 30 * (stats.t.ppf(0.025, 29) / stats.t.ppf(0.025, 2)) ** 2
    assert found.lower == pytest.approx(stats.beta.ppf(0.025, n / 3, n * 2 / 3 + 1))


def test_a_ratio_of_rows_in_another_order_is_refused():
    rows = pd.DataFrame({"weight": 1.0, "crimes": [0.0, 3, 1, 0], "homes": [1.0, 2, 5, 1]})
    design = survey_design(rows, weight="weight")

    assert estimate_ratio(design, rows["crimes"], rows["homes"]).value == pytest.approx(4 / 9)
    with pytest.raises(AnalysisError, match="other keys"):
        estimate_ratio(design, rows["crimes"], rows["homes"][::-1])
