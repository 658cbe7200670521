"""Finds functions that turn text or bytes into values or back, and which property tests may reach them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ironwright.gates.rust.attributes import attribute_name
from ironwright.gates.rust.items import Item, descend, node_text

if TYPE_CHECKING:
    from ironwright.gates.rust.syntax import RustFile
    from ironwright.gates.subject import SourceTree

# By name and type together: that a function takes a `&str` says nothing yet.
_READS: Final = re.compile(
    r"^(?:try_)?(?:parse|decode|deserialize|unescape|unquote|tokenize|lex|unpack|unmarshal|decompress)(?:_|$)|"
    r"^(?:try_)?from_(?:str|bytes|slice|hex|base\d+|json|toml|yaml|wire|reader|buf|be_bytes|le_bytes)(?:_|$)|"
    r"_from_(?:str|bytes|slice)$"
)
_WRITES: Final = re.compile(
    r"^(?:try_)?(?:encode|serialize|escape|quote|pack|marshal|compress)(?:_|$)|"
    r"^(?:to|into)_(?:bytes|wire|hex|base\d+|json|toml|yaml|be_bytes|le_bytes)(?:_|$)"
)
_BYTES = r"Vec\s*<\s*u8\s*>"
_INPUT: Final = re.compile(
    rf"&(?:'\w+\s+)?(?:mut\s+)?(?:str\b|\[\s*u8\s*\]|String\b|{_BYTES})|^(?:String|{_BYTES}|Bytes|BytesMut)$|"
    r"AsRef\s*<\s*(?:str|\[\s*u8\s*\])\s*>|Into\s*<\s*String\s*>|\b(?:BufRead|Read|Buf)\b|"
    r"\bCow\s*<.*\bstr\s*>|\[\s*u8\s*;"
)
_OUTPUT: Final = re.compile(rf"\b(?:(?:String|Bytes|BytesMut)\b|{_BYTES}|Cow\s*<.*\bstr\s*>)|\[\s*u8\s*[;\]]")
_WRITER: Final = re.compile(rf"\b(?:(?:Write|BufMut|String|BytesMut|Formatter)\b|{_BYTES})")
_TRAITS: Final = {"from_str": "FromStr", "try_from": "TryFrom"}

_PROPERTY_MACROS: Final = frozenset(
    {"proptest", "quickcheck", "prop_compose", "fuzz_target", "test_strategy"}
)
_PROPERTY_ATTRIBUTES: Final = frozenset({"proptest", "quickcheck", "property_test", "proof", "hegel"})
_PROPERTY_CALLS: Final = frozenset(
    {"proptest", "quickcheck", "QuickCheck", "TestRunner", "arbtest", "bolero", "check_property", "hegel"}
)
_NAMES: Final = frozenset({"identifier", "type_identifier", "field_identifier"})
# Method calls that stand for a trait's function of another name.
_STANDS_FOR: Final = {
    "parse": ("from_str",),
    "try_into": ("try_from",),
    "to_string": ("fmt",),
    "format": ("fmt",),
}


def is_codec(item: Item) -> str:
    """``reads`` or ``writes`` for a public function that turns text or bytes into a value or back.

    Empty for every other function.

    What other code can call counts: a function that is written ``pub``, and ``FromStr`` and ``TryFrom`` from
    text or bytes.
    """
    if item.kind != "function" or item.body is None or item.in_test or item.is_nested:
        return ""
    if item.in_trait_impl:
        return _trait_codec(item)
    if not item.is_public:
        return ""
    returned = item.return_type or ""
    takes = [parameter.type for parameter in item.parameters]
    generic = item.signature
    if _READS.search(item.name) and returned and returned != "bool":
        return "reads" if any(_is_input(kind, generic) for kind in takes) else ""
    fills = any(_WRITER.search(kind) and "&mut" in kind for kind in takes)
    return "writes" if _WRITES.search(item.name) and (_OUTPUT.search(returned) or fills) else ""


def _trait_codec(item: Item) -> str:
    trait = _TRAITS.get(item.name)
    owner = item.parent.name if item.parent is not None else ""
    if trait is None or not re.match(rf"(?:\w+::)*{trait}\b", owner):
        return ""
    return "reads" if any(_INPUT.search(parameter.type) for parameter in item.parameters) else ""


def _is_input(kind: str, signature: str) -> bool:
    """Whether a parameter's type is text or bytes, also by the bound of a type parameter."""
    if _INPUT.search(kind):
        return True
    bare = kind.removeprefix("&").removeprefix("mut ").strip()
    if not re.fullmatch(r"[A-Z]\w*", bare):
        return False
    bound = re.search(rf"\b{bare}\s*:\s*([^,>]*(?:<[^>]*>)?[^,>]*)", signature)
    return bool(bound and _INPUT.search(bound[1]))


class PropertyTests:
    """The names that the property tests and fuzz targets of a tree may reach, by what calls what by name.

    Args:
        tree: The tree.
        fuzz_targets_only: Whether property tests are left out.
    """

    def __init__(self, tree: SourceTree, *, fuzz_targets_only: bool = False) -> None:
        self._tree = tree
        self._fuzz_targets_only = fuzz_targets_only

    @cached_property
    def count(self) -> int:
        """How many tests and fuzz targets state a property."""
        return len(self._found[0])

    def reach(self, item: Item) -> bool:
        """Whether a property test may run a function: its name, and for a method its type's, are reached."""
        owner = item.parent.name if item.parent is not None and item.parent.kind == "impl" else ""
        own_type = re.split(r"\s+for\s+", owner)[-1]
        types = re.findall(r"[A-Za-z_]\w*", own_type.partition("<")[0])
        return item.name in self._reached and (not types or types[-1] in self._reached)

    @cached_property
    def _reached(self) -> frozenset[str]:
        starts, calls = self._found
        reached: set[str] = set()
        waiting = {name for names in starts for name in names}
        while waiting:
            reached |= waiting
            fresh: set[str] = set()
            for name in waiting:
                fresh.update(_STANDS_FOR.get(name, ()))
                fresh |= calls.get(name, set())
            waiting = fresh - reached
        return frozenset(reached)

    @cached_property
    def _found(self) -> tuple[list[set[str]], dict[str, set[str]]]:
        starts: list[set[str]] = []
        calls: dict[str, set[str]] = defaultdict(set)
        for path in self._tree.rust_paths:
            file = self._tree.rust(path)
            starts += list(_fuzz_targets(file) if self._fuzz_targets_only else _properties(file))
            for item in file.items:
                if item.kind in ("function", "macro"):
                    names = _names(item)
                    # A type's name is reached with its methods, so that those can be told apart by it.
                    owner = item.parent.name if item.parent is not None else ""
                    calls[item.name] |= names | set(re.findall(r"[A-Za-z_]\w*", owner))
        return starts, calls


def _properties(file: RustFile) -> Iterator[set[str]]:
    for item in file.items:
        if item.kind == "macro_call" and item.name.rsplit("::", 1)[-1] in _PROPERTY_MACROS:
            yield _names(item)
        elif item.kind == "function":
            attributes = {attribute_name(text).rsplit("::", 1)[-1] for text in item.attributes}
            names = _names(item)
            stated = attributes & _PROPERTY_ATTRIBUTES or (item.in_test and names & _PROPERTY_CALLS)
            if stated or "fuzz_targets" in file.path.split("/"):
                yield names


def _fuzz_targets(file: RustFile) -> Iterator[set[str]]:
    for item in file.items:
        if (item.kind == "macro_call" and item.name.rsplit("::", 1)[-1] == "fuzz_target") or (
            item.kind == "function" and "fuzz_targets" in file.path.split("/")
        ):
            yield _names(item)


def _names(item: Item) -> set[str]:
    return set(_texts(item)) - {item.name}


def _texts(item: Item) -> Iterable[str]:
    return (node_text(node) for node in descend(item.node) if node.type in _NAMES)
