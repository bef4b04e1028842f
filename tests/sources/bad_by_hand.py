"""Bad files tried by hand: signs that are no folio, notes below a table, sums, other digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from labtools.sources.incidence import MONTHS
from tests.sources.bad_case import Bad, Found, events_text, fifty, located, read_events, told_by
from tests.sources.bad_counts import HEADER, MUNICIPAL, city, line
from tests.sources.supplied import clean, intake, written

BOTH = {"001": 30, "002": 20}


def events(
    family: str, name: str, change: Callable[[int, dict[str, str]], Any], **verdict: Any
) -> Bad:
    def run(folder: Path) -> Found:
        rows = [*fifty(change), *verdict.get("below", ())]
        return located(folder, read_events(folder, events_text(rows), first_day="2024-01-01"))

    told = {key: value for key, value in verdict.items() if key != "below"}
    return Bad(family, name, run, **told)


def put(column: str, value: str | Callable[[str], str], *, every: int = 1) -> Callable[..., None]:
    def change(at: int, row: dict[str, str]) -> None:
        if at % every == 0:
            row[column] = value if isinstance(value, str) else value(row[column])

    return change


def no_points(*also: Callable[..., None]) -> Callable[..., None]:
    def change(at: int, row: dict[str, str]) -> None:
        row["lon"] = row["lat"] = ""
        for one in also:
            one(at, row)

    return change


def counts(name: str, january: str, **verdict: Any) -> Bad:
    return months(name, [line(Enero=january)], family="numbers", **verdict)


def months(name: str, rows: list[str], family: str = "shape", **verdict: Any) -> Bad:
    text = "\n".join([HEADER if isinstance(HEADER, str) else ",".join(HEADER), *rows]) + "\n"

    def run(folder: Path) -> Found:
        cleaned = clean(intake(written(folder, text, "idm.csv"), MUNICIPAL))
        found = cleaned.tables["official_counts"]
        return Found({"año": int(found["events"].sum())}, told_by(cleaned))

    return Bad(family, name, run, **verdict)


def keep(_at: int, _row: dict[str, str]) -> None:
    return None


CASES = [
    *(
        events(
            "unknown tokens",
            f"“{word}” typed for half of the folios",
            put("folio", word, every=2),
            truth=BOTH,
        )
        for word in ("S/N", "SIN FOLIO", "0", "000", "N/D", "-", "PENDIENTE")
    ),
    events("unknown tokens", "no folio but “s/n”", put("folio", "s/n"), truth=BOTH),
    events(
        "shape",
        "a note with its date below the table",
        keep,
        below=["Fecha de corte,2024-12-31,,,,,"],
        truth=BOTH,
        account={"nothing_but_date": 1},
    ),
    events(
        "shape",
        "a note without date below the table",
        keep,
        below=["Fuente: Fiscalía,,,,,,"],
        truth=BOTH,
        account={"date_not_valid": 1},
    ),
    events(
        "dates",
        "half of the years in two digits",
        put("fecha", lambda day: day[2:], every=2),
        told=("fecha", "25 of 50", "24-01-01"),
    ),
    events(
        "dates",
        "a third of the days in words",
        put("fecha", "3 de mayo de 2024", every=3),
        told=("17 of 50", "3 de mayo de 2024"),
    ),
    events(
        "geo",
        "a third of the points in degrees and minutes",
        put("lat", "20°33'36''N", every=3),
        truth=BOTH,
        account={"lat_not_valid": 17},
    ),
    events(
        "geo",
        "points with a sign behind",
        put("lon", lambda x: x[1:] + "-", every=4),
        truth=BOTH,
        account={"lon_not_valid": 13},
    ),
    events(
        "names",
        "letters of another alphabet that look the same",
        no_points(put("colonia", lambda name: name.replace("e", "\u0435"))),
        truth={},
        account={"doubtful_name": 30, "unknown_name": 20},
    ),
    events(
        "names",
        "signs without width inside names",
        no_points(put("colonia", lambda name: name[:2] + "\u200b" + name[2:])),
        truth={"001": 30},
    ),
    counts("Arabic digits", "١٠", told=("Enero", "row 2")),
    counts("digits of full width", "１０", told=("Enero", "row 2")),
    counts("a digit for a footnote", "10²", told=("Enero", "10²")),
    counts("a sign before the number", "+10", told=("Enero", "+10")),
    counts("a number with a dash for none", "–", told=("Enero", "–")),
    months(
        "months that are sums since January",
        [line(**{month: str(10 * at) for at, month in enumerate(MONTHS, 1)})],
        told=("Enero", "Diciembre", "sums"),
    ),
    months(
        "months that rise in one row only",
        [line(**{month: str(at) for at, month in enumerate(MONTHS, 1)}), line(crime="Fraude")],
        truth={"año": 78 + 120},
    ),
    city("a fifth quarter", "2024-T5,Querétaro,inseguridad,38.27,4", told=("2024-T5",)),
    city("a quarter in Roman figures", "2024-II,Querétaro,inseguridad,38.27,4", told=("2024-II",)),
    city("a sign of per cent", "2024-T3,Querétaro,inseguridad,38.27%,4", told=("38.27%",)),
]
