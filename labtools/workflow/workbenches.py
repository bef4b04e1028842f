"""Make a workbench: the demo with its synthetic municipality, or an empty one to fill in."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from labtools import paths
from labtools.demo.city import build_city
from labtools.demo.files import write_suppliers
from labtools.demo.truth import write_truth
from labtools.errors import SettingsError
from labtools.paths import Workbench
from labtools.privacy.keys import make_key
from labtools.tables.lineage import digest_of
from labtools.tables.store import make_folder, writing
from labtools.workflow.format import stamp_format
from labtools.workflow.intake import PSEUDONYM_KEY
from labtools.workflow.prepared import ROUNDING_KEY
from labtools.workflow.protocols import DEMO, seal_demo
from labtools.workflow.protocols import FOLDER as PROTOCOLS

DEMO_SEED = 2026
_MARK = "demo.sha256"
#: Months for which the demo's figures hold.
_LASTING = 60
_MONTHS = re.compile(r"^months_valid = (\d+)$", re.MULTILINE)
_BARE = Path(__file__).parent / "scaffolds" / "lab.toml"


def make_demo(folder: Path, *, seed: int = DEMO_SEED) -> Workbench:
    """Write the synthetic municipality's workbench into `folder`, unless it is there already.

    Its keys come from the seed, so that every demo publishes the same figures: the city is
    invented and there is nobody to protect.  A real workbench gets random keys from `init`.

    Raises
    ------
    SettingsError
        If `folder` holds a workbench that is not a demo.
    """
    workbench = Workbench(folder.resolve())
    mark = workbench.root / "data" / _MARK
    if workbench.settings_file.exists() and not mark.exists():
        raise SettingsError(
            "{folder} holds a workbench that is not a demo and was left alone. Choose another "
            "folder: “labtools demo FOLDER”.",
            folder=str(folder),
        )
    made_from = _demo_digest(seed)
    if mark.exists() and mark.read_text(encoding="utf-8") == made_from:
        return workbench
    make_folder(workbench.root)
    make_folder(workbench.root / "data", private=True)
    city = build_city(seed)
    write_suppliers(city, make_folder(workbench.root / "suppliers", private=True))
    write_truth(city, workbench.root)
    for name in (PSEUDONYM_KEY, ROUNDING_KEY):
        value = hashlib.sha256(f"labtools demo {seed} {name}".encode()).digest()
        make_key(workbench.secrets, name, value=value)
    make_folder(workbench.root / "truth", private=True)
    _give_settings(workbench)
    _give_lasting_cards(workbench)
    stamp_format(workbench)
    seal_demo(workbench)
    with writing(mark) as aside:
        aside.write_text(made_from, encoding="utf-8")
    return workbench


def is_demo(workbench: Workbench) -> bool:
    """Return whether a workbench is a synthetic municipality's, where nobody lives."""
    return (workbench.root / "data" / _MARK).is_file()


def init_workbench(folder: Path, *, bare: bool = False) -> Workbench:
    """Make a new workbench in `folder`: settings to fill in, folders, and random keys.

    Its settings are the demo's, to be changed, or `bare` ones, to be added to.

    Raises
    ------
    SettingsError
        If there is a workbench already: it is never overwritten.
    """
    workbench = Workbench(folder.resolve())
    if workbench.settings_file.exists():
        raise SettingsError(
            "{folder} already holds a workbench. Edit its lab.toml, or choose another folder.",
            folder=str(folder),
        )
    make_folder(workbench.root)
    make_folder(workbench.root / "data", private=True)
    make_folder(workbench.root / "data" / "sources")
    plans = workbench.root / PROTOCOLS
    for own in (workbench.root / "suppliers", plans, workbench.raw, workbench.processed):
        make_folder(own, private=True)
    for name in (PSEUDONYM_KEY, ROUNDING_KEY):
        make_key(workbench.secrets, name)
    _give_settings(workbench, _BARE if bare else None)
    stamp_format(workbench)
    return workbench


def _give_settings(workbench: Workbench, template: Path | None = None) -> None:
    shutil.copyfile(template or paths.bundled("lab.example.toml"), workbench.settings_file)
    workbench.settings_file.chmod(0o600)


def _give_lasting_cards(workbench: Workbench) -> None:
    """Let the demo's figures hold for years: nobody is harmed by an old figure of an invented city.

    Who learns with it next year would see pages without a figure, as they ought to be elsewhere.
    """
    cards = workbench.reference("cards")
    make_folder(cards.parent)
    told = _MONTHS.sub(lambda it: f"months_valid = {max(_LASTING, int(it[1]))}", _cards())
    with writing(cards) as aside:
        aside.write_text(told, encoding="utf-8")


def _cards() -> str:
    return paths.bundled("data", "reference", "cards.toml").read_text(encoding="utf-8")


def _demo_digest(seed: int) -> str:
    code = sorted((Path(__file__).parent.parent / "demo").glob("*"))
    read = {path.name: path.read_bytes().hex() for path in code if path.is_file()}
    example = paths.bundled("lab.example.toml").read_text(encoding="utf-8")
    protocol = paths.bundled("data", "reference", "protocols", f"{DEMO}.toml")
    return digest_of(seed, read, example, protocol.read_text(encoding="utf-8"), _cards())
