"""What public pages need and nobody has written yet: whose city it is, and whose the files are."""

from __future__ import annotations

from labtools.errors import LabError, SettingsError
from labtools.forms import is_unsaid
from labtools.messages import text
from labtools.settings import Lab
from labtools.workflow.steps import Opened

_OF_SOURCE = ("title", "publisher", "licence")


def refuse_unnamed(opened: Opened) -> None:
    """Refuse to make pages of a municipality that lab.toml does not name.

    Raises
    ------
    SettingsError
        If its name or its INEGI key still are what a bare workbench begins with.
    """
    if is_unnamed(opened.settings.lab):
        raise SettingsError(
            "lab.toml does not say of which municipality the pages are: write municipality (its "
            "name) and municipality_id (its INEGI key, five digits) under [lab]. Nothing was begun."
        )


def is_unnamed(lab: Lab) -> bool:
    """Return whether the municipality has no name yet, or no key."""
    return is_unsaid(lab.municipality) or int(lab.municipality_id) == 0


def undeclared_sources(opened: Opened) -> tuple[str, ...]:
    """Return, for each source whose descriptor leaves out whose the file is, what to write."""
    said = []
    for source in opened.files():
        try:
            descriptor = opened.descriptor(source)
        except LabError:
            continue  # told with the sources
        absent = tuple(it for it in _OF_SOURCE if is_unsaid(getattr(descriptor, it)))
        if absent:
            said.append(
                text(
                    "source {source}: public pages say that {absent} is not declared. Write it in "
                    "the descriptor {descriptor}.toml",
                    source=source.name,
                    absent=absent,
                    descriptor=source.descriptor,
                )
            )
    return tuple(said)
