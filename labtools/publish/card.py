"""A card of one colonia for a phone: crime and perception side by side, with their intervals.

The picture carries its words (``Description``), for whoever cannot see it: a message that
forwards it can forward them too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import pandas as pd

from labtools.charts.figures import figure_words, share_words
from labtools.charts.perception import area_words, latest
from labtools.messages import DEFAULT_LANGUAGE, speaking, text
from labtools.publish import wording
from labtools.publish.figures import period_words, valid_words
from labtools.publish.printing import Facts, picture_facts, pictured
from labtools.tables import vocabulary as words
from labtools.tables.records import records
from labtools.tables.released import Released

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = len(_SIGNATURE) + 25  # bytes through the header chunk, after which words may stand


def phone_card(
    released: Released,
    *,
    map_svg: str,
    sentences: Mapping[str, Sequence[str]],
    language: str = DEFAULT_LANGUAGE,
    address: str = "",
) -> bytes:
    """Return the card as PNG, 1080 × 1350: the same tables give the same bytes.

    Use it to send a colonia's ficha to a group of neighbours; the ficha itself says more.

    Parameters
    ----------
    released, map_svg, sentences, language
        As `labtools.publish.ficha.render_ficha`.
    address : str, optional
        Of the site, written at the foot.
    """
    with speaking(language):
        facts = _facts(released, map_svg, sentences, language, address)
        return _described(pictured("card", facts), card_words(released, sentences))


def card_words(released: Released, sentences: Mapping[str, Sequence[str]]) -> str:
    """Return what the card says, for whoever cannot see it."""
    boxes = (_crime(released), _perception(released))
    told = [_boxed(box) for box in boxes]
    name = str(released.tables["profile"]["name"].iloc[0])
    period = period_words(released.tables)
    return " ".join([f"{name}. {period}.", *told, *_said(sentences)])


def _boxed(box: Mapping[str, str]) -> str:
    figure = ", ".join(part for part in (box["figure"], box["unit"], box["reading"]) if part)
    return text("{title}: {figure}.", title=box["title"], figure=figure)


def _facts(
    released: Released,
    map_svg: str,
    sentences: Mapping[str, Sequence[str]],
    language: str,
    address: str,
) -> Facts:
    period = released.tables["period"]
    lang, _, region = wording.HTML_LANGUAGES[language].partition("-")
    return {
        "lang": lang,
        "region": region or None,
        "name": str(released.tables["profile"]["name"].iloc[0]),
        "lab": str(period["lab"].iloc[0]),
        "place_name": str(period["municipality"].iloc[0]),
        "period": period_words(released.tables),
        "boxes": [_crime(released), _perception(released)],
        "map": picture_facts(map_svg),
        "said": _said(sentences),
        "promise": wording.frame_words()["promise"],
        "valid": valid_words(released.expires.get("crime", "")),
        "address": address,
    }


def _said(sentences: Mapping[str, Sequence[str]]) -> list[str]:
    return [said[0] for key in ("change", "place") if (said := sentences.get(key))]


def _crime(released: Released) -> dict[str, str]:
    crime = released.tables["crime"]
    found = records(crime[crime["group"] == words.TOTAL])
    box = {"title": text("Recorded crime"), "figure": "", "unit": "", "reading": ""}
    if not found:
        return {**box, "figure": words.label(words.MISSING)}
    row, state = found[0], str(found[0]["state"])
    # The reading is of the steadied rate, so that is the one shown beside it.
    ends = row["smoothed_lower"], row["smoothed_upper"]
    box["figure"] = figure_words(row["smoothed"], *ends, state)
    if state == words.SHOWN:
        box["unit"] = text(
            "for every 1,000 inhabitants in a year (steadied rate, with its 95 % interval)"
        )
        box["reading"] = words.label(str(row["versus_municipality"]))
    return box


def _perception(released: Released) -> dict[str, str]:
    """Return what is known of how safe people feel, as near the colonia as a survey reaches."""
    asked = released.tables.get("perception", pd.DataFrame())
    box = {"title": text("Perception"), "unit": "", "reading": ""}
    if len(asked):
        for row in latest(row for row in records(asked) if row["indicator"] == "insecurity"):
            if row["state"] == words.SHOWN:
                share = share_words(row["share"], row["lower"], row["upper"], words.SHOWN)
                unit = text("feel unsafe in their city, with its 95 % interval")
                return {**box, "figure": share, "unit": unit, "reading": area_words(row)}
    return {**box, "figure": words.label(words.MISSING)}


def _described(picture: bytes, told: str) -> bytes:
    """Return a PNG that carries words, as its standard has them (an ``iTXt`` chunk)."""
    body = b"iTXt" + b"Description\0\0\0\0\0" + told.encode("utf-8")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture[:_HEADER] + chunk + picture[_HEADER:]
