import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.protocol import dates, keys, matching, numbers, read_rows, tidy
from tests.sources.supplied import EVENTS, events_file, intake, written

CENSUS = {"kind": "census", "tokens": {"*": "confidential", "N/D": "not_available"}}


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def column(*cells: str | None) -> pd.DataFrame:
    return pd.DataFrame({"POBTOT": pd.Series(cells, dtype="str")})


def test_tokens_and_blanks_are_missing_and_zero_is_zero(tmp_path):
    given = intake(tmp_path / "censo.csv", CENSUS)

    read = numbers(given, column("12", "*", "N/D", "", " 0 ", "-3.5", None), "POBTOT")

    assert read.fillna(-99).tolist() == [12, -99, -99, -99, 0, -3.5, -99]


@pytest.mark.parametrize("cell", ["1,234", "12 345", "S/D", "1e3", "NaN", "0x1F", "12.", "--1"])
def test_what_is_no_plain_number_nor_a_declared_token_is_refused(tmp_path, cell):
    given = intake(tmp_path / "censo.csv", CENSUS)

    with pytest.raises(SourceError) as refused:
        numbers(given, column("5", cell, cell), "POBTOT")

    told = str(refused.value)
    assert f"censo.csv, column “POBTOT”: “{cell}” in row 3 is not a number (2 such cells)" in told
    assert "or one of the declared tokens: * and N/D." in told


@pytest.mark.parametrize(
    ("cell", "form", "day"),
    [
        ("2024-02-29", "%Y-%m-%d", "2024-02-29"),
        (" 2024-02-29 00:00:00", "%Y-%m-%d", "2024-02-29"),
        ("2024-02-29T23:59:59Z", "%Y-%m-%d", "2024-02-29"),
        ("29/02/2024", "%d/%m/%Y", "2024-02-29"),
        ("1/2/2024 7:15", "%d/%m/%Y", "2024-02-01"),
    ],
)
def test_a_date_may_carry_a_time_of_day(cell, form, day):
    assert dates(pd.Series([cell]), form).tolist() == [pd.Timestamp(day)]


@pytest.mark.parametrize(
    "cell",
    ["2023-02-29", "29/02/2024", "2024-02-291", "2024-02-29x", "20240229", "2024-02", "0202-05-01",
     "9999-12-31", "hoy", "", None],
)  # fmt: skip
def test_what_is_no_date_in_the_declared_form_is_missing(cell):
    assert dates(pd.Series([cell], dtype="str"), "%Y-%m-%d").isna().all()


def test_the_day_comes_first_where_the_form_says_so():
    assert dates(pd.Series(["03/04/2024"]), "%d/%m/%Y")[0] == pd.Timestamp("2024-04-03")


def test_text_is_tidied_without_turning_names_into_missing_values():
    written_names = pd.Series(["  Las  Peñas ", "Pen\u0303as", "NA", "None", "null", " ", None])

    assert tidy(written_names).fillna("·").tolist() == [
        "Las Peñas",
        "Peñas",
        "NA",
        "None",
        "null",
        "·",
        "·",
    ]


def test_what_cannot_be_a_key_is_told_apart_from_no_key():
    key, not_keys = keys(pd.Series(["22014_0586", " 007 ", "La Sierrita", "", None]))

    assert key.fillna("·").tolist() == ["22014_0586", "007", "·", "·", "·"]
    assert not_keys == 1


def test_only_the_rows_that_are_wanted_are_read(tmp_path):
    path = written(tmp_path, "fecha,mun\n2024-01-01,014\n2024-01-02,14\n2024-01-03,0141\n")
    said = {**EVENTS, "columns": {"date": "fecha"}}

    exact = read_rows(intake(path, said, where={"mun": "014"}))
    begins = read_rows(intake(path, said, where={"mun": "014*"}))

    assert (exact.read, list(exact.cells.index)) == (3, [0])
    assert list(begins.cells.index) == [0, 2]


def test_a_where_that_matches_nothing_is_a_slip(tmp_path):
    given = intake(tmp_path / "a.csv", EVENTS, where={"mun": "22"})

    with pytest.raises(SourceError, match=r"a\.csv has nothing that matches mun = 22\. Correct"):
        matching(given, pd.DataFrame({"mun": ["014", None]}))


def test_a_where_on_a_column_that_is_not_there_is_refused(tmp_path):
    given = intake(tmp_path / "a.csv", EVENTS, where={"municipio": "22"})

    with pytest.raises(SourceError, match="no column “municipio”"):
        matching(given, pd.DataFrame({"mun": ["014"]}))


def test_a_descriptor_without_a_column_that_is_needed_is_refused(tmp_path):
    path = events_file(tmp_path, "A,2024-01-01,,ROBO,,,")
    said = {**EVENTS, "columns": {"folio": "folio"}}

    with pytest.raises(SourceError, match="The descriptor of carpetas does not say which column"):
        read_rows(intake(path, said), "date")
