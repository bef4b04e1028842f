"""For whom results are made, and what they are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from labtools.privacy.cards import Card
from labtools.privacy.keys import Keyring
from labtools.reference import references_digest
from labtools.settings import Settings
from labtools.tables.periods import Window
from labtools.workflow.keeping import Kept
from labtools.workflow.protocols import Planned
from labtools.workflow.unplaced import Unplaced


@dataclass(frozen=True, slots=True)
class Edition:
    """What an edition is made with.

    Attributes
    ----------
    audience : {"internal", "public"}
    window : Window
    withheld : frozenset of str
        Colonias without public figures.
    with_ficha : frozenset of str
        Colonias that get a ficha.
    key : Keyring
        Of the rounding.
    cards : tuple of Card
        What is published, with its purpose and date of expiry.
    protocols : tuple of Planned
        Evaluations to be made.
    recorded : mapping of int to float
        Which share of the events of the last 1, 3 or 12 months is thought to be recorded by now;
        of a span that is not told it is not known.
    earlier : mapping of str to pandas.DataFrame
        What earlier runs told by month and group, by their names.
    unplaced : Unplaced
        Case files that no colonia could be given.
    references : pathlib.Path, optional
        Folder of the workbench's own catalogues; each that it lacks is ours.
    fits : Kept
        Where models of the city that were fitted before are.
    """

    audience: str
    window: Window
    withheld: frozenset[str]
    with_ficha: frozenset[str]
    key: Keyring
    cards: tuple[Card, ...]
    protocols: tuple[Planned, ...] = ()
    recorded: Mapping[int, float] = field(default_factory=dict)
    earlier: Mapping[str, pd.DataFrame] = field(default_factory=dict, compare=False)
    unplaced: Unplaced = field(default_factory=Unplaced)
    references: Path | None = None
    fits: Kept = field(default_factory=Kept, compare=False)

    @property
    def is_public(self) -> bool:
        """Whether counts are to be protected."""
        return self.audience == "public"

    def bare(self) -> Edition:
        """Return the edition without what no kept figure may depend on (see `made_from`)."""
        return replace(self, with_ficha=frozenset(), cards=(), protocols=(), earlier={})

    def made_from(self, settings: Settings) -> list[object]:
        """Return all that figures made with `bare` depend on beside tables, as plain values."""
        return [
            self.audience,
            repr(self.window),
            sorted(self.withheld),
            self.key.digest(),
            sorted(self.recorded.items()),
            repr(self.unplaced),
            references_digest(self.references),
            settings.of_content(),
        ]
