import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.sources.census import clean_census
from labtools.tables.contracts import check_table
from tests.sources.supplied import intake, written

CENSUS = {
    "kind": "census",
    "columns": {
        "entity": "ENTIDAD",
        "municipality": "MUN",
        "locality": "LOC",
        "ageb": "AGEB",
        "block": "MZA",
        "population": "POBTOT",
        "dwellings": "TVIVHAB",
    },
    "tokens": {"*": "confidential", "N/D": "not_available"},
}
FILE = """ENTIDAD,MUN,LOC,AGEB,MZA,POBTOT,TVIVHAB
22,000,0000,0000,000,150,40
22,014,0000,0000,000,140,38
22,014,0001,0000,000,140,38
22,014,0001,001A,000,100,30
22,014,0001,001A,001,60,N/D
22,014,0001,001A,002,40,*
22,014,0001,0024,000,40,*
22,014,0001,0024,001,40,8
22,006,0001,0017,000,10,2
"""


def cleaned(folder, text=FILE, where=None, said=CENSUS):
    path = written(folder, text, "censo.csv")
    return clean_census(
        intake(path, said, source="censo", where={"MUN": "014"} if where is None else where)
    )


def test_only_the_totals_of_each_ageb_are_kept_and_nobody_is_counted_twice(tmp_path):
    found = cleaned(tmp_path)

    table = check_table("census", found.tables["census"])
    people = table[table["variable"] == "POBTOT"].set_index("ageb_id")["value"]
    assert people.to_dict() == {"220140001001A": 100, "2201400010024": 40}


def test_every_row_is_accounted_for_by_its_level(tmp_path):
    account = cleaned(tmp_path).account

    assert (account.read, account.kept) == (9, 2)
    assert account.rejected == {
        "block_row": 3,
        "locality_total_row": 1,
        "municipality_total_row": 1,
        "of_another_municipality": 2,
    }


def test_a_confidential_cell_is_missing_and_counted(tmp_path):
    found = cleaned(tmp_path)

    table = found.tables["census"]
    dwellings = table[table["variable"] == "TVIVHAB"].set_index("ageb_id")["value"]
    assert dwellings.fillna(-1).to_dict() == {"220140001001A": 30, "2201400010024": -1}
    assert found.account.changed == {"cells_without_figure": 1, "missing_confidential": 1}


def test_names_of_columns_may_come_in_small_letters(tmp_path):
    header, rows = FILE.split("\n", maxsplit=1)

    found = cleaned(tmp_path, f"{header.lower()}\n{rows}", where={"mun": "014"})

    assert found.account.kept == 2


def test_a_token_that_nobody_declared_is_refused(tmp_path):
    text = FILE.replace("001A,000,100", "001A,000,1 00")

    with speaking("en"), pytest.raises(SourceError, match=r"“POBTOT”: “1 00” in row 5 is not"):
        cleaned(tmp_path, text)


@pytest.mark.parametrize(
    "line",
    ["Fuente: INEGI. Censo 2020", "Fuente: INEGI. Censo 2020,,,,,,", ",,,,,,", '"Nota: * es dato"',
     "Clave de entidad,Municipio,Localidad,AGEB,Manzana,Población total,Viviendas habitadas",
     "ENTIDAD,MUN,LOC,AGEB,MZA,POBTOT,TVIVHAB"],
)  # fmt: skip
@pytest.mark.parametrize("first", [True, False])
def test_a_note_or_a_second_header_is_set_apart_and_the_rest_is_read(tmp_path, line, first):
    header, rows = FILE.split("\n", maxsplit=1)
    text = f"{header}\n{line}\n{rows}" if first else f"{FILE}{line}\n"

    found = cleaned(tmp_path, text, where={})

    people = found.tables["census"].query("variable == 'POBTOT'").set_index("ageb_id")["value"]
    assert people.to_dict() == {"220140001001A": 100, "2201400010024": 40, "2200600010017": 10}
    assert found.account.read == 10
    assert found.account.rejected["row_cut_short"] == 1
    assert "keys_mended" not in found.account.changed


def test_a_key_that_is_none_beside_a_confidential_figure_is_refused(tmp_path):
    text = FILE.replace("22,014,0001,0024,000,40,*", "22,014,0001,0Z24,000,*,*")

    with speaking("en"), pytest.raises(SourceError, match="“0Z24” in row 8 is no key"):
        cleaned(tmp_path, text)


def test_a_row_with_its_keys_and_a_word_for_a_figure_is_refused(tmp_path):
    text = FILE.replace("22,014,0001,0024,000,40,*", "22,014,0001,0024,000,muchos,varias")

    with speaking("en"), pytest.raises(SourceError, match="“muchos” in row 8 is not"):
        cleaned(tmp_path, text)


def test_a_municipality_that_is_not_there_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match="nothing that matches MUN = 14"):
        cleaned(tmp_path, where={"MUN": "14"})


def test_a_file_without_blocks_is_refused(tmp_path):
    with speaking("en"), pytest.raises(SourceError, match=r"censo\.csv has no column “MZA”"):
        cleaned(tmp_path, FILE.replace("MZA", "MANZANA"))


def test_people_outside_every_urban_area_are_told(tmp_path):
    more = FILE.replace("22,014,0000,0000,000,140", "22,014,0000,0000,000,155")

    (finding,) = cleaned(tmp_path, more).findings

    with speaking("en"):
        assert "of 155 people, 140 live in urban AGEBs; the other 15 live" in str(finding)


def test_nothing_is_told_where_everybody_lives_in_an_urban_area(tmp_path):
    assert cleaned(tmp_path).findings == ()
