"""``labtools export``: what a run's notebooks showed, to read without JupyterLab."""

import json
import re

from click.testing import CliRunner

from labtools.cli.main import build

PICTURES = re.compile(r"<svg.*?</svg>", re.DOTALL)


def test_a_ficha_is_exported_with_all_that_its_notebook_showed_and_little_else(finished, tmp_path):
    arguments = ["export", str(tmp_path / "to"), "--workbench", str(finished.root)]

    told = CliRunner().invoke(build(), [*arguments, "--notebook", "fichas"])

    assert told.exit_code == 0, told.output
    pages = sorted((tmp_path / "to").rglob("*.html"))
    assert len(pages) == 10  # five colonias, both editions
    for page in pages:
        name = page.relative_to(tmp_path / "to").with_suffix(".ipynb")
        source = finished.latest / "internal" / "notebooks" / name
        notebook = json.loads(source.read_text(encoding="utf-8"))
        outputs = [it for cell in notebook["cells"] for it in cell.get("outputs", [])]
        shown = "".join("".join(it["data"]["text/html"]) for it in outputs if "data" in it)
        made = page.read_text(encoding="utf-8")
        assert len(PICTURES.findall(made)) == len(PICTURES.findall(shown)) > 5
        assert len(PICTURES.sub("", made).encode()) < 150_000
        assert ("not for publication" in made) == ("internal" in name.parts)
        for sentence in re.findall(r"<p>[^&<]+</p>", shown):
            assert sentence in made


def test_a_notebook_that_no_run_made_is_refused_with_those_there_are(finished, tmp_path):
    arguments = ["export", str(tmp_path / "to"), "--workbench", str(finished.root)]

    told = CliRunner().invoke(build(), [*arguments, "--notebook", "fichs"])

    assert told.exit_code != 0
    assert not (tmp_path / "to").exists()
