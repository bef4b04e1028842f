"""Places, and what is counted of each: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.action_words import FACTORS
from labtools.tables.schemas.columns import (
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    word,
    written,
)

TABLES: dict[str, dict[str, pa.Column]] = {
    "ageb": {"ageb_id": key(unique=True), "geometry": pa.Column("geometry")},
    "census": {
        "ageb_id": key(),
        "variable": key(),
        "value": figure(NOT_NEGATIVE),
    },
    "establishments": {
        "establishment_id": key(unique=True),
        "activity": key(),
        "staff": written(nullable=True),
        "lon": figure(),
        "lat": figure(),
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
    "aliases": {
        "colonia_id": key(nullable=True),
        "name": written(),
        "borough": written(nullable=True),
        "valid_from": date(nullable=True),
        "valid_until": date(nullable=True),
        "why": written(nullable=True),
    },
    "point_heaps": {
        "lon": figure(),
        "lat": figure(),
        "events": count(),
    },
    "name_queue": {
        "written": written(),
        "borough": written(nullable=True),
        "events": count(),
        "quality": word(("doubtful_name", "unknown_name", "ambiguous_name")),
        "likest": key(nullable=True),
        "score": figure(SHARE),
        "next_likest": key(nullable=True),
        "runner_up": figure(SHARE),
    },
    "residents": {
        "colonia_id": key(unique=True),
        "residents": figure(NOT_NEGATIVE),
        "standard_error": figure(NOT_NEGATIVE),
        "certain": figure(NOT_NEGATIVE),
        "possible": figure(NOT_NEGATIVE),
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
        "cost": figure(NOT_NEGATIVE),
    },
    "network_answers": {
        "colonia_id": key(),
        "held_on": date(),
        "participant": count(),
        "need": word(FACTORS),
        "rank": pa.Column("Int64", pa.Check.ge(1), coerce=True),
    },
}
