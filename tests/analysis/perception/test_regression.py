import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.regression import survey_regression
from labtools.errors import AnalysisError

COVARIATES = ["ell", "meals", "mobility"]


def test_a_regression_on_a_stratified_sample_is_that_of_r_survey(reference, oracle):
    schools = oracle("apistrat.csv")
    design = survey_design(schools, weight="pw", stratum="stype", population=("fpc",))
    expected = np.array(reference("survey_api_full.json")["regression"])

    found = survey_regression(design, schools["api00"], schools[COVARIATES])

    assert found.coefficients.to_numpy() == pytest.approx(expected[:, 0], rel=1e-6)
    assert found.standard_errors.to_numpy() == pytest.approx(expected[:, 1], rel=1e-4)
    assert found.freedom == 194
    assert (found.frame()["lower"] < found.coefficients).all()


def test_who_did_not_answer_takes_no_part_and_keeps_the_others_in_their_clusters():
    people = pd.DataFrame({"w": 1.0, "c": np.arange(40) // 4, "x": np.arange(40.0)})
    design = survey_design(people, weight="w", clusters=("c",))
    answers = 2 + 3 * people["x"] + np.tile([1.0, -1.0], 20)

    found = survey_regression(design, answers.where(people.index > 3), people[["x"]])

    assert found.respondents == 36
    assert found.freedom == 7
    assert found.coefficients["x"] == pytest.approx(3, abs=0.05)


def test_more_coefficients_than_clusters_are_refused():
    people = pd.DataFrame({"w": 1.0, "c": [0, 0, 1, 1], "x": range(4), "y": [0, 1, 1, 0]})
    design = survey_design(people, weight="w", clusters=("c",))

    with pytest.raises(AnalysisError):
        survey_regression(design, people["y"], people[["x"]])
