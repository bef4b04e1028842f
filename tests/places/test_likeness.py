"""Names with slips: hard cases with known truth, of names that the thresholds were not set on."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from labtools.demo.names import BOROUGHS, colonia_names
from labtools.places.names import name_queue, resolve_in_time, resolve_names
from labtools.places.spelling import fold_name, sound_of, take_apart
from labtools.tables.contracts import check_table
from tests.places.ground import register, square
from tests.places.misspelling import hard_cases

TOWN = register(
    {f"22014_{at:04}": square(at, 0) for at in range(8)},
    name=[
        "Jardines de la Hacienda",
        "Villas del Cimatario",
        "Vistas del Cimatario",
        "Puerta Navarra",
        "Puerta Navarra (Aberin)",
        "San José 1ra Sección",
        "San José 2da Sección",
        "Fraccionamiento Peñuelas",
    ],
    borough=["Norte", "Sur", "Sur", "Norte", "Norte", "Norte", "Norte", "Sur"],
)


def resolved(name, borough=None, **options):
    asked = (pd.Series([text], dtype="str") for text in (name, borough))
    found = resolve_names(*asked, TOWN, **options)
    return found.colonia_id.fillna("·")[0][-1], found.quality[0]


@pytest.mark.parametrize(
    "written",
    [
        "Jardnes de la Hacienda",
        "jardinez de la asienda",
        "Jardines Hacienda",
        "JARD. DE LA HCIENDA",
    ],
)
def test_a_name_with_slips_is_the_one_colonia_that_it_is_like(written):
    assert resolved(written) == ("0", "by_likeness")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Barrio de San Juan", "BO. SN. JUAN"), ("Unidad Habitacional del Valle", "U.H. Valle")],
)
def test_the_word_that_joins_a_kind_of_place_to_its_name_is_often_left_out(one, other):
    assert take_apart(fold_name(one)) == take_apart(fold_name(other))


@pytest.mark.parametrize("written", ["Fracc. PeÃ±uelas", "FRACC. PEÃ‘UELAS"])
def test_letters_torn_by_a_wrong_encoding_are_mended(written):
    assert resolved(written) == ("7", "by_name")


@pytest.mark.parametrize("written", ["22014_0003", "(22014_0003) Navarra", "clave 22014_0003"])
def test_a_written_key_is_its_colonia(written):
    assert resolved(written) == ("3", "by_name")


@pytest.mark.parametrize(
    ("register_says", "written"),
    [
        ("Las Palmas", "LAS PALOMAS"),
        ("Santa María", "SANTA MARTA"),
        ("Santa María", "SANTA MARINA"),
        ("Loma Linda", "LOMA LINDO"),
        ("Los Pinos", "LOS PICOS"),
        ("Las Puertas", "LAS HUERTAS"),
    ],
)
def test_a_slip_that_makes_another_word_of_names_is_for_a_person(register_says, written):
    town = register({"1": square(0, 0)}, name=[register_says])

    found = resolve_names(pd.Series([written]), None, town)

    assert found.quality[0] == "doubtful_name"
    assert found.likest[0] == "1"


def test_two_keys_are_no_one_s():
    assert resolved("22014_0003 o 22014_0004")[0] == "·"


@pytest.mark.parametrize(
    "written",
    [
        "San José Sección",  # which one?
        "Viltas del Cimatario",  # between two colonias
        "Puerta Navara",  # may be the beginning of a longer name
        "Fracc. San José 3ra Sección",  # a section that is not in the register
        "del Cimatario",  # a word was lost
        "Barrio Peñuelas",  # another kind of place
        "Pedregal",
    ],
)
def test_what_may_be_another_colonia_is_left_for_a_person(written):
    key, quality = resolved(written)

    assert key == "·"
    assert quality in {"doubtful_name", "unknown_name"}


def test_a_name_like_a_colonia_of_another_borough_is_not_it():
    assert resolved("Jardnes de la Hacienda", "Sur")[0] == "·"
    assert resolved("Jardnes de la Hacienda", "Norte") == ("0", "by_likeness")


def test_numbers_sections_and_kinds_are_told_apart_from_the_name_itself():
    taken = take_apart(fold_name("Fracc. Loma IX Norte 2a. Secc."))

    assert (taken.core, taken.marks) == ("loma", ("9", "norte", "2"))
    assert taken.kinds == {"fraccionamiento", "seccion"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("vizcaino", "biscaino"), ("xochitl", "jochitl"), ("hacienda", "asienda")],
)
def test_names_that_sound_alike_are_compared_by_their_sound(one, other):
    assert sound_of(one) == sound_of(other)


def alias(name, key=None, first=None, last=None):
    return {
        "colonia_id": key,
        "name": name,
        "borough": None,
        "valid_from": pd.Timestamp(first) if first else pd.NaT,
        "valid_until": pd.Timestamp(last) if last else pd.NaT,
        "why": None,
    }


def aliases(*rows):
    table = pd.DataFrame(list(rows))
    texts = dict.fromkeys(("colonia_id", "name", "borough", "why"), "str")
    return table.astype({**texts, "valid_from": "datetime64[ns]", "valid_until": "datetime64[ns]"})


def test_what_a_person_decided_goes_before_everything():
    decided = aliases(alias("Villas del Cimatario", "22014_0002"), alias("El Tanque", "22014_0003"))

    assert resolved("villas del cimatario", aliases=decided) == ("2", "by_name")
    assert resolved("EL TANQUE", aliases=decided) == ("3", "by_name")


def test_a_name_decided_to_be_no_colonia_is_no_place_and_waits_for_nobody():
    decided = aliases(alias("Domicilio conocido"))

    assert resolved("DOMICILIO CONOCIDO", aliases=decided) == ("·", "no_place")


def test_an_alias_with_slips_means_its_colonia_too():
    decided = aliases(alias("Huerta del Marquesado", "22014_0003"))

    assert resolved("HUERTA DEL MARQUEZADI", aliases=decided) == ("3", "by_likeness")


def in_time(*rows, known):
    events = pd.DataFrame(rows, columns=["place", "occurred_on"])
    events["occurred_on"] = pd.to_datetime(events["occurred_on"])
    events["borough"] = pd.Series(None, index=events.index, dtype="str")
    found = resolve_in_time(events, TOWN, known)
    return list(zip(found.colonia_id.fillna("·").str[-1], found.quality, strict=True))


def test_a_colonia_that_was_renamed_goes_by_its_old_name_until_that_day():
    known = aliases(alias("El Rincón", "22014_0000", last="2022-01-01"))

    found = in_time(("El Rincón", "2021-12-31"), ("El Rincón", "2022-01-01"), known=known)

    assert found == [("0", "by_name"), ("·", "unknown_name")]


def test_the_name_of_a_colonia_that_was_split_means_neither_part():
    known = aliases(
        alias("Navarra", "22014_0003", first="2020-01-01"),
        alias("Navarra", "22014_0004", first="2023-06-01"),
    )

    found = in_time(
        ("Navarra", "2019-12-31"), ("Navarra", "2023-05-31"), ("Navarra", "2023-06-01"), known=known
    )

    assert [quality for _, quality in found][1:] == ["by_name", "ambiguous_name"]
    assert [key for key, _ in found] == ["·", "3", "·"]


def test_the_queue_holds_each_open_name_once_with_its_events_and_what_it_may_be():
    names = pd.Series(["Vilas Cimatario", "VILAS CIMATARIO", "Puerta Navarra", "Ningún Lugar"])
    boroughs = pd.Series(None, index=names.index, dtype="str")

    queue = name_queue(names, boroughs, resolve_names(names, boroughs, TOWN))

    check_table("name_queue", queue)
    assert queue[["written", "events"]].to_numpy().tolist() == [
        ["Vilas Cimatario", 2],
        ["Ningún Lugar", 1],
    ]
    assert queue["likest"][0] == "22014_0001"
    assert 0.6 < queue["runner_up"][0] < queue["score"][0] < 1
    assert pd.isna(queue["likest"][1])


def measured(town, seed):
    """Return accepted, right among them, and of the unknown names those not accepted (shares)."""
    cases, known = hard_cases(town, np.random.default_rng(seed))
    found = resolve_names(cases["written"].astype("str"), cases["borough"].astype("str"), known)
    accepted = found.colonia_id.notna()
    right = accepted & (found.colonia_id.astype(object) == cases["truth"].astype(object))
    unknown = cases["truth"].isna()
    return {
        "cases": len(cases),
        "accepted": int(accepted.sum()),
        "precision": right.sum() / accepted.sum(),
        "recall": right.sum() / (~unknown).sum(),
        "abstention_when_unknown": (~accepted[unknown]).mean(),
    }


def demo_town():
    rng = np.random.default_rng(2026)
    borough = np.sort(rng.integers(0, len(BOROUGHS), 412))
    return pd.DataFrame(
        {
            "colonia_id": [f"99001_{at:04}" for at in range(412)],
            "name": colonia_names(borough, rng),
            "borough": np.array(BOROUGHS)[borough],
        }
    ).astype("str")


def test_of_the_demo_s_names_written_in_a_hundred_wrong_ways_hardly_any_is_misplaced():
    found = measured(demo_town(), seed=101)

    assert found["precision"] >= 0.995
    assert found["recall"] > 0.6
    assert found["abstention_when_unknown"] > 0.98


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("cdmx/colonias_imc2020.geojson", ("CVE_COL", "NOM_COLONIA", "NOM_MUN")),
        ("cdmx/colonias_iecm.gpkg", ("CVEUT", "NOMUT", "NOMDT")),
        ("queretaro/colonias_imc2020.geojson", ("CVE_COL", "NOM_COLONIA", None)),
    ],
)
def test_of_real_names_written_in_a_hundred_wrong_ways_hardly_any_is_misplaced(
    real_data, file, columns
):
    town = gpd.read_file(real_data / file, ignore_geometry=True)
    ours = ("colonia_id", "name", "borough")
    given = {
        mine: town[theirs] if theirs else None for mine, theirs in zip(ours, columns, strict=True)
    }
    table = pd.DataFrame(given, index=town.index)
    if not columns[2]:
        table = table[table["colonia_id"].str.startswith("22014")].reset_index(drop=True)

    found = measured(table, seed=101)

    assert found["precision"] >= 0.995
    assert found["recall"] > 0.6
    assert found["abstention_when_unknown"] > 0.98
