import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.charts import theme


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("pair", theme.TEXT_ON_GROUND)
def test_text_can_be_read_on_its_ground(pair):
    assert contrast(*pair) >= 4.5


@pytest.mark.parametrize("sign", [theme.ABOVE, theme.BELOW, theme.ACCENT, theme.INK])
def test_signs_stand_out_from_paper(sign):
    assert contrast(sign, theme.PAPER) >= 3


def test_the_tiers_of_the_map_stay_apart_in_grey():
    assert contrast(theme.ABOVE_FILL, theme.BELOW_TINT) >= 2


@given(st.floats(0.001, 1e6))
def test_an_axis_from_zero_reaches_its_highest_value_without_much_to_spare(highest):
    steps = theme.steps_from_zero(highest)

    assert steps[0] == 0
    assert highest <= steps[-1] * (1 + 1e-9)
    assert steps[-2] < highest
    assert len(steps) <= 7


def test_values_beyond_an_axis_are_drawn_at_its_end():
    axis = theme.Axis(0, 10, 100, 200, (), "")

    assert [axis.at(v) for v in (-5, 0, 5, 99, float("inf"))] == [100, 100, 150, 200, 200]


@given(st.text(alphabet="ab ", min_size=1, max_size=80))
def test_wrapping_loses_no_word(words):
    assert " ".join(theme.wrapped(words, 60, 12)).split() == words.split()
