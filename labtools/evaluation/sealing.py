"""Whether a protocol is the one that was sealed, and in what the facts depart from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labtools.errors import PrivacyError
from labtools.evaluation.protocol import Protocol, digest_of_protocol
from labtools.privacy.ledger import SEAL, Entry


@dataclass(frozen=True, slots=True)
class Sealed:
    """A protocol with the proof that it stands as it was sealed.

    Attributes
    ----------
    protocol : Protocol
    sealed_on : str
        Day of the seal that is in force, ISO.
    by : str
        Who sealed it.
    digest : str
        Checksum of what it says.
    earlier : tuple of str
        Days of earlier seals of other contents under the same name.
    """

    protocol: Protocol
    sealed_on: str
    by: str
    digest: str
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the data show, to be held against the protocol.

    Attributes
    ----------
    colonias : int
        How many entered.
    first_entry : str
        Day on which the first one entered, ISO.
    left : int
        How many left before the end.
    last_month : str
        Last month with data, ``YYYY-MM``.
    between_rounds : int
        Colonias that entered before the first day of choice.
    """

    colonias: int
    first_entry: str
    left: int
    last_month: str
    between_rounds: int


def seals_of(entries: Sequence[Entry], protocol_id: str) -> tuple[Entry, ...]:
    """Return the seals of a protocol, the oldest first."""
    return tuple(e for e in entries if e.kind == SEAL and e.run == protocol_id)


def check_sealed(protocol: Protocol, entries: Sequence[Entry]) -> Sealed:
    """Return the protocol with its seal.

    Parameters
    ----------
    entries : sequence of Entry
        Of the ledger, its chain checked.

    Raises
    ------
    PrivacyError
        If it was never sealed, or says something else than what was sealed last.
    """
    seals = seals_of(entries, protocol.id)
    if not seals:
        raise PrivacyError(
            "The protocol {id} is not sealed, so its outcomes are not read. Seal it with "
            "“labtools protocol seal {id}”, before anybody looks at them.",
            id=protocol.id,
        )
    last, digest = seals[-1], digest_of_protocol(protocol)
    if last.facts["digest"] != digest:
        raise PrivacyError(
            "The protocol {id} is not the one that was sealed on {day}: its content was changed "
            "since. Put the sealed text back; or seal the new one, and readers are told that "
            "it changed.",
            id=protocol.id,
            day=last.decided[:10],
        )
    earlier = [e.decided[:10] for e in seals if e.facts["digest"] != digest]
    return Sealed(protocol, last.decided[:10], last.by, digest, tuple(earlier))


def deviations(sealed: Sealed, seen: Seen) -> dict[str, dict[str, object]]:
    """Return in what the facts depart from the protocol, each with its facts.

    Keys are ``sealed_late``, ``sealed_again``, ``colonias``, ``left``, ``not_a_look`` and
    ``before_choice``; readers are told in :mod:`labtools.narrative.evaluation`.
    """
    protocol = sealed.protocol
    planned, looks = protocol.units.colonias, protocol.analysis.looks
    found: dict[str, tuple[bool, dict[str, object]]] = {
        "sealed_late": (
            sealed.sealed_on >= seen.first_entry,
            {"sealed_on": sealed.sealed_on, "first_entry": seen.first_entry},
        ),
        "sealed_again": (
            bool(sealed.earlier),
            {"n": len(sealed.earlier) + 1, "days": ", ".join(sealed.earlier)},
        ),
        "colonias": (seen.colonias != planned, {"planned": planned, "entered": seen.colonias}),
        "left": (seen.left > 0, {"n": seen.left}),
        "not_a_look": (
            seen.last_month not in looks,
            {"last_month": seen.last_month, "looks": ", ".join(looks)},
        ),
        "before_choice": (seen.between_rounds > 0, {"n": seen.between_rounds}),
    }
    return {name: facts for name, (departs, facts) in found.items() if departs}
