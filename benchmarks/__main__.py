"""Runs every benchmark, one after the other, and says what each one measures."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys

import benchmarks


def main() -> int:
    """Run them all; the exit code is that of the last one that failed."""
    failed = 0
    for found in pkgutil.iter_modules(benchmarks.__path__):
        name = f"benchmarks.{found.name}"
        if not found.ispkg or importlib.util.find_spec(f"{name}.__main__") is None:
            continue
        about = importlib.import_module(name).__doc__ or ""
        print(f"\n== {name}: {about.strip()}", flush=True)
        failed = subprocess.run([sys.executable, "-m", name], check=False).returncode or failed
    return failed


if __name__ == "__main__":
    sys.exit(main())
