"""What targeting reads of an edition, and of each colonia."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.settings import Settings
from labtools.workflow.edition import Edition

DRAWS = 300
_GRADES = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What targeting reads of an edition.

    Attributes
    ----------
    processed, results : mapping of str to pandas.DataFrame
        Processed tables, and the edition's other results.
    edition : Edition
    settings : Settings
    """

    processed: Mapping[str, pd.DataFrame]
    results: Mapping[str, pd.DataFrame]
    edition: Edition
    settings: Settings

    @property
    def people(self) -> pd.Series:
        """Residents by colonia."""
        colonias: pd.DataFrame = self.processed["colonias"]
        return colonias.set_index("colonia_id")["population"]

    @property
    def boroughs(self) -> pd.Series:
        """Borough by colonia."""
        colonias: pd.DataFrame = self.processed["colonias"]
        return colonias.set_index("colonia_id")["borough"]

    @property
    def places(self) -> pd.DataFrame:
        """Borough and grade of marginality (fifths of dwellings without internet) by colonia."""
        census = self.results["indicators"].pivot_table(
            index="colonia_id", columns="indicator", values="value"
        )
        grade = pd.Series(pd.NA, index=self.people.index, dtype="object")
        if "internet" in census.columns:
            order = (-census["internet"]).rank(method="first", pct=True).reindex(grade.index)
            fifth = np.ceil(order * _GRADES).clip(1, _GRADES)
            grade = fifth.map(lambda g: f"{g:.0f}", na_action="ignore").astype("object")
        return pd.DataFrame({"borough": self.boroughs, "grade": grade})
