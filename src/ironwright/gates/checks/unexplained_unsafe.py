"""Refuses unsafe code without the reason why it is sound.

What it checks:
    Where the change touches it (scope ``all``: everywhere), every ``unsafe`` block has a comment with
    ``SAFETY:``, every ``unsafe impl`` too, and every ``unsafe fn`` and ``unsafe trait`` documents under
    ``# Safety`` what its caller or implementer must guarantee (``SAFETY:`` beside it will do where it is not
    public). A comment counts before the block, before the statement or item that holds it, on its line, or
    as the first thing in it; attributes may stand between. The comment must say more than its mark. One
    comment serves unsafe blocks of one statement, and items that follow each other without a gap. Test code
    counts unless ``tests`` is off.
    The parser judges, not clippy's ``undocumented_unsafe_blocks`` and ``missing_safety_doc``: it accepts
    every place that clippy accepts, and sees code of other platforms and features and what macros are given.

Why:
    Unsafe code is right for a reason that is not in the code; who changes it later must know the reason.

Evidence:
    The number of unsafe blocks, implementations and functions looked at.

Unknown when:
    The parser finds no sense in a file in scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.docs import has_heading
from ironwright.gates.rust.items import Item, children_of, descend, node_text
from ironwright.gates.rust.syntax import RustFile
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import TreeScope, settle
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_MARK = re.compile(r"\bSAFETY\b\s*:?\s*(?P<reason>.*)", re.IGNORECASE | re.DOTALL)
# Where the search for the statement around a block ends.
_HOLDERS = frozenset(
    {"block", "declaration_list", "source_file", "match_block", "unsafe_block", "token_tree"}
)

GATE = Gate(
    id="unexplained_unsafe",
    summary="unsafe code without the reason why it is sound",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:document|justif|explain|comment|annotat)\w*\s+"
            r"(?:all |every |each |any |the |use of |uses of )*`?unsafe\b",
            "Document every unsafe block.",
        ),
        Phrasing(
            r"\bunsafe`?(?: (?:code|blocks?|functions?|usage))?\b[^.;]{0,40}"
            r"\b(?:documented|justified|explained|commented|safety "
            r"(?:comments?|docs?|documentation|invariants?|justification|section)|SAFETY:)",
            "Every unsafe block must be documented with its safety invariants.",
        ),
        Phrasing(
            r"(?://\s*SAFETY:?|# Safety|\bsafety comments?)`?(?=[^.;]{0,40}\bunsafe\b)"
            r"|\bSAFETY:? comments?\b",
            "Write a // SAFETY: comment above each unsafe block.",
        ),
        Phrasing(
            r"\b(?:undocumented|unexplained|unjustified)\s+`?unsafe\b"
            r"|\bunsafe`?(?: (?:code|blocks?))?\s+without\s+(?:an? |the )?\w*\s*"
            r"(?:justification|documentation|safety|comment|explanation|reason)",
            "No unsafe code without justification.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:explain|state|say|document|justify)s?\b[^.;]{0,40}\b(?:every|each|all|any|"
            r"the)?\s*(?:unsafe (?:blocks?|code|functions?|usages?)|uses? of unsafe)\b"
            r"[^.;]{0,20}\b(?:is|are)\s+(?:sound|safe|valid|correct|needed|necessary)\b"
            r"|\bsafety invariants\b[^.;]{0,20}\bunsafe\b",
            "Explain why each unsafe block is sound.",
        ),
        Phrasing(
            r"\b(?:each|every|any|all)\s+(?:uses? of\s+)?unsafe\b[^.;]{0,25}\b(?:explains?|carr(?:y|ies)|"
            r"states?|says?|documents?)\b[^.;]{0,20}"
            r"\b(?:invariants?|comments?|why|reasons?|sound\w*|safety)\b",
            "Each use of unsafe must explain its invariants.",
        ),
        Phrasing(
            r"\bminimi[sz]e\b[^.;]{0,15}\bunsafe\b[^.;]{0,20}\bwith\b[^.;]{0,15}\b(?:invariants|safety "
            r"comments?|justification|documentation)\b",
            "Minimize unsafe blocks with clear invariants.",
        ),
        Phrasing(
            r"\bunsafe(?: blocks?| code| functions?)?\s+(?:must\s+|should\s+)?(?:requires?|needs?|"
            r"carr(?:y|ies)|has|have)\s+(?:an?\s+)?(?:#\s*|//\s*)?safety:?\s*"
            r"(?:comments?|docs?|documentation|justification|sections?)",
            "All unsafe blocks require // SAFETY: comments.",
        ),
        Phrasing(
            r"\b(?:avoid|no|never use)\s+(?:any\s+)?unsafe(?: code| blocks?| rust)?\s+(?:unless|except "
            r"when|if not)\s+(?:it is\s+|explicitly\s+|clearly\s+|well\s+)*"
            r"(?:justified|documented|explained|commented)\b",
            "Avoid unsafe unless justified.",
        ),
        Phrasing(
            r"\bdocument\s+(?:any\s+|all\s+)?remaining\s+unsafe\b|"
            r"^(?=.*\bunsafe\b).*?\bif (?:it is )?(?:used|needed|"
            r"necessary)\b[^.]{0,40}\b(?:document|justify|explain|comment)\w*\b[^.]{0,40}\b(?:justification|safety|"
            r"invariants?|why|sound\w*|it|reasons?)\b",
            "Avoid unsafe code; if used, document the justification and safety invariants.",
        ),
        Phrasing(
            r"^(?=.*\bunsafe\b).*?:\s*(?:add|write|include)\s+an?\s+(?:\w+\s+)?comment\s+(?:describing|explaining|"
            r"stating|with)\b[^.;]{0,20}\b(?:safety|invariants?|why)\b",
            "If unsafe is used: add a comment describing the safety invariants.",
        ),
    ),
    params={
        "tests": Param(bool, True, "Whether test code counts too.", stricter=lambda one, other: one or other),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_COMMENT = "Write `// SAFETY:` above it with the reason why its conditions hold here."
_DOCUMENT = "Document under `# Safety` what must be guaranteed."


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look at the unsafe code in scope."""
    judged = TreeScope(subject, scope)
    failures, unreadable, seen = [], [], 0
    for path in judged.paths:
        file = subject.head.rust(path)
        if b"unsafe" not in file.source:
            continue
        if file.error_lines:
            unreadable.append(file)
            continue
        skipped = frozenset() if params["tests"] else subject.head.test_lines(path)
        for node in _blocks(file):
            line = node.start_point.row + 1
            owner = _owner(file, node)
            touched = any(judged.holds_line(path, n) for n in range(line, node.end_point.row + 2))
            if line in skipped or not touched or (owner is not None and not judged.holds(file, owner)):
                continue
            seen += 1
            if not _explained_block(file, node):
                failures.append(
                    Finding(path, line, "an `unsafe` block does not say why it is sound", _COMMENT)
                )
        for item in file.items:
            if item.line in skipped or not _is_unsafe(item) or not _touched(judged, file, item):
                continue
            seen += 1
            if problem := _unexplained_item(file, item):
                failures.append(Finding(path, item.line, *problem))
    evidence = Evidence(
        "measure",
        f"{seen} unsafe blocks and items looked at",
        {"name": "unsafe", "value": seen, "unit": "places", "unexplained": len(failures)},
    )
    good = f"all {seen} unsafe blocks and items in scope are explained" if seen else "no unsafe code in scope"
    return settle(
        failures, (), unreadable, good, f"{{n}} of {seen} unsafe blocks and items are not explained", evidence
    )


def _touched(judged: TreeScope, file: RustFile, item: Item) -> bool:
    """Whether an item's own lines are judged: for implementations and traits the head, not the members."""
    if not judged.holds(file, item):
        return False
    body = item.body
    last = file.line_of(body.start_byte) if body is not None else item.end_line
    return any(judged.holds_line(file.path, line) for line in range(item.start_line, last + 1))


def _blocks(file: RustFile) -> Iterator[Node]:
    """The unsafe blocks, also among the tokens that a macro is given."""
    for node in descend(file.root):
        if node.type == "unsafe_block":
            yield node
        elif node.type == "token_tree":
            for word, following in zip(node.children, node.children[1:], strict=False):
                if node_text(word) == "unsafe" and (following.text or b"").startswith(b"{"):
                    yield word


def _is_unsafe(item: Item) -> bool:
    if item.parent is not None and item.parent.kind == "extern_block":
        return False
    if item.kind == "function":
        # A trait's implementation inherits the trait's documentation, and its conditions.
        return "unsafe" in item.modifiers and not item.in_trait_impl
    return item.kind in ("impl", "trait") and bool(children_of(item.node, "unsafe"))


def _unexplained_item(file: RustFile, item: Item) -> tuple[str, str] | None:
    if item.kind == "impl":
        if _explained_before(file, item.node) or _explained_before(file, item.node, through_items=True):
            return None
        return f"`unsafe impl {item.name}` does not say why it is sound", _COMMENT
    doc = item.doc or ""
    if has_heading(doc, "safety") or _says(doc):
        return None
    if not item.is_public and _explained_before(file, item.node):
        return None
    return f"the unsafe {item.kind} `{item.name}` does not say what must be guaranteed", _DOCUMENT


def _explained_block(file: RustFile, node: Node) -> bool:
    """Whether a comment says why a block is sound: before it or what holds it, beside it, or first in it."""
    first = next((child for child in node.named_children if child.type != "label"), None)
    inside = first.named_children[:1] if first is not None and first.type == "block" else []
    if any("comment" in child.type and _is_reason(child) for child in inside):
        return True
    line = node.start_point.row
    beside = [c for c in file.comments if c.line - 1 == line and _says(c.text)]
    if beside:
        return True
    current: Node | None = node
    while current is not None:
        if _explained_before(file, current):
            return True
        parent = current.parent
        if parent is None or parent.type in _HOLDERS:
            # The last expression of a function's body belongs to the function as far as clippy is concerned.
            return False
        current = parent
    return False


def _explained_before(file: RustFile, node: Node, *, through_items: bool = False) -> bool:
    """Whether the comments right before a node give the reason; attributes may stand between."""
    texts = []
    current = node.prev_sibling
    line = node.start_point.row
    while current is not None:
        if "comment" in current.type:
            texts.append(node_text(current))
        elif current.type == "attribute_item" or (
            through_items and current.type == node.type and line - current.end_point.row <= 1
        ):
            pass
        else:
            break
        line = current.start_point.row
        current = current.prev_sibling
    # What explains may go over several lines of comments: they are read as one, from the top.
    return _says("\n".join(re.sub(r"^\s*/[/*]+!?", "", text).strip() for text in reversed(texts)))


def _is_reason(comment: Node) -> bool:
    return _says(node_text(comment)) or _says(
        node_text(comment) + (node_text(comment.next_sibling) if comment.next_sibling is not None else "")
    )


def _says(text: str) -> bool:
    """Whether a text has the mark, and behind it more than a word or two."""
    found = _MARK.search(text)
    return found is not None and len(re.findall(r"\w{2,}", found["reason"])) >= 2


def _owner(file: RustFile, node: Node) -> Item | None:
    around = [item for item in file.functions if item.start_byte <= node.start_byte < item.end_byte]
    return around[-1] if around else None
