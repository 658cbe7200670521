"""Checks each of the last 30 changes of three real crates; prints verdicts, UNKNOWNs and tracebacks.

The histories are made from consecutive published versions, which cargo downloads. Run it with
``python -m benchmarks.check_history [--crates NAME,NAME] [--changes N]``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

# The newest 31 versions of each on crates.io on 2026-11-20 (none that is yanked or a pre-release), oldest
# first; each is the base of the next.
VERSIONS = {
    "semver": [
        "0.9.0", "0.10.0", "0.11.0", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.0.5", "1.0.6",
        "1.0.7", "1.0.9", "1.0.10", "1.0.11", "1.0.12", "1.0.13", "1.0.14", "1.0.15", "1.0.16",
        "1.0.17", "1.0.18", "1.0.19", "1.0.20", "1.0.21", "1.0.22", "1.0.23", "1.0.24", "1.0.25",
        "1.0.26", "1.0.27", "1.0.28",
    ],
    "itoa": [
        "0.3.2", "0.3.3", "0.3.4", "0.4.0", "0.4.1", "0.4.2", "0.4.3", "0.4.4", "0.4.5", "0.4.6",
        "0.4.7", "0.4.8", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.0.5", "1.0.6", "1.0.7",
        "1.0.8", "1.0.9", "1.0.10", "1.0.11", "1.0.12", "1.0.13", "1.0.14", "1.0.15", "1.0.16",
        "1.0.17", "1.0.18",
    ],
    "smallvec": [
        "1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.1", "1.4.2", "1.5.0", "1.5.1", "1.6.0", "1.6.1",
        "1.7.0", "1.8.0", "1.8.1", "1.9.0", "1.10.0", "1.11.0", "1.11.1", "1.11.2", "1.12.0",
        "1.13.1", "1.13.2", "1.14.0", "1.15.0", "1.15.1", "1.15.2", "1.16.0", "1.16.1", "1.16.2",
        "1.16.3", "1.16.4", "1.16.5",
    ],
}  # fmt: skip


def download(crate: str, version: str, folder: Path) -> Path:
    """Have cargo download one published version; returns the folder of its sources."""
    probe = folder / "probe"
    shutil.rmtree(probe, ignore_errors=True)
    (probe / "src").mkdir(parents=True)
    (probe / "src/lib.rs").touch()
    (probe / "Cargo.toml").write_text(
        f'[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2021"\n'
        f'[dependencies]\n{crate} = {{ version = "={version}", default-features = false }}\n'
    )
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=probe, check=True)
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    found = sorted(home.glob(f"registry/src/*/{crate}-{version}"))
    if not found:
        raise SystemExit(f"cargo fetched {crate} {version} but its sources are nowhere in {home}")
    return found[0]


def make_history(crate: str, versions: list[str], folder: Path) -> Path:
    """A git repository with one commit for each version."""
    repository = folder / crate
    repository.mkdir()
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(repository)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    for version in versions:
        source = download(crate, version, folder)
        for old in repository.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copytree(source, repository, dirs_exist_ok=True)
        for name in (".cargo-ok", ".cargo_vcs_info.json", "Cargo.toml.orig", "Cargo.lock"):
            (repository / name).unlink(missing_ok=True)
        subprocess.run([*git, "add", "--all", "--force"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", f"Release {version}"], check=True)
    return repository


def check(repository: Path, base: str, head: str, contract: str | None) -> dict[str, object]:
    """One ``ironwright check``; what it answered, and whether a traceback was seen."""
    chosen = ["--contract", contract] if contract else []
    command = [sys.executable, "-m", "ironwright", "check", "--repo", str(repository), "--base", base]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--head", head, "--format", "json", "--quiet", *chosen],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {"verdict": "ERROR", "gates": [], "error": done.stderr.strip()[:300]}
    report["traceback"] = "Traceback" in done.stderr or "the gate itself broke" in done.stdout
    report["wall"] = seconds
    return report


def row(crate: str, reports: list[dict[str, object]]) -> tuple[str, Counter[str]]:
    """One line of the table, and the reasons of the UNKNOWNs with how often."""
    verdicts = Counter(str(report["verdict"]) for report in reports)
    gates: list[dict[str, object]] = [gate for report in reports for gate in report["gates"]]  # type: ignore[attr-defined]
    statuses = Counter(str(gate["verdict"]) for gate in gates)
    unknown = Counter(f"{g['id']}: {str(g['reason'])[:110]}" for g in gates if g["verdict"] == "UNKNOWN")
    unexplained = sum(1 for gate in gates if gate["verdict"] == "UNKNOWN" and not gate["reason"])
    walls = sorted(float(str(report["wall"])) for report in reports)
    line = (
        f"| {crate} | {len(reports)} | {verdicts['PASS']} | {verdicts['FAIL']} | {verdicts['UNKNOWN']} "
        f"| {statuses['PASS']} / {statuses['FAIL']} / {statuses['UNKNOWN']} | {unexplained} "
        f"| {sum(bool(report['traceback']) for report in reports) + verdicts['ERROR']} "
        f"| {walls[len(walls) // 2]:.1f} |"
    )
    return line, unknown


def main() -> None:
    """Run the benchmark and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crates", default=",".join(VERSIONS))
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--contract", default=None)
    options = parser.parse_args()
    reasons: Counter[str] = Counter()
    lines = []
    with tempfile.TemporaryDirectory(prefix="ironwright-history-") as name:
        folder = Path(name)
        os.environ["IRONWRIGHT_CACHE_HOME"] = str(folder / "cache")
        for crate in options.crates.split(","):
            versions = VERSIONS[crate][-(options.changes + 1) :]
            print(f"{crate}: making a history of {len(versions)} versions", file=sys.stderr, flush=True)
            repository = make_history(crate, versions, folder)
            reports = []
            for back in range(len(versions) - 2, -1, -1):
                report = check(repository, f"HEAD~{back + 1}", f"HEAD~{back}", options.contract)
                reports.append(report)
                said = (
                    f"  {versions[len(versions) - 1 - back]:>12} {report['verdict']} {report['wall']:.1f} s"
                )
                print(said, report.get("error", ""), file=sys.stderr, flush=True)
            line, unknown = row(crate, reports)
            lines.append(line)
            reasons.update({f"{crate}: {reason}": count for reason, count in unknown.items()})
    print(
        "| crate | changes | PASS | FAIL | UNKNOWN | gates P / F / U | unexplained | tracebacks | median s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))
    print("\nWhy UNKNOWN:\n")
    for reason, count in reasons.most_common():
        print(f"- {count} × {reason}")


if __name__ == "__main__":
    main()
