"""The guide to one's own ficha, executed on a finished workbench as its reader would."""

import nbformat
import pandas as pd
import pytest

from labtools.errors import PrivacyError
from labtools.paths import ENVIRONMENT_VARIABLE
from tests.documentation.test_guides import executed

COLONIA = "99001_0001"


def test_a_ficha_of_ones_own_is_said_drawn_saved_and_made_for_others(
    copy_of, finished, monkeypatch, capsys
):
    bench = copy_of(finished)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(bench.root))

    told = executed("su_propia_ficha", colonia_id=COLONIA)

    shares, kept = told["partes"], pd.read_parquet(told["guardada"])
    assert shares["share"].sum() == pytest.approx(1)
    assert (shares["lower"] <= shares["share"]).all()
    assert (shares["share"] <= shares["upper"]).all()
    assert kept["share"].tolist() == shares["share"].tolist()
    assert told["guardada"].is_relative_to(bench.reports / "scratch")
    assert all(it.ok for it in told["hechos_por"])
    assert len(told["hechos_por"]) >= 2
    for job in told["trabajos"]:
        assert nbformat.read(job.output, as_version=4).metadata.papermill.parameters == {
            "colonia_id": job.key
        }
    with pytest.raises(PrivacyError, match="labelled public"):
        told["lab"].save_table("partes", shares, audience="public")
    capsys.readouterr()
