"""Which module cleans which kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from labtools.sources.ageb_index import clean_ageb_index
from labtools.sources.aliases import clean_aliases
from labtools.sources.census import clean_census
from labtools.sources.codings import clean_codings, clean_factor_codings
from labtools.sources.colonias import clean_ageb, clean_colonias
from labtools.sources.ensu_workbook import clean_ensu_workbook
from labtools.sources.establishments import clean_establishments
from labtools.sources.events import clean_events
from labtools.sources.incidence import clean_municipal_incidence, clean_state_victims
from labtools.sources.meetings import clean_network_answers
from labtools.sources.perception import clean_city_perception, clean_survey
from labtools.sources.programme import clean_actions, clean_programme
from labtools.sources.protocol import Cleaner
from labtools.sources.survey_tables import clean_survey_tables

CLEANERS: Mapping[str, Cleaner] = MappingProxyType(
    {
        "colonias": clean_colonias,
        "programme": clean_programme,
        "events": clean_events,
        "aliases": clean_aliases,
        "codings": clean_codings,
        "factor_codings": clean_factor_codings,
        "ageb": clean_ageb,
        "census": clean_census,
        "municipal_incidence": clean_municipal_incidence,
        "state_victims": clean_state_victims,
        "survey": clean_survey,
        "city_perception": clean_city_perception,
        "ensu_workbook": clean_ensu_workbook,
        "survey_tables": clean_survey_tables,
        "establishments": clean_establishments,
        "ageb_index": clean_ageb_index,
        "actions": clean_actions,
        "network_answers": clean_network_answers,
    }
)
