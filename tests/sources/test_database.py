"""A table of a PostgreSQL database: the declared columns only, the same bytes each time."""

import json
import sys

import pytest

from labtools.errors import DependencyError, SettingsError, SourceError
from labtools.forms import FileFormat
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources import database
from labtools.sources.areas import read_areas
from labtools.sources.database import Wanted, fetch_table, wanted_columns
from labtools.sources.files import read_cells
from labtools.workflow.intake import clean, collect
from labtools.workflow.steps import open_workbench
from tests.sources.postgres import running_server
from tests.sources.supplied import EVENTS, descriptor, register_file, square

psycopg = pytest.importorskip("psycopg", reason="the extra “db” is not installed")

TABLES = """
CREATE SCHEMA fgj;
CREATE TABLE fgj.carpetas (
  folio text, fecha timestamptz, hora time, delito text, lon numeric(9,6), lat numeric(9,6),
  colonia text, nombre_victima text);
INSERT INTO fgj.carpetas VALUES
  ('A1', '2024-05-06 03:00:00+00', '08:30', 'ROBO, "con violencia"', -100.41, 20.6, 'Peñuelas',
   'Nombre Inventado'),
  ('A2', '2024-05-07 18:00:00+00', NULL, E'FRAUDE\\nen línea', NULL, NULL, '', 'Otro Inventado'),
  ('A3', '2024-05-08 18:00:00+00', '25:00'::interval::time, 'ROBO', 0, 0, 'NA', NULL);
CREATE FUNCTION apuntar() RETURNS text LANGUAGE sql AS
  $$INSERT INTO fgj.carpetas (folio) VALUES ('X') RETURNING folio$$;
CREATE VIEW trampa AS SELECT apuntar() AS folio, 'x'::text AS delito;
CREATE ROLE lector LOGIN;
CREATE ROLE ajeno LOGIN;
GRANT USAGE ON SCHEMA fgj TO lector, ajeno;
GRANT SELECT ON fgj.carpetas, trampa TO lector;
"""
COLUMNS = ("folio", "fecha", "hora", "delito", "lon", "lat", "colonia")
WANTED = Wanted("fgj.carpetas", COLUMNS, "America/Mexico_City")


@pytest.fixture(scope="module")
def server():
    with running_server() as found:
        with psycopg.connect(found.connection()) as owner:
            owner.execute(TABLES.replace("'25:00'::interval::time", "'23:59'"))
        yield found


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def fetched(server, folder, wanted=WANTED, user="lector"):
    target = folder / "carpetas.csv"
    fetch_table(server.connection(user), wanted, target)
    return target


def test_a_table_is_read_with_its_declared_columns_and_nothing_else(server, tmp_path):
    path = fetched(server, tmp_path)

    assert read_cells(path, FileFormat()).to_numpy().tolist() == [
        # Counted where the lab is, the first one fell on the day before.
        ["A1", "2024-05-05 21:00:00", "08:30:00", 'ROBO, "con violencia"', "-100.410000",
         "20.600000", "Peñuelas"],
        ["A2", "2024-05-07 12:00:00", "", "FRAUDE\nen línea", "", "", ""],
        ["A3", "2024-05-08 12:00:00", "23:59:00", "ROBO", "0.000000", "0.000000", "NA"],
    ]  # fmt: skip
    assert "Inventado" not in path.read_text(encoding="utf-8")


def test_the_same_rows_give_the_same_bytes_wherever_they_lie(server, tmp_path):
    before = fetched(server, tmp_path).read_bytes()
    with psycopg.connect(server.connection()) as owner:
        owner.execute("UPDATE fgj.carpetas SET hora = hora WHERE folio = 'A1'")
        moved = owner.execute("SELECT folio FROM fgj.carpetas LIMIT 1").fetchone()

    after = fetched(server, tmp_path).read_bytes()

    assert moved != ("A1",)
    assert after == before


def test_nothing_that_is_read_can_write(server, tmp_path):
    wanted = Wanted("trampa", ("folio", "delito"), "UTC")

    with pytest.raises(SourceError, match=r"trampa could not be read .*read-only transaction"):
        fetched(server, tmp_path, wanted, user="dueno")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted("fgj.otra", ("folio",), "UTC"), r"no table fgj\.otra that this account can see"),
        (Wanted('x"; DROP TABLE fgj.carpetas; --', ("a",), "UTC"), r"has no table x"),
        (
            Wanted("fgj.carpetas", ("folio", "edad", "1); DROP TABLE fgj.carpetas"), "UTC"),
            r"fgj\.carpetas has no column “edad” \(2 missing\)\. Its columns are: folio, fecha",
        ),
    ],
)
def test_what_the_database_does_not_have_is_refused_and_nothing_is_run(
    server, tmp_path, wanted, told
):
    with pytest.raises(SourceError, match=told):
        fetched(server, tmp_path, wanted)

    assert fetched(server, tmp_path).stat().st_size > 0


def test_an_account_that_may_not_read_is_told_so(server, tmp_path):
    with pytest.raises(SourceError, match=r"permission denied for table carpetas"):
        fetched(server, tmp_path, user="ajeno")


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path):
    connection = "postgresql://lector:muysecreto@127.0.0.1:9/postgres"

    with pytest.raises(SourceError, match=r"Check that the server answers") as refused:
        fetch_table(connection, WANTED, tmp_path / "x.csv")

    assert "muysecreto" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_table_beyond_the_limit_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "MAXIMUM_BYTES", 100)

    with pytest.raises(SourceError, match=r"more than 100 bytes"):
        fetched(server, tmp_path)


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(DependencyError, match=r"labtools\[db\]"):
        fetch_table("", WANTED, tmp_path / "x.csv")


def test_columns_are_those_that_the_descriptor_speaks_of():
    said = descriptor(
        kind="survey",
        columns={"wave": "o", "weight": "w", "borough": ""},
        question=[{"column": "p1", "indicator": "insecurity", "yes": ["1"], "no": ["2"]}],
    )

    assert wanted_columns(said, "mun", "o") == ("o", "w", "p1", "mun")


SETTINGS = """
[lab]
name = "Prueba"
municipality = "Prueba"
municipality_id = "99001"
[colonias]
path = "padron.geojson"
descriptor = "padron"
cutoff = "2024-12-31"
[[source]]
name = "carpetas"
descriptor = "carpetas"
path = "carpetas.csv"
cutoff = "2024-12-31"
database = { connection = "LABTOOLS_PRUEBA", table = "fgj.carpetas" }
"""


def descriptor_toml(said):
    head = {"title": "A", "publisher": "B", "licence": "CC0", **said}
    lines = [f"{key} = {json.dumps(value)}" for key, value in head.items() if key != "columns"]
    columns = [f"{key} = {json.dumps(value)}" for key, value in said["columns"].items()]
    return "\n".join([*lines, "[columns]", *columns]) + "\n"


@pytest.fixture
def opened(tmp_path):
    folder = tmp_path / "data" / "sources"
    folder.mkdir(parents=True)
    ground = [square(-100.4, 20.5)]
    register_file(tmp_path, clave=["1"], nombre=["Centro"], pob=["10"], geometry=ground)
    register = {"kind": "colonias", "columns": {"id": "clave", "name": "nombre"}}
    said = {"carpetas": dict(EVENTS), "padron": register}
    for name, told in said.items():
        more = "[file]\nformat = 'geo'\n" if name == "padron" else ""
        (folder / f"{name}.toml").write_text(descriptor_toml(told) + more, encoding="utf-8")
    (tmp_path / "lab.toml").write_text(SETTINGS, encoding="utf-8")
    secrets = tmp_path / "data" / "secrets"
    secrets.mkdir(mode=0o700)
    key = secrets / "pseudonyms.key"
    key.write_text("07" * 32)
    key.chmod(0o400)
    return open_workbench(Workbench(tmp_path))


def test_collect_keeps_the_table_as_a_snapshot_and_clean_accounts_for_its_rows(
    server, opened, monkeypatch
):
    monkeypatch.setenv("LABTOOLS_PRUEBA", server.connection("lector"))

    first = {it.source: it for it in collect(opened)}["carpetas"]
    again = {it.source: it for it in collect(opened)}["carpetas"]
    account = {it.source: it for it in clean(opened)}["carpetas"]

    kept = opened.workbench.raw / "carpetas" / first.folder_name / "carpetas.csv"
    assert again == first
    assert kept.stat().st_mode & 0o777 == 0o400
    assert (account.read, account.kept) == (3, 3)
    assert not list((opened.workbench.root / "data").glob(".incoming*"))


def test_columns_named_in_the_settings_are_read_beside_those_of_the_descriptor(
    server, opened, monkeypatch
):
    monkeypatch.setenv("LABTOOLS_PRUEBA", server.connection("lector"))
    told = opened.workbench.settings_file.read_text(encoding="utf-8")
    more = told.replace('"fgj.carpetas" }', '"fgj.carpetas", columns = ["nombre_victima"] }')
    opened.workbench.settings_file.write_text(more, encoding="utf-8")

    taken = {it.source: it for it in collect(open_workbench(opened.workbench))}["carpetas"]

    kept = opened.workbench.raw / "carpetas" / taken.folder_name / "carpetas.csv"
    assert "nombre_victima" in kept.read_text(encoding="utf-8").splitlines()[0]


def test_who_verifies_reads_the_kept_bytes_and_no_database(opened):
    (opened.workbench.root / "carpetas.csv").write_text("folio,fecha\n", encoding="utf-8")

    taken = collect(opened, fetch=False)

    assert [it.file for it in taken] == ["padron.geojson", "carpetas.csv"]


def test_a_connection_that_nobody_gave_is_asked_for(opened, monkeypatch):
    monkeypatch.delenv("LABTOOLS_PRUEBA", raising=False)

    with pytest.raises(SettingsError, match=r"environment variable LABTOOLS_PRUEBA"):
        collect(opened)


@pytest.fixture
def places(server):
    with psycopg.connect(server.connection(), autocommit=True) as owner:
        try:
            owner.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        except psycopg.errors.Error as absent:
            pytest.skip(f"PostGIS is not installed on the server: {absent}")
        owner.execute("DROP TABLE IF EXISTS lugares")
        owner.execute("CREATE TABLE lugares (clave text, pob int, g geometry)")
        owner.execute(
            "INSERT INTO lugares VALUES"
            " ('b', 7, ST_Transform(ST_MakeEnvelope(-100.4, 20.5, -100.3, 20.6, 4326), 6372)),"
            " ('a', NULL, ST_Transform(ST_MakeEnvelope(-100.5, 20.5, -100.4, 20.6, 4326), 6372))"
        )
    return server


def test_polygons_of_postgis_become_areas_in_degrees(places, tmp_path):
    path = tmp_path / "padron.geojson"

    fetch_table(places.connection(), Wanted("lugares", ("clave", "pob"), "UTC", "g"), path)

    areas = read_areas(path, FileFormat(format="geo"))
    assert areas["clave"].tolist() == ["a", "b"]
    assert areas.total_bounds.round(6).tolist() == [-100.5, 20.5, -100.3, 20.6]


def test_points_of_postgis_become_longitude_and_latitude(places, tmp_path):
    with psycopg.connect(places.connection()) as owner:
        owner.execute("UPDATE lugares SET g = ST_Centroid(g)")
    wanted = Wanted("lugares", ("clave",), "UTC", "g", ("lon", "lat"))

    cells = read_cells(fetched(places, tmp_path, wanted, user="dueno"), FileFormat())

    assert cells["clave"].tolist() == ["a", "b"]
    assert cells["lon"].astype(float).round(4).tolist() == [-100.45, -100.35]
    assert cells["lat"].astype(float).round(4).tolist() == [20.55, 20.55]
