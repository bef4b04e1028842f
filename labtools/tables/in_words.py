"""A canonical table as a person reads it: headings, words and figures in the reader's language.

When to use it: an analyst's notebook shows a table.  When not: to reckon with what it returns, or
to publish; pages are made of sentences and of tables with their own headings (`labtools.publish`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from types import MappingProxyType

import numpy as np
import pandas as pd

from labtools.messages import mark, number, say, text
from labtools.tables import vocabulary
from labtools.tables.action_words import ACTIONS, NEEDS, STANDINGS
from labtools.tables.headings import heading
from labtools.tables.reasons import MENDED, REASONS

_WORDS = {
    **REASONS,
    **MENDED,
    **STANDINGS,
    **ACTIONS,
    **NEEDS,
    "collect": mark("collecting"),
    "clean": mark("cleaning"),
    "classify": mark("classifying"),
    "locate": mark("locating"),
    "tabulate": mark("tabulating"),
    "hour_exactly_noon": mark("hour at exactly noon, taken as not known"),
    "hour_unknown": mark("hour not known"),
    "month_after_cutoff": mark("month after the cut date"),
    "lon_not_valid": mark("longitude not valid"),
    "lat_not_valid": mark("latitude not valid"),
    "not_valid": mark("not valid"),
    "point_outside_country": mark("point outside the country"),
    "point_swapped": mark("point with longitude and latitude swapped"),
    "point_too_coarse": mark("point written too coarsely"),
    "cells_without_figure": mark("cells without a figure"),
    "coded_by_person": mark("coded by a person"),
    "coded_by_text_model": mark("coded by the text model"),
    "people_name": mark("names of persons taken out"),
    "people_curp": mark("personal keys taken out"),
    "people_rfc": mark("tax keys taken out"),
    "people_phone": mark("telephones taken out"),
    "people_email": mark("e-mail addresses taken out"),
    "people_plate": mark("number plates taken out"),
    "people_address": mark("addresses taken out"),
    "people_point": mark("points taken out"),
    "caution": mark("caution"),
    "blocker": mark("stops publication"),
    "rule": mark("a rule"),
    "person": mark("a person"),
    "text_model": mark("the text model"),
    "nobody": mark("nobody yet"),
    "note": mark("note"),
    "city": mark("city"),
    "borough": mark("borough"),
    "colonia": mark("colonia"),
    "same": mark("the same"),
    "renamed": mark("renamed"),
    "redrawn": mark("redrawn"),
    "split": mark("split"),
    "merged": mark("merged"),
    "gone": mark("gone"),
    "new": mark("new"),
    "perception": mark("Perception"),
    "effect": mark("effect of the programme"),
    "beside": mark("change in the colonias beside"),
    "before": mark("difference before the entry"),
    "nothing": mark("what a plain before and after says"),
    "averted": mark("averted"),
    "unit_cost": mark("cost of each averted"),
    "harm": mark("harm"),
    "harm_averted": mark("harm averted"),
    "harm_cost": mark("cost of each unit of harm averted"),
    "by_imputed_counts": mark("by imputed counts"),
    "by_group_time": mark("by waves of entry"),
    "by_synthetic_control": mark("by a synthetic control"),
    "by_synthetic_difference": mark("by a synthetic difference"),
    "by_micro_synthetic": mark("by micro-synthetic control"),
    "by_interrupted_series": mark("by an interrupted series"),
    "by_weighted_displacement": mark("by weighted displacement"),
    "by_randomisation": mark("by randomisation"),
    "by_spatial_permutation": mark("by permutation on the map"),
    "percent": mark("per cent"),
    "points": mark("percentage points"),
    "events": mark("events"),
    "people": mark("people"),
    "money": mark("pesos"),
    "grade": mark("grade of marginalisation"),
    "size": mark("residents"),
    "better": mark("better"),
    "worse": mark("worse"),
    "too_small": mark("too small to matter"),
    "not_yet_known": mark("not known yet"),
    "not_comparable": mark("not comparable"),
    "recording_changed": mark("recording changed"),
    "read_ahead": mark("read before its day"),
    "none_given": mark("no verdict is given of it"),
    "discovered_share": mark("share discovered by patrols"),
    "programme_ratio": mark("programme's share over that of the others"),
    "need_without_action": mark("need without action"),
    "action_without_need": mark("action without need"),
    "all": mark("everything"),
    "effects": mark("the effects of actions"),
    "expected": mark("most harm expected"),
    "chance": mark("most surely among those with most harm"),
    "count": mark("most recorded crimes last year"),
    "rate": mark("highest recorded rate last year"),
    "smallest": mark("the smallest that suffices"),
    "enough": mark("enough"),
    "short": mark("not enough"),
    "supported": mark("the claim holds"),
    "other_size": mark("the direction holds, the size does not"),
    "indistinguishable": mark("not told apart from chance"),
    "contradicted": mark("the counts moved the other way"),
    "up": mark("rises"),
    "down": mark("falls"),
    "mixed": mark("in some it rises and in others it falls"),
    "factor": mark("a risk factor"),
    "trust": mark("trust in institutions"),
}
#: Words of canonical tables that the vocabulary does not hold, and what a reader sees for them.
WORDS: Mapping[str, str] = MappingProxyType(_WORDS)
_NOTHING = "—"


def in_words(
    table: pd.DataFrame | pd.Series, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return a table for readers: every heading and every word in the language in force.

    Parameters
    ----------
    table : DataFrame or Series
        What is missing becomes a dash, which is not zero.
    names : mapping of str to str, optional
        What keys of the lab stand for (traits, agencies), beside the words of the vocabulary.
    """
    told = table.to_frame() if isinstance(table, pd.Series) else table
    if list(told.index.names) != [None]:
        told = told.reset_index()
    known = names or {}
    cells = {
        place: [_cell(value, known) for value in told.iloc[:, place]]
        for place in range(told.shape[1])
    }
    shown = pd.DataFrame(cells, index=pd.RangeIndex(len(told)), dtype=object)
    shown.columns = pd.Index([_head(column, known) for column in told.columns])
    return shown


def word_of(value: str, names: Mapping[str, str] | None = None) -> str:
    """Return what a reader sees for a word, or for several in one cell; itself where unknown."""
    parts = value.split()
    if len(parts) > 1:
        told = [_one(part, names or {}) for part in parts]
        return value if None in told else ", ".join(map(str, told))
    return _one(value, names or {}) or value


def _one(word: str, names: Mapping[str, str]) -> str | None:
    if word in names:
        return names[word]
    if word in WORDS:
        return say(WORDS[word])
    try:
        return vocabulary.label(word)
    except KeyError:
        return None


def _head(column: object, names: Mapping[str, str]) -> str:
    if not isinstance(column, str):
        return str(column)
    head = heading(column)
    return head if head != column else word_of(column, names)


def _cell(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return word_of(value, names)
    if pd.isna(value):
        return _NOTHING
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return _figure(value)


def _figure(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return text("yes") if value else text("no")
    if isinstance(value, Integral):
        return number(int(value))
    return _real(float(value)) if isinstance(value, Real) else str(value)


def _real(value: float) -> str:
    if math.isinf(value):
        return text("without limit")
    size = abs(value)
    digits = 0 if size >= 100 else 2 if size >= 1 else 3  # noqa: PLR2004
    return number(round(value, digits) + 0.0, digits)  # no figure is less than nothing by -0.000
