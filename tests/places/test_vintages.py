"""What became of each colonia from one register to the next, on squares."""

from datetime import date

import pandas as pd

from labtools.places.names import resolve_names
from labtools.places.vintages import aliases_of_changes, compare_registers
from tests.places.ground import register, square

METRES = "EPSG:6372"


def drawn(shapes, names):
    return register(shapes, name=names).set_crs(METRES, allow_override=True)


OLD = drawn(
    {
        "a": square(0, 0, 100),
        "b": square(200, 0, 100),
        "c": square(400, 0, 100),
        "d": square(600, 0, 100),
        "e": square(700, 0, 100),
        "f": square(900, 0, 100),
    },
    ["Igual", "El Rincón", "Navarra", "Uno", "Dos", "Perdida"],
)
NEW = drawn(
    {
        "a": square(1, 0, 100),  # a metre away: the same
        "b2": square(200, 0, 100),
        "c1": square(400, 0, 100).intersection(square(400, 0, 50).union(square(400, 50, 50))),
        "c2": square(450, 0, 50).union(square(450, 50, 50)),
        "de": square(600, 0, 100).union(square(700, 0, 100)),
        "g": square(1200, 0, 100),
    },
    ["IGUAL", "Rincón del Valle", "Navarra Norte", "Navarra Sur", "Uno y Dos", "Nueva"],
)


def found():
    table = compare_registers(OLD, NEW, crs=METRES).fillna({"old_id": "·", "new_id": "·"})
    return {(row.old_id, row.new_id): row.change for row in table.itertuples()}


def test_colonias_are_followed_by_their_surface():
    assert found() == {
        ("a", "a"): "same",
        ("b", "b2"): "renamed",
        ("c", "c1"): "split",
        ("c", "c2"): "split",
        ("d", "de"): "merged",
        ("e", "de"): "merged",
        ("f", "·"): "gone",
        ("·", "g"): "new",
    }


def test_shares_of_surface_are_told_for_both():
    table = compare_registers(OLD, NEW, crs=METRES).set_index(["old_id", "new_id"])

    assert table.loc[("c", "c1"), ["of_old", "of_new"]].round(6).tolist() == [0.5, 1]
    assert table.loc[("d", "de"), ["of_old", "of_new"]].round(6).tolist() == [1, 0.5]


def test_half_of_a_colonia_that_went_to_another_is_redrawn_and_gives_no_alias():
    new = drawn({"x": square(50, 0, 100)}, ["Igual"])

    changes = compare_registers(OLD.iloc[:1], new, crs=METRES)

    assert changes["change"].tolist() == ["redrawn"]
    assert aliases_of_changes(changes, OLD, date(2026, 1, 1)).empty


def test_old_names_mean_their_new_colonia_and_that_of_a_split_one_means_none():
    changes = compare_registers(OLD, NEW, crs=METRES)
    aliases = aliases_of_changes(changes, OLD, date(2026, 1, 1))

    resolved = resolve_names(
        pd.Series(["el rincon", "Navarra", "Dos", "Perdida"]), None, NEW, aliases=aliases
    )

    assert resolved.colonia_id.fillna("·").tolist() == ["b2", "·", "de", "·"]
    assert resolved.quality.tolist()[:3] == ["by_name", "ambiguous_name", "by_name"]
    assert set(aliases["why"]) == {"renamed 2026-01-01", "split 2026-01-01", "merged 2026-01-01"}
