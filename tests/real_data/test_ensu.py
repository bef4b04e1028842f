"""INEGI's published share of people who feel insecure, from its own microdata."""

import pandas as pd
import pytest

from labtools.analysis.perception.design import survey_design
from labtools.analysis.perception.estimates import estimate_share

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize(("quarter", "share"), [(1, 67.94), (2, 68.97), (3, 67.99), (4, 67.75)])
def test_the_share_who_feel_insecure_in_2015_is_that_of_inegi(real_data, quarter, share):
    answers = pd.read_csv(
        real_data / "ensu" / f"conjunto_de_datos_cb_ensu_0{quarter}_2015.csv",
        encoding="utf-8-sig",
        usecols=["CD", "EDIS", "UPM_DIS", "P1", "FACTOR"],
    )
    design = survey_design(answers, weight="FACTOR", stratum="EDIS", clusters=("UPM_DIS",))
    insecure = (answers["P1"] == 2).astype(float)

    found = estimate_share(design, insecure)

    assert round(100 * found.value, 2) == share
    assert 0.002 < found.standard_error < 0.02
    assert found.verdict() == "enough"
