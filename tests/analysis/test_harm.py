import numpy as np
import pandas as pd
import pytest

from labtools import messages
from labtools.analysis.harm import load_harm_weights, share_weighed, weigh_harm
from labtools.classify.crosswalk import crime_groups
from labtools.errors import AnalysisError

COUNTS = pd.DataFrame({"homicide": [1, 0], "threats": [0, 100], "parks": [5, 5]})
WEIGHTS = pd.Series({"homicide": 4380.0, "threats": 3.0})


def test_one_homicide_outweighs_a_hundred_threats_by_law_and_not_by_count():
    found = weigh_harm(COUNTS, WEIGHTS, rng=np.random.default_rng(1))

    assert found["harm"].tolist() == [4380, 300]
    assert found["events"].tolist() == [1, 100]
    assert found.loc[0, ["best_place", "worst_place"]].tolist() == [0, 1]


def test_a_single_grave_crime_is_told_with_its_chance():
    found = weigh_harm(COUNTS, WEIGHTS, rng=np.random.default_rng(1))

    # Limits of one event by Jeffreys: 0.11 to 4.67.
    assert found.loc[0, "lower"] == pytest.approx(0.108 * 4380, rel=0.3)
    assert found.loc[0, "upper"] == pytest.approx(4.67 * 4380, rel=0.15)


def test_an_order_that_hangs_on_how_long_a_penalty_is_has_both_places():
    counts = pd.DataFrame({"injury": [10, 0], "extortion": [0, 7]})
    close = pd.Series({"injury": 100.0, "extortion": 120.0})

    found = weigh_harm(counts, close, rng=np.random.default_rng(1))

    # 1,000 days against 840: half or double of either weight turns them round.
    assert found["best_place"].tolist() == [0, 0]
    assert found["worst_place"].tolist() == [1, 1]
    assert (found["doubt_lower"] < found["lower"]).all()
    assert (found["doubt_upper"] > found["upper"]).all()


def test_how_much_has_no_weight_is_told():
    assert share_weighed(COUNTS, WEIGHTS) == pytest.approx(101 / 111)


def test_codes_without_any_weight_are_refused():
    with pytest.raises(AnalysisError, match="None of the 1"):
        weigh_harm(COUNTS[["parks"]], WEIGHTS, rng=np.random.default_rng(1))


def test_weights_are_of_codes_that_exist_and_those_not_verified_block_publication():
    weights = load_harm_weights()

    assert set(weights.days.index) <= set(crime_groups())
    assert weights.table["source"].str.len().min() > 0
    with messages.speaking("en"):
        assert "do not cite" in str(weights.findings[0])
    assert weights.findings[0].severity == "blocker"
