"""Counts of crime by place and period: analysts."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.schemas.columns import GROUPS_ALL, MONTH, count, date, key, word, written

TABLES: dict[str, dict[str, pa.Column]] = {
    "origin_counts": {
        "colonia_id": key(),
        "month": date(MONTH),
        "group": word(GROUPS_ALL),
        "origin": word(words.ORIGINS),
        "events": count(),
    },
    "panel": {
        "colonia_id": key(),
        "month": date(MONTH),
        "record_type": word(words.RECORD_TYPES),
        "group": word(GROUPS_ALL),
        "events": count(nullable=True),
    },
    "quarters": {
        "colonia_id": key(),
        "quarter": date(MONTH),
        "group": word(words.GROUPS),
        "events": count(nullable=True),
        "state": word(words.STATES),
    },
    "official_counts": {
        "source": key(),
        "area": written(),
        "month": date(MONTH),
        "subject": written(),
        "events": count(nullable=True),
    },
    "official_months": {
        "source": key(),
        "area": written(),
        "month": date(MONTH),
        "group": word(GROUPS_ALL),
        "events": count(nullable=True),
    },
}
