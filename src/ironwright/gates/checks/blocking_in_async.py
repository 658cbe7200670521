"""Refuses calls that block a thread inside async code.

What it checks:
    On the lines that the change adds (scope ``all``: on every line), the body of an ``async fn``, of an
    ``async`` block or of an async closure does not call what blocks its thread: ``std::thread::sleep``,
    ``std::fs`` and ``File::open``, ``std::net`` connections and listeners, ``std::process`` commands that
    are waited for, ``reqwest::blocking``, ``ureq``, ``block_on``, ``stdin().read_line``, and a receive of
    ``std::sync::mpsc``; and that no guard of a ``std::sync`` lock that is bound to a variable is still held
    at an ``await``. Names are resolved by the file's imports: ``fs::read`` is ``tokio::fs::read`` where that
    is imported, and unknown where nothing says. Left alone is what is handed to ``spawn_blocking``,
    ``block_in_place`` or a thread, closures that are not async and not called at once excepted, and tests
    unless ``tests`` is on.

Why:
    A blocked thread of the runtime stops every task on it; it shows as latency far from its cause.

Evidence:
    The number of async functions and blocks looked at.

Unknown when:
    The parser finds no sense in a file in scope. Blocking behind a call of the project's own is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.expressions import Use, uses
from ironwright.gates.rust.imports import imported_names
from ironwright.gates.rust.items import Item, children_of, descend, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

# Full paths of what blocks, with what does the same without blocking.
_BLOCKING = (
    (r"std::thread::sleep(?:_ms|_until)?", "tokio::time::sleep"),
    (r"std::fs::(?:\w+|File::(?:open|create|create_new|options)|OpenOptions::\w+)", "tokio::fs"),
    (r"std::net::(?:TcpStream::connect\w*|TcpListener::bind|UdpSocket::bind)", "tokio::net"),
    (r"std::os::unix::net::(?:UnixStream::connect|UnixListener::bind)", "tokio::net"),
    (r"reqwest::blocking::.*", "reqwest's async client"),
    (r"ureq::\w+", "an async client"),
    (r"(?:futures|futures_executor|pollster|smol|async_std|tokio)::(?:\w+::)*block_on", "`.await`"),
    (r"std::io::stdin", "tokio::io::stdin"),
    (r"std::sync::Barrier::new", "tokio::sync::Barrier"),
)
_PATTERNS = tuple((re.compile(pattern), better) for pattern, better in _BLOCKING)
_COMMAND = re.compile(r"std::process::Command::new")
_WAITING = frozenset({"output", "status", "wait", "wait_with_output"})
_OFF_RUNTIME = frozenset({"spawn_blocking", "block_in_place", "unblock", "asyncify", "spawn_thread"})
_LOCK_TYPES = re.compile(r"std::sync::(?:Mutex|RwLock|\{[^}]*\b(?:Mutex|RwLock)\b[^}]*\})")
_ASYNC_LOCKS = re.compile(
    r"(?:tokio|async_std|futures|async_lock|smol)::(?:sync|lock)?[\w:{},\s]*\b(?:Mutex|RwLock)\b"
)
_GUARD = re.compile(
    r"\.(?:lock|read|write)\(\)\.(?:unwrap\(\)|expect\(.*\)|unwrap_or_else\(.*\))$|\.(?:lock)\(\)\?$",
    re.DOTALL,
)

GATE = Gate(
    id="blocking_in_async",
    summary="calls that block a thread inside async code",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:block(?:ing|s)?|synchronous)\s+(?:the\s+)?(?:i/?o|calls?|operations?|code|functions?|"
            r"async runtime|runtime|event loop|executor|threads?)\b"
            r"(?=[^.;]{0,40}\basync|[^.;]{0,10}(?:$|[.;]))",
            "Never use blocking calls in async code.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:std::thread::sleep|thread::sleep|std::fs)\b(?=[^.;]{0,40}\basync)",
            "Don't use std::thread::sleep in async functions.",
            negative=True,
        ),
        Phrasing(
            r"\bblock(?:ing|s)?\b[^.;]{0,25}\b(?:in|inside|within|from)\s+(?:an?\s+|any\s+|the\s+)?async\b",
            "Never block inside an async function.",
            negative=True,
        ),
        Phrasing(
            r"\bnon-blocking\s+(?:i/?o|calls?|operations?)\b",
            "Prioritize async/await patterns and non-blocking I/O.",
            strength=Strength.SOFT,
        ),
        Phrasing(
            r"\bspawn_blocking\b",
            "Use spawn_blocking for CPU-heavy or blocking work.",
        ),
        Phrasing(
            r"\basync (?:functions?|fns?|code|tasks?|contexts?|handlers?) (?:must|should|may|can|do|does)"
            r"(?:n't| not| never) "
            r"(?:ever )?(?:block|sleep synchronously)\b",
            "Async functions must not block.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:tokio|async_std|smol)::\w+(?:::\w+)?\s*(?:\([^)]*\)\s*)?(?:instead of|rather than|"
            r"over|,? (?:not|never))\s+"
            r"(?:std::)?(?:thread::sleep|fs\b|net\b|sync::Mutex|process::Command)",
            "Use tokio::time::sleep instead of std::thread::sleep.",
        ),
    ),
    params={
        "tests": Param(
            bool, False, "Whether async tests count too.", stricter=lambda one, other: one or other
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for what blocks in the async code in scope."""
    judged = TreeScope(subject, scope)
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        file = subject.head.rust(path)
        if b"async" not in file.source:
            continue
        if file.error_lines:
            unreadable.append(file)
            continue
        skipped = frozenset() if params["tests"] else subject.head.test_lines(path)
        names = imported_names(file)
        for body in _async_bodies(file.root):
            line = body.start_point.row + 1
            if line in skipped:
                continue
            seen += 1
            for found, message, advice in (*_calls(body, names), *_held_guards(file, body)):
                owner = _owner(file, body)
                if judged.holds_line(path, found) and (owner is None or judged.holds(file, owner)):
                    failures.append(Finding(path, found, message, advice))
    evidence = Evidence(
        "measure",
        f"{seen} async functions and blocks looked at",
        {"name": "async bodies", "value": seen, "unit": "bodies", "blocking": len(failures)},
    )
    good = "nothing blocks in the async code in scope" if seen else "no async code in scope"
    unique = tuple(dict.fromkeys(failures))
    return settle(unique, (), unreadable, good, "{n} calls block in async code", evidence)


def _async_bodies(root: Node) -> Iterator[Node]:
    for node in descend(root):
        if node.type == "function_item":
            modifiers = children_of(node, "function_modifiers")
            body = node.child_by_field_name("body")
            if body is not None and any("async" in node_text(found).split() for found in modifiers):
                yield body
        elif node.type == "async_block" or (node.type == "closure_expression" and children_of(node, "async")):
            yield node


def _calls(body: Node, names: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    for use in uses(body, into_functions=False):
        if use.kind != "function" or _is_elsewhere(use.node, body) or _is_awaited(use):
            continue
        path = _resolved(use.path, names)
        if _COMMAND.fullmatch(path):
            if _WAITING & set(_chain(use.node)):
                yield (
                    use.line,
                    f"`{use.path}` waits for a process in async code",
                    "Use tokio::process::Command.",
                )
            continue
        for pattern, better in _PATTERNS:
            if pattern.fullmatch(path):
                advice = f"Use {better}, or hand it to `spawn_blocking`."
                yield use.line, f"`{use.path}` blocks the thread that async code runs on", advice
                break


def _resolved(path: str, names: Mapping[str, str]) -> str:
    """A path with its first part written out as the file's imports say."""
    first, *rest = path.removeprefix("::").split("::")
    return "::".join((names.get(first, first), *rest))


def _is_elsewhere(node: Node, body: Node) -> bool:
    """Whether a call runs on another thread, or in async code of its own that is looked at by itself."""
    current = node
    while current != body and (parent := current.parent) is not None:
        if parent.type == "async_block" and parent != body:
            return True
        if parent.type == "closure_expression" and parent != body:
            holder = parent.parent.parent if parent.parent is not None else None
            if children_of(parent, "async") or holder is None or holder.type != "call_expression":
                return True
            called = holder.child_by_field_name("function")
            name = re.sub(r"::<.*", "", node_text(called)).rsplit("::", 1)[-1] if called is not None else ""
            off = name in _OFF_RUNTIME or re.search(
                r"(?:thread|rayon|pool)\w*(?:::|\.)", node_text(called or holder)
            )
            if off or name.startswith("spawn"):
                return True
        current = parent
    return False


def _is_awaited(use: Use) -> bool:
    """Whether the call's own value is awaited: then it is no blocking function of this name."""
    parent = use.node.parent
    return parent is not None and parent.type == "await_expression"


def _chain(node: Node) -> Iterator[str]:
    """The methods that are called one after another on a call's value."""
    current = node
    while (parent := current.parent) is not None and parent.type in ("field_expression", "call_expression"):
        if parent.type == "field_expression" and (name := parent.child_by_field_name("field")) is not None:
            yield node_text(name)
        elif parent.type == "call_expression" and parent.child_by_field_name("function") != current:
            return
        current = parent
    if current.parent is not None and current.parent.type == "await_expression":
        return


def _held_guards(file: RustFile, body: Node) -> Iterator[tuple[int, str, str]]:
    """Guards of ``std::sync`` locks that are bound to a variable and not gone before an await."""
    text = file.source.decode("utf-8", "replace")
    if not _LOCK_TYPES.search(text) or _ASYNC_LOCKS.search(text):
        return  # which kind of lock a variable is cannot be told where a file has both
    for node in descend(body):
        if node.type != "let_declaration" or node.parent is None or _is_elsewhere(node, body):
            continue
        pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        if pattern is None or value is None or not _GUARD.search("".join(node_text(value).split())):
            continue
        name = node_text(pattern).removeprefix("mut ").strip()
        if name == "_" or not re.fullmatch(r"\w+", name):
            continue
        for sibling in node.parent.children:
            if sibling.start_byte < node.end_byte:
                continue
            if re.search(rf"\bdrop\(\s*{name}\s*\)", node_text(sibling)):
                break
            awaits = [
                n for n in descend(sibling) if n.type == "await_expression" and not _is_elsewhere(n, body)
            ]
            if awaits:
                line = node.start_point.row + 1
                until = awaits[0].end_point.row + 1
                message = f"the guard `{name}` of a std lock is held at the await on line {until}"
                yield line, message, "End its scope before the await, or use the runtime's own lock."
                break


def _owner(file: RustFile, node: Node) -> Item | None:
    around = [item for item in file.functions if item.start_byte <= node.start_byte < item.end_byte]
    return around[-1] if around else None
