"""What clerks typed is read as the subject, and nobody in it leaves the raw files."""

import pandas as pd
import pytest

from labtools.errors import SourceError
from labtools.tables.account import read_accounts
from labtools.workflow.intake import clean, collect
from labtools.workflow.steps import open_workbench

pytestmark = pytest.mark.xdist_group("workbench")

FEW = 1_500
SUBJECT = 'name = "carpetas"\ncolumns = { subject = "%s" }'


@pytest.fixture
def told_as_subject(supplied, copy_of):
    def opened(column):
        bench = copy_of(supplied)
        told = bench.settings_file.read_text(encoding="utf-8")
        assert 'name = "carpetas"' in told
        told = told.replace('name = "carpetas"', SUBJECT % column)
        bench.settings_file.write_text(told, encoding="utf-8")
        path = bench.root / "suppliers" / "carpetas_investigacion.csv"
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        few = rows[1 :: len(rows) // FEW]  # of every month: one without a row would be refused
        path.write_text("".join([rows[0], *few]), encoding="utf-8")
        said = []
        return open_workbench(bench, said.append), said

    return opened


def test_nobody_in_a_narrative_leaves_the_raw_files_and_the_account_says_how_many(told_as_subject):
    opened, said = told_as_subject("narrativa")
    collect(opened)

    clean(opened)

    (account,) = (a for a in read_accounts(opened.workbench.accounts) if a.source == "carpetas")
    events = pd.read_parquet(opened.workbench.interim("clean") / "carpetas.events.parquet")
    kept = events["subject"].str.replace(r"\[\w+ \w{8}\]", "", regex=True)
    assert not kept.str.contains(r"@|999|ZZZ|Denunciante: \w|Testigo: \w|a nombre de \w").any()
    taken = {kind: n for kind, n in account.changed.items() if kind.startswith("people_")}
    assert set(taken) == {f"people_{k}" for k in ("address", "email", "name", "phone", "plate")}
    assert taken["people_name"] > 0.08 * len(events)
    assert account.read == account.kept + sum(account.rejected.values())
    assert any("carpetas: signs of persons were taken out of" in line for line in said)


def test_a_column_of_persons_is_not_read_whatever_lab_toml_says(told_as_subject):
    opened, _ = told_as_subject("nombre_denunciante")
    collect(opened)

    with pytest.raises(SourceError, match="“nombre_denunciante” as “subject”"):
        clean(opened)
