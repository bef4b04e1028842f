"""Individual records: lab staff only."""

from __future__ import annotations

import pandera.pandas as pa

from labtools.tables import vocabulary as words
from labtools.tables.action_words import FACTORS
from labtools.tables.schemas.columns import (
    GROUPS_ALL,
    MONTH,
    NOT_NEGATIVE,
    SHARE,
    count,
    date,
    figure,
    key,
    typed_in,
    word,
    written,
)

_EVENTS = {
    "event_id": key(unique=True),
    "source": key(),
    "record_type": word(words.RECORD_TYPES),
    "occurred_on": date(),
    "hour": pa.Column("Int64", pa.Check.in_range(0, 23), nullable=True, coerce=True),
    "subject": typed_in(nullable=True),
    "lon": figure(),
    "lat": figure(),
    "place": typed_in(nullable=True),
    "borough": typed_in(nullable=True),
}
#: Of some five hundred metres; exact points stay in ``clean``, as the raw files do.
_GRID = pa.Check(lambda s: (s * 200 - (s * 200).round()).abs() < 1e-6, error="a coarse point")  # noqa: PLR2004
_LOCATED = {
    **_EVENTS,
    "lon": figure(_GRID),
    "lat": figure(_GRID),
    "colonia_id": key(nullable=True),
    "location_quality": word((*words.LOCATED, *words.NOT_LOCATED)),
}
_CLASSIFIED = {
    **{name: column for name, column in _LOCATED.items() if name not in {"lon", "lat"}},
    "crime_code": key(),
    "crime_group": word(GROUPS_ALL),
    "code_origin": word(words.CODE_ORIGINS),
    "code_confidence": figure(SHARE),
}

TABLES: dict[str, dict[str, pa.Column]] = {
    "events": _EVENTS,
    "origins": {
        "event_id": key(unique=True),
        "origin": word(words.ORIGINS),
    },
    "located": _LOCATED,
    "classified": _CLASSIFIED,
    "codings": {
        "subject": written(),
        "crime_code": key(),
        "coder": written(nullable=True),
    },
    "narratives": {
        "event_id": key(unique=True),
        "text": typed_in(),
    },
    "factor_codings": {
        "subject": written(),
        "factor": key(),
        "coder": written(nullable=True),
    },
    "factor_signs": {
        "event_id": key(unique=True),
        "factor": word((*FACTORS, "none", words.UNCLASSIFIED)),
        "told_by": word(words.CODE_ORIGINS),
        "confidence": figure(SHARE),
    },
    "factors_told": {
        "source": key(),
        "factor": word((*FACTORS, "none", words.UNCLASSIFIED)),
        "told_by": word(words.CODE_ORIGINS),
        "events": count(),
    },
    "coding_agreement": {
        "first": written(),
        "second": written(),
        "subjects": count(),
        "agreed": figure(SHARE),
        "kappa": figure(pa.Check.in_range(-1, 1)),
        "lower": figure(pa.Check.in_range(-1, 1)),
        "upper": figure(pa.Check.in_range(-1, 1)),
    },
    "subject_drift": {
        "source": key(),
        "before": count(),
        "now": count(),
        "drift": figure(NOT_NEGATIVE),
        "by_chance": figure(NOT_NEGATIVE),
        "unseen": figure(SHARE),
    },
    "counts_recoded": {
        "source": key(),
        "classification": key(),
        "code": written(nullable=True),
        "title": written(nullable=True),
        "events": count(),
    },
    "coding_queue": {
        "subject": typed_in(nullable=True),
        "events": count(),
        "suggested": key(nullable=True),
        "confidence": figure(SHARE),
        "second": key(nullable=True),
        "deciding_words": written(nullable=True),
        "priority": figure(NOT_NEGATIVE),
    },
    "survey": {
        "respondent": key(),
        "wave": date(MONTH),
        "colonia_id": key(nullable=True),
        "borough": typed_in(nullable=True),
        "stratum": typed_in(),
        "cluster": typed_in(),
        "weight": figure(pa.Check.gt(0)),
        "indicator": key(),
        "value": figure(),
    },
}
