"""What may be released of each table, applied and then proven by a gate.

`protect_quarters` makes the counts that may be seen; everything else in the public edition
is computed from them.  `check_release` looks at each table again before it goes out, and
refuses a table that nobody registered.
"""

from __future__ import annotations

import pandas as pd

from labtools.errors import PrivacyError
from labtools.privacy.keys import Keyring
from labtools.privacy.registry import Registry, read_registry
from labtools.privacy.rounding import BASE, round_counts
from labtools.privacy.rules import CHECKS, Evidence, check_sensitive
from labtools.settings import Disclosure
from labtools.tables import vocabulary as words

#: Variance of base-3 rounding for a remainder that is 0, 1 or 2 with equal chance.
ROUNDING_VARIANCE = 4 / 3
#: How far a rounded count lies from the true one, at most.
ROUNDING_SLACK = BASE - 1


def withheld_colonias(colonias: pd.DataFrame, rules: Disclosure) -> frozenset[str]:
    """Return the colonias about which nothing is shown: too few people or dwellings.

    A colonia whose population is not known is withheld too: nobody can say it is large enough.
    """
    small = ~(colonias["population"] >= rules.minimum_population)
    small |= colonias["dwellings"] < rules.minimum_dwellings
    return frozenset(colonias.loc[small, "colonia_id"])


def protect_quarters(
    quarters: pd.DataFrame, withheld: frozenset[str], *, key: bytes | Keyring
) -> pd.DataFrame:
    """Return the counts that may be released: keyed rounding, and withheld colonias emptied."""
    cells = quarters[["colonia_id", "quarter", "group"]]
    rounded = _rounded(quarters["events"], cells, "quarter", key, table="quarters")
    hidden = quarters["colonia_id"].isin(withheld)
    return quarters.assign(
        events=rounded.mask(hidden),
        state=quarters["state"].mask(hidden, words.SUPPRESSED),
    )


def protect_months(months: pd.DataFrame, *, key: bytes | Keyring) -> pd.DataFrame:
    """Return the municipality's monthly counts, rounded.

    The sensitive group is in it so that its twelve months can be summed; by month it is not
    released.
    """
    cells = months[["month", "group"]]
    return months.assign(events=_rounded(months["events"], cells, "month", key, table="months"))


def _rounded(
    counts: pd.Series, cells: pd.DataFrame, period: str, key: bytes | Keyring, *, table: str
) -> pd.Series:
    """Return counts rounded, each with the key of its period."""
    ring = key if isinstance(key, Keyring) else Keyring((("", key),))
    rounded = counts.astype("Int64").copy()
    for own, mine in ring.split(cells[period]):
        rounded[mine] = round_counts(counts[mine], cells[mine], key=own, table=table)
    return rounded


def check_release(
    name: str, table: pd.DataFrame, evidence: Evidence, registry: Registry | None = None
) -> str:
    """Return the rule under which `table` may be released, and its words in the registry.

    Parameters
    ----------
    registry : Registry, optional
        By default the one that ships with the package.

    Raises
    ------
    PrivacyError
        If the table is not registered, or breaks its rule: first case, and how many.
    """
    known = registry or read_registry()
    if name not in known.tables:
        raise PrivacyError(
            "The table {table} is not registered for release. Only these are: {known}. Register "
            "it in data/reference/published.toml with its rule, or keep it internal.",
            table=name,
            known=tuple(known.tables),
        )
    one = known.tables[name]
    CHECKS[one.rule](name, table, evidence)
    if not one.sensitive:
        check_sensitive(name, table)
    return f"{one.rule}: {known.title_of(one.rule)}"
