import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.charts.svg import coordinate, element, joined, path_of, picture
from tests.charts.drawing import described, parsed

HOSTILE = "<script>alert(1)</script>\"'&"


@given(st.text())
def test_any_words_come_back_as_they_were_save_characters_that_xml_forbids(words):
    svg = picture("any", (10, 10), title="t", description=words, body=[])

    allowed = "".join(c for c in words if c in "\t\n\r" or " " <= c <= "\ud7ff" or c >= "\ue000")
    kept = allowed.replace("\ufffe", "").replace("\uffff", "")
    assert described(svg) == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_words_are_escaped_in_text_and_in_attributes():
    drawn = element("text", HOSTILE, class_=HOSTILE)

    assert "<script" not in drawn
    assert parsed(drawn).text == parsed(drawn).attrib["class"] == HOSTILE


def test_markup_is_not_escaped_twice():
    assert joined([element("g"), "a & b"]) == "<g/>a &amp; b"


@pytest.mark.parametrize(("value", "words"), [(12.0, "12"), (12.46, "12.5"), (-0.04, "0")])
def test_coordinates_have_one_decimal_at_most_and_no_negative_zero(value, words):
    assert coordinate(value) == words


def test_a_ring_is_drawn_in_relative_steps_and_closed():
    square = [(0, 0), (10, 0), (10, 5.04), (0, 5.04), (0, 0)]

    assert path_of(square) == "M0 0l10 0l0 5l-10 0z"


def test_pictures_that_say_different_things_never_share_an_id():
    one, other = (
        picture("k", (1, 1), title="t", description=words, body=[]) for words in ("a", "b")
    )

    ids = [{node.attrib["id"] for node in parsed(svg)} for svg in (one, other)]
    assert not ids[0] & ids[1]
