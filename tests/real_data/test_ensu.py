"""INEGI's published share of people who feel insecure, from its own microdata, as they are read."""

import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from labtools.analysis.perception.estimates import estimate_share
from labtools.forms import Beside, FileFormat
from labtools.paths import Workbench
from labtools.sources.descriptor import load_descriptor
from labtools.sources.perception import clean_survey
from labtools.sources.protocol import Intake
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


def test_answers_people_and_dwellings_of_2015_are_one_survey(real_data, tmp_path):
    """CS and VIV have a row for each of the 2,025 who answered, with the design of CB."""
    path = tmp_path / "ensu_2015_t1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for table in ("cb", "cs", "viv"):
            archive.write(real_data / "ensu" / f"conjunto_de_datos_{table}_ensu_01_2015.csv", table)
    whom = ["FOL", "ENT", "CON", "V_SEL", "N_HOG", "H_MUD"]
    design = ["UPM_DIS", "EDIS"]
    said = load_descriptor("ensu_microdata_2015", Workbench(tmp_path)).model_copy(
        update={
            "file": FileFormat(member="cb", encoding="cp1252"),
            "beside": (
                Beside(member="cs", keys=[*whom, "N_REN"], same=design, bring={"sex": "SEX"}),
                Beside(member="viv", keys=whom, same=design, bring={"municipality": "MPIO"}),
            ),
        }
    )
    given = Intake("ensu", path, said, pd.Timestamp("2025-12-31"), bytes(32))

    every, women, men = (
        clean_survey(replace(given, where=where)) for where in ({}, {"sex": "2"}, {"sex": "1"})
    )

    (wave,) = survey_waves(every.tables["survey"], pd.Timestamp("2015-12-31"))
    assert round(100 * estimate_share(wave.design, wave.answers["insecurity"]).value, 2) == 67.94
    assert every.account.kept == every.account.read == 2_025
    assert women.account.kept + men.account.kept == 2_025
