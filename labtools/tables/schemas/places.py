"""Places, and what is counted of each: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import NOT_NEGATIVE, date, figure, key, written

TABLES: dict[str, dict[str, pa.Column]] = {
    "ageb": {"ageb_id": key(unique=True), "geometry": pa.Column("geometry")},
    "census": {
        "ageb_id": key(),
        "variable": key(),
        "value": figure(NOT_NEGATIVE),
    },
    "colonias": {
        "colonia_id": key(unique=True),
        "name": written(),
        "borough": written(nullable=True),
        "population": figure(NOT_NEGATIVE),
        "dwellings": figure(NOT_NEGATIVE),
        "registered_on": date(nullable=True),
        "geometry": pa.Column("geometry"),
    },
    "programme": {
        "colonia_id": key(),
        "entered_on": date(),
        "left_on": date(nullable=True),
        "stage": written(nullable=True),
    },
    "indicators": {
        "colonia_id": key(),
        "indicator": key(),
        "label": written(),
        "value": figure(),
        "municipality": figure(),
        "unit": written(),
        "source": key(),
    },
    "actions": {
        "colonia_id": key(nullable=True),
        "done_on": date(),
        "action_type": written(),
        "agency": written(nullable=True),
        "dose": figure(NOT_NEGATIVE),
        "unit": written(nullable=True),
    },
}
