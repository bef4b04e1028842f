"""What a bad input is: how it is made, and the truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from labtools.places.assign import locate_events
from labtools.sources.protocol import Cleaned, Intake
from tests.sources.supplied import EVENTS, EVENTS_HEADER, clean, intake, register_file, square

REGISTER = {
    "kind": "colonias",
    "file": {"format": "geo"},
    "columns": {"id": "clave", "name": "nombre", "population": "pob"},
}
MEXICO = {"xs": (-100.45, -100.40), "y": 20.55, "side": 0.05}
NO_FOLIO = {**EVENTS, "columns": {k: v for k, v in EVENTS["columns"].items() if k != "folio"}}


@dataclass(frozen=True)
class Found:
    """What a loader made of an input: its figures, and its account."""

    figures: Mapping[str, Any]
    account: Mapping[str, int]


@dataclass(frozen=True)
class Bad:
    """One bad input.

    Attributes
    ----------
    family, name : str
        Of SAFETY §4.
    run : callable
        Makes the file in a folder and reads it through the real loaders.
    truth : mapping or None
        The right figures; None where only a refusal is right.
    told : tuple of str
        What the refusal must name, or the words that the account must count.
    account : mapping
        Words of the account and their rows, where figures are given.
    """

    family: str
    name: str
    run: Callable[[Path], Found]
    truth: Mapping[str, Any] | None = None
    told: tuple[str, ...] = ()
    account: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"


def told_by(cleaned: Cleaned) -> dict[str, int]:
    return {**cleaned.account.rejected, **cleaned.account.changed}


def fifty(change: Callable[[int, dict[str, str]], Any] = lambda *_: None) -> list[str]:
    """Return fifty rows of events, thirty in Peñuelas and twenty in Centro, each changed."""
    rows = []
    for at in range(50):
        home = 0 if at < 30 else 1
        row = {
            "folio": f"F{at:03}",
            "fecha": f"2024-{at % 12 + 1:02}-{at % 28 + 1:02}",
            "hora": "08:30:00",
            "delito": "ROBO",
            "lon": f"{MEXICO['xs'][home] + 0.010037 + 0.0005 * at % 0.03:.6f}",
            "lat": f"{MEXICO['y'] + 0.010041 + 0.0006 * at % 0.03:.6f}",
            "colonia": ("Peñuelas", "Centro")[home],
        }
        change(at, row)
        rows.append(",".join(row.values()))
    return rows


def events_text(rows: list[str]) -> str:
    return "\n".join([EVENTS_HEADER, *rows]) + "\n"


def two_colonias(folder: Path, **columns: Any) -> Path:
    """Write a register of two neighbours: Peñuelas to the west, Centro to the east."""
    shapes = [square(x, MEXICO["y"], MEXICO["side"]) for x in MEXICO["xs"]]
    told = {"clave": ["001", "002"], "nombre": ["Peñuelas", "Centro"], "pob": ["900", "500"]}
    return register_file(folder, **{**told, "geometry": shapes, **columns})


def read_events(
    folder: Path,
    content: bytes | str,
    said: Any = EVENTS,
    name: str = "hechos.csv",
    **options: Any,
) -> Cleaned:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return clean(intake(path, said, **options))


def located(
    folder: Path, cleaned: Cleaned, register: Intake | None = None, **options: Any
) -> Found:
    """Return events by colonia, with what the steps set apart."""
    ground = clean(register or intake(two_colonias(folder), REGISTER))
    found = locate_events(cleaned.tables["events"], ground.tables["colonias"], **options)
    table = found.events
    apart = table["location_quality"].value_counts()
    counted = table["colonia_id"].value_counts()
    return Found(
        {str(key): int(n) for key, n in counted.items()},
        {
            **told_by(cleaned),
            **told_by(ground),
            **{str(how): int(n) for how, n in apart.items()},
            "heaps": len(found.heaps),
            "on_a_heap": int(found.heaps["events"].sum()),
        },
    )


def by_month(cleaned: Cleaned) -> Found:
    """Return events by month."""
    when = cleaned.tables["events"]["occurred_on"].dt.strftime("%Y-%m").value_counts()
    return Found({str(month): int(n) for month, n in when.items()}, told_by(cleaned))


def missing_as_none(value: Any) -> Any:
    return None if pd.isna(value) else int(value)
