import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.perception.calibrate import calibrate_linear, poststratify, rake
from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import (
    Estimate,
    Precision,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    estimate_share,
    estimate_total,
    estimates_frame,
    mean_influence,
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


def plain(n=10):
    sample = pd.DataFrame(
        {"w": np.ones(n), "y": np.arange(1.0, n + 1), "z": np.arange(n) % 3 + 1.0}
    )
    return sample, survey_design(sample, weight="w")


def test_limits_are_students_of_the_level_asked_for_and_the_error_is_that_of_the_mean():
    sample, design = plain()

    mean, total = (f(design, sample["y"], level=0.8) for f in (estimate_mean, estimate_total))

    error = sample["y"].std() / np.sqrt(10)
    reach = stats.t.ppf(0.9, 9) * error
    assert (mean.value, mean.standard_error) == (5.5, pytest.approx(error))
    assert (mean.lower, mean.upper) == pytest.approx((5.5 - reach, 5.5 + reach))
    assert (mean.respondents, mean.freedom, mean.kind) == (10, 9, "mean")
    assert mean.design_effect == pytest.approx(1.0)
    assert (total.value, total.standard_error) == (55, pytest.approx(10 * error))
    assert (total.lower, total.upper) == pytest.approx((55 - 10 * reach, 55 + 10 * reach))
    assert (total.freedom, total.kind) == (9, "total")
    assert np.isnan(total.design_effect)


def test_a_ratio_has_the_error_of_its_linear_part():
    sample, design = plain()

    found = estimate_ratio(design, sample["y"], sample["z"], level=0.8)

    ratio = sample["y"].sum() / sample["z"].sum()
    left = sample["y"] - ratio * sample["z"]
    error = left.std() * np.sqrt(10) / sample["z"].sum()
    assert (found.value, found.standard_error) == (pytest.approx(ratio), pytest.approx(error))
    assert found.upper == pytest.approx(ratio + stats.t.ppf(0.9, 9) * error)
    assert (found.respondents, found.freedom, found.kind) == (10, 9, "ratio")
    assert np.isnan(found.design_effect)
    assert np.isnan(estimate_ratio(design, sample["y"], sample["z"] * 0).value)


def test_two_people_have_an_interval_of_one_degree_of_freedom_and_one_has_none():
    sample, design = plain()
    two, one = sample["y"] > 8, sample["y"] > 9

    pair_of, alone = (estimate_mean(design, sample["y"], domain) for domain in (two, one))

    # Others stay in the sample with nought: their clusters are drawn too.
    moved = (sample["y"] - 9.5).where(two, 0.0) / 2
    error = np.sqrt(10 * moved.var())
    assert (pair_of.value, pair_of.freedom) == (9.5, 1)
    assert pair_of.standard_error == pytest.approx(error)
    assert pair_of.upper == pytest.approx(9.5 + stats.t.ppf(0.975, 1) * error)
    assert (alone.value, alone.respondents, alone.freedom) == (10, 1, 0)
    assert np.isnan([alone.standard_error, alone.lower, alone.upper, alone.design_effect]).all()
    both = estimate_share(design, (sample["y"] > 9).astype(float), two)
    assert np.isfinite([both.lower, both.upper]).all()
    for interval in ("beta", "logit"):
        of_one = estimate_share(design, (sample["y"] > 3).astype(float), one, interval=interval)
        assert np.isnan([of_one.lower, of_one.upper]).all()


@pytest.mark.parametrize("interval", ["beta", "logit"])
def test_limits_of_a_share_are_of_the_level_asked_for(interval):
    sample = pd.DataFrame({"w": np.ones(60), "y": (np.arange(60) < 15).astype(float)})
    design = survey_design(sample, weight="w")

    found = estimate_share(design, sample["y"], interval=interval, level=0.9)

    error = np.sqrt(0.25 * 0.75 / 59)
    t = stats.t.ppf(0.95, 59)
    if interval == "beta":
        # Effective people of a simple sample: those asked, less one.
        expected = stats.beta.ppf(0.05, 59 * 0.25, 59 * 0.75 + 1)
        assert (found.lower, found.upper) == pytest.approx(
            (expected, stats.beta.ppf(0.95, 59 * 0.25 + 1, 59 * 0.75))
        )
    else:
        ends = np.log(1 / 3) + t * error / (0.25 * 0.75) * np.array([-1, 1])
        assert (found.lower, found.upper) == pytest.approx(tuple(1 / (1 + np.exp(-ends))))
    assert (found.standard_error, found.kind) == (pytest.approx(error), "share")


def test_a_unanimous_yes_has_a_lower_limit_and_no_logit_one():
    sample = pd.DataFrame({"w": np.ones(50), "y": np.ones(50)})
    design = survey_design(sample, weight="w")

    beta, logit = (estimate_share(design, sample["y"], interval=i) for i in ("beta", "logit"))

    assert (beta.lower, beta.upper) == pytest.approx((0.025 ** (1 / 50), 1))
    assert np.isnan([logit.lower, logit.upper]).all()


@pytest.mark.parametrize(("q", "value"), [(0.1, 1), (0.11, 2), (0.5, 5), (0.9, 9), (0.91, 10)])
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(q, value):
    sample, design = plain()

    assert estimate_quantile(design, sample["y"][::-1].sort_index(), q).value == value


def test_a_quantile_by_weights_has_woodruffs_error_and_impossible_ones_are_refused():
    sample = pd.DataFrame({"w": np.ones(101), "y": np.arange(101.0)})
    design = survey_design(sample, weight="w")

    found = estimate_quantile(design, sample["y"], 0.5, level=0.8)

    # 0.505 plus or minus t sqrt(.505 x .495 / 100) of people, from the half that was asked for.
    reach = stats.t.ppf(0.9, 100) * np.sqrt(51 * 50) / 101 / 10
    lower, upper = np.ceil(101 * (0.5 - reach)) - 1, np.ceil(101 * (0.5 + reach)) - 1
    assert (found.lower, found.upper) == (lower, upper)
    assert found.standard_error == pytest.approx((upper - lower) / 2 / stats.t.ppf(0.9, 100))
    assert (found.freedom, found.respondents, found.kind) == (100, 101, "quantile")
    heavy = survey_design(sample.assign(w=np.where(sample["y"] < 100, 1.0, 1000.0)), weight="w")
    assert estimate_quantile(heavy, sample["y"], 0.5).value == 100
    for q in (0.0, 1.0, -0.1, 1.1):
        with pytest.raises(AnalysisError, match=f"quantile of {q:g}"):
            estimate_quantile(design, sample["y"], q)


def test_answers_that_are_none_are_refused_with_the_first_row():
    sample, design = plain()
    answers = (sample["y"] > 4).astype(float)

    with pytest.raises(AnalysisError, match=r"2 answers are neither .* row 3"):
        estimate_share(design, answers.where(~sample.index.isin([3, 7]), 0.5))
    with pytest.raises(AnalysisError, match=r"1 answers are infinite .* row 2"):
        estimate_mean(design, sample["y"].where(sample["y"] != 3, np.inf))
    with pytest.raises(AnalysisError, match="have 9 rows and the sample 10"):
        estimate_mean(design, sample["y"].iloc[1:])


def test_a_person_without_weight_or_answer_or_outside_moves_no_mean():
    sample, _ = plain()
    design = survey_design(sample.assign(w=[0.0, *[2.0] * 9]), weight="w")
    answers = sample["y"].where(sample["y"] != 2)

    mean, moved = mean_influence(design, answers, sample["y"] < 10)

    # Three to nine, weighing alike: each moves it by its distance over their number.
    assert mean == 6.0
    assert moved == pytest.approx([0, 0, *(np.arange(3, 10) - 6) / 7, 0])
    nobody, none = mean_influence(design, answers, sample["y"] > 10)
    assert np.isnan(nobody)
    assert not none.any()


def an_estimate(**told):
    base = {
        "value": 0.5,
        "standard_error": 0.05,
        "lower": 0.4,
        "upper": 0.6,
        "respondents": 100,
        "freedom": 20,
        "design_effect": 1.0,
        "kind": "share",
    }
    return Estimate(**(base | told))


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({}, "enough"),
        ({"standard_error": 0.075}, "enough"),
        ({"standard_error": 0.076}, "caution"),
        ({"standard_error": 0.15}, "caution"),
        ({"standard_error": 0.151}, "insufficient"),
        ({"respondents": 30}, "enough"),
        ({"respondents": 29}, "insufficient"),
        ({"freedom": 8}, "enough"),
        ({"freedom": 7}, "insufficient"),
        ({"design_effect": 3.33}, "enough"),
        ({"design_effect": 3.34}, "insufficient"),
        ({"design_effect": 3.34, "kind": "mean"}, "insufficient"),
        ({"design_effect": 3.34, "kind": "ratio"}, "enough"),
        ({"design_effect": np.nan}, "insufficient"),
        ({"design_effect": np.nan, "kind": "total"}, "enough"),
        ({"value": 0.9, "standard_error": 0.014}, "enough"),
        ({"value": 0.9, "standard_error": 0.016}, "caution"),
        ({"value": -0.5, "kind": "mean"}, "enough"),
        ({"value": 0.0, "kind": "mean"}, "insufficient"),
    ],
)
def test_a_verdict_changes_at_the_declared_limits_and_not_before(told, verdict):
    assert an_estimate(**told).verdict() == verdict


def test_clusters_that_agree_are_no_more_people_than_were_asked():
    assert an_estimate(design_effect=0.5).effective == 100
    assert an_estimate(design_effect=2.0).effective == 50
    assert np.isnan(an_estimate(design_effect=0.0).effective)
    assert an_estimate(value=0.8).cv == pytest.approx(0.25)
    assert an_estimate(value=0.8, kind="mean").cv == pytest.approx(0.0625)


def test_a_table_of_estimates_has_a_row_for_each_and_judges_by_the_rules_given():
    found = estimates_frame(
        {"a": an_estimate(), "b": an_estimate(respondents=20)}, Precision(minimum_respondents=20)
    )

    assert found.columns.to_list() == [
        *("value", "standard_error", "lower", "upper", "respondents", "design_effect", "cv"),
        *("effective", "verdict"),
    ]
    assert found.index.to_list() == ["a", "b"]
    assert found["verdict"].to_list() == ["enough", "insufficient"]
    eased = Precision(minimum_respondents=20, minimum_effective=20)
    assert estimates_frame({"b": an_estimate(respondents=20)}, eased)["verdict"].item() == "enough"


def test_a_design_effect_is_held_against_a_simple_sample_from_the_same_population():
    sample = pd.DataFrame({"w": 4.0, "y": [1.0, 2, 3, 4, 5, 6, 7, 9], "n": 32})

    found = estimate_mean(survey_design(sample, weight="w", population=("n",)), sample["y"])
    loose = estimate_mean(survey_design(sample, weight="w"), sample["y"])

    # A quarter was drawn, so that three quarters of the variance are left in both.
    assert found.standard_error == pytest.approx(np.sqrt(0.75) * loose.standard_error)
    assert found.design_effect == pytest.approx(1.0)
    assert loose.design_effect == pytest.approx(1.0)


def test_of_a_calibrated_sample_people_without_weight_add_nothing_to_the_error():
    rng = np.random.default_rng(7)
    people = pd.DataFrame({"c": np.repeat(np.arange(12), 5), "x": rng.normal(size=60)})
    people["y"] = people["x"] + rng.normal(size=60)
    people["w"] = np.where(np.arange(60) % 5 == 0, 0.0, 10.0)  # one of each cluster
    answered = people[people["w"] > 0]

    def calibrated(of):
        design = survey_design(of, weight="w", clusters=("c",))
        known = pd.Series({"one": 500.0, "x": 20.0})
        return calibrate_linear(design, pd.DataFrame({"one": 1.0, "x": of["x"]}), known)

    found = estimate_mean(calibrated(people), people["y"])

    assert pair(estimate_mean(calibrated(answered), answered["y"])) == (
        found.value,
        found.standard_error,
    )
