import pandas as pd
import pytest

from labtools.places.names import fold_name, resolve_names
from tests.places.ground import register, square

TOWN = register(
    {str(at): square(at, 0) for at in range(7)},
    name=[
        "Lomas de San Ángel Inn",
        "Centro",
        "Centro",
        "Fraccionamiento Las Peñas 1a. Sección",
        "Niños Héroes",
        "—",
        "San Pedro",
    ],
    borough=["Norte", "Norte", "Sur", "Sur", "Sur", "Sur", None],
)


def resolved(*asked):
    """Return the key and the quality of each name, asked with or without its borough."""
    pairs = [name if isinstance(name, tuple) else (name, None) for name in asked]
    names, boroughs = (pd.Series(cells, dtype="str") for cells in zip(*pairs, strict=True))
    found = resolve_names(names, boroughs, TOWN)
    return list(zip(found.colonia_id.fillna("·"), found.quality, strict=True))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("1ra. Secc. Sta. Lucía", "primera seccion santa lucia"),
        ("COL.  EL   PEÑÓN", "el penon"),
        ("U. Hab. Gral. Ignacio Zaragoza", "unidad habitacional general ignacio zaragoza"),
        ("Pen\u0303o\u0301n", "penon"),
        ("Ampl. 10 de Mayo", "ampliacion 10 de mayo"),
        ("—", ""),
    ],
)
def test_a_name_is_compared_without_case_accents_punctuation_or_abbreviations(written, folded):
    assert fold_name(written) == folded


@pytest.mark.parametrize(
    "written",
    [
        "Fracc. Las Penas Primera Secc.",
        "FRACCIONAMIENTO LAS PEÑAS 1RA SECCION",
        "  Fto.  las peñas, 1a. secc. ",
        "Frac Las Pen\u0303as 1era. Sección",
    ],
)
def test_a_name_written_in_another_way_is_found(written):
    assert resolved(written) == [("3", "by_name")]


def test_a_name_of_two_colonias_is_no_one_s_without_its_borough():
    assert resolved("Centro", ("Centro", "Sur"), ("centro", "NORTE")) == [
        ("·", "ambiguous_name"),
        ("2", "by_name"),
        ("1", "by_name"),
    ]


def test_a_borough_that_no_row_shares_with_the_register_says_nothing():
    assert resolved(("Niños Héroes", "Zona 3"), ("Centro", "Zona 3")) == [
        ("4", "by_name"),
        ("·", "ambiguous_name"),
    ]


def test_a_name_of_a_borough_that_is_none_of_ours_is_for_a_person():
    asked = [("Niños Héroes", "Corregidora"), ("Niños Héroes", "Sur"), ("Niñoss Héroes", "Sru")]

    assert resolved(*asked) == [("·", "doubtful_name"), ("4", "by_name"), ("·", "doubtful_name")]


def test_where_the_column_holds_the_municipality_another_one_is_none_of_ours():
    asked = [("Niños Héroes", "Querétaro")] * 3 + [("Niños Héroes", "Corregidora")]

    assert resolved(*asked) == [("4", "by_name")] * 3 + [("·", "doubtful_name")]


def test_what_a_person_decided_of_a_name_of_another_borough_holds():
    decided = pd.DataFrame(
        {"colonia_id": ["4"], "name": ["Niños Héroes"], "borough": ["Corregidora"]}, dtype="str"
    )
    asked = [pd.Series(["Niños Héroes", "Centro"]), pd.Series(["Corregidora", "Norte"])]

    found = resolve_names(*asked, TOWN, aliases=decided)

    assert list(found.colonia_id) == ["4", "1"]


def test_a_colonia_is_not_sought_in_another_borough_than_the_written_one():
    assert resolved(("Niños Héroes", "Norte")) == [("·", "unknown_name")]


def test_a_colonia_whose_borough_is_not_known_may_be_in_any():
    assert resolved(("San Pedro", "Norte"), "San Pedro") == [("6", "by_name")] * 2


def test_a_name_is_never_guessed_from_a_part_of_it():
    names = ("Peñas", "Niños", "Lomas de San Ángel")

    assert {key for key, _ in resolved(*names)} == {"·"}


def test_a_place_without_a_name_is_not_the_colonia_without_a_name():
    assert resolved(None, "", "—", "...") == [("·", "no_place")] * 4


def test_boroughs_may_be_left_out():
    found = resolve_names(pd.Series(["niños heroes"], index=[7]), None, TOWN)

    assert found.colonia_id.to_dict() == {7: "4"}
