import hashlib

import pytest

from labtools.demo.city import build_city
from labtools.demo.files import WRITERS, write_suppliers
from labtools.demo.truth import write_truth


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_in_every_file(folder, tmp_path):
    city = build_city(2026)

    write_suppliers(city, tmp_path)
    write_truth(city, tmp_path)

    assert digests(tmp_path) == digests(folder)


def test_another_seed_gives_other_case_files(city):
    other = build_city(7)

    assert not other.case_files.equals(city.case_files)
    assert len(other.people.colonias) == 412


def test_a_folder_that_is_not_there_is_made(city, tmp_path):
    home = tmp_path / "new" / "suppliers"

    write_suppliers(city, home)

    assert {path.name for path in home.iterdir()} == set(WRITERS)


@pytest.mark.parametrize(
    "name", ["RESAGEBURB_99CSV20.csv", "reportes_070.csv", "encuesta_percepcion.csv"]
)
def test_three_files_carry_the_mark_of_utf_8(folder, name):
    assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "name",
    [
        "carpetas_investigacion.csv",
        "ensu_ciudad.csv",
        "programa_colonias.csv",
        "acciones_programa.csv",
        "nombres_colonias.csv",
        "colonias.geojson",
    ],
)
def test_the_other_files_are_utf_8_without_it(folder, name):
    content = (folder / name).read_bytes()

    assert not content.startswith(b"\xef\xbb\xbf")
    assert "ó" in content.decode("utf-8") or "í" in content.decode("utf-8")
