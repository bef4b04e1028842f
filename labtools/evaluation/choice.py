"""How places were chosen, and which tests a choice by records forbids.

When to use it: by a test that compares what came after with what came before.  When not: by the
designs that leave out the months looked at and let paths differ by level
(:mod:`labtools.evaluation.programme`), or that draw the choice again (randomisation).
"""

from __future__ import annotations

from typing import Literal

from labtools.errors import AnalysisError

Chosen = Literal["by_records", "by_lottery", "otherwise"]


def refuse_by_records(chosen: Chosen) -> None:
    """Refuse a comparison of places that were chosen for the records it compares.

    Simulated on the demo's municipality, where nothing was done and the worst were chosen first:
    at 5 % nominal, group-time effects of places paired by their past reject 19 %, the weighted
    displacement difference 18 to 46 %, a micro-synthetic control 72 to 79 %.

    Raises
    ------
    AnalysisError
        If they were: why, and what to use instead.
    """
    if chosen == "by_records":
        raise AnalysisError(
            "These places were chosen for their records, and places chosen in bad months change "
            "by themselves: this test would then err several times as often as it says. Plan a "
            "protocol with the design imputed_counts, or draw the choice again with its odds."
        )
