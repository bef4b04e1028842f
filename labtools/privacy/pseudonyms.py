"""Keyed pseudonyms: the same case gets the same name for ever, and nobody can go back."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd


def pseudonyms(identifiers: pd.Series, *, key: bytes, source: str) -> pd.Series:
    """Return a pseudonym (20 hexadecimal digits) for each identifier of `source`.

    HMAC-SHA256: whoever has the pseudonyms and a list of identifiers, but not the key,
    cannot match them (a plain hash would let them try every folio).
    """
    made = [
        hmac.digest(key, f"{source}\x1f{identifier}".encode(), hashlib.sha256).hex()[:20]
        for identifier in identifiers.astype(object).tolist()
    ]
    return pd.Series(made, index=identifiers.index, dtype="str")
