"""Places, and what is counted of each: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import NOT_NEGATIVE, date, figure, key, text

TABLES: dict[str, dict[str, pa.Column]] = {
    "ageb": {"ageb_id": key(unique=True), "geometry": pa.Column("geometry")},
    "census": {
        "ageb_id": key(),
        "variable": key(),
        "value": figure(NOT_NEGATIVE),
    },
    "colonias": {
        "colonia_id": key(unique=True),
        "name": text(),
        "borough": text(nullable=True),
        "population": figure(NOT_NEGATIVE),
        "dwellings": figure(NOT_NEGATIVE),
        "registered_on": date(nullable=True),
        "geometry": pa.Column("geometry"),
    },
    "programme": {
        "colonia_id": key(),
        "entered_on": date(),
        "left_on": date(nullable=True),
        "stage": text(nullable=True),
    },
    "indicators": {
        "colonia_id": key(),
        "indicator": key(),
        "label": text(),
        "value": figure(),
        "municipality": figure(),
        "unit": text(),
        "source": key(),
    },
    "actions": {
        "colonia_id": key(nullable=True),
        "done_on": date(),
        "action_type": text(),
        "agency": text(nullable=True),
        "dose": figure(NOT_NEGATIVE),
        "unit": text(nullable=True),
    },
}
