import numpy as np
import pandas as pd
import pytest

from labtools.demo.names import (
    INDUSTRIAL_PARK,
    PILOTS,
    as_clerks_write,
    colonia_names,
    without_accents,
    written_names,
)
from labtools.demo.people import COUNTS


def colonias(city):
    return city.people.colonias


def test_populations_are_those_of_a_large_municipality(city):
    population = colonias(city)["population"]

    assert 700_000 <= population.sum() <= 1_000_000
    assert population.median() == pytest.approx(1_500, rel=0.15)
    assert population.max() <= 16_000


def test_only_the_industrial_park_is_unpopulated_and_twelve_are_tiny(city):
    table = colonias(city)

    assert table.loc[table["population"] == 0, "name"].tolist() == [INDUSTRIAL_PARK]
    assert table["population"].between(1, 59).sum() == 12


def test_blocks_add_up_to_the_colonia_and_nobody_lives_outside(city):
    home = city.ground.blocks["colonia"]

    by_colonia = city.people.census["POBTOT"].groupby(home).sum()

    assert by_colonia[-1] == 0
    np.testing.assert_array_equal(by_colonia.drop(-1), colonias(city)["population"])


def test_the_census_agrees_with_itself(city):
    census = city.people.census

    assert (census["POBFEM"] + census["POBMAS"] == census["POBTOT"]).all()
    assert (census["P_15A17_M"] + census["P_18A24_M"] <= census["POBMAS"]).all()
    assert (census["PDESOCUP"] <= census["PEA"]).all()
    assert (census["TVIVHAB"] <= census["VIVTOT"]).all()
    assert (census[list(COUNTS)] >= 0).all(axis=None)


def test_less_schooling_where_marginality_is_higher(city):
    home = city.ground.blocks["colonia"]
    schooling = city.people.census["GRAPROES"].groupby(home).mean().drop(-1)

    assert np.corrcoef(schooling, colonias(city)["marginality"])[0, 1] < -0.9


def test_keys_are_in_order_with_numbers_skipped(city):
    keys = colonias(city)["colonia_id"]

    assert keys.is_unique
    assert keys.is_monotonic_increasing
    assert keys.str.fullmatch(r"99001_\d{4}").all()
    assert int(keys.iloc[-1][-4:]) > len(keys)


def test_homonyms_are_always_in_different_delegaciones(city):
    table = colonias(city)
    twins = table[table["name"].duplicated(keep=False)]

    assert len(twins) == 16
    assert (twins.groupby("name")["borough"].nunique() == 2).all()


def test_names_have_accents_apostrophes_abbreviations_and_the_pilots(city):
    names = colonias(city)["name"]

    for sign in ("ñ", "ó", "'", "Fracc.", "Sta. ", "1ra Sección", "Ampliación", "Ejido", "Barrio"):
        assert names.str.contains(sign, regex=False).any(), sign
    assert names.isin(PILOTS).sum() == 2


def test_any_seed_gives_enough_names():
    boroughs = np.repeat(np.arange(7), 59)[:412]

    counts = {len(colonia_names(boroughs, np.random.default_rng(seed))) for seed in range(40)}

    assert counts == {412}


def test_the_careful_clerk_drops_accents_and_nothing_else():
    written = as_clerks_write("Jardines de los Cañaverales", 0.0, np.random.default_rng(0))

    assert written == "JARDINES DE LOS CANAVERALES"


def test_the_careless_clerk_never_writes_the_same_way_for_long():
    rng = np.random.default_rng(0)
    written = {as_clerks_write("Fraccionamiento San Ángel", 1.0, rng) for _ in range(200)}

    assert "FRACC. S. ANGEL" in written
    assert "Fraccionamiento San Ángel" in written
    assert len(written) > 8


def test_a_share_of_the_names_written_is_of_no_colonia():
    names = np.full(4_000, "La Joya Azul")

    written = pd.Series(written_names(names, 0.0, 0.1, np.random.default_rng(2)))

    lost = (written != "LA JOYA AZUL").mean()
    assert lost == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 4_000))


def test_accents_go_and_letters_stay():
    assert without_accents("Peñón Órgano D'Alba") == "Penon Organo D'Alba"
