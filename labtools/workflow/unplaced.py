"""Case files that no colonia could be given: every ficha must say how many they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.places.spelling import fold_name
from labtools.tables.account import Account, read_accounts
from labtools.workflow.steps import Opened

_FEWEST, _DECIMALS = 500, 2  # a share in whole per cent of so many tells of nobody
_AMBIGUOUS = "ambiguous_name"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """What is known of the case files without colonia, of all months together.

    Attributes
    ----------
    share : float
        Of all case files, in whole per cent; missing where there are fewer than 500.
    for_their_name : bool
        Whether some name a colonia, and several have that name.
    """

    share: float = np.nan
    for_their_name: bool = False


def unplaced_files(opened: Opened) -> Unplaced:
    """Return how many case files of a workbench were given no colonia when they were located."""
    files = {
        source.name
        for source in opened.of_kind("events")
        if opened.descriptor(source).record_type == "case_file"
    }
    accounts = read_accounts(opened.workbench.accounts)
    return unplaced(it for it in accounts if it.step == "locate" and it.source in files)


def unplaced(located: Iterable[Account]) -> Unplaced:
    """Return what the accounts of locating case files say of those without colonia.

    Parameters
    ----------
    located : iterable of Account
        Of the step ``locate``, one for each source.
    """
    known = list(located)
    read = sum(account.read for account in known)
    apart = sum(sum(account.rejected.values()) for account in known)
    share = round(apart / read, _DECIMALS) if read >= _FEWEST else np.nan
    return Unplaced(share, any(account.rejected.get(_AMBIGUOUS) for account in known))


def namesakes(colonias: pd.DataFrame) -> pd.Series:
    """Return the keys of colonias whose name another one has too, however it is spelt.

    Parameters
    ----------
    colonias : pandas.DataFrame
        Canonical table ``colonias``.
    """
    folded = colonias["name"].map(fold_name, na_action="ignore")
    return colonias.loc[folded.notna() & folded.duplicated(keep=False), "colonia_id"]
