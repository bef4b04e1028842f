"""Small wrongs that can be done to a module, one at a time: what its tests are asked to notice.

Operators, as in Offutt et al. (doi:10.1145/227607.227610) and what Python adds: comparisons,
arithmetic, and/or, constants one up and one down, a truth turned over, a condition denied, nothing
returned, a call or a refusal left out, the first two arguments exchanged.  Left alone: annotations,
decorators, docstrings and other words, ``strict`` of zip, which guards against ourselves, and the
arguments of what is the same either way, as `max`.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

#: Exchanging their arguments is no wrong.
_EITHER_WAY = (
    *("max", "min", "np.maximum", "np.minimum", "np.logaddexp", "np.add", "np.multiply"),
    "np.clip",  # the lesser of its limit above and the greater of the two before
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong done to a module.

    Attributes
    ----------
    name : str
        ``function: what stood there → what stands there now``, and ``(2)`` where it is the second
        such one of its function: it outlives a change of lines.
    line : int
    inside : str
        The function, ``Class.method`` for a method; empty where it is of the module itself.
    number : int
        Its place among those of its module.
    """

    name: str
    line: int
    inside: str
    number: int


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    listed = _Wrong(None)
    listed.visit(ast.parse(source))
    found, seen = [], Counter[str]()
    for number, (inside, change, line) in enumerate(listed.said):
        said = f"{inside or 'module'}: {change}"
        seen[said] += 1
        name = f"{said} ({seen[said]})" if seen[said] > 1 else said
        found.append(Mutant(name, line, inside, number))
    return found


def wronged(source: str, mutant: Mutant) -> str:
    """Return the module with the wrong done to it."""
    return ast.unparse(ast.fix_missing_locations(_Wrong(mutant.number).visit(ast.parse(source))))


class _Wrong(ast.NodeTransformer):
    """Walks a module, names each wrong that can be done, and does the one that is wanted."""

    def __init__(self, wanted: int | None) -> None:
        self.said: list[tuple[str, str, int]] = []
        self._wanted, self._inside = wanted, list[str]()

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return self._definition(node)
        if isinstance(node, ast.AnnAssign):
            node.value = self.visit(node.value) if node.value else None
            return node
        chosen = None
        for other in _others(node):
            if len(self.said) == self._wanted:
                chosen = other
            change = f"{_told(node)} → {_told(other)}"
            self.said.append((".".join(self._inside), change, node.lineno))
        rest = self.generic_visit(node)
        # What lies inside is walked either way, so that numbers are the same in both passes.
        return rest if chosen is None else ast.copy_location(chosen, node)

    def _definition(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        self._inside.append(node.name)
        if isinstance(node, ast.FunctionDef):
            node.args.defaults = [self.visit(it) for it in node.args.defaults]
            node.args.kw_defaults = [it and self.visit(it) for it in node.args.kw_defaults]
        node.body = [self.visit(it) for it in node.body]
        self._inside.pop()
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return node
        return super().generic_visit(node)


def _told(node: ast.AST) -> str:
    """Return a node in a line, cut where it is long: enough to find it."""
    said = " ".join(ast.unparse(node).split())
    return said if len(said) <= 100 else f"{said[:97]}…"


def _others(node: ast.AST) -> list[ast.AST]:
    """Return what may stand in the place of a node."""
    # A node shared with the tree would be changed along with it.
    node = copy.deepcopy(node)
    of_kind = _BY_KIND.get(type(node))
    return of_kind(node) if of_kind else []


def _compare(node: ast.Compare) -> list[ast.AST]:
    if len(node.ops) > 1:
        return [
            ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators)
            for at, op in enumerate(node.ops)
            for other in _COMPARISONS[type(op)][:1]
        ]
    return [
        ast.Compare(node.left, [other()], node.comparators)
        for other in _COMPARISONS[type(node.ops[0])]
    ]


def _arithmetic(node: ast.BinOp) -> list[ast.AST]:
    other = _ARITHMETIC.get(type(node.op))
    words = [it for it in (node.left, node.right) if _is_words(it)]
    return [] if other is None or words else [ast.BinOp(node.left, other(), node.right)]


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _both(node: ast.BoolOp) -> list[ast.AST]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return [ast.BoolOp(other, node.values)]


def _unary(node: ast.UnaryOp) -> list[ast.AST]:
    return [node.operand] if isinstance(node.op, ast.Not | ast.USub | ast.Invert) else []


def _constant(node: ast.Constant) -> list[ast.AST]:
    if isinstance(node.value, bool):
        return [ast.Constant(not node.value)]
    if isinstance(node.value, int | float):
        return [ast.Constant(node.value + 1), ast.Constant(node.value - 1)]
    return []


def _condition(node: ast.If | ast.IfExp | ast.While) -> list[ast.AST]:
    if isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        return []  # denied by their own operators
    denied = copy.deepcopy(node)
    denied.test = ast.UnaryOp(ast.Not(), node.test)
    return [denied]


def _return(node: ast.Return) -> list[ast.AST]:
    plain = node.value is None or (isinstance(node.value, ast.Constant) and not node.value.value)
    return [] if plain else [ast.Return(ast.Constant(None))]


def _statement(node: ast.Expr) -> list[ast.AST]:
    return [ast.Pass()] if isinstance(node.value, ast.Call) else []


def _refusal(_: ast.Raise) -> list[ast.AST]:
    return [ast.Pass()]


def _in_place(node: ast.AugAssign) -> list[ast.AST]:
    other = _ARITHMETIC.get(type(node.op))
    return [] if other is None else [ast.AugAssign(node.target, other(), node.value)]


def _call(node: ast.Call) -> list[ast.AST]:
    starred = any(isinstance(it, ast.Starred) for it in node.args[:2])
    if len(node.args) < 2 or starred or ast.unparse(node.func) in _EITHER_WAY:
        return []
    first, second, *rest = node.args
    return [ast.Call(node.func, [second, first, *rest], node.keywords)]


_BY_KIND = {
    ast.Compare: _compare,
    ast.BinOp: _arithmetic,
    ast.BoolOp: _both,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.If: _condition,
    ast.IfExp: _condition,
    ast.While: _condition,
    ast.Return: _return,
    ast.Expr: _statement,
    ast.Raise: _refusal,
    ast.AugAssign: _in_place,
    ast.Call: _call,
}
