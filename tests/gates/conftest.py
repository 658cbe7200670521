"""Hands every case of a gate's test file (PASSES, FAILS, UNKNOWN) to its ``test_verdict``."""

from __future__ import annotations

import pytest

from ironwright.records.verdict import Status

_LISTS = {"PASSES": Status.PASS, "FAILS": Status.FAIL, "UNKNOWN": Status.UNKNOWN}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "gate_case" not in metafunc.fixturenames:
        return
    gate = metafunc.module.__name__.rsplit(".", 1)[-1].removeprefix("test_")
    params = []
    for name, status in _LISTS.items():
        for case in getattr(metafunc.module, name):
            marks = [pytest.mark.slow] if case.slow else []
            label = f"{status.value.lower()}: {case.name}"
            params.append(pytest.param(case.expecting(gate, status), id=label, marks=marks))
    metafunc.parametrize("gate_case", params)
