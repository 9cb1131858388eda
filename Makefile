# `make demo` and `make test` need nothing but make and Python 3.11 or newer; neither needs root.
# Both make .venv themselves, once, and again whenever pyproject.toml has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# Two stamps, so that the demo does not wait for the developer's tools.
RUN := $(VENV)/.made-run
DEV := $(VENV)/.made-dev

.DEFAULT_GOAL := help
.PHONY: help demo test test-system lint format types contracts generated routes check wheel clean

help:
	@echo "make demo         a simulated scanner, the bridge, a WSD client, three pages (no root, no hardware)"
	@echo "make test         the quick tests (no root, no network but loopback)"
	@echo "make test-system  real clients, servers and kernels (root)"
	@echo "make check        format, lint, types, contracts, quick tests: what must hold before a commit"
	@echo "make generated    write again what is generated: udev rules, the diagram of job states, the table of proofs, SUPPORTED.md"
	@echo "make wheel        dist/*.whl, to be installed beside a real scanner"

demo: $(RUN)
	@$(BIN)/wsd-scan-bridge demo

test: $(DEV)
	@$(BIN)/python -m pytest -q --numprocesses auto
	@echo "Left out: tests/sweep and tests/system (faults everywhere; real clients, servers, kernels; root and apt). Run: sudo make test-system"

test-system: $(DEV)
	@test "$$(id -u)" = 0 || { echo "make test-system needs root: it fetches Debian packages and makes network \
	namespaces, and leaves nothing running. Run: sudo make test-system" >&2; exit 1; }
	@command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { \
	echo "make test-system needs Debian, or a system with its apt-get: foreign programs are unpacked from its packages" >&2; exit 1; }
	@$(BIN)/python -m pytest -v --numprocesses auto tests/sweep
	@failed=0; \
	$(BIN)/python -m pytest -v --numprocesses auto --maxprocesses 4 -m "not alone" tests/system || { \
	echo "What failed beside the others must pass by itself:"; \
	$(BIN)/python -m pytest -v --last-failed --last-failed-no-failures none -m "not alone" tests/system; } || failed=1; \
	$(BIN)/python -m pytest -v -m alone tests/system || failed=1; \
	exit $$failed

lint: $(DEV)
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted; run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

format: $(DEV)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(DEV)
	@$(BIN)/mypy

contracts: $(DEV)
	@$(BIN)/lint-imports

generated: $(RUN)
	@$(BIN)/python udev/generate_rules.py
	@$(BIN)/python docs/generate_job_states.py
	@$(BIN)/python docs/generate_conformance.py
	@$(BIN)/python docs/generate_supported.py

# From the lists of scanners in WSD_REALDATA, which few have; then `make generated`.
routes: $(RUN)
	@$(BIN)/python docs/generate_routes.py

check: lint types contracts test

wheel: $(DEV)
	@$(BIN)/python -m hatchling build -t wheel -d dist

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-pages

# pip comes last when a venv is made, so a half-made one is made again.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed. On Debian: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "$(PYTHON) cannot make virtual environments. On Debian: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml | $(BIN)/pip
	@echo "Setting up $(VENV) (once; about a minute) …"
	@$(PIP) --editable .
	@touch $@

$(DEV): $(RUN)
	@echo "Setting up the tools for the tests in $(VENV) (once) …"
	@$(PIP) --editable '.[dev]'
	@touch $@
