"""What was made for an earlier edition stands while what it was made of does."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from labtools.publish import shelf
from labtools.publish.shelf import Shelf


class Press:
    """Makes a page of the tables it is told to ask for, and knows how often."""

    def __init__(self, *asks: str) -> None:
        self.asks, self.times = asks, 0

    def __call__(self, tables):
        self.times += 1
        return " ".join(f"{name} {len(tables[name])}" for name in self.asks).encode()


def tables_of(**rows):
    return {name: pd.DataFrame({"n": range(n)}) for name, n in rows.items()}


def followed(folder, press, tables, *made_from):
    kept = Shelf(folder, "ground")
    made = kept.follow(press, tables, lambda name: str(len(tables[name])), *made_from)
    kept.clear()
    with TemporaryDirectory() as out:
        made.put(Path(out, "page"))
        return Path(out, "page").read_bytes()


def test_a_page_stands_while_the_tables_it_asks_for_do(tmp_path):
    press = Press("crime")

    told = [
        followed(tmp_path, press, tables_of(crime=n, actions=m), "map", "es_MX")
        for n, m in ((1, 1), (1, 2), (2, 2), (2, 3))
    ]

    assert told == [b"crime 1", b"crime 1", b"crime 2", b"crime 2"]
    assert press.times == 2


@pytest.mark.parametrize("other", [("map", "en"), ("changes", "es_MX")])
def test_a_page_of_another_language_or_kind_is_another(tmp_path, other):
    press = Press("crime")

    for made_from in (("map", "es_MX"), other):
        followed(tmp_path, press, tables_of(crime=1), *made_from)

    assert press.times == 2


def test_a_page_that_asks_for_another_table_after_a_change_is_made_of_that_one(tmp_path):
    def press(tables):
        name = "few" if len(tables["crime"]) < 2 else "many"
        return f"{name} {len(tables[name])}".encode()

    told = [
        followed(tmp_path, press, tables_of(crime=n, few=few, many=many))
        for n, few, many in ((1, 5, 7), (2, 5, 7), (2, 6, 7), (2, 6, 8))
    ]

    assert told == [b"few 5", b"many 7", b"many 7", b"many 8"]


def test_a_page_cut_short_is_made_again(tmp_path):
    press = Press("crime")
    first = followed(tmp_path, press, tables_of(crime=1))
    for path in tmp_path.iterdir():
        path.write_bytes(b"")

    assert followed(tmp_path, press, tables_of(crime=1)) == first
    assert press.times == 2


def test_what_is_no_longer_used_leaves_the_shelf(tmp_path):
    press = Press("crime")
    for n in range(1, 5):
        followed(tmp_path, press, tables_of(crime=n))

    assert len(list(tmp_path.iterdir())) == 2  # the page, and what it asked for


def test_without_a_folder_every_page_is_made():
    press = Press("crime")

    for _ in range(2):
        followed(None, press, tables_of(crime=1))

    assert press.times == 2


def test_what_other_libraries_made_is_made_again(tmp_path, monkeypatch):
    press = Press("crime")

    for libraries in ("typst==1", "typst==1", "typst==2"):
        monkeypatch.setattr(shelf, "packages_digest", lambda libraries=libraries: libraries)
        followed(tmp_path, press, tables_of(crime=1))

    assert press.times == 2


def put(folder, path, made=b"page"):
    return Shelf(folder, "ground").take(lambda: made, "page").put(path)


def test_what_is_kept_costs_no_room_in_another_edition(tmp_path):
    shelf_, one, other = tmp_path / "shelf", tmp_path / "one.html", tmp_path / "other.html"

    sizes = [put(shelf_, one), put(shelf_, other, b"not asked for")]

    assert sizes == [4, 4]
    assert one.read_bytes() == b"page"
    assert one.samefile(other)


def test_a_disk_that_gives_no_second_name_has_a_copy(tmp_path, monkeypatch):
    def refused(*_names):
        raise OSError(18, "another file system")

    monkeypatch.setattr(shelf.os, "link", refused)
    one, other = tmp_path / "one.html", tmp_path / "other.html"

    sizes = [put(tmp_path / "shelf", one), put(tmp_path / "shelf", other)]

    assert sizes == [4, 4]
    assert one.read_bytes() == other.read_bytes() == b"page"
    assert not one.samefile(other)


def test_a_page_that_was_changed_where_it_was_published_is_not_taken_again(tmp_path):
    one, other = tmp_path / "one.html", tmp_path / "other.html"
    put(tmp_path / "shelf", one)
    one.write_bytes(b"PAGE")

    put(tmp_path / "shelf", other)

    assert other.read_bytes() == b"page"


def test_without_a_shelf_a_page_is_written(tmp_path):
    assert put(None, tmp_path / "below" / "one.html") == 4
    assert (tmp_path / "below" / "one.html").read_bytes() == b"page"
