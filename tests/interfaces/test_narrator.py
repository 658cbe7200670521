"""What people are told while a run works."""

import io

import pytest

from ironwright.interfaces.cli.narrator import Narrator
from ironwright.records.journal import GENESIS, EventKind, seal
from ironwright.reporting.progress import Progress


def told(kind, data):
    stream = io.StringIO()
    Narrator(Progress(stream)).event(seal(0, "2026-01-01T00:00:00Z", kind, data, "step", GENESIS))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("failed", "failed: no server answers; the run can be resumed"),
        ("waiting", "waiting for an answer"),
        ("interrupted", "interrupted; the run can be resumed"),
    ],
)
def test_a_stop_is_called_what_it_is(outcome, said):
    line = told(EventKind.INTERRUPTED, {"outcome": outcome, "reason": "no server answers"})
    assert line.rstrip().endswith(f"] {said}")
