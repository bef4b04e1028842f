import numpy as np
import pandas as pd
import pytest

from labtools import messages
from labtools.analysis.exposure import ambient_population, compare_exposures
from labtools.errors import AnalysisError


def city(rng):
    residents = pd.Series(rng.gamma(4, 500, 80))
    visitors = residents.copy()
    residents[0], visitors[0] = 60, 8_000
    events = pd.Series(rng.poisson(visitors * 0.02).astype(float))
    return events, residents, visitors


def test_a_colonia_of_shops_is_above_by_residents_only():
    events, residents, visitors = city(np.random.default_rng(1))

    found = compare_exposures(
        events, {"residents": residents, "ambient": visitors}, chosen="residents"
    )

    assert found.verdicts.loc[0].tolist() == ["above", "similar"]
    assert not found.agrees[0]
    assert found.relative.loc[0, "residents"] > 10


def test_the_choice_is_announced_and_what_depends_on_it_is_told():
    events, residents, visitors = city(np.random.default_rng(1))

    found = compare_exposures(
        events, {"residents": residents, "ambient": visitors}, chosen="residents"
    )

    with messages.speaking("en"):
        said = [str(finding) for finding in found.findings]
    assert said[0] == "Rates are per residents; they were also tried per ambient."
    assert "depends on the exposure" in said[1]


def test_a_place_without_exposure_has_no_verdict_and_spoils_no_other():
    events, residents, visitors = city(np.random.default_rng(2))
    visitors[5] = 0

    found = compare_exposures(
        events, {"residents": residents, "ambient": visitors}, chosen="residents"
    )

    assert pd.isna(found.verdicts.loc[5, "ambient"])
    assert found.verdicts["residents"].notna().all()


def test_an_exposure_that_is_not_there_cannot_be_chosen():
    with pytest.raises(AnalysisError, match="households is not among"):
        compare_exposures(pd.Series([1.0]), {"residents": pd.Series([1.0])}, chosen="households")


def test_people_present_are_as_many_as_residents():
    residents, jobs = pd.Series([100.0, 300.0]), pd.Series([90.0, 10.0])

    present = ambient_population(residents, jobs)

    assert present.tolist() == [230.0, 170.0]
