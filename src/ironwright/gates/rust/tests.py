"""Judges Rust tests by their code: whether one can fail for any other reason than a panic in passing."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from tree_sitter import Node

from ironwright.gates.rust.attributes import argument_text, attribute_name
from ironwright.gates.rust.expressions import Use, token_arguments, tokens_text, uses
from ironwright.gates.rust.items import Item, descend, node_text

if TYPE_CHECKING:
    from ironwright.gates.subject import SourceTree

Proof = Literal["assertion", "compiles", "unwraps", "unknown", "tautology", "nothing"]
"""What a test proves, from the best downwards: something asserted; that types fit; that nothing returns an
error; perhaps something, by code that is not in this tree; only what is always true; nothing."""

# Macros and calls that fail when what they look at is not as it should be, by their usual names.
_ASSERTING_MACRO: Final = re.compile(
    r"(?:^|_)(?:debug_)?(?:assert\w*|prop_assert\w*|ensure\w*|panic|unreachable|bail|fail|check\w*|verify\w*|"
    r"snapshot\w*|quickcheck|proptest|expect\w*)$|^(?:static_)?assert"
)
_ASSERTING_CALL: Final = re.compile(
    r"assert|check|verif|expect|ensure|must|validate|round_?trip|^eq_|_eq$|quickcheck|fails?$|prop_|compile_fail|"
    r"^pass$|unwrap_err|matches_snapshot|should|model$|run_?test|test_?case",
    re.IGNORECASE,
)
_UNWRAPPING: Final = frozenset({"unwrap", "expect"})
_HARMLESS_MACROS: Final = frozenset(
    [
        "println",
        "eprintln",
        "print",
        "eprint",
        "dbg",
        "vec",
        "format",
        "write",
        "writeln",
        "matches",
        "concat",
        "include_str",
        "include_bytes",
        "cfg",
        "env",
        "option_env",
        "line",
        "file",
        "column",
        "module_path",
        "stringify",
        "json",
        "debug",
        "info",
        "trace",
        "warn",
        "error",
        "format_args",
        "pin",
        "join",
        "try_join",
        "select",
        "thread_local",
        "hashmap",
        "btreemap",
        "smallvec",
        "arrayvec",
        "todo",
        "unimplemented",
        "compile_error",
    ]
)
_LITERALS: Final = frozenset(
    {
        "integer_literal",
        "float_literal",
        "string_literal",
        "boolean_literal",
        "char_literal",
        "raw_string_literal",
        "true",
        "false",
    }
)
# Tests named so compare a value with itself on purpose, or are done when nothing panicked.
_ABOUT_EQUALITY: Final = re.compile(
    r"(?:^|_)(?:eq|equal\w*|equiv\w*|(?:partial_?)?ord(?:er\w*)?|cmp|compar\w+|hash\w*|reflex\w*|determin\w*|"
    r"stable|idempot\w*|same|clon\w+|copy)(?:_|$)"
)
# Types of libraries whose values assert when one is done with them.
_ASSERTING_TYPE: Final = re.compile(r"(?:^|::)(?:Assert|TestCases|Expect)::")
_ABOUT_NOT_PANICKING: Final = re.compile(
    r"(?:not?|n.?t|never|without|no)_(?:\w+_)?(?:panic|crash|overflow|deadlock|hang|leak|abort|block|explode)"
    r"|compil|smoke|(?:^|_)builds?(?:_|$)|(?:^|_)(?:send|sync)$|is_(?:send|sync)|"
    r"object_safe|dyn_safe|covarian|terminates"
)
_DEPTH: Final = 6
_DEFINES: Final = re.compile(rb"\bfn\s+(?:r#)?([A-Za-z0-9_]+)|\bmacro_rules!\s*(?:r#)?([A-Za-z0-9_]+)")
# Crates and modules that exist to support tests, by their folders' or files' names.
_TEST_SUPPORT: Final = re.compile(
    r"(?:^|[/_-])test(?:s|ing|[_-]?(?:utils?|support|helpers?|kit|common))?(?:[/_.-]|$)"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a test proves, and the words for it.

    Attributes:
        proof: How much it proves.
        detail: For tautologies what they are; otherwise empty.
    """

    proof: Proof
    detail: str = ""


class TestReader:
    """Reads tests of one tree; helpers and macros are looked up in all of its files.

    Args:
        tree: The tree. Files are parsed only when a test calls something that their text defines.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._defined: dict[tuple[str, bool], tuple[Item, ...]] = {}
        self._asserting: dict[Item, bool] = {}

    def judge(self, test: Item) -> Judgement:
        """What a test function proves."""
        if test.body is None or _judged_by_its_result(test):
            return Judgement("assertion")
        found = list(uses(test.body))
        assertions = [use for use in found if use.kind == "macro" and _ASSERTING_MACRO.search(use.name)]
        tautologies = [text for use in assertions if (text := tautology(use, test.name))]
        if len(tautologies) < len(assertions) or self._calls_assertion(found, 0):
            return Judgement("assertion")
        if any(self._is_bound_check(use) for use in found):
            return Judgement("compiles")
        if any(use.name in _UNWRAPPING and use.kind == "method" for use in found) or _has_question_mark(test):
            return Judgement("unwraps")
        if any(self._is_unknown(use) for use in found):
            return Judgement("unknown")
        if tautologies:
            return Judgement("tautology", tautologies[0])
        if _ABOUT_NOT_PANICKING.search(test.name) and any(use.kind != "macro" for use in found):
            return Judgement("compiles")
        return Judgement("nothing")

    def _calls_assertion(self, found: list[Use], depth: int) -> bool:
        for use in found:
            definitions = self._definitions(use.name, use.kind == "macro")
            if definitions:
                if depth < _DEPTH and any(self._asserts(item, depth + 1) for item in definitions):
                    return True
            elif (
                use.kind != "macro" and use.name not in _UNWRAPPING and _ASSERTING_CALL.search(use.name)
            ) or (use.kind == "function" and _ASSERTING_TYPE.search(use.path)):
                return True
        return False

    def _asserts(self, item: Item, depth: int) -> bool:
        """Whether a helper or a macro asserts anything; recursion counts as no."""
        if item not in self._asserting:
            self._asserting[item] = False
            if item.kind == "macro":
                text = node_text(item.node)
                self._asserting[item] = (
                    re.search(r"\w*assert\w*\s*!|panic\s*!|unreachable\s*!", text) is not None
                )
            elif item.body is not None:
                found = list(uses(item.body))
                real = [
                    use
                    for use in found
                    if use.kind == "macro"
                    and _ASSERTING_MACRO.search(use.name)
                    and not tautology(use, item.name)
                ]
                self._asserting[item] = bool(real) or self._calls_assertion(found, depth)
        return self._asserting[item]

    def _is_bound_check(self, use: Use) -> bool:
        """Whether a call is of an empty generic function such as ``fn assert_send<T: Send>() {}``."""
        if use.kind != "function":
            return False
        return any(
            item.node.child_by_field_name("type_parameters") is not None
            and item.body is not None
            and not any(child.is_named for child in item.body.children)
            for item in self._definitions(use.name, macro=False)
        )

    def _is_unknown(self, use: Use) -> bool:
        """Whether a macro comes from elsewhere, so that nobody here knows what it does."""
        known = use.name in _HARMLESS_MACROS or _ASSERTING_MACRO.search(use.name)
        return use.kind == "macro" and not known and not self._definitions(use.name, macro=True)

    def _definitions(self, name: str, macro: bool) -> tuple[Item, ...]:
        """The functions or macros of a name that are helpers of tests.

        Code under test is none: that it asserts something for itself makes no test. Macros count
        wherever they are, for most that are made for tests are declared at the top of a crate.
        """
        if (name, macro) not in self._defined:
            kind = "macro" if macro else "function"
            self._defined[name, macro] = tuple(
                item
                for path in self._defining.get((name, macro), ())
                for item in self._tree.rust(path).items
                if item.kind == kind and item.name == name and (macro or self._is_helper(path, item))
            )
        return self._defined[name, macro]

    @cached_property
    def _defining(self) -> dict[tuple[str, bool], list[str]]:
        """The files whose text seems to define a function or a macro, by name and whether it is a macro."""
        found: dict[tuple[str, bool], list[str]] = defaultdict(list)
        for path in self._tree.rust_paths:
            names = {
                (match[1] or match[2], match[2] is not None)
                for match in _DEFINES.finditer(self._tree.read(path))
            }
            for name, macro in names:
                found[name.decode(), macro].append(path)
        return found

    def _is_helper(self, path: str, item: Item) -> bool:
        return item.in_test or path in self._tree.test_files or _TEST_SUPPORT.search(path) is not None


def is_asserting_macro(name: str) -> bool:
    """Whether a macro fails when what it looks at is not as it should be, by its usual name."""
    return _ASSERTING_MACRO.search(name) is not None


def is_asserting_call(name: str) -> bool:
    """Whether a function or method of this name usually asserts; ``unwrap`` and ``expect`` do not count."""
    return name not in _UNWRAPPING and _ASSERTING_CALL.search(name) is not None


def is_about_not_panicking(name: str) -> bool:
    """Whether a test's name says that its point is to come to its end, or to compile."""
    return _ABOUT_NOT_PANICKING.search(name) is not None


def is_judged(item: Item) -> bool:
    """Whether an item is a test that must prove something; benchmarks measure instead."""
    return item.is_test and not any(
        attribute_name(text).rsplit("::", 1)[-1] == "bench" for text in item.attributes
    )


def ignored_without_reason(test: Item) -> bool:
    """Whether a test is ``#[ignore]`` without saying why."""
    return any(text == "ignore" for text in test.attributes)


def panics_by_itself(test: Item) -> bool:
    """Whether a ``#[should_panic]`` test panics by its own ``panic!`` whatever the code under test does."""
    if test.body is None or not any(attribute_name(text) == "should_panic" for text in test.attributes):
        return False
    found = list(uses(test.body))
    own = {"panic", "unreachable", "todo", "unimplemented"}
    # What stands in the body itself, behind no condition, panics whatever the code under test does.
    if any(
        use.name in own
        and use.kind == "macro"
        and _is_statement_of(use.node, test.body)
        and _says_nothing(use)
        for use in found
    ):
        return True
    if any(use.kind != "macro" for use in found):
        return False
    computes = any(
        node.type in ("binary_expression", "index_expression", "unary_expression")
        for node in descend(test.body)
    )
    others = [use for use in found if use.name not in own | _HARMLESS_MACROS and not tautology(use, "")]
    return not computes and all(_is_constant_assertion(use) for use in others)


def _says_nothing(use: Use) -> bool:
    """Whether a panic's message holds nothing that the code under test gave."""
    arguments = token_arguments(use.arguments) if use.arguments is not None else []
    return all(
        token.type in _LITERALS and "{" not in node_text(token) for part in arguments for token in part
    )


def _is_statement_of(node: Node, body: Node) -> bool:
    parent = node.parent
    if parent is not None and parent.type == "expression_statement":
        parent = parent.parent
    return parent == body


def is_empty(test: Item) -> bool:
    """Whether a test's body holds nothing but comments."""
    body = test.body
    return body is not None and not [
        child for child in body.children if child.is_named and "comment" not in child.type
    ]


def unfinished_macro(test: Item) -> str | None:
    """The ``todo`` in a test, or the ``unimplemented`` that is one of its statements; else None.

    ``unimplemented!`` deeper down is what a match or a test double answers when it must not be reached.
    """
    if test.body is None:
        return None
    for use in uses(test.body, into_functions=False):
        if use.kind == "macro" and (
            use.name == "todo" or _is_statement(use.node, test.body, "unimplemented")
        ):
            return use.name
    return None


def _is_statement(node: Node, body: Node, name: str) -> bool:
    called = node.child_by_field_name("macro")
    if called is None or node_text(called) != name or node.parent is None:
        return False
    return node.parent == body or (node.parent.type == "expression_statement" and node.parent.parent == body)


def tautology(use: Use, test_name: str) -> str | None:
    """What is always true about an assertion, or None.

    A value compared with itself is how equality, order and determinism are tested; it counts only for
    variables and literals, and not in tests that are named after such things.
    """
    if use.arguments is None:
        return None
    arguments = token_arguments(use.arguments)
    base = use.name.removeprefix("debug_").removeprefix("prop_")
    if base == "assert" and arguments:
        return _always_true(arguments[0], test_name)
    if base == "assert_eq" and len(arguments) >= 2:
        left, right = arguments[0], arguments[1]
        if len(left) == len(right) == 1 and left[0].type in _LITERALS and right[0].type in _LITERALS:
            return "compares two literals"
        if _is_literal_only(left) and _is_literal_only(right):
            return "compares literals"
        bound = _bound_just_before(use, left, right)
        if bound and not _ABOUT_EQUALITY.search(test_name):
            return f"compares `{bound}` with itself"
        if _is_same_value(left, right, test_name):
            return f"compares `{tokens_text(left)}` with itself"
    return None


def _always_true(tokens: list[Node], test_name: str) -> str | None:
    text = tokens_text(tokens).replace(" ", "")
    if text in ("true", "!false"):
        return f"asserts `{text}`"
    if found := re.search(r"(?:^|\|\|)(true|!false|cfg!\((?:test|debug_assertions)\))(?:\|\||$)", text):
        return f"asserts `… || {found[1]}`"
    for one, other in (
        ("is_ok", "is_err"),
        ("is_err", "is_ok"),
        ("is_some", "is_none"),
        ("is_none", "is_some"),
    ):
        if re.fullmatch(rf"(.+)\.{one}\(\)\|\|\1\.{other}\(\)", text):
            return f"asserts `{one}() || {other}()`"
    if re.fullmatch(r"matches!\(.*,_\)", text):
        return "asserts `matches!(…, _)`"
    if re.fullmatch(r"[\w.()&*:]+\.(?:len|count)\(\)>=0", text):
        return "asserts that a length is at least 0"
    for position, token in enumerate(tokens):
        if token.type == "==" and 0 < position < len(tokens) - 1:
            left, right = tokens[:position], tokens[position + 1 :]
            literals = len(left) == len(right) == 1 and {left[0].type, right[0].type} <= _LITERALS
            if literals and tokens_text(left) == tokens_text(right):
                return "compares two literals"
            if _is_same_value(left, right, test_name):
                return f"compares `{tokens_text(left)}` with itself"
    return None


def _is_literal_only(tokens: list[Node]) -> bool:
    """Whether a side is made of literals and operators, such as ``1 + 2``."""
    kinds = [token.type for token in tokens]
    return any(kind in _LITERALS for kind in kinds) and all(
        kind in _LITERALS or not any(letter.isalnum() or letter == "_" for letter in kind) for kind in kinds
    )


def _bound_just_before(use: Use, left: list[Node], right: list[Node]) -> str | None:
    """The text that one side spells out and the other was given by the ``let`` right before the assertion."""
    statement = use.node
    while statement.parent is not None and statement.parent.type != "block":
        statement = statement.parent
    before = statement.prev_named_sibling
    if before is None or before.type != "let_declaration":
        return None
    name, value = before.child_by_field_name("pattern"), before.child_by_field_name("value")
    if name is None or value is None or name.type != "identifier":
        return None
    bound = "".join(node_text(value).split())
    for one, other in ((left, right), (right, left)):
        if tokens_text(one) == node_text(name) and tokens_text(other).replace(" ", "") == bound:
            return bound
    return None


def _is_same_value(left: list[Node], right: list[Node], test_name: str) -> bool:
    if tokens_text(left) != tokens_text(right) or _ABOUT_EQUALITY.search(test_name):
        return False
    return not any(token.type == "token_tree" for token in left)


def _is_constant_assertion(use: Use) -> bool:
    if use.arguments is None:
        return False
    tokens = [token for argument in token_arguments(use.arguments) for token in argument]
    return all(token.type in _LITERALS for token in tokens)


def _judged_by_its_result(test: Item) -> bool:
    """Whether the harness looks at what the test returns: ``#[test_case(1 => 2)]``, quickcheck's ``bool``."""
    if any("=>" in argument_text(text) for text in test.attributes):
        return True
    return bool(re.fullmatch(r"bool|(?:\w+::)*TestResult", test.return_type or ""))


def _has_question_mark(test: Item) -> bool:
    return test.body is not None and any(node.type == "try_expression" for node in descend(test.body))
