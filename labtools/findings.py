"""What a check saw: not an error, but something the reader must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from labtools import messages
from labtools.messages import Sentence


class Severity(StrEnum):
    """How a finding changes what may be done with the result."""

    NOTE = "note"  # shown in the method box
    CAUTION = "caution"  # shown beside the figure
    BLOCKER = "blocker"  # the result may not be published


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check saw: its sentence, how grave it is, and the facts."""

    sentence: Sentence
    severity: Severity
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.say(self.sentence, **self.facts)
