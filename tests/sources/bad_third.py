"""Bad files that an audit found read without a word: what is missing, and what stands twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sources.bad_case import (
    NO_FOLIO,
    Bad,
    Found,
    by_month,
    events_text,
    fifty,
    read_events,
    told_by,
)
from tests.sources.bad_counts import HEADER as MUNICIPAL_HEADER
from tests.sources.bad_counts import MUNICIPAL, line
from tests.sources.supplied import EVENTS, EVENTS_HEADER, clean, intake, written

OPEN_MONTHS = {f"2024-{m:02}": 5 if m <= 2 else 4 for m in range(1, 13)}


def without(*months: str) -> list[str]:
    return [row for row in fifty() if row.split(",")[1][:7] not in months]


def months(name: str, rows: list[str], said: Any = EVENTS, **verdict: Any) -> Bad:
    def run(folder: Path) -> Found:
        return by_month(read_events(folder, events_text(rows), said, first_day="2024-01-01"))

    return Bad("dates", name, run, **verdict)


def many(months_left_out: tuple[str, ...]) -> list[str]:
    """Return twenty events in each month of 2024, save those left out."""
    return [
        f"G{m}-{n},2024-{m:02}-{n + 3:02},08:30:00,ROBO,-100.43{n:04},20.56{n + m:04},"
        for m in range(1, 13)
        if f"2024-{m:02}" not in months_left_out
        for n in range(20)
    ]


def _at_new_year(at: int, row: dict[str, str]) -> None:
    if at >= 25:
        row["fecha"] = "2024-01-01"


def exported_twice(name: str, spelt: Callable[[str], str], **verdict: Any) -> Bad:
    """Write every event again, its folio spelt otherwise."""

    def run(folder: Path) -> Found:
        rows = fifty(lambda at, row: row.update(folio=f"{100 + at}"))
        if "CI" in name:
            rows = [f"CI/{row}" for row in rows]
        return by_month(read_events(folder, events_text([*rows, *map(spelt, rows)])))

    return Bad("shape", name, run, **verdict)


def _times_otherwise(folder: Path) -> Found:
    header = EVENTS_HEADER.removeprefix("folio,")
    rows = [
        f"2024-{i % 12 + 1:02}-{i % 28 + 1:02},08:{i:02}:00,ROBO,-100.44{i:04},20.56{i:04},Centro"
        for i in range(60)
    ]
    again = [row.replace(":00,ROBO", ",ROBO") for row in rows]
    return by_month(
        clean(intake(written(folder, "\n".join([header, *rows, *again, ""])), NO_FOLIO))
    )


def _other_folios(folder: Path) -> Found:
    rows = fifty()
    again = [f"Z{row}" for row in rows]
    return by_month(read_events(folder, events_text([*rows, *again])))


def _corrected(folder: Path) -> Found:
    """Two rows of one municipality, the second with the name spelt otherwise and other figures."""
    header = [*MUNICIPAL_HEADER, "Municipio"]
    text = "\n".join(
        [
            ",".join(header),
            f"{line()},Querétaro",
            f"{line(**dict.fromkeys(MUNICIPAL_HEADER[5:], '12'))},Santiago de Querétaro",
        ]
    )
    table = clean(intake(written(folder, text + "\n", "idm.csv"), MUNICIPAL)).tables
    return Found({"year": int(table["official_counts"]["events"].sum())}, {})


def _repeated(folder: Path) -> Found:
    text = "\n".join(
        [",".join([*MUNICIPAL_HEADER, "Municipio"]), f"{line()},Querétaro", f"{line()},QRO"]
    )
    cleaned = clean(intake(written(folder, text + "\n", "idm.csv"), MUNICIPAL))
    return Found({"year": int(cleaned.tables["official_counts"]["events"].sum())}, told_by(cleaned))


def _keys_as_numbers(folder: Path) -> Found:
    rows = [f"{row},{'22014' if at % 2 else '22014.0'}" for at, row in enumerate(fifty())]
    path = written(folder, "\n".join([f"{EVENTS_HEADER},mun", *rows]) + "\n")
    return by_month(clean(intake(path, EVENTS, where={"mun": "22014"})))


CASES = [
    months(
        "months without a row, and none before the cut",
        without("2024-05", "2024-11", "2024-12"),
        told=("hechos.csv", "2024-11", "2024-12", "2 months"),
    ),
    months(
        "a month without a row between full ones",
        many(("2024-05",)),
        told=("hechos.csv", "2024-05", "20 each"),
    ),
    months("the first month without a row", many(("2024-01",)), told=("hechos.csv", "2024-01")),
    months(
        "a month without a row, declared",
        many(("2024-05",)),
        {**EVENTS, "empty_months": ["2024-05"]},
        truth={f"2024-{m:02}": 20 for m in range(1, 13) if m != 5},
    ),
    Bad(
        "dates",
        "half of the days typed as 1 January",
        lambda folder: Found(
            {}, by_month(read_events(folder, events_text(fifty(_at_new_year)))).account
        ),
        truth={},
        account={"date_piled": 26},
    ),
    exported_twice(
        "two exports, the folios of one as numbers",
        lambda row: row.replace(",", ".0,", 1),
        truth=OPEN_MONTHS,
        account={"folio_repeated": 50},
    ),
    exported_twice(
        "two exports, CI in capitals and not",
        lambda row: row.replace("CI/", "ci/", 1),
        truth=OPEN_MONTHS,
        account={"folio_repeated": 50},
    ),
    Bad(
        "shape",
        "two exports without folio, their times with and without seconds",
        _times_otherwise,
        told=("hechos.csv", "row 2", "row 62", "60 rows"),
    ),
    Bad(
        "shape",
        "two exports that numbered their events anew",
        _other_folios,
        told=("hechos.csv", "row 2", "row 52", "50 rows"),
    ),
    Bad(
        "numbers",
        "a corrected row of a municipality whose name is spelt otherwise",
        _corrected,
        told=("idm.csv", "rows 2 and 3", "22014"),
    ),
    Bad(
        "numbers",
        "a row twice of a municipality whose name is spelt otherwise",
        _repeated,
        truth={"year": 120},
        account={"row_repeated": 1},
    ),
    Bad("numbers", "keys of areas as numbers", _keys_as_numbers, truth=OPEN_MONTHS),
]
