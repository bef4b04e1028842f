"""The card of a colonia for a phone."""

import io
import struct
import zlib

import pytest

from labtools.charts.ground import ground_of
from labtools.charts.maps import locator_map
from labtools.messages import speaking
from labtools.narrative import sentences
from labtools.publish.card import card_words, phone_card
from tests.publish.poisoned import HOSTILE
from tests.publish.released_example import IDS, NAMES, WITHHELD, ficha_of, released_tables

Image = pytest.importorskip("PIL.Image")


def made(tables, colonia_id=IDS[0]):
    released = ficha_of(tables, colonia_id)
    drawn = locator_map(ground_of(tables["colonias_shown"]), colonia_id)
    with speaking("en"):
        told = sentences(released)
        return (
            phone_card(released, map_svg=drawn, sentences=told, language="en"),
            card_words(released, told),
        )


def test_a_card_is_a_tall_picture_that_carries_its_words(tables):
    picture, told = made(tables)

    opened = Image.open(io.BytesIO(picture))
    assert opened.size == (1080, 1350)
    assert opened.text["Description"] == told
    assert made(tables)[0] == picture


def test_its_words_hold_crime_and_perception_each_with_its_interval(tables):
    _, told = made(tables)

    row = tables["crime"].query("colonia_id == @IDS[0] and group == 'total'").iloc[0]
    rate, low, high = (f"{row[f'smoothed{end}']:.1f}" for end in ("", "_lower", "_upper"))
    assert f"{rate} ({low} to {high})" in told
    assert "steadied" in told
    assert "feel unsafe in their city" in told
    assert NAMES[0] in told


def test_what_is_withheld_is_said_to_be_and_has_no_figure(tables):
    crime = tables["crime"].copy()
    here = crime["colonia_id"] == WITHHELD
    crime.loc[here, "state"] = "suppressed"
    crime.loc[here, ["rate", "lower", "upper"]] = None

    _, told = made({**tables, "crime": crime}, WITHHELD)

    assert "Recorded crime: withheld." in told
    assert ". ." not in told


def test_a_name_that_tries_to_leave_its_place_stays_words():
    picture, told = made(released_tables((HOSTILE, *NAMES[1:])))

    assert HOSTILE in told
    assert Image.open(io.BytesIO(picture)).text["Description"] == told


def test_every_part_of_the_picture_keeps_its_checksum(tables):
    picture, _ = made(tables)

    place, kinds = 8, []
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        body = picture[place + 4 : place + 8 + length]
        assert struct.unpack(">I", picture[place + 8 + length : place + 12 + length]) == (
            zlib.crc32(body),
        )
        kinds.append(body[:4])
        place += 12 + length
    assert kinds[:2] == [b"IHDR", b"iTXt"]
    assert kinds[-1] == b"IEND"
