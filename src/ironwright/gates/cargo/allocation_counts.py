"""What a tree's benchmarks allocate on the heap under DHAT, in all and by function."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.instruction_counts import Workload, run_under
from ironwright.records.verdict import Evidence

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts

_FRAME = re.compile(r"^0x[0-9A-Fa-f]+: (?P<name>.*?)(?: \([^()]*\))?$")
_HASH = re.compile(r"::h[0-9a-f]{16}$")
# The allocator, and what of the standard library stands between it and whoever asked.
_BENEATH = re.compile(
    r"^<?&?(?:mut )?(?:(?:alloc|std|core|hashbrown)::|_*(?:rust|rdl|rg)_|(?:m|c|re)alloc\b|\w*memalign\b|"
    r"(?:try_|do_)?(?:alloc|realloc|grow|reserve|finish_grow|exchange_malloc|with_capacity|from_iter|to_vec|"
    r"collect)\w*(?:<.*)?$)"
)


@dataclass(frozen=True, slots=True)
class Allocations:
    """What one run of a program allocated.

    Attributes:
        blocks: Blocks, all that were ever allocated.
        bytes: Bytes, the same.
        functions: Blocks by the function that asked for them, the standard library left out.
    """

    blocks: int
    bytes: int
    functions: Mapping[str, int]


def count_allocations(
    facts: CargoFacts, workloads: Sequence[Workload]
) -> tuple[dict[str, Allocations], tuple[Evidence, ...]]:
    """Build workloads with optimisations and run each once under DHAT, by label.

    Raises:
        Unknown: As for ``run_under``, or DHAT wrote what is not understood.
    """
    return run_under("dhat", read_allocations, facts, workloads)


def read_allocations(text: str) -> Allocations:
    """Read a DHAT output file of its heap mode.

    Raises:
        Unknown: It is none.
    """
    try:
        data = json.loads(text)
        points, frames = data["pps"], [_function(frame) for frame in data["ftbl"]]
        functions: dict[str, int] = defaultdict(int)
        blocks = size = 0
        for point in points:
            blocks += point["tbk"]
            size += point["tb"]
            functions[_asking(point, frames)] += point["tbk"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise Unknown(f"DHAT wrote what is not understood ({type(error).__name__}: {error})") from error
    return Allocations(blocks, size, dict(functions))


def _function(frame: Any) -> str:
    found = _FRAME.match(str(frame))
    return _HASH.sub("", found["name"]) if found else ""


def _asking(point: Mapping[str, Any], frames: Sequence[str]) -> str:
    names = [frames[number] for number in point["fs"]]
    above = [name for name in names if name and not _BENEATH.match(name)]
    # A name with its path is the crate's own; one without may be of the C library.
    return next((name for name in above if "::" in name), above[0] if above else "the program itself")


def growing_functions(before: Allocations, after: Allocations, most: int) -> tuple[tuple[str, int], ...]:
    """The functions that allocate the most blocks more than before."""
    more = {name: count - before.functions.get(name, 0) for name, count in after.functions.items()}
    ordered = sorted(more.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, count) for name, count in ordered if count > 0)[:most]
