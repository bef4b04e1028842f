import pytest

from labtools.charts.effects import effects_chart
from tests.publish.evaluation_example import evaluation_time


@pytest.mark.parametrize(
    ("outcome", "periods", "unit"), [("crime", 4, " %"), ("perception", 2, "")]
)
def test_every_period_has_its_interval_and_its_figure_in_words(outcome, periods, unit):
    svg = str(effects_chart(evaluation_time(), outcome=outcome))

    table = evaluation_time()
    for value in table.loc[table["outcome"] == outcome, "value"]:
        assert f"−{abs(value):.1f}{unit} (" in svg
    assert svg.count("<rect") >= periods


def test_the_same_rows_make_the_same_picture_in_any_order():
    table = evaluation_time()

    assert effects_chart(table, outcome="crime") == effects_chart(table.iloc[::-1], outcome="crime")
