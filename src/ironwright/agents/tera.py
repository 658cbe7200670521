"""The template language of AGPM packages: Tera's, on Jinja's engine, with nothing in reach but its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from jinja2 import Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from ironwright.agents.tera_filters import FILTERS, TESTS, TeraError, tera_range, written

MAX_STEPS = 100_000
"""Most rounds of all loops of one template."""

MAX_CHARACTERS = 1 << 20
"""Most characters that a template, or one of its values, may unfold into."""

_NOT_IN_TERA: Mapping[type[nodes.Node], str] = {
    nodes.Include: "{% include %} reads templates, which AGPM switches off; use `'path' | content`",
    nodes.Extends: "{% extends %} reads templates, which AGPM switches off",
    nodes.Import: "{% import %} reads templates, which AGPM switches off",
    nodes.FromImport: "{% from %} reads templates, which AGPM switches off",
    nodes.Macro: "macros are not available in a template that stands alone",
    nodes.CallBlock: "{% call %} is not a part of Tera",
    nodes.AssignBlock: "{% set %} needs a value: `{% set name = value %}`",
    nodes.Pow: "Tera has no operator `**`",
    nodes.FloorDiv: "Tera has no operator `//`",
}


_LOOP = frozenset(("index", "index0", "first", "last"))
"""What a template may ask of the loop that it is in."""


_RESERVED = frozenset(("self", "super", "caller"))
"""Names that Jinja gives a meaning of its own."""


class Marker(Protocol):
    """Writes into a text where each of its lines comes from."""

    def __call__(self, text: str, origin: str, line: int) -> str:
        """The text, each of its line ends marked; its first line is ``line`` of ``origin``."""
        ...


class Missing(Undefined):
    """A name that is not defined: false in a condition, an error wherever its value is needed."""

    __slots__ = ()

    def __str__(self) -> str:
        return self._needed()

    def __iter__(self) -> Iterator[Any]:
        return self._needed()

    def __len__(self) -> int:
        return self._needed()

    def __eq__(self, _other: object) -> bool:
        return self._needed()

    def __ne__(self, _other: object) -> bool:
        return self._needed()

    def __hash__(self) -> int:
        return id(type(self))

    def __bool__(self) -> bool:
        return False

    def _needed(self) -> NoReturn:
        raise UndefinedError(self.said())

    def said(self) -> str:
        """What is not defined, and what is."""
        return str(self._undefined_hint)


def missing_name(name: str, known: Iterable[str], inside: str = "") -> Missing:
    """The value of a name that is not defined.

    Args:
        name: The name as far as it goes: ``agpm.deps.snippets.base``.
        known: The names that there are in that place.
        inside: What that place is called.
    """
    names = sorted(known)
    there = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    place = f"`{inside}`" if inside else "the template"
    return Missing(hint=f"`{name}` is not defined; {place} knows {there or 'no names'}", name=name)


class Named(Mapping[str, Any]):
    """A mapping of the template's values that knows its own full name, for errors."""

    __slots__ = ("_name", "_values")

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self._name = name
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self.wrap(key, self._values[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return bool(len(self))

    def wrap(self, key: str, value: Any) -> Any:
        """A value of this mapping, mappings with their full name."""
        if isinstance(value, Mapping) and not isinstance(value, Named):
            return Named(f"{self._name}.{key}", value)
        return value

    def absent(self, key: str) -> Missing:
        """What ``key`` is where it is not there."""
        return missing_name(f"{self._name}.{key}", self, self._name)


class _MarkedText(Extension):
    """Marks the line ends of a template's own text, so that every line of the result has its origin."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        environment = self.environment
        assert isinstance(environment, Tera)
        for token in stream:
            if token.type == "data" and environment.mark is not None:
                first = environment.first_lines.get(stream.name or "", 1)
                marked = environment.mark(token.value, stream.name or "", first + token.lineno - 1)
                yield Token(token.lineno, "data", marked)
            else:
                yield token


class Tera(ImmutableSandboxedEnvironment):
    """Tera's rules on Jinja's engine.

    Differences that are bridged: mappings are walked as key and value in order of the key; an undefined name
    is false in a condition and an error as a value, and says which names there are; ``null`` shows as
    nothing, truth values in lower case; filters take named arguments; operators need numbers. Values have
    no attributes or methods; nothing can be called but ``range`` and ``throw``; loops, texts and numbers
    are bounded.
    """

    intercepted_binops = frozenset(("+", "-", "*", "/", "%"))

    def __init__(self, *, mark: Marker | None = None, content: Callable[[str], str] | None = None) -> None:
        super().__init__(
            extensions=[_MarkedText, LoopControlExtension],
            undefined=Missing,
            keep_trailing_newline=True,
            finalize=written,
            autoescape=False,
            optimized=False,
        )
        self.mark = mark
        self.first_lines: dict[str, int] = {}
        self.steps = 0
        self.filters = {**FILTERS, "_counted": self._counted, "_pairs": _pairs, "_joined": _joined}
        if content is not None:
            self.filters["content"] = content
        self.tests = dict(TESTS)
        self.globals = {"range": tera_range, "throw": _throw}
        self.binop_table = {operator: _numbers(operator) for operator in self.intercepted_binops}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(tuple(_NOT_IN_TERA)):
            problem = next(text for kind, text in _NOT_IN_TERA.items() if isinstance(node, kind))
            raise TemplateSyntaxError(problem, node.lineno, name, filename)
        for name_node in tree.find_all(nodes.Name):
            if name_node.name in _RESERVED:
                problem = f"`{name_node.name}` is not defined"
                raise TemplateSyntaxError(problem, name_node.lineno, name, filename)
        _translate(tree)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A value of a mapping; nothing else has attributes."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A value of a mapping or a list."""
        if isinstance(obj, Missing):
            return obj
        if isinstance(obj, LoopContext) and argument in _LOOP:
            return getattr(obj, argument)
        if isinstance(obj, Mapping) and isinstance(argument, str):
            if argument in obj:
                return obj[argument]
            return obj.absent(argument) if isinstance(obj, Named) else missing_name(argument, obj)
        if isinstance(obj, Sequence) and not isinstance(obj, str) and isinstance(argument, int):
            return obj[argument] if 0 <= argument < len(obj) else missing_name(f"[{argument}]", ())
        return Missing(
            hint=f"`{argument}` is not defined: {_kind(obj)} has no names in it", name=str(argument)
        )

    def is_safe_callable(self, obj: Any) -> bool:
        """Only what the template is given may be called."""
        return any(obj is allowed for allowed in self.globals.values())

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, on numbers only."""
        return self.binop_table[operator](left, right)

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call one of the template's functions."""
        if isinstance(obj, Missing):
            raise UndefinedError(obj.said())
        return super().call(context, obj, *args, **kwargs)

    def _counted(self, values: Any) -> Iterator[Any]:
        if isinstance(values, Missing):
            raise UndefinedError(values.said())
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise TeraError(f"{_kind(values)} cannot be walked through with `for`")
        for value in values:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise TeraError(f"the loops take more than {MAX_STEPS:,} rounds")
            yield value


class TeraContext(Context):
    """Looks names up, and knows which ones there are where one is missing."""

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name, or one that says which names there are."""
        found = super().resolve_or_missing(key)
        if found is missing:
            names = [name for name in self.get_all() if name not in ("range", "throw")]
            return missing_name(key, names)
        return found


Tera.context_class = TeraContext


def _translate(tree: nodes.Template) -> None:
    """Loops are counted, and walk a mapping by pairs where they name two; ``~`` is bounded."""
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Tuple):
            loop.iter = _filtered(loop.iter, "_pairs")
        loop.iter = _filtered(loop.iter, "_counted")
    for node in list(tree.find_all(nodes.Node)):
        for field, value in node.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(node, field, _bounded(value))
            elif isinstance(value, list):
                value[:] = [_bounded(item) if isinstance(item, nodes.Concat) else item for item in value]


def _bounded(node: nodes.Concat) -> nodes.Filter:
    joined = nodes.List([_bounded(n) if isinstance(n, nodes.Concat) else n for n in node.nodes])
    joined.set_lineno(node.lineno)
    return _filtered(joined, "_joined")


def _filtered(value: nodes.Node, name: str) -> nodes.Filter:
    node = nodes.Filter(value, name, [], [], None, None)
    return node.set_lineno(value.lineno)  # type: ignore[return-value]


def _pairs(values: Any) -> Any:
    if isinstance(values, Mapping):
        return [(key, values[key]) for key in sorted(values)]
    return values


def _joined(values: list[Any]) -> str:
    text = "".join(str(written(value)) for value in values)
    if len(text) > MAX_CHARACTERS:
        raise TeraError("a text of the template exceeds 1 MiB")
    return text


def _numbers(operator: str) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, Missing):
                raise UndefinedError(value.said())
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TeraError(f"`{operator}` needs numbers, and found {_kind(value)}; join texts with `~`")
        result = _OPERATIONS[operator](left, right)
        if abs(result) > 2**63:
            raise TeraError(f"the result of `{operator}` is too large")
        return result

    return calculate


def _divide(left: float, right: float) -> float:
    if right == 0:
        raise TeraError("a division by zero")
    return left / right


def _remainder(left: float, right: float) -> float:
    if right == 0:
        raise TeraError("a division by zero")
    return left % right


_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "%": _remainder,
}


def _throw(message: str = "the template gave up") -> NoReturn:
    raise TeraError(str(message))


def _kind(value: Any) -> str:
    kinds = ((bool, "a truth value"), (int | float, "a number"), (str, "a text"), (Mapping, "a mapping"))
    if value is None:
        return "nothing"
    return next((name for kind, name in kinds if isinstance(value, kind)), "a list")


HAS_SYNTAX = re.compile(r"\{\{|\{%|\{#")
"""What a text without any template syntax does not have; such a text is its own result."""
