"""Tables that INEGI ships beside the one of answers: joined once each, or refused."""

import zipfile

import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from tests.sources.supplied import clean, intake

ANSWERS = "PER,EDIS,UPM_DIS,FOL,REN,P1,FAC\n0324,12,00001,A,01,2,10\n0324,12,00001,A,02,1,30\n"
PEOPLE = 'FOL,REN,SEX,UPM_DIS\n"A\r","1\r","2\r","1\r"\n"A\r","2\r","1\r","1\r"\n'
DWELLINGS = "FOL,MPIO\nA,014\nB,006\n"
SAID = {
    "kind": "survey",
    "date_format": "%m%y",
    "file": {"format": "csv", "member": "*cb*.csv"},
    "columns": {"wave": "PER", "stratum": "EDIS", "cluster": "UPM_DIS", "weight": "FAC"},
    "question": [{"column": "P1", "indicator": "insecurity", "yes": ["2"], "no": ["1"]}],
    "beside": [
        {"member": "*cs*.csv", "keys": ["FOL", "REN"], "same": ["UPM_DIS"],
         "bring": {"sex": "SEX"}},
        {"member": "*viv*.csv", "keys": ["FOL"], "bring": {"MPIO": "MPIO"}},
    ],
}  # fmt: skip


def packed(folder, *, answers=ANSWERS, people=PEOPLE, dwellings=DWELLINGS):
    path = folder / "ensu.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("cb", answers), ("cs", people), ("viv", dwellings)):
            archive.writestr(f"ensu_{name}_0324.csv", text)
    return path


def cleaned(path, **where):
    return clean(intake(path, SAID, where=where))


def test_each_answer_takes_what_the_tables_beside_it_say(tmp_path):
    path = packed(tmp_path)

    women = cleaned(path, sex="2")

    assert (women.account.read, women.account.kept) == (2, 1)
    assert women.tables["survey"][["weight", "value"]].to_numpy().tolist() == [[10.0, 1.0]]
    assert cleaned(path, MPIO="014").account.kept == 2


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"people": PEOPLE.replace('"2\r","1\r","1\r"', '"3\r","1\r","1\r"')},
         r"1 rows have no partner in the table \*cs\*.csv.*row 3, A \| 02"),
        ({"people": PEOPLE + "A,2,1,1\n"}, r"1 rows have the keys of another.*A \| 2, row 4"),
        ({"people": PEOPLE.replace('"2\r","1\r"', '"2\r","7\r"')},
         r"“UPM_DIS”: in 1 rows it is not what the table \*cs\*.csv says.*row 2, “00001”"),
        ({"dwellings": "FOL,AGEB\nA,1\n"}, "MPIO"),
    ],
    ids=["no partner", "keys twice", "another design", "a column that is not there"],
)  # fmt: skip
def test_tables_that_do_not_fit_are_refused(tmp_path, tables, told):
    path = packed(tmp_path, **tables)

    with speaking("en"), pytest.raises(SourceError, match=told):
        cleaned(path)
