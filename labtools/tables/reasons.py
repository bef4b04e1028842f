"""Why a row was set apart: the words of an account, and what a reader sees in their place."""

from __future__ import annotations

from types import MappingProxyType

from labtools.messages import mark, number, say
from labtools.tables.account import Account

REASONS = MappingProxyType(
    {
        "row_cut_short": mark("row cut short"),
        "row_deleted": mark("record deleted by its owner"),
        "row_repeated": mark("row repeated"),
        "header_repeated": mark("header repeated"),
        "total_row": mark("total of other rows"),
        "date_not_valid": mark("date not valid"),
        "nothing_but_date": mark("with a date and nothing else"),
        "before_first_day": mark("before the source's first day"),
        "after_cutoff": mark("after the cut date"),
        "folio_repeated": mark("folio repeated"),
        "of_another_municipality": mark("of another municipality"),
        "of_another_area": mark("of another area"),
        "no_polygon": mark("without polygon"),
        "block_row": mark("rows of blocks"),
        "entity_total_row": mark("total of the state"),
        "municipality_total_row": mark("total of the municipality"),
        "locality_total_row": mark("totals of localities"),
        "year_not_valid": mark("year not valid"),
        "month_not_valid": mark("month not valid"),
        "visit_not_in_sample": mark("visit not in the sample"),
        "visit_repeated": mark("visit answered twice"),
        "wave_not_valid": mark("survey wave not valid"),
        "quarter_not_valid": mark("quarter not valid"),
        "no_subject": mark("without type of crime"),
        "no_area": mark("without area"),
        "no_weight_or_design": mark("without weight or design"),
        "no_city_or_indicator": mark("without city or indicator"),
        "no_name": mark("without name"),
        "no_estimate": mark("without estimate"),
        "code_not_valid": mark("code not valid"),
        "no_key": mark("without key"),
        "no_participant": mark("without the number of a participant"),
        "need_not_known": mark("need that is not in the list of factors"),
        "rank_not_valid": mark("place in the order not valid"),
        "key_not_valid": mark("key not valid"),
        "no_action_type": mark("without type of action"),
        "left_before_entering": mark("left before entering"),
        "still_in_programme": mark("entered again before leaving"),
        "ends_before_it_begins": mark("ends before it begins"),
        "date_piled": mark("on a day with improbably many events"),
        "code_not_declared": mark("answers whose code nobody declared"),
        "name_contradicted": mark("whose written name the points of its events contradict"),
        "on_a_heap": mark("on a point with improbably many events"),
        "outside": mark("point outside every colonia"),
        "default_point": mark("default point of an office"),
        "municipality_centre": mark("pile on the centre of the municipality or a borough"),
        "no_place": mark("neither point nor name"),
        "doubtful_name": mark("name with slips, left for a person to decide"),
        "unknown_name": mark("name not in the register"),
        "ambiguous_name": mark("name of several colonias"),
        "people_in_ageb_outside_every_colonia": mark("people in AGEBs outside every colonia"),
        "unclassified_for_a_person_to_code": mark("left for a person to classify"),
        "not_located": mark("without colonia"),
        "month_not_complete": mark("in a month that is not complete"),
        "not_in_register": mark("colonia not in the register"),
        "group_not_counted": mark("of a group that is not counted"),
        "key_not_in_register": mark("key not in the register"),
    }
)

#: What was changed in rows that were kept, and that people must know.
MENDED = MappingProxyType(
    {
        "polygon_repaired": mark("broken polygon repaired"),
        "keys_mended": mark("key mended"),
        "code_not_declared": mark("answer with a code that nobody declared"),
        "spelling_unified": mark("spelling unified"),
    }
)


def reason_words(reason: str) -> str:
    """Return what a reader sees for a reason, in the language in force."""
    return say(REASONS[reason])


def mended_words(account: Account) -> str:
    """Return what was changed in rows that were kept, and in how many; nothing for most files."""
    told = [it for it in MENDED if account.changed.get(it)]
    return ", ".join(f"{say(MENDED[it])} {number(account.changed[it])}" for it in told)
