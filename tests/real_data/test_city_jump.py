"""The jump of December 2024 in Querétaro, against the complete cities of ENSU."""

import pandas as pd
import pytest

from labtools.evaluation.city_jump import city_jump

pytestmark = pytest.mark.real_data


def test_the_jump_of_december_2024_was_the_citys_own_and_gone_a_quarter_later(real_data):
    rows = pd.read_csv(real_data / "ensu" / "DERIVED_ENSU_published_city_quarter.csv")
    rows = rows[(rows["answer"] == "Inseguro") & (rows["group"] == "T")]
    shares = pd.DataFrame(
        {
            "city": rows["city"],
            "quarter": pd.PeriodIndex(rows["quarter"], freq="Q").to_timestamp(),
            "share": rows["percent"] / 100,
        }
    )

    found = city_jump(shares, "Querétaro", pd.Timestamp("2024-10-01"))

    first, last = found.quarters.iloc[0], found.quarters.iloc[-1]
    assert found.cities > 50
    assert round(100 * first["share"], 1) == 66.1
    assert first["gap"] > 0.15
    assert 0 < first["lower"] < first["gap"] < first["upper"]
    assert first["p_value"] < 0.05
    assert last["p_value"] > 0.1
    assert last["lower"] < 0 < last["upper"]
    assert found.lasted == 1
    assert not found.goes_on
