import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import Precision, estimate_mean, estimate_share


def answers(values, *, stratum="one", cluster=None, weight=1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stratum": stratum,
            "cluster": range(len(values)) if cluster is None else cluster,
            "weight": weight,
            "value": np.array(values, dtype=float),
        }
    )


def share_of(survey, domain=None):
    design = survey_design(survey, weight="weight", stratum="stratum", clusters=("cluster",))
    return estimate_share(design, survey["value"], domain, interval="logit")


def usable(share, *, respondents):
    rules = Precision(minimum_respondents=respondents, minimum_effective=1)
    return share.verdict(rules) != "insufficient"


def test_a_stratified_mean_and_its_error_are_those_of_r_survey(reference, oracle):
    expected, schools = reference("survey_api.json"), oracle("apistrat.csv")
    survey = pd.DataFrame(
        {
            "stratum": schools["stype"],
            "cluster": schools.index,
            "weight": schools["pw"],
            "value": schools["api00"],
        }
    )

    design = survey_design(survey, weight="weight", stratum="stratum", clusters=("cluster",))
    mean = estimate_mean(design, survey["value"])

    near = expected["relative_tolerance"]
    assert mean.value == pytest.approx(expected["stratified_mean"]["est"], rel=near["estimate"])
    assert mean.standard_error == pytest.approx(
        expected["stratified_mean"]["se"], rel=near["error"]
    )


def test_a_clustered_share_and_its_error_are_those_of_r_survey(reference, oracle):
    expected, schools = reference("survey_api.json"), oracle("apiclus1.csv")
    survey = pd.DataFrame(
        {
            "stratum": "all",
            "cluster": schools["dnum"],
            "weight": schools["pw"],
            "value": (schools["sch.wide"] == "Yes").astype(float),
        }
    )

    share = share_of(survey)

    told = expected["clustered_share"]
    correction = np.sqrt(1 - told["clusters"] / told["clusters_in_population"])
    near = expected["relative_tolerance"]
    assert share.value == pytest.approx(told["est"], rel=near["estimate"])
    assert share.standard_error == pytest.approx(
        told["se_with_correction"] / correction, rel=near["error"]
    )


def test_a_simple_sample_has_the_textbook_error():
    share = share_of(answers([1] * 30 + [0] * 70))

    assert share.value == pytest.approx(0.3)
    assert share.standard_error == pytest.approx(np.sqrt(0.3 * 0.7 / 99))
    assert share.respondents == 100


def test_limits_are_symmetric_on_the_logit_scale_with_students_reach():
    share = share_of(answers([1] * 30 + [0] * 70))

    middle, reach = np.log(0.3 / 0.7), stats.t.ppf(0.975, 99) * np.sqrt(1 / (0.21 * 99))
    assert np.log(share.lower / (1 - share.lower)) == pytest.approx(middle - reach)
    assert np.log(share.upper / (1 - share.upper)) == pytest.approx(middle + reach)


def test_weights_speak_for_the_people_they_stand_for():
    share = share_of(answers([1, 0, 0], weight=[3.0, 1.0, 2.0]))

    assert share.value == pytest.approx(0.5)


def test_a_domain_keeps_the_clusters_where_nobody_belongs_to_it():
    # Eight clusters; the domain answers in the first four only.  By hand: the influence of
    # each of its clusters is ±1/8 for shares of 1 and 0 over 4 people, and 0 for the others.
    survey = answers([1, 0, 1, 0, 1, 1, 1, 1])
    domain = pd.Series([True] * 4 + [False] * 4)

    share = share_of(survey, domain)

    assert share.value == 0.5
    assert share.standard_error == pytest.approx(np.sqrt(8 / 7 * 4 / 64))
    assert share.standard_error > share_of(survey[domain]).standard_error * 0.9
    assert share.respondents == 4


def test_a_domain_inside_one_cluster_has_no_error_to_show_and_is_not_usable():
    survey = answers([1, 0] * 40, cluster=[0] * 40 + [1] * 40)

    share = share_of(survey, survey["cluster"] == 0)

    assert share.value == 0.5
    assert np.isnan([share.standard_error, share.lower, share.upper]).all()
    assert not usable(share, respondents=30)


def test_a_stratum_with_one_cluster_is_measured_from_the_mean_of_all():
    survey = answers([1, 0, 1, 1], stratum=["a", "a", "a", "alone"], cluster=["p", "q", "r", "s"])

    share = share_of(survey)

    # Influences: (1/16, -3/16, 1/16) around their mean -1/48, and 1/16 around 0.
    inside = 3 / 2 * sum((x + 1 / 48) ** 2 for x in (1 / 16, -3 / 16, 1 / 16))
    assert share.standard_error == pytest.approx(np.sqrt(inside + (1 / 16) ** 2))


def test_people_who_did_not_answer_change_neither_share_nor_number():
    with_silence = answers([1, 0, 1, np.nan, np.nan])

    share = share_of(with_silence)

    assert share.value == pytest.approx(2 / 3)
    assert share.respondents == 3


def test_people_without_weight_are_left_out_not_counted_in():
    share = share_of(answers([1, 0, 1], weight=[1.0, 1.0, np.nan]))

    assert (share.value, share.respondents) == (0.5, 2)


def test_where_nobody_answered_nothing_is_estimated():
    share = share_of(answers([np.nan, np.nan]))

    assert share.respondents == 0
    assert np.isnan([share.value, share.standard_error, share.lower, share.upper]).all()
    assert not usable(share, respondents=1)


@pytest.mark.parametrize("everyone", [0, 1])
def test_a_unanimous_answer_is_no_certainty_about_the_people_not_asked(everyone):
    share = share_of(answers([everyone] * 50))

    assert share.value == everyone
    assert not usable(share, respondents=30)


@pytest.mark.parametrize(("yes", "shown"), [(50, True), (10, False)])
def test_an_estimate_is_usable_up_to_a_variation_of_thirty_percent(yes, shown):
    # sqrt(0.5 * 0.5 / 99) / 0.5 = 0.10; sqrt(0.1 * 0.9 / 99) / 0.1 = 0.302.
    share = share_of(answers([1] * yes + [0] * (100 - yes)))

    assert usable(share, respondents=30) is shown
    assert not usable(share, respondents=101)


def test_the_limits_hold_the_true_share_as_often_as_they_say():
    rng = np.random.default_rng(7)
    held = []
    for _ in range(400):
        own = rng.beta(4, 6, size=60)
        clusters = np.repeat(np.arange(60), 8)
        survey = answers(rng.random(480) < own[clusters], cluster=clusters)
        share = share_of(survey)
        held.append(share.lower <= 0.4 <= share.upper)

    # The standard error of the share is 0.011.
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)
