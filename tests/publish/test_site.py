import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from labtools.errors import SettingsError, TableError
from labtools.publish import contents
from labtools.publish import site as module
from labtools.publish.pages import CONTENT_POLICY, in_own_language
from labtools.publish.site import build_site
from labtools.tables.contracts import empty_table
from labtools.tables.released import read_ficha, read_fichas, seal_of, write_ficha
from tests.publish.markup import page_of
from tests.publish.poisoned import HOSTILE
from tests.publish.released_example import (
    IDS,
    NAMES,
    WITHOUT_FICHA,
    ficha_of,
    released_tables,
    write_released,
)

LIMIT = 150_000
OWN_SCRIPT = re.compile(r"^(\.\./)*(\./)?assets/(expiry|index|search)\.js$")
ELSEWHERE = re.compile(
    r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}|javascript:|@import""", re.IGNORECASE
)


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def bytes_of(site: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(site)): file.read_bytes() for file in site.rglob("*") if file.is_file()
    }


def test_every_colonia_with_a_ficha_has_its_page_in_each_language(site):
    expected = {f"{key.lower()}.html" for key in IDS if key != WITHOUT_FICHA}

    for folder in (site / "colonias", site / "en" / "colonias"):
        assert {file.name for file in folder.iterdir()} == expected


def test_every_link_leads_to_a_file_of_the_site(site):
    broken = []
    for file in pages(site):
        page = page_of(file)
        targets = [
            a.get("href") or a.get("src") for _, a in page.elements if {"href", "src"} & set(a)
        ]
        own = {a["id"] for _, a in page.elements if "id" in a}
        for target in filter(None, targets):
            if target.startswith("#"):
                broken += [] if target[1:] in own else [(file.name, target)]
            elif not target.startswith("data:") and not (file.parent / target).is_file():
                broken.append((file.name, target))

    assert broken == []


def test_no_page_style_or_script_reaches_outside_the_site(site):
    found = {
        str(file.relative_to(site)): ELSEWHERE.findall(file.read_text(encoding="utf-8"))
        for file in site.rglob("*")
        if file.suffix in {".html", ".css", ".js"}
    }

    assert {name: hits for name, hits in found.items() if hits} == {}
    assert "url(" not in (site / "assets" / "style.css").read_text(encoding="utf-8")


def test_every_page_carries_the_strict_policy_and_nothing_that_it_would_block(site):
    assert "'unsafe" not in CONTENT_POLICY
    assert CONTENT_POLICY.startswith("default-src 'none';")
    for file in pages(site):
        page = page_of(file)
        policies = [a for a in page.all("meta") if "http-equiv" in a]
        attributes = {name for _, a in page.elements for name in a}
        assert [p["content"] for p in policies] == [CONTENT_POLICY]
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
        assert all("src" in script for script in page.all("script"))
        assert page.all("style") == []


def test_every_page_is_well_formed_and_its_ids_are_unique(site):
    for file in pages(site):
        page = page_of(file)
        ids = Counter(a["id"] for _, a in page.elements if "id" in a)
        assert page.crossed == [], file.name
        assert [i for i, n in ids.items() if n > 1] == [], file.name


def test_every_id_that_is_pointed_at_exists(site):
    for file in pages(site):
        page = page_of(file)
        ids = {a["id"] for _, a in page.elements if "id" in a}
        named = {
            key
            for _, a in page.elements
            for name in ("aria-labelledby", "aria-describedby", "for")
            for key in a.get(name, "").split()
        }
        painted = set(re.findall(r"url\(#([^)]+)\)", file.read_text(encoding="utf-8")))
        assert (named | painted) - ids == set(), file.name


def test_headings_go_down_one_step_at_a_time_from_a_single_first(site):
    for file in pages(site):
        levels = [int(tag[1]) for tag, _ in page_of(file).elements if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1, file.name
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_readers_of_any_kind_find_their_way(site):
    for file in pages(site):
        page = page_of(file)
        assert len(page.all("main")) == len(page.all("header")[:1]) == len(page.all("footer")) == 1
        assert [a["href"] for a in page.all("a") if a.get("class") == "skip"] == ["#content"]
        assert all("scope" in a for a in page.all("th"))
        assert len(page.all("caption")) == len(page.all("table"))
        assert all(a.get("role") == "img" for a in page.all("svg"))
        labelled = {a.get("for") for a in page.all("label")}
        assert {a["id"] for a in page.all("input")} <= labelled


def test_every_page_says_who_answers_for_corrections_and_personal_data(site):
    for file in pages(site):
        written = file.read_text(encoding="utf-8")
        assert "(ARCO): Unidad de Transparencia." in written, file.name


def test_no_page_is_heavy(site):
    assert max(file.stat().st_size for file in pages(site)) < LIMIT


RANKING = re.compile(
    r"\b(peor|ranking|top \d+|worst|(?:most|más) (?:danger|peligr|violent|insegur|unsafe))",
    re.IGNORECASE,
)
#: What may be said of a worst case: why a comparison deceives, and that there is no ranking.
EXPLAINED = (
    "chosen for their worst records",
    "elegidas por sus peores registros",
    "nor to say that one colonia is worse than another",
    "ni para decir que una colonia es peor que otra",
)


def test_no_sentence_ranks_colonias(site):
    names = [name for name in NAMES if name]
    said = [(file.name, words) for file in pages(site) for words in page_of(file).words]

    explained = [(file, words) for file, words in said if any(e in words for e in EXPLAINED)]
    bare = [(file, re.sub("|".join(EXPLAINED), "", words)) for file, words in said]

    assert [one for one in bare if RANKING.search(one[1])] == []
    assert [one for one in explained if any(name in one[1] for name in names)] == []


def test_names_that_try_to_leave_their_place_stay_words(hostile_site):
    for file in pages(hostile_site):
        page = page_of(file)
        assert page.all("img") == [], file.name
        assert HOSTILE in page.text, file.name
        assert not {n for _, a in page.elements for n in a if n.startswith("on")}, file.name
        assert page.crossed == [], file.name
        assert all(OWN_SCRIPT.search(script["src"]) for script in page.all("script")), file.name


def test_what_an_interrupted_site_left_is_cleared_away(public, tmp_path):
    left = tmp_path / ".site-ab12"
    left.mkdir()
    (left / "half.html").write_text("<p>", encoding="utf-8")

    build_site(public, tmp_path / "site")

    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_same_edition_gives_the_same_bytes(public, site, tmp_path):
    again = build_site(public, tmp_path / "again").folder

    assert bytes_of(again) == bytes_of(site)


def test_a_new_site_takes_the_place_of_the_earlier_one_and_leaves_nothing_of_it(tmp_path):
    public = write_released(tmp_path / "public")
    site = build_site(public, tmp_path / "site").folder
    (public / "fichas" / "c005.json").unlink()

    report = build_site(public, site)

    assert report.fichas == 10
    assert not (site / "colonias" / "c005.html").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["public", "site"]


def test_a_failure_leaves_the_earlier_site_as_it_was(tmp_path):
    public = write_released(tmp_path / "public")
    site = build_site(public, tmp_path / "site").folder
    before = bytes_of(site)

    def fail(_released: object) -> dict[str, tuple[str, ...]]:
        raise TableError("A sentence failed.")

    with pytest.raises(TableError):
        build_site(public, site, tell=fail)

    assert bytes_of(site) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["public", "site"]


def test_a_folder_that_is_not_a_site_is_never_replaced(public, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")

    with pytest.raises(SettingsError):
        build_site(public, tmp_path)

    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_an_edition_without_fichas_says_what_to_do(tmp_path):
    public = write_released(tmp_path / "public")
    for file in (public / "fichas").iterdir():
        file.unlink()

    with pytest.raises(TableError, match="labtools run"):
        build_site(public, tmp_path / "site")

    assert not (tmp_path / "site").exists()


def test_two_colonias_never_share_a_page(tmp_path):
    tables = released_tables()
    public = write_released(tmp_path / "public", tables)
    twin = ficha_of(tables, "C001")
    renamed = type(twin)("c001", twin.tables, twin.seal)
    write_ficha(renamed, public / "fichas" / "zz.json")

    with pytest.raises(TableError, match=r"c001\.html"):
        build_site(public, tmp_path / "site")


def test_colonias_are_listed_by_name_as_a_reader_looks_them_up(site):
    source = (site / "index.html").read_text(encoding="utf-8")

    listed = re.findall(r'colonias/[^"]+">([^<]+)<', source)
    assert listed[:4] == ["Álamos del Río", "Centro", "El Mirador", "Jardines"]
    assert len(listed) == len(IDS) - 1


def test_pages_that_did_not_change_are_taken_and_the_others_are_made(tmp_path):
    public = write_released(tmp_path / "public")
    kept = tmp_path / "pages"
    first = files_of(build_site(public, tmp_path / "first", kept=kept).folder)
    name = min((public / "fichas").glob("*.json"))
    ficha = read_ficha(name)
    tables = {**ficha.tables, "unknowns": ficha.tables["unknowns"].iloc[:0]}
    write_ficha(replace(ficha, tables=tables, seal=seal_of(tables)), name)
    marked = next(path for path in kept.iterdir())
    marked.write_bytes(b"changed on the shelf")

    again = build_site(public, tmp_path / "again", kept=kept)
    anew = build_site(public, tmp_path / "anew")

    assert files_of(again.folder) == files_of(anew.folder)
    changed = {n for n, held in first.items() if files_of(again.folder)[n] != held}
    assert {Path(n).name for n in changed} == {f"{name.stem.lower()}.html"}


def test_what_is_no_longer_needed_leaves_the_shelf(tmp_path):
    public, kept = write_released(tmp_path / "public"), tmp_path / "pages"
    build_site(public, tmp_path / "site", kept=kept)
    (kept / f"{'0' * 64}.{'1' * 32}").write_bytes(b"of another edition")
    many = len(list(kept.iterdir()))

    build_site(public, tmp_path / "site", kept=kept)

    assert len(list(kept.iterdir())) == many - 1


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory):
    """The site of a city that handed in its register of colonias and nothing else."""
    tables = released_tables()
    unknown = {"state": "shown", "verdict": "unknown"}
    tables["change"] = tables["change"].assign(
        before=pd.NA,
        now=pd.NA,
        ratio=float("nan"),
        lower=float("nan"),
        upper=float("nan"),
        **unknown,
    )
    for name in ("proposals", "evaluation", "evaluation_time", "evaluation_facts"):
        tables[name] = empty_table(name)
    root = tmp_path_factory.mktemp("bare")
    return build_site(write_released(root / "public", tables), root / "site").folder


def test_a_city_without_proposals_or_evaluations_is_told_so_in_words(bare_site):
    for name, words in (
        ("propuestas", "no propone ninguna acción"),
        ("evaluaciones", "Ningún programa"),
    ):
        said = page_of(bare_site / f"{name}.html").text
        assert words in said
        assert not re.search(r"\bNone\b|\bnan\b", said)


def test_without_figures_of_both_years_no_page_says_that_nothing_changed(bare_site):
    said = page_of(bare_site / "cambios.html").text

    assert "No se sabe si algo cambió" in said
    assert "En ninguna colonia hay un cambio" not in said
    assert "parte de la diferencia" not in said


def test_what_the_lab_wrote_in_a_protocol_is_quoted_and_told_to_be_spanish_on_english_pages(site):
    english = (site / "en" / "evaluations.html").read_text(encoding="utf-8")
    spanish = (site / "evaluaciones.html").read_text(encoding="utf-8")

    for start, words in (
        ("Question: “", "¿Baja el robo?"),
        ("Comparison: “", "las que no entran"),
        ('">', "Barrios en marcha"),
    ):
        assert f'{start}<span lang="es-MX">{words}</span>' in english
    assert "Pregunta: “¿Baja el robo?”" in spanish
    assert '<span lang="es-MX">' not in spanish


def test_hostile_words_of_a_protocol_stay_words_where_their_language_is_marked():
    told = in_own_language(
        {"own_language": "es-MX", "html_language": "en"},
        "Question: “<b>¿Baja?</b> & más”",
        ["<b>¿Baja?</b> & más", "b"],
    )

    quoted = "&lt;b&gt;¿Baja?&lt;/b&gt; &amp; más"
    assert told == f'Question: “<span lang="es-MX">{quoted}</span>”'


def test_each_file_of_the_open_data_says_until_when_it_is_of_use(site):
    page = (site / "en" / "data.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r'href="[^"]*/(\w+)\.csv".*?Of use until">([^<]*)<', page))

    assert rows["crime"] == rows["perception"] == "January 1, 2027"
    assert rows["evaluation"] == "January 1, 2028"
    assert rows["sources"] == "always"


def test_fichas_are_held_a_few_at_a_time_and_the_site_is_the_same(site, tmp_path, monkeypatch):
    public, held = tmp_path / "public", []

    def counted(paths):
        told = read_fichas(paths)
        held.append(sum(len(ficha.tables) > 1 for ficha in told))
        return told

    monkeypatch.setattr(contents, "_LOT", 2)
    monkeypatch.setattr(module, "read_fichas", counted)
    write_released(public)
    build_site(public, tmp_path / "site")

    assert len(IDS) > 3
    assert max(held) <= 2
    assert sum(held) == len(IDS) - 1
    assert bytes_of(tmp_path / "site") == bytes_of(site)
