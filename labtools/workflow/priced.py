"""What ``lab.toml`` says of targeting, against the catalogue and the register of agencies.

A key that nothing has is a slip of the pen: it is refused, and never left out in silence.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from labtools.errors import SettingsError
from labtools.settings import Targeting
from labtools.targeting.catalogue import read_agencies, read_interventions


def check_priced(plan: Targeting, references: Path | None) -> None:
    """Refuse actions and agencies that the workbench does not know, or may not propose.

    Raises
    ------
    SettingsError
        With the first that is wrong, and those there are.
    """
    if not (plan.action or plan.capacity):
        return
    agencies = {agency.id for agency in read_agencies(references).agency}
    catalogue = read_interventions(references).by_id()
    named = [one.intervention for one in plan.action]
    _known("action.intervention", named, catalogue)
    _known("action.agency", [one.agency for one in plan.action if one.agency], agencies)
    _known("capacity", list(plan.capacity), agencies)
    for one in named:
        if not catalogue[one].may_be_proposed:
            raise SettingsError(
                "lab.toml gives a price to {action} in [targeting], which is not to be proposed: "
                "{why}. Take it out.",
                action=one,
                why=catalogue[one].do_not or catalogue[one].out_of_scope,
            )
        if named.count(one) > 1:
            raise SettingsError(
                "lab.toml gives {n} prices to {action} in [targeting]. Leave one.",
                n=named.count(one),
                action=one,
            )


def _known(entry: str, told: list[str], known: Collection[str]) -> None:
    unknown = [name for name in told if name not in known]
    if unknown:
        raise SettingsError(
            "lab.toml names {name} in {entry} of [targeting] ({n} in all), which nothing here is "
            "called. There are: {known}.",
            name=unknown[0],
            entry=entry,
            n=len(unknown),
            known=tuple(sorted(known)),
        )
