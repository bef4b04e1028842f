"""What an edition says of itself: its colonias, sources, actions and limits."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables.schemas.columns import (
    MONTH,
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    keys,
    word,
    written,
)
from labtools.tables.vocabulary import CHANGES_OF_REGISTER

TABLES: dict[str, dict[str, pa.Column]] = {
    "actions_done": {
        "colonia_id": key(),
        "action_type": written(),
        "agency": written(nullable=True),
        "times": count(),
        "first": date(),
        "last": date(),
    },
    "unknowns": {
        "colonia_id": key(),
        "what": key(),
        "n": count(nullable=True),
        "share": figure(),
    },
    "sources": {
        "source": key(unique=True),
        "title": written(),
        "publisher": written(),
        "licence": written(),
        "cutoff": date(),
    },
    "source_files": {
        "source": key(unique=True),
        "digest": written(),
    },
    "colonias_shown": {
        "colonia_id": key(unique=True),
        "name": written(),
        "borough": written(nullable=True),
        "population": figure(NOT_NEGATIVE),
        "area_km2": figure(NOT_NEGATIVE),
        "entered_on": date(nullable=True),
        "has_ficha": pa.Column(bool),
        "geometry": pa.Column("geometry"),
    },
    "period": {
        "first_month": date(MONTH),
        "before_start": date(MONTH),
        "window_start": date(MONTH),
        "window_end": date(MONTH),
        "municipality": written(),
        "lab": written(),
        "contact": written(nullable=True),
        "colonias": count(),
        "fichas": count(),
        "rounding_base": count(),
        "recorded_share": figure(SHARE),
    },
    "cards": {
        "card": key(unique=True),
        "tables": keys(),
        "sections": keys(),
        "expires_on": date(),
        **{
            f"{part}_{language}": written()
            for language in ("es", "en")
            for part in ("title", "purpose", "not_for", "error")
        },
    },
    "revisions": {
        "source": key(),
        "cell": written(),
        "said_in": written(),
        "before": figure(),
        "after": figure(),
        "jumped": pa.Column(bool),
    },
    "edition_extent": {
        "measure": word(("rows", "area", "month")),
        "item": written(),
        "n": figure(NOT_NEGATIVE),
    },
    "findings": {
        "source": key(),
        "severity": written(),
        "told": written(),
    },
    "heaps": {
        "source": key(),
        "lon": figure(),
        "lat": figure(),
        "events": count(),
    },
    "register_changes": {
        "old_id": key(nullable=True),
        "old_name": written(nullable=True),
        "new_id": key(nullable=True),
        "new_name": written(nullable=True),
        "of_old": figure(SHARE),
        "of_new": figure(SHARE),
        "change": word(CHANGES_OF_REGISTER),
    },
    "changes": {
        "step": key(),
        "source": key(),
        "what": key(),
        "rows": count(),
    },
    "account": {
        "step": key(),
        "source": key(),
        "read": count(),
        "kept": count(),
        "reason": written(nullable=True),
        "rejected": count(),
    },
}
