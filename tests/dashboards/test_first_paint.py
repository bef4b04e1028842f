"""First paint is cheap: what still pages share is read once, however many colonias there are."""

from labtools.dashboards import still
from labtools.dashboards.boards import BOARDS
from labtools.dashboards.data import open_released
from tests.publish.released_example import write_released


def test_the_pages_of_all_colonias_open_the_released_tables_no_more_often_than_that_of_one(
    tmp_path, monkeypatch
):
    stills, opened = still.Stills(write_released(tmp_path / "public")), []
    monkeypatch.setattr(
        still, "open_released", lambda public: opened.append(public) or open_released(public)
    )
    first, *others = stills.slugs()
    page = stills.page(BOARDS[0], first, "es_MX")
    before = len(opened)

    more = [
        stills.page(BOARDS[0], slug, language) for slug in others for language in ("es_MX", "en")
    ]

    assert len(more) > 10
    assert len({page, *more}) == 1 + len(more)
    assert len(opened) == before
