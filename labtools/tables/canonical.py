"""The canonical tables, column by column: every room of the house meets at these.

Missing is never zero: counts that are not known are missing in a nullable column,
and ``state`` says whether a figure is shown, missing or suppressed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandera.pandas as pa

from labtools.tables import vocabulary as words

_MONTH = pa.Check(lambda s: s.dt.day == 1, error="first day of a month")
_NOT_NEGATIVE = pa.Check.ge(0)
_SHARE = pa.Check.in_range(0, 1)


#: What a key may be: keys become names of files and parts of addresses.
KEY_FORM = r"^[0-9A-Za-z_-]{1,40}$"


def _key(**options: bool) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(KEY_FORM), **options)


def _word(allowed: Sequence[str], **options: bool) -> pa.Column:
    return pa.Column(str, pa.Check.isin(list(allowed)), **options)


def _date(*checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column("datetime64[ns]", list(checks), nullable=nullable, coerce=True)


def _count(*, nullable: bool = False) -> pa.Column:
    return pa.Column("Int64", _NOT_NEGATIVE, nullable=nullable, coerce=True)


def _figure(*checks: pa.Check) -> pa.Column:
    return pa.Column(float, list(checks), nullable=True, coerce=True)


def _text(*, nullable: bool = False) -> pa.Column:
    return pa.Column(str, nullable=nullable, coerce=True)


_GROUPS_SHOWN = (*words.GROUPS, words.TOTAL)
_GROUPS_ALL = (*words.GROUPS, words.SENSITIVE, words.UNCLASSIFIED, words.NOT_A_CRIME)

_EVENTS = {
    "event_id": _key(unique=True),
    "source": _key(),
    "record_type": _word(words.RECORD_TYPES),
    "occurred_on": _date(),
    "hour": pa.Column("Int64", pa.Check.in_range(0, 23), nullable=True, coerce=True),
    "subject": _text(nullable=True),
    "lon": _figure(),
    "lat": _figure(),
    "place": _text(nullable=True),
    "borough": _text(nullable=True),
}
_LOCATED = {
    **_EVENTS,
    "colonia_id": _key(nullable=True),
    "location_quality": _word((*words.LOCATED, *words.NOT_LOCATED)),
}
_CLASSIFIED = {
    **{name: column for name, column in _LOCATED.items() if name not in {"lon", "lat"}},
    "crime_code": _key(),
    "crime_group": _word(_GROUPS_ALL),
}

_TABLES: dict[str, dict[str, pa.Column]] = {
    # individual records: lab staff only
    "events": _EVENTS,
    "located": _LOCATED,
    "classified": _CLASSIFIED,
    "survey": {
        "respondent": _key(),
        "wave": _date(_MONTH),
        "colonia_id": _key(nullable=True),
        "borough": _text(nullable=True),
        "stratum": _text(),
        "cluster": _text(),
        "weight": _figure(pa.Check.gt(0)),
        "indicator": _key(),
        "value": _figure(),
    },
    # places and counts: analysts
    "ageb": {"ageb_id": _key(unique=True), "geometry": pa.Column("geometry")},
    "census": {
        "ageb_id": _key(),
        "variable": _key(),
        "value": _figure(_NOT_NEGATIVE),
    },
    "city_perception": {
        "city": _text(),
        "indicator": _key(),
        "quarter": _date(_MONTH),
        "share": _figure(_SHARE),
        "cv": _figure(_NOT_NEGATIVE),
    },
    "colonias": {
        "colonia_id": _key(unique=True),
        "name": _text(),
        "borough": _text(nullable=True),
        "population": _figure(_NOT_NEGATIVE),
        "dwellings": _figure(_NOT_NEGATIVE),
        "registered_on": _date(nullable=True),
        "geometry": pa.Column("geometry"),
    },
    "programme": {
        "colonia_id": _key(),
        "entered_on": _date(),
        "left_on": _date(nullable=True),
        "stage": _text(nullable=True),
    },
    "panel": {
        "colonia_id": _key(),
        "month": _date(_MONTH),
        "record_type": _word(words.RECORD_TYPES),
        "group": _word(_GROUPS_ALL),
        "events": _count(nullable=True),
    },
    "quarters": {
        "colonia_id": _key(),
        "quarter": _date(_MONTH),
        "group": _word(words.GROUPS),
        "events": _count(nullable=True),
        "state": _word(words.STATES),
    },
    "official_counts": {
        "source": _key(),
        "area": _text(),
        "month": _date(_MONTH),
        "subject": _text(),
        "events": _count(nullable=True),
    },
    "official_months": {
        "source": _key(),
        "area": _text(),
        "month": _date(_MONTH),
        "group": _word(_GROUPS_ALL),
        "events": _count(nullable=True),
    },
    "indicators": {
        "colonia_id": _key(),
        "indicator": _key(),
        "label": _text(),
        "value": _figure(),
        "municipality": _figure(),
        "unit": _text(),
        "source": _key(),
    },
    "actions": {
        "colonia_id": _key(nullable=True),
        "done_on": _date(),
        "action_type": _text(),
        "agency": _text(nullable=True),
        "dose": _figure(_NOT_NEGATIVE),
        "unit": _text(nullable=True),
    },
    # results by colonia: released after the gate
    "crime": {
        "colonia_id": _key(),
        "group": _word(_GROUPS_SHOWN),
        "events": _count(nullable=True),
        "events_low": _count(nullable=True),
        "events_high": _count(nullable=True),
        "person_years": _figure(_NOT_NEGATIVE),
        "rate": _figure(_NOT_NEGATIVE),
        "lower": _figure(_NOT_NEGATIVE),
        "upper": _figure(_NOT_NEGATIVE),
        "smoothed": _figure(_NOT_NEGATIVE),
        "smoothed_lower": _figure(_NOT_NEGATIVE),
        "smoothed_upper": _figure(_NOT_NEGATIVE),
        "municipality_rate": _figure(_NOT_NEGATIVE),
        "versus_municipality": _word(words.VERSUS),
        "state": _word(words.STATES),
    },
    "change": {
        "colonia_id": _key(),
        "group": _word(_GROUPS_SHOWN),
        "before": _count(nullable=True),
        "now": _count(nullable=True),
        "ratio": _figure(_NOT_NEGATIVE),
        "lower": _figure(_NOT_NEGATIVE),
        "upper": pa.Column(float, _NOT_NEGATIVE, nullable=True, coerce=True),
        "q_value": _figure(_SHARE),
        "verdict": _word(words.VERDICTS),
        "state": _word(words.STATES),
    },
    "place": {
        "colonia_id": _key(),
        "group": _word(_GROUPS_SHOWN),
        "lower_share": _figure(_SHARE),
        "upper_share": _figure(_SHARE),
        "colonias": _count(),
        "state": _word(words.STATES),
    },
    "series": {
        "colonia_id": _key(),
        "quarter": _date(_MONTH),
        "group": _word(_GROUPS_SHOWN),
        "events": _count(nullable=True),
        "events_low": _count(nullable=True),
        "events_high": _count(nullable=True),
        "state": _word(words.STATES),
    },
    "perception": {
        "area_kind": _word(("colonia", "borough", "city")),
        "area": _text(),
        "indicator": _key(),
        "period": _date(_MONTH),
        "share": _figure(_SHARE),
        "lower": _figure(_SHARE),
        "upper": _figure(_SHARE),
        "respondents": _count(nullable=True),
        "state": _word((*words.STATES, "insufficient")),
        "source": _key(),
    },
    "actions_done": {
        "colonia_id": _key(),
        "action_type": _text(),
        "agency": _text(nullable=True),
        "times": _count(),
        "first": _date(),
        "last": _date(),
    },
    "unknowns": {
        "colonia_id": _key(),
        "what": _key(),
        "n": _count(nullable=True),
        "share": _figure(),
    },
    "sources": {
        "source": _key(unique=True),
        "title": _text(),
        "publisher": _text(),
        "licence": _text(),
        "cutoff": _date(),
        "digest": _text(),
    },
    "colonias_shown": {
        "colonia_id": _key(unique=True),
        "name": _text(),
        "borough": _text(nullable=True),
        "population": _figure(_NOT_NEGATIVE),
        "area_km2": _figure(_NOT_NEGATIVE),
        "entered_on": _date(nullable=True),
        "has_ficha": pa.Column(bool),
        "geometry": pa.Column("geometry"),
    },
    "municipality_series": {
        "month": _date(_MONTH),
        "group": _word((*_GROUPS_ALL, words.TOTAL)),
        "events": _count(nullable=True),
    },
    "municipality_crime": {
        "group": _word((*_GROUPS_SHOWN, words.SENSITIVE)),
        "before": _count(nullable=True),
        "now": _count(nullable=True),
        "rate": _figure(_NOT_NEGATIVE),
        "lower": _figure(_NOT_NEGATIVE),
        "upper": _figure(_NOT_NEGATIVE),
        "ratio": _figure(_NOT_NEGATIVE),
        "ratio_lower": _figure(_NOT_NEGATIVE),
        "ratio_upper": _figure(_NOT_NEGATIVE),
        "verdict": _word(words.VERDICTS),
    },
    "period": {
        "first_month": _date(_MONTH),
        "before_start": _date(_MONTH),
        "window_start": _date(_MONTH),
        "window_end": _date(_MONTH),
        "municipality": _text(),
        "lab": _text(),
        "colonias": _count(),
        "fichas": _count(),
        "rounding_base": _count(),
    },
    "account": {
        "step": _key(),
        "source": _key(),
        "read": _count(),
        "kept": _count(),
        "reason": _text(nullable=True),
        "rejected": _count(),
    },
}

CONTRACTS: Mapping[str, pa.DataFrameSchema] = MappingProxyType(
    {
        name: pa.DataFrameSchema(columns, strict=True, ordered=True, name=name)
        for name, columns in _TABLES.items()
    }
)
