# One command a job. `make demo` and `make test` are all a newcomer needs.
PY := .venv/bin/python
BIN := .venv/bin
STAMP := .venv/.installed
# What the sandbox and the default gates need beyond git, a linker and rustc.
TOOLS := bwrap rustfmt cargo-clippy llvm-cov llvm-profdata

.DEFAULT_GOAL := help
.PHONY: help install system claude-code demo test quick exhaustive check format lint types layers bench lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

system: ## install the system packages that the sandbox and coverage need (asks nothing)
	@bash scripts/system-packages

$(STAMP): requirements.lock pyproject.toml
	@echo "==> installing Ironwright into .venv (locked, about a minute the first time)"
	@test -x $(PY) || python3.11 -m venv .venv || python3 -m venv .venv
	@$(PY) -c 'import uv' 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --python $(PY) --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

install: system $(STAMP) ## install everything
	@$(BIN)/ironwright doctor --quiet $(TOOLS) > .venv/.doctor 2>&1 \
	  || $(BIN)/ironwright doctor --install $(TOOLS) > .venv/.doctor \
	  || { cat .venv/.doctor; echo "note: gates that lack a tool will say UNKNOWN"; }

claude-code: $(STAMP) ## add the second engine: claude-agent-sdk with Claude Code (400 MB), locked
	@$(BIN)/uv pip install --quiet --python $(PY) --require-hashes -r requirements-claude-code.lock

demo: install ## the main job on a small crate, with a recorded model: no key, no network
	@$(BIN)/ironwright demo

test: install ## every test but the exhaustive ones
	@$(BIN)/pytest -n auto --dist loadgroup -m "not exhaustive"

quick: $(STAMP) ## the tests that take seconds
	@$(BIN)/pytest -n auto --dist loadgroup -m "not slow and not exhaustive"

exhaustive: install ## the whole of the adversary's collection, with and without the cache
	@$(BIN)/pytest -n auto --dist loadgroup -m exhaustive

format: $(STAMP)
	@$(BIN)/ruff format --check .

lint: $(STAMP)
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

layers: $(STAMP)
	@$(BIN)/lint-imports

check: format lint types layers test ## format, lint, types, layers, tests

bench: install ## the figures of benchmarks/, as ratios from one run
	@$(PY) -m benchmarks

lock: $(STAMP) ## renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --group dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --constraint requirements.lock --extra claude-code pyproject.toml -o requirements-claude-code.lock

clean: ## remove the virtual environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
