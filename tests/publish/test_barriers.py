"""A page that keeps readers out is found before anybody meets it."""

import shutil

import pytest

from labtools.errors import PrivacyError
from labtools.publish.barriers import can_look, grave_barriers, pages_of_each_kind, seen_in
from labtools.workflow import release

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def barred(site, tmp_path_factory):
    """Return a site whose first page lost the language and the name of its search."""
    folder = shutil.copytree(site, tmp_path_factory.mktemp("barred") / "site")
    page = folder / "index.html"
    told = page.read_text(encoding="utf-8")
    page.write_text(told.replace(' lang="es-MX"', "", 1), encoding="utf-8")
    return folder


def test_every_kind_of_page_is_looked_at_and_maps_of_one_kind_once(site):
    pages = pages_of_each_kind(site)

    assert {"index.html", "mapa.html", "cambios.html", "datos.html"} <= set(pages)
    assert sum(page.startswith("colonias/") for page in pages) == 2
    assert any(page.startswith("en/colonias/") for page in pages)
    assert len(pages) == len(set(pages)) < 16


@pytest.mark.browser
@pytest.mark.skipif(not can_look(), reason="there is no Chromium or axe-core here")
def test_a_page_without_its_language_is_found_and_a_whole_one_is_not(barred):
    found = grave_barriers(barred, ["index.html", "cambios.html"])

    assert [(one.page, one.rule) for one in found] == [("index.html", "html-has-lang")]


class Told(list):
    """As much of an opened workbench as the refusal looks at."""

    def __init__(self, barriers, folder=None):
        super().__init__()
        self.settings = self.publish = self.workbench = self
        self.barriers = barriers
        self.tell = self.append
        self.interim = lambda name: folder / name


@pytest.mark.browser
@pytest.mark.skipif(not can_look(), reason="there is no Chromium or axe-core here")
def test_a_barrier_keeps_the_edition_back_unless_the_lab_says_otherwise(
    barred, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        release, "grave_barriers", lambda site, _pages: grave_barriers(site, ["index.html"])
    )

    for _ in range(2):  # what kept it back is not forgotten
        with pytest.raises(PrivacyError, match=r"index\.html"):
            release.refuse_barriers(Told("block", tmp_path), barred)
    release.refuse_barriers(Told("ignore"), barred)


def test_a_page_is_looked_at_again_only_where_it_or_the_styles_changed(site, monkeypatch, tmp_path):
    site = shutil.copytree(site, tmp_path / "site")
    looked_at = []
    monkeypatch.setattr(release, "can_look", lambda: True)
    monkeypatch.setattr(release, "version", lambda _name: "1")
    monkeypatch.setattr(
        release, "grave_barriers", lambda _site, pages: looked_at.append(list(pages)) or ()
    )

    def publish_again():
        release.refuse_barriers(Told("block", tmp_path), site)

    publish_again()
    publish_again()
    with (site / "cambios.html").open("a", encoding="utf-8") as page:
        page.write("<!-- another figure -->")
    publish_again()
    with (site / "assets" / "style.css").open("a", encoding="utf-8") as styles:
        styles.write("p { color: #eee }")
    publish_again()

    every = pages_of_each_kind(site)
    assert looked_at == [every, ["cambios.html"], every]


PAGE = (
    b'<style>p { color: #112 }</style><td class="n2" style="width: 40%">1,204</td>'
    b"<p>7<STYLE>q { color: #345 }</STYLE></p><script>x(3)</script>"
)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"n2", b"n3"),
        (b"40%", b"4%"),
        (b"</td>", b"</td><td>5</td>"),
        (b"1,204", b"many"),
        (b"#112", b"#eee"),
        (b"#112", b"#113"),
        (b"#345", b"#344"),
        (b"x(3)", b"x(4)"),
    ],
)
def test_a_page_whose_attributes_rows_or_words_changed_is_another(was, now):
    assert seen_in(PAGE.replace(was, now)) != seen_in(PAGE)


def test_a_page_of_which_only_a_figure_in_its_words_changed_was_seen():
    assert seen_in(PAGE.replace(b"1,204", b"987.5")) == seen_in(PAGE)


def test_where_no_page_can_be_looked_at_it_is_said(barred, monkeypatch):
    monkeypatch.setattr(release, "can_look", lambda: False)
    opened = Told("block")

    release.refuse_barriers(opened, barred)

    assert len(opened) == 1
