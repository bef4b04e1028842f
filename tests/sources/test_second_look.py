"""All that is wrong with a file of shares is told at once; a good one is read."""

import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.second_look import faults_of_shares
from tests.sources.bad_counts import CITY
from tests.sources.supplied import clean, descriptor, intake, written

WIDE = "AÑO,TRIMESTRE,NOM_MUN,TOTAL,SEGUROS,INSEGUROS,PCT_INSEGUROS"


def wide(quarters, *, share=0.35, weight=1, copies=1):
    """Return answers of forty cities in each quarter, so many of each hundred unsafe."""
    rows = []
    for quarter in range(1, quarters + 1):
        for city in range(40):
            total = (200 + 7 * city) * weight
            unsafe = round(total * share)
            told = f"{unsafe / total * 100:.2f}"
            rows.append(f"2024,{quarter},Ciudad {city},{total},{total - unsafe},{unsafe},{told}")
    return rows * copies


def looked_at(folder, rows):
    path = written(folder, "\n".join([WIDE, *rows]) + "\n")
    with speaking("en"):
        return [str(fault) for fault in faults_of_shares(path, descriptor(**CITY).file)]


def test_each_fault_of_a_file_is_told(tmp_path):
    rows = [row.replace("Ciudad 7,", '"Ciudad 7\r",') for row in wide(2, copies=3)]

    broken, repeated, unweighted, exchanged = looked_at(tmp_path, rows)

    assert "6 cells have a line break inside, the first of the column “NOM_MUN”" in broken
    assert (
        "80 of its 80 keys stand more than once, up to 3 times; the first is 2024 | 1 | ciudad 0"
        in repeated
    )
    assert "“PCT_INSEGUROS” is “INSEGUROS” over “TOTAL”" in unweighted
    assert "below 35.0% in half of the cities in 2 quarters, the first 2024-1" in exchanged


def test_weighted_people_of_whom_most_feel_unsafe_have_no_fault(tmp_path):
    assert looked_at(tmp_path, wide(2, share=0.62, weight=1_000)) == []


def test_shares_with_their_labels_exchanged_are_refused(tmp_path):
    rows = [f"2024-T1,Ciudad {city},inseguridad,{30 + city / 10},5" for city in range(40)]
    path = written(tmp_path, "t,ciudad,ind,p,cv\n" + "\n".join(rows) + "\n")

    with speaking("en"), pytest.raises(SourceError, match="labels safe and unsafe are probably"):
        clean(intake(path, CITY))
