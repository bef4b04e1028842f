"""How events came to be known: reported by somebody, or discovered by a patrol."""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.findings import Finding, Severity
from labtools.messages import plural
from labtools.sources.figures import row_in_file
from labtools.sources.protocol import Intake, fold_text, tidy


class Origins:
    """The words of a file that say how its events came to be known.

    Attributes
    ----------
    strange : int
        Rows that say it in a word that nobody declared: of those, as of a blank, it is not known.
    """

    def __init__(self, intake: Intake) -> None:
        self.strange = 0
        self._intake = intake
        self._rows = self._known = 0
        self._first_strange: object = None
        self._first = ""
        words = intake.descriptor.origins
        folded = fold_text(pd.Series(list(words), dtype="str"))
        self._words = dict(zip(folded, words.values(), strict=True))

    def of(self, cells: pd.DataFrame, event_id: pd.Series) -> pd.DataFrame:
        """Return the canonical table ``origins`` of some rows, aligned with their `event_id`."""
        column = cells[self._intake.descriptor.column("origin")]
        written = fold_text(tidy(column))
        origin = written.map(self._words)
        strange = origin.index[written.notna() & origin.isna()]
        if len(strange) and not self.strange:
            self._first_strange = strange[0]
        if len(column) and not self._rows:
            self._first = str(column.fillna("").iloc[0])
        self.strange += len(strange)
        self._rows += len(origin)
        self._known += int(origin.notna().sum())
        told = origin.fillna("unknown").astype("str").to_numpy()
        return pd.DataFrame({"event_id": event_id.to_numpy(), "origin": told}).astype("str")

    def findings(self) -> tuple[Finding, ...]:
        """Return what is to be told when all rows were seen.

        Raises
        ------
        SourceError
            If not one cell is a declared word: the column or the words are a slip.
        """
        intake = self._intake
        if self._rows and not self._known:
            raise SourceError(
                "{path}, column “{column}”: none of its {n} cells is one of the words {words} that "
                "say how an event came to be known; the first is “{value}”. Correct “origins” in "
                "the descriptor.",
                path=intake.path.name,
                column=intake.descriptor.column("origin"),
                n=self._rows,
                words=tuple(intake.descriptor.origins) or ("—",),
                value=self._first,
            )
        if not self.strange:
            return ()
        sentence = plural(
            "{source}: row {row} says how its event came to be known in a word that “origins” of "
            "the descriptor does not declare; it is not known of it. Declare the word.",
            "{source}: {n} rows say how their event came to be known in words that “origins” of "
            "the descriptor does not declare, the first in row {row}; it is not known of them. "
            "Declare the words.",
        )
        row = row_in_file(intake, self._first_strange)
        facts = {"source": intake.source, "n": self.strange, "row": row}
        return (Finding(sentence, Severity.CAUTION, facts),)
