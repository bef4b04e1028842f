"""A figure that a publisher changes is kept and told, and stops publication until answered for."""

import json

import pytest

from labtools.errors import SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.incidence import MONTHS
from labtools.workflow.intake import clean, collect
from labtools.workflow.revising import refuse_jumps, told_of_sources
from labtools.workflow.steps import open_workbench
from tests.sources.supplied import EVENTS, EVENTS_HEADER, register_file, square

LEVELS = {"type": "Tipo", "subtype": "Subtipo", "mode": "Modalidad"}
DESCRIPTORS = {
    "padron": {"kind": "colonias", "columns": {"id": "clave", "name": "nombre"}},
    "idm": {"kind": "municipal_incidence", "columns": {"year": "Año", "area": "Cve", **LEVELS}},
    "hechos": EVENTS,
}
SETTINGS = """
[lab]
name = "Lab"
municipality = "Querétaro"
municipality_id = "22014"
[colonias]
path = "padron.geojson"
descriptor = "padron"
cutoff = "2024-12-31"
[[source]]
name = "sesnsp"
path = "idm.csv"
descriptor = "idm"
cutoff = "{cutoff}"
{more}
[[source]]
name = "carpetas"
path = "hechos.csv"
descriptor = "hechos"
first_day = "2024-01-01"
cutoff = "{cutoff}"
"""


@pytest.fixture
def bench(tmp_path):
    folder = tmp_path / "data" / "sources"
    folder.mkdir(parents=True)
    register_file(tmp_path, clave=["1"], nombre=["Centro"], geometry=[square(-100.4, 20.5)])
    for name, said in DESCRIPTORS.items():
        told = {"title": "A", "publisher": "B", "licence": "CC0", **said}
        columns = [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in told.pop("columns").items()]
        head = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
        tail = ["[file]", 'format = "geo"'] if name == "padron" else []
        text = "\n".join([*head, "[columns]", *columns, *tail]) + "\n"
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    secrets = tmp_path / "data" / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "pseudonyms.key").write_text("07" * 32)
    (secrets / "pseudonyms.key").chmod(0o400)
    return tmp_path


def edition(bench, *, january, may=20, each=20, cutoff="2024-12-31", more=""):
    """Collect and clean an edition; return what the sources tell, and the opened workbench."""
    months = [str(january), *["10"] * (len(MONTHS) - 1)]
    lines = [f"Año,Cve,{','.join(LEVELS.values())},{','.join(MONTHS)}"]
    lines.append(f"2024,22014,Robo,Robo,Con,{','.join(months)}")
    (bench / "idm.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [
        f"F{m}-{n},2024-{m:02}-{n % 20 + 9:02},08:30,ROBO,-100.43{n:04},20.56{n + m:04},"
        for m in range(1, 13)
        for n in range(may if m == 5 else each)
    ]
    text = "\n".join([EVENTS_HEADER, *rows]) + "\n"
    (bench / "hechos.csv").write_text(text, encoding="utf-8")
    told = SETTINGS.format(cutoff=cutoff, more=more)
    (bench / "lab.toml").write_text(told, encoding="utf-8")
    lines = []
    opened = open_workbench(Workbench(bench), lines.append)
    collect(opened)
    clean(opened)
    return told_of_sources(opened), opened, lines


def test_the_first_edition_has_nothing_to_be_compared_with(bench):
    told, opened, _ = edition(bench, january=12)

    assert told["revisions"].empty
    refuse_jumps(opened)


def test_a_figure_that_jumped_is_kept_and_told_and_stops_publication(bench):
    edition(bench, january=12)

    with speaking("en"):
        told, opened, lines = edition(bench, january=198)
        with pytest.raises(SourceError) as refused:
            refuse_jumps(opened)

    (row,) = told["revisions"].to_dict("records")
    assert (row["source"], row["before"], row["after"], row["jumped"]) == ("sesnsp", 12, 198, True)
    assert row["cell"] == "22014 | 2024-01 | Robo | Robo | Con"
    assert "was 12 and is 198" in str(refused.value)
    assert "acknowledged = {" in str(refused.value)
    assert any("beyond any late report" in line for line in lines)
    assert "blocker" in set(told["findings"]["severity"])


def test_a_jump_that_somebody_answers_for_stops_nothing(bench):
    _, opened, _ = edition(bench, january=12)
    told, _, _ = edition(bench, january=198)
    said_in = told["revisions"]["said_in"].iloc[0]

    more = f'acknowledged = {{ "{said_in}" = "Clasificó de nuevo sus carpetas" }}'
    told, opened, _ = edition(bench, january=198, more=more)

    assert told["revisions"]["jumped"].all()
    refuse_jumps(opened)


def test_a_late_report_is_told_and_stops_nothing(bench):
    edition(bench, january=12)

    told, opened, _ = edition(bench, january=14)

    assert told["revisions"]["jumped"].tolist() == [False]
    assert told["findings"]["severity"].tolist() == ["caution"]
    refuse_jumps(opened)


def test_events_are_compared_by_month_and_what_was_told_is_still_there_the_next_time(bench):
    edition(bench, january=12)

    told, opened, _ = edition(bench, january=12, may=90)
    clean(opened)

    (row,) = told["revisions"].to_dict("records")
    assert (row["source"], row["cell"]) == ("carpetas", "* | 2024-05 | *")
    assert (row["before"], row["after"], row["jumped"]) == (20, 90, True)
    assert told_of_sources(opened)["findings"].equals(told["findings"])


def test_an_edition_that_lost_rows_everywhere_is_told_and_stops_publication(bench):
    """No month lost so many that it jumped; all together they are a seventh."""
    edition(bench, january=12)

    with speaking("en"):
        told, opened, _ = edition(bench, january=12, each=17)
        with pytest.raises(SourceError) as refused:
            refuse_jumps(opened)

    (row,) = told["revisions"].query("jumped").to_dict("records")
    assert (row["source"], row["cell"], row["before"], row["after"]) == (
        "carpetas",
        "rows",
        240,
        207,
    )
    assert "carpetas: rows was 240 and is 207" in str(refused.value)
    assert (told["findings"]["severity"] == "blocker").sum() == 1
