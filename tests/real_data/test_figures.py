"""What publishers' files hold, read by the loaders: counted apart when the files were collected."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.places.points import assign_points
from labtools.sources.catalogue import CLEANERS
from labtools.sources.descriptor import load_descriptor
from labtools.sources.files import batches
from labtools.sources.protocol import Cleaned, Intake, fold_text
from labtools.tables.account import read_accounts
from labtools.tables.store import read_table

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

#: Names of columns and tokens in the census as its carrier ships it.
CENSUS = MappingProxyType({"entity": "cve_ent", "municipality": "cve_mun", "locality": "cve_loc"})


def cleaned(
    path: Path, descriptor: str, *, where=None, columns=None, tokens=None, cutoff="2025-12-31"
) -> Cleaned:
    """Return what the loader of a kind makes of a real file."""
    said = load_descriptor(descriptor, Workbench(path.parent))
    own = {
        "columns": {**said.columns, **(columns or {})},
        "tokens": {**said.tokens, **(tokens or {})},
    }
    intake = Intake(
        source="prueba",
        path=path,
        descriptor=said.model_copy(update=own),
        cutoff=pd.Timestamp(cutoff),
        key=bytes(32),
        where=where or {},
    )
    return CLEANERS[said.kind](intake)


@pytest.fixture(scope="module")
def state(real_data):
    return cleaned(real_data / "queretaro" / "colonias_imc2020.geojson", "colonias_conapo_2020")


def test_the_state_of_queretaro_has_2738_colonias_with_ten_broken_polygons(state):
    colonias = state.tables["colonias"]

    assert (state.account.read, state.account.kept) == (2_738, 2_738)
    assert dict(state.account.changed) == {"polygon_repaired": 10}
    assert colonias["population"].min() == 20


def test_the_municipality_has_1400_of_them_and_989406_people(state):
    colonias = state.tables["colonias"]
    mine = colonias[colonias["colonia_id"].str.startswith("22014_")]

    assert len(mine) == 1_400
    assert mine["population"].sum() == 989_406


def test_mexico_city_has_2243_colonias_of_conapo_and_1814_of_its_electoral_institute(real_data):
    conapo = cleaned(real_data / "cdmx" / "colonias_imc2020.geojson", "colonias_conapo_2020")
    iecm = cleaned(real_data / "cdmx" / "colonias_iecm.gpkg", "colonias_iecm")

    assert len(conapo.tables["colonias"]) == 2_243
    assert conapo.tables["colonias"]["population"].sum() == 9_104_586
    assert len(iecm.tables["colonias"]) == 1_814
    assert dict(iecm.account.changed) == {"polygon_repaired": 5}


def test_the_state_has_908_census_areas_and_the_municipality_435(real_data):
    path = real_data / "queretaro" / "ageb_22.geojson"

    every = cleaned(path, "ageb_inegi", columns={"id": "cvegeo"})
    mine = cleaned(path, "ageb_inegi", columns={"id": "cvegeo"}, where={"cve_agem": "014"})

    assert len(every.tables["ageb"]) == 908
    assert len(mine.tables["ageb"]) == 435


@pytest.fixture(scope="module")
def census(real_data):
    return cleaned(
        real_data / "queretaro" / "RESAGEBURB_22CSV20.csv.bz2",
        "census_inegi_2020",
        columns=CENSUS,
        tokens={"NA": "confidential"},
        where={"cve_mun": "014"},
    )


def test_the_census_has_29818_rows_and_430_areas_of_the_municipality(census, real_data):
    people = census.tables["census"].query("variable == 'POBTOT'")

    path = real_data / "queretaro" / "RESAGEBURB_22CSV20.csv.bz2"
    assert next(batches(path, FileFormat(), rows=5)).shape[1] == 230
    assert census.account.read == 29_818
    assert len(people) == 430
    assert people["value"].sum() == 1_002_636


def test_people_of_the_municipality_who_live_in_no_urban_area_are_told(census):
    (finding,) = census.findings

    assert finding.facts["everybody"] == "1,049,777"
    assert finding.facts["counted"] == "1,002,636"
    assert finding.facts["elsewhere"] == f"{1_049_777 - 1_002_636:,}"


def test_each_census_area_has_its_polygon(census, real_data):
    path = real_data / "queretaro" / "ageb_22.geojson"
    ageb = cleaned(path, "ageb_inegi", columns={"id": "cvegeo"}).tables["ageb"]

    counted = set(census.tables["census"]["ageb_id"])

    assert len(counted & set(ageb["ageb_id"])) == len(counted) == 430


def test_the_case_files_of_mexico_city_are_read_whole_with_their_quirks(cdmx, real_data):
    (account,) = (
        it for it in read_accounts(cdmx.accounts) if (it.step, it.source) == ("clean", "carpetas")
    )
    events = read_table("events", cdmx.interim("clean"), as_name="carpetas.events")

    assert len(events) == 1_099_353
    assert (account.read, account.kept) == (1_099_353, 1_099_353)
    # 94,304 of them (8.6 %) are written 12:00:00 and 704 12:00:00:00, counted with awk.
    assert account.changed["hour_exactly_noon"] == 94_304 + 704
    assert account.changed["exact_duplicates_kept"] > 0
    assert (events["lon"] < -100).sum() == 1  # near León, in a file of Mexico City
    # 317 as written; one of them is another with a space at its end, which cleaning takes off.
    assert events["subject"].nunique() == 316
    for file, descriptor, share in (
        ("colonias_imc2020.geojson", "colonias_conapo_2020", 0.995),
        ("colonias_iecm.gpkg", "colonias_iecm", 0.999),
    ):
        register = cleaned(real_data / "cdmx" / file, descriptor).tables["colonias"]
        holder = assign_points(events["lon"].to_numpy(), events["lat"].to_numpy(), register)
        assert round((holder >= 0).mean(), 3) == share, file


def test_the_victims_of_the_national_count_are_read_whole(real_data):
    path = real_data / "sesnsp" / "db_victimas_delitos_ent_long.csv.bz2"

    found = cleaned(path, "sesnsp_state_victims", where={"cve_ent": "22"})

    assert found.account.read == 927_360
    assert found.account.kept == 927_360 // 32


def test_the_months_that_the_municipal_count_does_not_have_yet_are_not_zero(real_data):
    path = real_data / "sesnsp" / "guanajuato_homicidios_gto_2020_2025_raw.csv"

    found = cleaned(path, "sesnsp_municipal")

    counts = found.tables["official_counts"]
    december = counts[counts["month"] == "2025-12-01"]
    assert found.account.read == 2_484
    assert next(batches(path, FileFormat(), rows=5)).shape[1] == 21
    assert december.empty or december["events"].isna().all()
    assert counts[counts["month"] == "2025-11-01"]["events"].notna().all()


def test_the_ensu_file_that_is_known_to_be_wrong_is_refused_with_all_its_reasons(real_data):
    (path,) = (real_data / "ensu").glob("ENSU_unweighted_*.csv")

    with speaking("en"), pytest.raises(SourceError) as refused:
        cleaned(path, "ensu_city_demo")

    told = str(refused.value)
    assert refused.value.facts["n"] == 5
    assert "line 3,021 was encoded twice" in told
    assert "8,370 cells have a line break inside" in told  # 13,830 returns, 5,460 at a line's end
    assert "up to 3 times; the first is 2017 | 1 |" in told
    assert "“PCT_SEGUROS” is “TOTAL_SEGUROS” over “TOTAL_REGISTROS”" in told
    assert "safe and unsafe are probably exchanged" in told


def decoded_once_more(name):
    """Return a name whose letters were encoded twice as it was."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def test_it_is_refused_as_well_when_somebody_mended_its_letters_and_its_columns(
    real_data, tmp_path
):
    (path,) = (real_data / "ensu").glob("ENSU_unweighted_*.csv")
    wrong = pd.read_csv(path, lineterminator="\n")
    mended = pd.DataFrame(
        {
            "trimestre": wrong["AÑO"].astype(str) + "-T" + wrong["TRIMESTRE"].astype(str),
            "ciudad": (wrong["NOM_ENT"].str.strip() + " " + wrong["NOM_MUN"].str.strip()).map(
                decoded_once_more
            ),
            "indicador": "inseguridad",
            "porcentaje": wrong["PCT_INSEGUROS"],
            "cv": 5,
        }
    )
    again = mended[["trimestre", "ciudad"]].apply(fold_text).duplicated()
    mended[~again & (mended["porcentaje"] > 2)].to_csv(tmp_path / "mended.csv", index=False)

    with speaking("en"), pytest.raises(SourceError, match="probably exchanged"):
        cleaned(tmp_path / "mended.csv", "ensu_city_demo")


def test_marginality_of_the_municipality_is_read_for_every_colonia(state):
    table = state.tables["indicators"]
    mine = table[
        table["colonia_id"].str.startswith("22014_") & (table["indicator"] == "marginality")
    ]

    assert len(mine) == 1_400
    assert mine["value"].notna().all()
