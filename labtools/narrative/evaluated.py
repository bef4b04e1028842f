"""The released tables of one protocol, and how their figures are written."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from labtools.messages import number, say, text


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The released tables of one protocol.

    Attributes
    ----------
    results, facts : pandas.DataFrame
        Its rows of ``evaluation`` and ``evaluation_facts``.
    """

    results: pd.DataFrame
    facts: pd.DataFrame

    def row(self, outcome: str, aspect: str) -> pd.Series | None:
        """Return one result; None where there is none."""
        found = self.results
        found = found[(found["outcome"] == outcome) & (found["aspect"] == aspect)]
        return None if found.empty else found.iloc[0]

    def said(self, fact: str) -> str:
        """Return what a fact says; nothing where it says nothing."""
        found = self.facts.loc[self.facts["fact"] == fact, "said"].dropna()
        return "" if found.empty else str(found.iloc[0])

    def figure(self, fact: str) -> float:
        """Return the number of a fact; missing where it has none."""
        found = self.facts.loc[self.facts["fact"] == fact, "number"].dropna()
        return float("nan") if found.empty else float(found.iloc[0])


def evaluation_of(protocol: str, evaluation: pd.DataFrame, facts: pd.DataFrame) -> Evaluated:
    """Return the released rows of one protocol."""
    return Evaluated(
        evaluation[evaluation["protocol"] == protocol], facts[facts["protocol"] == protocol]
    )


def interval_of(row: pd.Series, unit: str) -> str:
    """Return a figure with its limits, or that none can be told."""
    if row[["lower", "upper"]].isna().any():
        return text(
            "{value}{unit} (no interval can be told)", value=signed(row["value"]), unit=unit
        )
    return text(
        "{value}{unit} ({lower} to {upper})",
        value=signed(row["value"]),
        unit=unit,
        lower=signed(row["lower"]),
        upper=signed(row["upper"]),
    )


def signed(value: float) -> str:
    """Return a change with its sign."""
    sign = "−" if round(value, 1) < 0 else "+"
    return f"{sign}{number(abs(value), 1)}"


def refusal_of(told: str) -> str:
    """Return the sentence of an error that a fact keeps."""
    error = json.loads(told)
    return say(error["sentence"], **error["facts"]) if error else ""
