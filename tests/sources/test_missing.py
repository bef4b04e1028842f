"""Why a figure is missing is counted under the reason that its token was declared with."""

import pytest

from tests.sources.bad_counts import CENSUS, CITY, HEADER, MUNICIPAL, line
from tests.sources.supplied import REGISTER, clean, intake, register_file, written

TOKENS = {"N/D": "No disponible", "*": "confidential", "9": "not_asked"}
SURVEY = {
    "kind": "survey",
    "columns": {"wave": "o", "stratum": "s", "cluster": "u", "weight": "w"},
    "question": [{"column": "p", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
}
ACTIONS = {
    "kind": "actions",
    "columns": {"colonia_id": "c", "done_on": "f", "action_type": "t", "dose": "d", "cost": "p"},
}
CASES = {
    "months of official counts": (
        MUNICIPAL,
        "\n".join([",".join(HEADER), line(Enero="N/D", Marzo="*", Abril="*")]),
        {"missing_no_disponible": 1, "missing_confidential": 2},
    ),
    "shares of a city": (
        CITY,
        "t,ciudad,ind,p,cv\n2024-T1,Querétaro,inseguridad,N/D,*\n2024-T2,León,inseguridad,38,4",
        {"missing_no_disponible": 1, "missing_confidential": 1},
    ),
    "answers of a survey, and no other column": (
        SURVEY,
        "o,s,u,w,p\n2024-06,9,U1,9,2\n2024-06,9,U2,9,9\n2024-06,9,U3,9,1",
        {"missing_not_asked": 1},
    ),
    "what actions cost": (
        ACTIONS,
        "c,f,t,d,p\n001,2024-05-01,taller,N/D,N/D\n002,2024-05-02,taller,1,*",
        {"missing_no_disponible": 2, "missing_confidential": 1},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_missing_figures_are_counted_by_their_reason(tmp_path, case):
    said, text, expected = CASES[case]

    found = clean(intake(written(tmp_path, text + "\n"), {**said, "tokens": TOKENS}))

    told = {why: n for why, n in found.account.changed.items() if why.startswith("missing_")}
    assert told == expected


def test_people_of_a_colonia_that_are_confidential_are_counted_so(tmp_path):
    path = register_file(tmp_path, clave=["1", "2"], nombre=["A", "B"], pob=["*", "12"])

    found = clean(intake(path, {**REGISTER, "tokens": TOKENS}))

    assert dict(found.account.changed) == {"missing_confidential": 1}


def test_a_census_area_that_is_confidential_is_counted_so(tmp_path):
    text = "ENT,MUN,LOC,AGEB,MZA,POB\n22,014,0001,001A,000,*\n22,014,0001,0024,000,40\n"

    found = clean(intake(written(tmp_path, text), {**CENSUS, "tokens": TOKENS}))

    assert found.account.changed["missing_confidential"] == 1
