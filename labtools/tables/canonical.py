"""The canonical tables, checked column by column: every room of the house meets at these.

Missing is never zero: counts that are not known are missing in a nullable column,
and ``state`` says whether a figure is shown, missing or suppressed.  The columns of each
table stand in :mod:`labtools.tables.schemas`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandera.pandas as pa

from labtools.tables.people import refuse_columns_of_people
from labtools.tables.schemas import (
    counts,
    crime,
    edition,
    evaluation,
    forecast,
    patterns,
    perception,
    places,
    records,
    risk,
    targeting,
)
from labtools.tables.schemas.columns import KEY_FORM

__all__ = ["CONTRACTS", "KEY_FORM"]

_SCHEMAS = (
    records,
    places,
    counts,
    crime,
    perception,
    evaluation,
    edition,
    risk,
    targeting,
    forecast,
    patterns,
)

for _schema in _SCHEMAS:
    for _name, _columns in _schema.TABLES.items():
        refuse_columns_of_people(_name, _columns)

CONTRACTS: Mapping[str, pa.DataFrameSchema] = MappingProxyType(
    {
        name: pa.DataFrameSchema(columns, strict=True, ordered=True, name=name)
        for schema in _SCHEMAS
        for name, columns in schema.TABLES.items()
    }
)
