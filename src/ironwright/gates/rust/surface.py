"""A Rust file without its functions' bodies: what rustdoc's answer depends on."""

from __future__ import annotations

import re

from ironwright.gates.rust.attributes import argument_text, attribute_name, split_arguments
from ironwright.gates.rust.code import without_comments
from ironwright.gates.rust.items import Item
from ironwright.gates.rust.syntax import RustFile

# rustdoc looks into a function's body for one thing only, implementations; these words can bring one there.
_REACHES_OUT = re.compile(rb"\b(?:impl|macro_rules|extern|include)\b")
_MACRO_CALL = re.compile(rb"\b([A-Za-z_]\w*)\s*!\s*[(\[{]")
_ATTRIBUTE = re.compile(rb"#\s*!?\s*\[\s*([A-Za-z_][\w:]*)")
_KNOWN_MACROS = frozenset(
    {
        "assert", "assert_eq", "assert_ne", "cfg", "column", "compile_error", "concat", "debug_assert",
        "debug_assert_eq", "debug_assert_ne", "env", "eprint", "eprintln", "file", "format", "format_args",
        "line", "matches", "module_path", "option_env", "panic", "print", "println", "stringify", "todo",
        "unimplemented", "unreachable", "vec", "write", "writeln",
    }
)  # fmt: skip
# Attributes that are the compiler's own: any other may be a macro that makes something of the body.
_KNOWN_ATTRIBUTES = frozenset(
    {
        "allow", "automatically_derived", "cfg", "cfg_attr", "cold", "deny", "deprecated", "doc", "expect",
        "forbid", "ignore", "inline", "link_section", "macro_use", "must_use", "naked", "no_mangle",
        "non_exhaustive", "path", "rustfmt::skip", "should_panic", "target_feature", "test", "track_caller",
        "warn",
    }
)  # fmt: skip


def surface_text(file: RustFile) -> bytes:
    """The file's bytes without plain comments and without the bodies of functions; documentation stays.

    A body stays where it could bring something to the documentation: one of a ``const fn``, one with an
    implementation or with a macro that is not the standard library's in it, one that an attribute of
    somebody else's (also of what encloses it) may read. A file that the parser did not understand is
    returned unchanged.
    """
    if file.error_lines:
        return file.source
    bodies = [
        (body.start_byte, body.end_byte)
        for item in file.functions
        if not item.is_nested and (body := item.body) is not None
        if _is_plain(item) and _stays_inside(file.source[body.start_byte : body.end_byte])
    ]
    return without_comments(file, bodies)


def _is_plain(item: Item) -> bool:
    if "const" in item.modifiers:
        return False
    around: Item | None = item
    while around is not None:
        if not all(_is_known(attribute) for attribute in around.attributes):
            return False
        around = around.parent
    return True


def _is_known(attribute: str) -> bool:
    name = attribute_name(attribute)
    if name == "cfg_attr":
        return all(_is_known(part) for part in split_arguments(argument_text(attribute))[1:])
    return name in _KNOWN_ATTRIBUTES or name.startswith("clippy::")


def _stays_inside(body: bytes) -> bool:
    if _REACHES_OUT.search(body):
        return False
    macros = {name.decode() for name in _MACRO_CALL.findall(body)}
    attributes = {name.decode() for name in _ATTRIBUTE.findall(body)}
    return macros <= _KNOWN_MACROS and attributes <= _KNOWN_ATTRIBUTES - {"cfg_attr"}
