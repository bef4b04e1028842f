import pandas as pd
import pytest

from labtools.demo.batteries import ITEMS
from labtools.demo.kinds import kinds, titles
from labtools.demo.supplier_tables import MONTH_NAMES


@pytest.fixture(scope="module")
def national(folder):
    return pd.read_csv(folder / "IDM_NM.csv", encoding="latin-1", dtype={"Cve. Municipio": str})


@pytest.fixture(scope="module")
def register(folder):
    return pd.read_csv(folder / "programa_colonias.csv", dtype=str, keep_default_na=False)


def test_the_national_count_has_the_publishers_header_in_latin_1(national, folder):
    with pytest.raises(UnicodeDecodeError):
        (folder / "IDM_NM.csv").read_bytes().decode("utf-8")

    assert list(national.columns) == [
        *("Año", "Clave_Ent", "Entidad", "Cve. Municipio", "Municipio"),
        *("Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad"),
        *MONTH_NAMES,
    ]


def test_three_municipalities_have_every_title_every_year(national):
    rows = national.groupby(["Cve. Municipio", "Año"]).size()

    assert len(rows) == 3 * 6
    assert (rows == len(titles())).all()


def test_totals_by_type_are_those_of_the_case_files_opened_each_month(national, folder):
    case_files = pd.read_csv(folder / "carpetas_investigacion.csv").drop_duplicates("folio")
    of_name = {kind.name[:60]: kind.title[1] for kind in kinds()}
    crime_type = case_files["delito"].str[:60].map(of_name)
    opened = pd.to_datetime(case_files["fecha_inicio"])
    expected = case_files.groupby([crime_type, opened.dt.year, opened.dt.month]).size()

    here = national[national["Cve. Municipio"] == "99001"]
    by_month = here.groupby(["Tipo de delito", "Año"])[list(MONTH_NAMES)].sum()
    found = by_month.set_axis(range(1, 13), axis=1).stack()

    assert found[found > 0].to_dict() == expected.to_dict()


def test_the_survey_has_coded_answers_only(folder):
    survey = pd.read_csv(folder / "encuesta_percepcion.csv", encoding="utf-8-sig", dtype=str)

    assert set(survey["OLEADA"]) == {"2024-05", "2024-11", "2025-05", "2025-11"}
    items = ("BP1_1", "BP1_2_03", "BP1_2_09", "BP1_4_1", "BP1_4_2", "BP1_4_3", *ITEMS)
    for name in items:
        assert set(survey[name]) == {"1", "2", "9"}, name
    assert set(survey["COHESION"]) == {"1", "2", "3", "4", "5", "9"}
    assert set(survey["DENUNCIO"].dropna()) == {"1", "2"}
    assert survey["CVE_COL"].str.startswith("99001_").all()
    assert (survey["FAC_SEL"].astype(int) > 0).all()


def test_each_cluster_of_the_survey_belongs_to_one_stratum_and_one_colonia(folder):
    survey = pd.read_csv(folder / "encuesta_percepcion.csv", encoding="utf-8-sig", dtype=str)

    homes = survey.groupby("UPM_DIS")[["EST_DIS", "CVE_COL", "DELEGACION"]].nunique()

    assert (homes == 1).all(axis=None)


def test_the_city_series_begins_in_2020_and_says_insecurity(folder):
    series = pd.read_csv(folder / "ensu_ciudad.csv")

    assert list(series.columns) == ["trimestre", "ciudad", "indicador", "porcentaje", "cv"]
    assert series["trimestre"].tolist()[:2] == ["2020T1", "2020T3"]
    assert series["trimestre"].iloc[-1] == "2025T4"
    assert set(series["indicador"]) == {"inseguridad"}
    assert series["porcentaje"].between(30, 90).all()


def test_the_register_lists_208_colonias_by_stage_and_date(register):
    entries = register.groupby(["etapa", "fecha_alta"]).size().to_dict()

    assert entries == {
        ("1", "2022-11-01"): 126,
        ("2", "2024-01-15"): 2,
        ("3", "2024-06-01"): 27,
        ("4", "2024-11-01"): 27,
        ("5", "2025-05-01"): 26,
    }
    assert (register["fecha_baja"] == "").all()


def test_actions_are_of_colonias_in_the_register_on_or_after_their_entry(register, folder):
    actions = pd.read_csv(folder / "acciones_programa.csv", dtype={"cve_col": str})
    entry = register.set_index("cve_col")["fecha_alta"]

    assert actions["id"].is_unique
    assert actions["cve_col"].isin(entry.index).all()
    assert (actions["fecha"].to_numpy() >= entry[actions["cve_col"]].to_numpy()).all()
    assert actions["tipo"].nunique() == 7
    assert actions.groupby("tipo")["unidad"].nunique().eq(1).all()
