"""Compares a test of base with what it became: which demands it lost, and which only became others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from ironwright.gates.rust.assertions import Assertion, Demand, leaf_texts
from ironwright.gates.rust.attributes import argument_text, attribute_name
from ironwright.gates.rust.expressions import token_arguments
from ironwright.gates.rust.items import descend, node_text
from ironwright.gates.suites.suite import TestCode

# Numbers below this one, to which a difference is compared, are tolerances: other code is no reason for more.
_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a test demanded and does not demand any more.

    Attributes:
        line: 1-based line of head where it shows; 0 where there is none.
        message: What was lost.
        grave: False where it may be meant: the code under test changed too, so that a person should look.
    """

    line: int
    message: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else a comparison may have to know.

    Attributes:
        elsewhere: Head's new or altered test code besides the test itself: what may have moved there.
        is_gone: Whether one of some names meant code that the change took away.
        changed_for: Whether the code that a test exercises changed.
    """

    elsewhere: Sequence[TestCode]
    is_gone: Callable[[frozenset[str]], bool]
    changed_for: Callable[[TestCode], bool]


def losses(base: TestCode, head: TestCode, around: Surroundings) -> Iterator[Loss]:
    """What a test demanded in base and does not demand in head."""
    yield from _panic_losses(base, head, around)
    yield from _case_losses(base, head, around)
    yield from assertion_losses(base, head, around)
    yield from _table_losses(base, head, around)


def assertion_losses(base: TestCode, head: TestCode, around: Surroundings) -> Iterator[Loss]:
    """The assertions that are gone, demand less, expect something else, or are not always reached."""
    lost, gained, same = _differences(base.assertions, head.assertions)
    # A test that stopped using something that is gone may have lost what it said about that.
    uses_less = around.is_gone(base.names - head.names)
    for before, kept in same:
        yield from _guard_losses(before, kept)
    for before in sorted(lost, key=lambda found: -found.demand):
        if before.demand == Demand.NOTHING:
            continue
        after = _counterpart(before, gained)
        if after is not None and after.demand >= before.demand:
            gained.remove(after)
            yield from _changed(before, after, base, head, around)
            continue
        if uses_less or _is_kept(before, head, around) or around.is_gone(before.words):
            continue
        if after is not None:
            gained.remove(after)
            yield Loss(after.line, f"demands less: `{_short(before)}` became `{_short(after)}`")
        else:
            yield Loss(head.line, f"lost the assertion `{_short(before)}`")


def tolerance_losses(base: TestCode, head: TestCode) -> Iterator[Loss]:
    """Tolerances of a comparison that test code makes itself, where they let more through than before."""
    before = {side: (limit, text) for side, limit, text, _line in _tolerances(base)}
    for side, limit, text, line in _tolerances(head):
        was, shown = before.get(side, (math.inf, ""))
        if limit > was and was < _TOLERANCE:
            yield Loss(line, f"allows more: `{shown}` became `{text}`")


def _tolerances(code: TestCode) -> Iterator[tuple[str, float, str, int]]:
    """Comparisons with a number on the right: the left side, the number, the whole, the line."""
    for node in descend(code.body):
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if node.type != "binary_expression" or operator is None or right is None:
            continue
        if node_text(operator) not in ("<", "<=") or right.type != "float_literal":
            continue
        side = "".join(node_text(node.child_by_field_name("left") or node).split())
        limit = float(re.sub(r"_|f(?:32|64)$", "", node_text(right)))
        yield side, limit, " ".join(node_text(node).split()), node.start_point.row + 1


def _differences(
    base: Iterable[Assertion], head: Iterable[Assertion]
) -> tuple[list[Assertion], list[Assertion], list[tuple[Assertion, Assertion]]]:
    """What only base has, what only head has, and the pairs that both have; each assertion counts once."""
    gained, lost, same = list(head), [], []
    for before in base:
        equal = [after for after in gained if after.text == before.text]
        if equal:
            best = min(equal, key=lambda after: len(set(after.guards) - set(before.guards)))
            gained.remove(best)
            same.append((before, best))
        else:
            lost.append(before)
    return lost, gained, same


def _counterpart(lost: Assertion, gained: list[Assertion]) -> Assertion | None:
    """What of the new assertions took the place of one: about the same value, else with most in common."""

    def rank(other: Assertion) -> tuple[bool, bool, int]:
        shared = len(lost.words & other.words)
        return not lost.subjects.isdisjoint(other.subjects), other.demand >= lost.demand, shared

    best = max(gained, key=rank, default=None)
    if best is None or best.demand >= lost.demand:
        return best
    # A weaker one about another value may be an addition; a stronger one is the better counterpart.
    strong = [other for other in gained if other.demand >= lost.demand and lost.words & other.words]
    if strong and lost.subjects.isdisjoint(best.subjects):
        return max(strong, key=rank)
    return best


def _changed(
    before: Assertion, after: Assertion, base: TestCode, head: TestCode, around: Surroundings
) -> Iterator[Loss]:
    """What is lost between two assertions that demand equally much."""
    if before.bound and after.bound and before.bound[0] == after.bound[0] and before.bound != after.bound:
        sign, limit = after.bound
        looser = limit > before.bound[1] if sign == "<" else limit < before.bound[1]
        if looser and not math.isnan(limit):
            grave = not around.changed_for(base) or before.bound[1] < _TOLERANCE
            yield Loss(after.line, f"allows more: `{_short(before)}` became `{_short(after)}`", grave=grave)
        yield from _guard_losses(before, after)
        return
    yield from _guard_losses(before, after)
    if _asks_itself(after) and not _asks_itself(before):
        yield Loss(after.line, f"compares an answer with itself: `{_short(before)}` became `{_short(after)}`")
        return
    if _is_made(after) and not _is_made(before):
        yield Loss(after.line, f"expects what the build writes: `{_short(before)}` became `{_short(after)}`")
        return
    missing = before.literals - head.words - {word for code in _used(head, around) for word in code.words}
    if not missing or _is_kept(before, head, around) or around.is_gone(before.words):
        return
    if around.changed_for(base):
        yield Loss(after.line, f"expects something else: `{_short(before)}` became `{_short(after)}`", False)
    else:
        yield Loss(
            after.line,
            f"demands other things of the same code: `{_short(before)}` became `{_short(after)}`",
        )


def _is_made(assertion: Assertion) -> bool:
    """Whether an assertion takes its values from what a build script writes."""
    return "OUT_DIR" in assertion.text or bool({"include", "env"} <= assertion.words)


def _asks_itself(assertion: Assertion) -> bool:
    """Whether one side of a comparison is a call, and the other is made of the same call."""
    sides = list(assertion.subjects)
    return any(
        one != other and "(" in one and "".join(one.split()) in "".join(other.split())
        for one in sides
        for other in sides
    )


def _guard_losses(before: Assertion, after: Assertion) -> Iterator[Loss]:
    added = [guard for guard in after.guards if guard not in before.guards]
    if added and len(after.guards) > len(before.guards):
        yield Loss(after.line, f"reaches `{_short(after)}` only {added[0]}")


def _is_kept(lost: Assertion, head: TestCode, around: Surroundings) -> bool:
    """Whether what an assertion said stands somewhere else in head's new test code."""
    for code in around.elsewhere:
        if any(other.text == lost.text and not other.guards for other in code.assertions):
            return True
        if code.is_test and lost.literals and code.assertions and lost.words <= code.words:
            return True
    if lost.literals:
        used = _used(head, around)
        words = head.words.union(*(code.words for code in used))
        return (bool(used) or _has_table(lost, head)) and lost.words <= words
    return False


def _has_table(lost: Assertion, head: TestCode) -> bool:
    """Whether a loop of the test asserts as much, so that a row of its table may say what was lost."""
    return "for" in head.tokens and any(
        found.demand >= lost.demand and not found.guards and lost.words - lost.literals <= found.words
        for found in head.assertions
    )


def _used(head: TestCode, around: Surroundings) -> list[TestCode]:
    """Helpers, macros and constants among head's new test code that a test names, also through another."""
    found: list[TestCode] = []
    names = set(head.names)
    left = [code for code in around.elsewhere if not code.is_test]
    while more := [code for code in left if code.name in names]:
        found += more
        left = [code for code in left if code not in more]
        names.update(name for code in more for name in code.names)
    return found


def _panic_losses(base: TestCode, head: TestCode, around: Surroundings) -> Iterator[Loss]:
    before, after = _should_panic(base), _should_panic(head)
    if before is None and after is not None:
        yield Loss(head.line, "is expected to panic now (`#[should_panic]`), so it passes when it fails")
    elif before and after == "":
        yield Loss(head.line, f"accepts any panic now; before only one with {before}")
    elif before and after and before != after:
        yield Loss(
            head.line, f"expects the panic {after} in place of {before}", grave=not around.changed_for(base)
        )


def _should_panic(test: TestCode) -> str | None:
    """What a test's panic must say; empty for anything, None where it must not panic."""
    for text in test.attributes:
        if attribute_name(text) == "should_panic":
            return text.partition("=")[2].strip().rstrip(")").strip()
    return None


def _case_losses(base: TestCode, head: TestCode, around: Surroundings) -> Iterator[Loss]:
    """Cases of a parametrised test that are gone, by their arguments."""
    before = [argument_text(text) for text in base.cases]
    after = [argument_text(text) for text in head.cases]
    gone = [case for case in before if case not in after]
    if len(after) >= len(before) or not gone:
        return
    elsewhere = {argument_text(text) for code in around.elsewhere for text in code.cases}
    lost = [case for case in gone if case not in elsewhere]
    if lost and not around.is_gone(frozenset(_tokens(lost))):
        yield Loss(head.line, f"lost {_counted(len(lost), 'case')}, such as `{lost[0][:60]}`")


def _table_losses(base: TestCode, head: TestCode, around: Surroundings) -> Iterator[Loss]:
    """Cases of loops over a written list that are gone."""
    before, after = list(_tables(base)), list(_tables(head))
    if len(before) != len(after):
        return
    for (_line, old), (line, new) in zip(before, after, strict=True):
        gone = [case for case in old if case not in new]
        if len(new) >= len(old) or not gone:
            continue
        elsewhere = {text for code in around.elsewhere for text in code.tokens}
        kept = [case for case in gone if elsewhere and set(case.split()) <= elsewhere]
        if len(kept) == len(gone) or around.is_gone(frozenset(_tokens(gone))):
            continue
        if not new:
            yield Loss(line, f"loops over nothing; before over {_counted(len(old), 'case')}")
        else:
            yield Loss(
                line,
                f"lost {_counted(len(gone), 'case')} of its table, such as `{gone[0][:60]}`",
                grave=not around.changed_for(base),
            )


def _tables(test: TestCode) -> Iterator[tuple[int, list[str]]]:
    """The lists that a test's loops go through, in order, where they are written in the test itself."""
    for node in descend(test.body):
        if node.type == "for_expression" and (value := node.child_by_field_name("value")) is not None:
            cases = _listed(value, test.body)
            if cases is not None:
                yield node.start_point.row + 1, cases


def _listed(value: Node, body: Node) -> list[str] | None:
    for _ in range(8):
        if value.type == "array_expression":
            named = [child for child in value.children if child.is_named and "comment" not in child.type]
            return [" ".join(leaf_texts(child)) for child in named if child.type != "attribute_item"]
        if value.type == "macro_invocation" and node_text(value).startswith("vec"):
            tree = next((child for child in value.children if child.type == "token_tree"), None)
            return (
                [
                    " ".join(text for t in argument for text in leaf_texts(t))
                    for argument in token_arguments(tree)
                ]
                if tree is not None
                else None
            )
        if value.type == "range_expression":
            ends = [node_text(child) for child in value.children if child.is_named]
            return [] if len(ends) == 2 and ends[0] == ends[1] else ["a range"]
        inner = _inside(value, body)
        if inner is None:
            return None
        value = inner
    return None


def _inside(value: Node, body: Node) -> Node | None:
    """What an expression around a list is made of: a borrow, a method call, a variable's value."""
    if value.type in ("reference_expression", "parenthesized_expression"):
        return value.child_by_field_name("value") or value.named_children[-1]
    if value.type == "call_expression":
        called = value.child_by_field_name("function")
        if called is not None and called.type == "field_expression":
            return called.child_by_field_name("value")
        return None
    if value.type == "identifier":
        name = node_text(value)
        for node in descend(body):
            if node.type in ("let_declaration", "const_item", "static_item"):
                pattern = node.child_by_field_name("pattern") or node.child_by_field_name("name")
                if pattern is not None and node_text(pattern) == name:
                    return node.child_by_field_name("value")
    return None


def _tokens(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from text.replace("(", " ").replace(")", " ").replace(",", " ").replace("::", " ").split()


def _short(assertion: Assertion, limit: int = 90) -> str:
    text = assertion.text.replace(" . ", ".").replace(" ( ", "(").replace(" )", ")").replace(" , ", ", ")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
