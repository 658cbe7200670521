from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ironwright.host.agent_gitdir import AgentGitDir
from ironwright.host.clock import now
from ironwright.records.errors import RepositoryError, RunError
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import Outcome
from ironwright.workflow.request import RunRequest
from ironwright.workflow.run_store import RunFolder, RunRecord, RunStore, new_run_id, write_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
reuses_a_folder = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def record(run_id: str, folder: Path) -> RunRecord:
    request = RunRequest("Do it", folder, notes=("a note",), recording=Path("x.json"))
    return RunRecord(run_id, now(), request, folder, "0" * 40, f"ironwright/{run_id}")


def test_ids_are_short_unique_and_sort_by_time() -> None:
    ids = [new_run_id(f"2026-01-31T12:00:{second:02}.000Z") for second in range(60)]
    assert ids == sorted(ids)
    assert ids[0].startswith("20260131-120000-")
    assert len({new_run_id("2026-01-31T12:00:00.000Z") for _ in range(50)}) > 45


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = RunStore(ProjectPaths(tmp_path))
    written = record("20260131-120000-aaaa", tmp_path)
    folder, note = store.create(written, {"plan": 1})
    assert note == ""
    assert folder.record() == written
    assert folder.outcome() is Outcome.INTERRUPTED
    assert store.find("2026").path == folder.path
    assert not list(folder.path.parent.glob(".2026*"))


def test_an_ambiguous_id_names_the_runs_it_may_mean(tmp_path: Path) -> None:
    store = RunStore(ProjectPaths(tmp_path))
    for tail in ("aaaa", "bbbb"):
        store.create(record(f"20260131-120000-{tail}", tmp_path), {})
    with pytest.raises(RunError, match="2 runs start with") as caught:
        store.find("2026")
    assert "20260131-120000-aaaa" in caught.value.advice


def test_a_lock_is_held_once_and_freed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_running()
    with folder.locked():
        assert folder.is_running()
        with pytest.raises(RunError, match="another process"), folder.locked():
            pass
    assert not folder.is_running()


@given(data=JSON)
@reuses_a_folder
def test_a_damaged_record_or_report_is_a_run_error_and_nothing_else(tmp_path: Path, data: Any) -> None:
    folder = RunFolder(tmp_path)
    whole = record("20260131-120000-aaaa", tmp_path).as_json()
    for broken in (data, whole | {"request": data}, whole | {"created": data, "repository": data}):
        (tmp_path / "run.json").write_text(json.dumps(broken))
        with contextlib.suppress(RunError):
            folder.record()
    for report in (data, {"outcome": data}):
        folder.report.write_text(json.dumps(report))
        with contextlib.suppress(RunError):
            folder.outcome()
    folder.report.unlink()


@given(head=st.binary(max_size=80), ref=st.binary(max_size=80))
@reuses_a_folder
def test_whatever_the_agent_writes_as_head_is_a_commit_id_none_or_an_error(
    tmp_path: Path, head: bytes, ref: bytes
) -> None:
    (tmp_path / "refs" / "heads").mkdir(parents=True, exist_ok=True)
    (tmp_path / "HEAD").write_bytes(head)
    (tmp_path / "refs" / "heads" / "x").write_bytes(ref)
    gitdir = AgentGitDir(tmp_path, tmp_path, ())
    for text in (head, b"ref: refs/heads/x\n", b"ref: refs/heads/" + head):
        (tmp_path / "HEAD").write_bytes(text)
        try:
            found = gitdir.head()
        except RepositoryError:
            continue
        assert found is None or len(found) in (40, 64)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    with pytest.raises(RunError, match="cannot be written"):
        write_json(tmp_path / "missing" / "a.json", {"a": 2})
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]
