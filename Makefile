# Two commands do everything: `make watch` and `make test`. Needed: Python 3.11 or newer, pip, make.
#
#   make watch                 watch the clip that comes with the project; results in out/
#   make watch VIDEO=talk.mp4  watch any file
#   make test                  run the tests that need no download
#   make check                 what CI runs: format, lint, types, tests
#   make weights               run the tests that need the pretrained weights too
#   make floor                 run the tests with the oldest dependencies allowed, in .venv-floor (Python 3.11 or 3.12)
#   make clean                 remove the environment and everything that was made

PYTHON ?= python3
VIDEO ?=
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
FLOOR := .venv-floor
OLDEST := .ci/constraints-floor.txt
# Tests run on all cores, a file on one of them; SPREAD= runs them one after the other.
SPREAD ?= -n auto --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help watch test check format lint types weights floor clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

watch: $(VENV)/.scout
	$(BIN)/playhead watch $(if $(VIDEO),"$(VIDEO)") $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

weights: $(VENV)/.dev
	$(BIN)/python -m pytest -m weights $(ARGS)

floor: $(FLOOR)/.dev
	$(FLOOR)/bin/python -m pytest $(SPREAD) $(ARGS)

check: lint types test

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/vulture

types: $(VENV)/.dev
	$(BIN)/mypy

# The environment is made once and brought up to date whenever pyproject.toml changes.
$(VENV)/.scout: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[scout]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[dev]'
	@touch $@ $(VENV)/.scout

$(FLOOR)/.dev: pyproject.toml $(OLDEST) | $(FLOOR)/bin/python
	$(FLOOR)/bin/python -m pip install --disable-pip-version-check --quiet -e '.[dev]' -c $(OLDEST)
	@touch $@

# Some systems ship Python without ensurepip: their own pip then fills the environment.
$(BIN)/python $(FLOOR)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'playhead needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...' >&2; exit 2; }
	@echo 'making $(@D:/bin=) and installing, a few minutes the first time' >&2
	$(PYTHON) -m venv $(@D:/bin=) || { $(PYTHON) -m venv --clear --without-pip $(@D:/bin=) && \
	  $(PYTHON) -m pip --python $@ install --quiet pip; }

clean:
	rm -rf $(VENV) $(FLOOR) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +
