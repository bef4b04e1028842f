"""The synthetic municipality, whole: one call builds it from a seed.

Use it to learn the tools and to check a method against a truth that is known.  Do not use
it to learn about crime: its mechanisms are chosen, not observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labtools.demo.chance import generator
from labtools.demo.events import LEADS, case_files, leading_events
from labtools.demo.ground import Ground, centre_point, degrees, lay_out
from labtools.demo.history import History, unfold
from labtools.demo.intensity import Latent, imagine
from labtools.demo.people import People, settle
from labtools.demo.programme import log_actions
from labtools.demo.surveys import Fear, interview, quarterly_series

OFFICE_FROM_CENTRE = (350.0, -420.0)  # metres east and north


@dataclass(frozen=True, slots=True)
class City:
    """The municipality and everything that is true of it.

    Attributes
    ----------
    seed : int
        Where its chance comes from.
    ground, people : Ground, People
        Where everything is, and who lives there.  Colonias are known by position (0 to 411)
        throughout; ``people.colonias["colonia_id"]`` has their keys.
    latent, history : Latent, History
        Crime as it would have been without programme, and as it was.
    case_files : pandas.DataFrame
        See :func:`labtools.demo.events.case_files`.
    actions : pandas.DataFrame
        See :func:`labtools.demo.programme.log_actions`.
    leading : dict of str to pandas.DataFrame
        ``calls_911``, ``civic_offences`` and ``reports_070``; see
        :func:`labtools.demo.events.leading_events`.
    fear, interviews, quarterly : Fear, pandas.DataFrame, pandas.DataFrame
        The truth about insecurity, the survey, and the city's quarterly figure.
    """

    seed: int
    ground: Ground
    people: People
    latent: Latent
    history: History
    case_files: pd.DataFrame
    actions: pd.DataFrame
    leading: dict[str, pd.DataFrame]
    fear: Fear
    interviews: pd.DataFrame
    quarterly: pd.DataFrame

    @property
    def office(self) -> tuple[float, float]:
        """Longitude and latitude of the prosecutor's office.

        Case files whose place nobody looked up pile up on this point.
        """
        east, north = OFFICE_FROM_CENTRE
        x, y = centre_point()
        longitude, latitude = degrees(x + east, y + north)
        return round(float(longitude), 6), round(float(latitude), 6)


def build_city(seed: int = 2026) -> City:
    """Return the municipality that grows from `seed`; the same seed gives the same city.

    Raises
    ------
    SettingsError
        If the seed is negative.
    """
    ground = lay_out(generator(seed, "ground"))
    people = settle(ground, seed)
    latent = imagine(ground, people, seed)
    history = unfold(ground, people, latent, seed)
    fear, interviews = interview(ground, people, latent, history, seed)
    return City(
        seed=seed,
        ground=ground,
        people=people,
        latent=latent,
        history=history,
        case_files=case_files(ground, history, seed),
        actions=log_actions(history.programme, generator(seed, "actions")),
        leading={name: leading_events(ground, people, history, name, seed) for name in LEADS},
        fear=fear,
        interviews=interviews,
        quarterly=quarterly_series(fear, seed),
    )
