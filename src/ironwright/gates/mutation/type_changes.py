"""Writes how values of a crate's own types are made into other values, and where such values come from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ironwright.gates.rust.items import Item, children_of, descend, node_text

if TYPE_CHECKING:
    from tree_sitter import Node

    from ironwright.gates.subject import SourceTree

_KNOWN: Final = re.compile(
    r"^(?:&(?:'\w+\s+)?str|[iu](?:8|16|32|64|128|size)|f32|f64|bool|char|String|Duration|PathBuf|Instant|SystemTime|"
    r"(?:Vec|VecDeque|HashMap|HashSet|BTreeMap|BTreeSet)<.*>|Option<(?:[iu]\d+|bool|char|String)>)$",
    re.DOTALL,
)
_DEFINES: Final = re.compile(rb"\b(?:struct|enum)\s+(\w+)")
# Types of types of types are far enough.
_DEPTH = 3


def type_changes(tree: SourceTree, path: str, functions: Sequence[Item]) -> Iterator[str]:
    """Implementations of ``Change`` for the types that some functions of a file answer with.

    Only types of the same package are looked for, by their names; what is not right is for the compiler to
    say, as each implementation can be left out alone.
    """
    wanted: set[str] = set()
    for item in functions:
        answer = item.node.child_by_field_name("return_type")
        if answer is not None:
            wanted |= {node_text(node) for node in descend(answer) if node.type == "type_identifier"}
        if item.parent is not None and item.parent.kind == "impl":
            wanted.add(re.sub(r"<.*", "", item.parent.name.split(" for ")[-1]).strip())
    done: set[str] = set()
    for _ in range(_DEPTH):
        fresh = sorted(wanted - done)
        done |= wanted
        for name in fresh:
            for item in _definitions(tree, path, name):
                made = _struct(item) if item.kind == "struct" else _enum(item)
                if made is not None:
                    text, inner = made
                    wanted |= inner
                    yield from text.splitlines(keepends=True)
                break


def _definitions(tree: SourceTree, path: str, name: str) -> Iterator[Item]:
    folder = posixpath.dirname(path)
    near = [other for other in tree.rust_paths if other.startswith(folder + "/") or not folder]
    for other in sorted(near, key=lambda each: each != path):
        if name.encode() not in _DEFINES.findall(tree.read(other)):
            continue
        for item in tree.rust(other).items:
            generic = item.kind == "enum" and item.node.child_by_field_name("type_parameters") is not None
            if item.kind in ("struct", "enum") and item.name == name and not (item.in_test or generic):
                yield item


def _struct(item: Item) -> tuple[str, set[str]] | None:
    """All fields become others: which of them a test looks at is not known.

    A type with a field that cannot be varied is left alone, as the test may look at that one.
    """
    parameters = item.node.child_by_field_name("type_parameters")
    if parameters is not None:
        return _generic_struct(item, parameters)
    body = item.body
    fields = list(_fields(body)) if body is not None else []
    own = {kind for _, kind in fields if re.fullmatch(r"[A-Z]\w*", kind) and not _KNOWN.match(kind)}
    if not fields or any(not _KNOWN.match(kind) and kind not in own for _, kind in fields):
        return None
    steps = "".join(
        f"match Change::changed(self.{name}) {{ "
        f"core::result::Result::Ok(value) => {{ self.{name} = value; any = true; }} "
        f"core::result::Result::Err(value) => self.{name} = value, }} "
        for name, _ in fields
    )
    makes = ", ".join(f"{name}: Make::make()" for name, _ in fields)
    return (
        f"    impl Change for {item.name} {{ fn changed(mut self) -> core::result::Result<Self, Self> {{ "
        f"let mut any = false; {steps}"
        "if any { core::result::Result::Ok(self) } else { core::result::Result::Err(self) } } }\n"
        f"    impl Make for {item.name} {{ fn make() -> Self {{ {item.name} {{ {makes} }} }} }}\n"
    ), own


def _generic_struct(item: Item, parameters: Node) -> tuple[str, set[str]] | None:
    """Fields whose types are parameters are changed by these types' names: all of them, or nothing is."""
    named = [(child, child.child_by_field_name("name")) for child in parameters.named_children]
    arguments = [node_text(name or child) for child, name in named if "parameter" in child.type]
    fields = list(_fields(item.body)) if item.body is not None else []
    if not fields or "=" in node_text(parameters):
        return None
    steps = ""
    for name, kind in fields:
        if kind.startswith("PhantomData"):
            continue
        if _KNOWN.match(kind):
            change, lost = "Change::changed", ""
        elif set(re.findall(r"[A-Za-z_]\w*", re.sub(r";[^\]]*", "", kind))) - {"Option"} <= set(arguments):
            change, lost = "by_name", "all = false; "
        else:
            return None
        steps += (
            f"match {change}(self.{name}) {{ "
            f"core::result::Result::Ok(value) => {{ self.{name} = value; any = true; }} "
            f"core::result::Result::Err(value) => {{ self.{name} = value; {lost}}} }} "
        )
    clause = next((node_text(child) for child in item.node.children if child.type == "where_clause"), "")
    made = (
        f"    impl{node_text(parameters)} Change for {item.name}<{', '.join(arguments)}> {clause} {{ "
        "fn changed(mut self) -> core::result::Result<Self, Self> { "
        f"let (mut any, mut all) = (false, true); {steps} "
        "if any && all { core::result::Result::Ok(self) } else { core::result::Result::Err(self) } } }"
    )
    return made.replace("\n", " ") + "\n", set()


def _fields(body: Node) -> Iterator[tuple[str, str]]:
    if body.type == "ordered_field_declaration_list":
        types = [
            child
            for child in body.named_children
            if child.type not in ("visibility_modifier", "attribute_item") and "comment" not in child.type
        ]
        yield from ((str(number), node_text(kind)) for number, kind in enumerate(types))
        return
    for field in children_of(body, "field_declaration"):
        name, kind = field.child_by_field_name("name"), field.child_by_field_name("type")
        if name is not None and kind is not None:
            yield node_text(name), node_text(kind)


def _enum(item: Item) -> tuple[str, set[str]] | None:
    """One plain variant becomes another, everything else the first plain one."""
    if item.body is None:
        return None
    plain = []
    for variant in children_of(item.body, "enum_variant"):
        name = variant.child_by_field_name("name")
        if name is not None and variant.child_by_field_name("body") is None:
            plain.append(f"{item.name}::{node_text(name)}")
    if not plain:
        return None
    first = plain[0]
    other = f"core::result::Result::Ok({plain[1]})" if len(plain) > 1 else "core::result::Result::Err(self)"
    text = (
        f"    impl Change for {item.name} {{ fn changed(self) -> core::result::Result<Self, Self> {{ "
        f"if let {first} = self {{ {other} }} else {{ core::result::Result::Ok({first}) }} }} }}\n"
        f"    impl Make for {item.name} {{ fn make() -> Self {{ {first} }} }}\n"
    )
    return text, set()
