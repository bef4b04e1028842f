import numpy as np
import pandas as pd
import pytest

from labtools.analysis.perception.fear_gap import QUADRANTS, quadrant_chances, quadrant_verdicts
from labtools.errors import AnalysisError

PEOPLE = pd.Series({"a": 100.0, "b": 100.0, "c": 0.0})


def test_each_quadrant_has_the_share_of_draws_in_it():
    crime = pd.DataFrame({"a": [3.0, 3, 1, 3], "b": [1.0, 1, 3, 1], "c": [9.0, 9, 9, np.nan]})
    fear = pd.DataFrame({"a": [0.6, 0.4, 0.6, 0.6], "b": [0.4, 0.6, 0.4, 0.4], "c": [0.9] * 4})

    chances = quadrant_chances(crime, fear, people=PEOPLE)

    assert chances.loc["a"].to_dict() == {
        "both_high": 0.5,
        "fear_only": 0.25,
        "crime_only": 0.25,
        "both_low": 0.0,
    }
    assert chances.loc["b", "both_low"] == 0.5
    assert chances.loc["c"].isna().all()
    assert chances.drop("c").sum(axis=1).to_list() == [1.0, 1.0]


def test_a_quadrant_is_told_only_where_it_is_certain_enough():
    table = pd.DataFrame(
        [[0.85, 0.05, 0.05, 0.05], [0.5, 0.3, 0.1, 0.1], [np.nan] * 4],
        index=["sure", "unsure", "without"],
        columns=list(QUADRANTS),
    )

    verdicts = quadrant_verdicts(table)

    assert verdicts.to_dict() == {"sure": "both_high", "unsure": "none", "without": "unknown"}


def test_areas_that_do_not_differ_are_hardly_ever_told_apart():
    rng = np.random.default_rng(1)
    people = pd.Series(1.0, range(200))
    crime, fear = (pd.DataFrame(rng.normal(1, 0.2, (1_000, 200))) for _ in range(2))

    verdicts = quadrant_verdicts(quadrant_chances(crime, fear, people=people))

    assert (verdicts == "none").mean() > 0.99


def test_draws_that_cannot_be_paired_are_refused():
    with pytest.raises(AnalysisError, match="Make as many of both"):
        quadrant_chances(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [1.0, 2.0]}), people=PEOPLE)


def test_the_city_is_the_mean_over_people_of_those_areas_that_have_a_figure():
    crime = pd.DataFrame({"a": [2.0, 2.0], "b": [4.0, np.nan], "d": [6.0, 6.0]})
    fear = pd.DataFrame({"b": [0.5, 0.5], "a": [0.6, 0.6], "d": [0.4, 0.4], "z": [0.9, 0.9]})
    people = pd.Series({"a": 3.0, "b": 1.0, "d": 1.0})

    chances = quadrant_chances(crime, fear, people=people)

    # Crime: (6 + 4 + 6) / 5 = 3.2, and 12 / 4 = 3 where b has none; fear: 2.7 / 5 = 0.54.
    assert chances.index.to_list() == ["a", "b", "d"]
    assert chances.columns.to_list() == list(QUADRANTS)
    assert chances.loc["a"].to_dict() == {
        "both_high": 0.0,
        "fear_only": 1.0,
        "crime_only": 0.0,
        "both_low": 0.0,
    }
    assert chances.loc["b"].isna().all()
    assert chances.loc["d", "crime_only"] == 1.0


def test_a_figure_equal_to_the_citys_is_not_high_and_four_fifths_are_certain():
    same = pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 1.0]})
    table = pd.DataFrame([[0.8, 0.2, 0, 0], [0.79, 0.21, 0, 0]], columns=list(QUADRANTS))

    assert (quadrant_chances(same, same, people=PEOPLE)["both_low"] == 1.0).all()
    assert quadrant_verdicts(table).to_list() == ["both_high", "none"]
    assert quadrant_verdicts(table, certain=0.75).to_list() == ["both_high", "both_high"]
    assert quadrant_verdicts(table).name == "verdict"
    with pytest.raises(AnalysisError, match="Crime has 2 draws and fear 1"):
        quadrant_chances(same, same[:1], people=PEOPLE)
