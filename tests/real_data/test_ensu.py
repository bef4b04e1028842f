"""INEGI's published share of people who feel insecure, from its own microdata, as they are read."""

import pandas as pd
import pytest

from labtools.analysis.perception.estimates import estimate_share
from labtools.workflow.survey import survey_waves
from tests.real_data.test_figures import cleaned

pytestmark = pytest.mark.real_data

DAY = pd.Timedelta(days=1)
SHARES = [(1, 67.94), (2, 68.97), (3, 67.99), (4, 67.75)]


@pytest.mark.parametrize(("quarter", "share"), SHARES)
def test_the_share_who_feel_insecure_in_2015_is_that_of_inegi(real_data, quarter, share):
    path = real_data / "ensu" / f"conjunto_de_datos_cb_ensu_0{quarter}_2015.csv"
    read = cleaned(path, "ensu_microdata_2015")

    (wave,) = survey_waves(read.tables["survey"], read.tables["survey"]["wave"].max() + DAY)
    found = estimate_share(wave.design, wave.answers["insecurity"])

    assert (wave.month.year, wave.month.month) == (2015, 3 * quarter)
    assert read.account.kept == read.account.read
    assert round(100 * found.value, 2) == share
    assert 0.002 < found.standard_error < 0.02
    assert found.verdict() == "enough"
