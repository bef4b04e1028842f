"""Errors raised on purpose, one class for each kind of remedy.

The first argument of every error is its English sentence (the key of its
translation); the facts fill it in.  ``str(error)`` speaks the reader's language.
"""

from __future__ import annotations

from functools import partial

from labtools import messages
from labtools.messages import Sentence


class LabError(Exception):
    """Base of every error that a person can do something about.

    Parameters
    ----------
    sentence : str or Plural
        What happened, where, what was expected and what to do next, in English,
        with ``{fact}`` placeholders.
    **facts
        Fill in the sentence.  A :class:`~labtools.messages.Plural` is chosen by ``n``.
    """

    exit_code = 1

    def __init__(self, sentence: Sentence, /, **facts: object) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.facts = facts

    def __str__(self) -> str:
        return messages.say(self.sentence, **self.facts)

    # Errors cross process borders (lanes, kernels); the default would drop the facts.
    def __reduce__(self) -> tuple[object, ...]:
        return partial(type(self), self.sentence, **self.facts), ()


class SettingsError(LabError):
    """Edit ``lab.toml``, or the command's options."""

    exit_code = 2


class SourceError(LabError):
    """Talk to whoever supplied the file, or correct its descriptor."""

    exit_code = 3


class TableError(LabError):
    """Fix the step that made the table."""

    exit_code = 4


class AnalysisError(LabError):
    """The question cannot be answered from these data: ask another one."""

    exit_code = 5


class PrivacyError(LabError):
    """Do not release."""

    exit_code = 6


class RunError(LabError):
    """Look at the cell that the message names."""

    exit_code = 7


class DependencyError(LabError):
    """Install the extra that the message names."""

    exit_code = 8


class BusyError(LabError):
    """Wait until whoever holds the workbench has ended (``EX_TEMPFAIL`` of sysexits)."""

    exit_code = 75


class SpaceError(LabError):
    """Make room on the disk (``EX_IOERR`` of sysexits)."""

    exit_code = 74
