"""Ways in which names of colonias are miswritten: written apart from the resolver's own lists."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

_KEYS = dict(
    zip(
        "qwertyuiopasdfghjklñzxcvbnm",
        ("wa", "qe", "wr", "et", "ry", "tu", "yi", "uo", "ip", "o", "qs", "ad", "sf", "dg", "fh",
         "gj", "hk", "jl", "kñ", "l", "x", "zc", "xv", "cb", "vn", "bm", "n"),
        strict=True,
    )
)  # fmt: skip
_SHORT = (
    *(("fraccionamiento", "Fracc."), ("ampliacion", "Ampl."), ("unidad habitacional", "U.H.")),
    *(("seccion", "Secc."), ("primera", "1ra"), ("segunda", "2a."), ("tercera", "3era")),
    *(("santa", "Sta."), ("santo", "Sto."), ("general", "Gral."), ("jardines", "Jard.")),
    *(("residencial", "Resid."), ("barrio", "Bo."), ("norte", "Nte."), ("oriente", "Ote.")),
    *(("doctor", "Dr."), ("profesor", "Profr."), ("licenciado", "Lic."), ("san ", "S. ")),
)
_EARS = (
    *(("v", "b"), ("b", "v"), ("z", "s"), ("s", "z"), ("ll", "y"), ("c", "s"), ("h", "")),
    *(("x", "j"), ("j", "g"), ("qu", "k"), ("tz", "z"), ("cu", "qu"), ("tl", "cl")),
)


def miswrite(name: str, rng: np.random.Generator) -> str:
    """Return a name as somebody wrote it: one or two faults, and some case or other."""
    written = name
    for _ in range(1 + (rng.random() < 0.35)):
        fault = _FAULTS[rng.choice(len(_FAULTS), p=_WEIGHTS)]
        written = fault(written, rng)
    case = rng.random()
    if case < 0.5:
        return _bare(written).upper()
    return written.lower() if case < 0.7 else written


def hard_cases(
    register: pd.DataFrame, rng: np.random.Generator, *, unknown_share: float = 0.2, each: int = 2
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return miswritten names with their true keys, and the register without some of them.

    A fifth of the colonias is taken out of the register, their sister sections left in: the
    right answer for those is none.  Two sorts are no case, for a name alone cannot tell: a
    colonia whose very name another one has too, and a slip that writes another one's very name.
    """
    alike = register["name"].map(_plain)
    alone = register[~alike.duplicated(keep=False)]
    gone = rng.random(len(alone)) < unknown_share
    asked = alone.loc[alone.index.repeat(each)]
    known = pd.Series(~gone, alone.index).loc[asked.index]
    told = rng.random(len(asked)) < 0.5
    cases = pd.DataFrame(
        {
            "written": [miswrite(name, rng) for name in asked["name"]],
            "borough": asked["borough"].where(told).to_numpy(),
            "truth": asked["colonia_id"].where(known).to_numpy(),
            "name": asked["name"].to_numpy(),
        }
    )
    another = cases["written"].map(_plain).isin(set(alike)) & (
        cases["written"].map(_plain) != cases["name"].map(_plain)
    )
    return cases[~another].reset_index(drop=True), register.drop(
        index=alone.index[gone]
    ).reset_index(drop=True)


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", _bare(name).casefold()))


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name)
    return "".join(c for c in letters if not unicodedata.combining(c))


def _slip(name: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(1, max(2, len(name))))
    kind = rng.integers(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at - 1] + name[at:]
    if kind == 2 and at < len(name):
        return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    near = _KEYS.get(name[at : at + 1].lower(), "")
    return name[:at] + (near[int(rng.integers(len(near)))] if near else "") + name[at + 1 :]


def _by_ear(name: str, rng: np.random.Generator) -> str:
    low = name.lower()
    heard = [(a, b) for a, b in _EARS if a in low]
    if not heard:
        return _slip(name, rng)
    before, after = heard[int(rng.integers(len(heard)))]
    return low.replace(before, after, 1)


def _shortened(name: str, _: np.random.Generator) -> str:
    low = _bare(name).lower()
    for long, short in _SHORT:
        low = low.replace(long, short)
    return low


def _torn(name: str, _: np.random.Generator) -> str:
    return name.encode("utf-8").decode("cp1252", errors="replace")


def _lost_letter(name: str, rng: np.random.Generator) -> str:
    strange = [at for at, c in enumerate(name) if ord(c) > 127]
    if not strange:
        return _slip(name, rng)
    at = strange[int(rng.integers(len(strange)))]
    return name[:at] + "?#*"[int(rng.integers(3))] + name[at + 1 :]


def _without_links(name: str, _: np.random.Generator) -> str:
    return " ".join(w for w in name.split() if w.lower() not in {"de", "la", "del", "los", "las"})


def _without_a_word(name: str, rng: np.random.Generator) -> str:
    words = name.split()
    if len(words) > 1:
        words.pop(int(rng.integers(len(words))))
    return " ".join(words)


def _cut(name: str, rng: np.random.Generator) -> str:
    return name[: int(rng.integers(12, 22))]


def _with_more(name: str, rng: np.random.Generator) -> str:
    form = ("Col. {}", "COLONIA {}", "{}, Qro.", "{} C.P. 76000", "Fracc. {}", "{} (entrada)")
    return form[int(rng.integers(len(form)))].format(name)


def _joined(name: str, rng: np.random.Generator) -> str:
    blanks = [at for at, c in enumerate(name) if c == " "]
    if not blanks:
        return _slip(name, rng)
    at = blanks[int(rng.integers(len(blanks)))]
    return name[:at] + name[at + 1 :]


def _turned(name: str, rng: np.random.Generator) -> str:
    words = name.split()
    at = int(rng.integers(len(words)))
    return " ".join([*words[at:], *words[:at]])


_FAULTS = (_slip, _by_ear, _shortened, _torn, _lost_letter, _without_links, _without_a_word, _cut,
           _with_more, _joined, _turned)  # fmt: skip
_WEIGHTS = (0.3, 0.15, 0.15, 0.06, 0.05, 0.06, 0.04, 0.04, 0.06, 0.06, 0.03)
