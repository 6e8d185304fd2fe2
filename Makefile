# Two commands are all that a newcomer needs: `make demo` and `make test`.
# Each installs what it needs into .venv; a second run finds it there.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
VERSIONS := 3.11 3.12 3.13

# As many test processes as there are cores.
WORKERS ?= auto
PYTEST := -m pytest -n $(WORKERS) --dist worksteal
# `make test COVERAGE=1` leaves its measurements for `make coverage`.
RUN := $(if $(COVERAGE),$(BIN)/coverage run,$(BIN)/python)

# What `make site-test` opens the pages with, and the checker of accessibility, from npm.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
AXE := $(VENV)/axe/package/axe.min.js

# How much `make prove` proves; `make prove SAMPLE=1` is the small sample that CI runs.
DRIFTS := $(if $(SAMPLE),100,2000)
STEP := $(if $(SAMPLE),99,20)
KILLS := $(if $(SAMPLE),5,200)
CALLS := $(if $(SAMPLE),2000,50000)
ODD_ROWS := $(if $(SAMPLE),5000,100000)
DAMAGES := $(if $(SAMPLE),200,5000)
MUTANTS := $(if $(SAMPLE),8,160)

.PHONY: help demo test test-slow coverage lint types docs site-test pictures wheel prove mutants test-all \
	test-oldest bench format clean

help:
	@echo "make demo         install, start the sandbox, run the main job, show what it got"
	@echo "make test         install the test tools and run the tests, except the slow ones"
	@echo "make test-slow    the slow tests: processes, examples, fuzzing, installed wheel"
	@echo "make coverage     what both covered, after: make test test-slow COVERAGE=1"
	@echo "make lint         ruff, and the layers of the package"
	@echo "make types        mypy and pyright, both strict"
	@echo "make docs         build the documentation, warnings and broken links are errors"
	@echo "make site-test    open each page of it in Chromium: width, links, search, accessibility"
	@echo "make pictures     draw the pictures of the command line again"
	@echo "make wheel        build the wheel and try it in an environment of its own"
	@echo "make prove        what takes long: drifting and odd rows, kills, soak, mutants (SAMPLE=1 for a few)"
	@echo "make test-all     all tests with each of Python $(VERSIONS) that is here"
	@echo "make test-oldest  the tests with the oldest dependencies that are allowed"
	@echo "make bench        the streams against other clients, in about 20 minutes; writes benchmarks/results.md"

demo: $(VENV)/.demo
	$(BIN)/intervals-async demo

test: $(VENV)/.test
	$(RUN) $(PYTEST) -m "not slow"

test-slow: $(VENV)/.dev
	$(RUN) $(PYTEST) -m slow

coverage: $(VENV)/.test
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

prove: $(VENV)/.test
	$(BIN)/python benchmarks/drift.py --runs $(DRIFTS)
	$(BIN)/python benchmarks/drift.py --caps --runs $(DRIFTS) --step $(STEP)
	$(BIN)/python benchmarks/odd_rows.py --rows $(ODD_ROWS)
	$(BIN)/python benchmarks/wire_fuzz.py --runs $(DAMAGES)
	$(BIN)/python benchmarks/killed.py --kills $(KILLS)
	$(BIN)/python benchmarks/soak.py --calls $(CALLS)
	$(MAKE) --no-print-directory mutants
	$(if $(SAMPLE),,$(MAKE) --no-print-directory site-test)
	$(if $(SAMPLE),,$(MAKE) --no-print-directory test test-slow COVERAGE=1)
	$(if $(SAMPLE),,$(MAKE) --no-print-directory coverage)

mutants: $(VENV)/.test
	$(BIN)/python benchmarks/mutants.py --sample $(MUTANTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.dev
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build
	$(BIN)/python docs/_checks/links.py docs/_build

site-test: docs $(VENV)/.site $(AXE)
	@test -n "$(CHROMIUM)" || { echo "Chromium is needed: apt-get install chromium, or CHROMIUM=..."; exit 1; }
	SITE=docs/_build CHROMIUM=$(CHROMIUM) AXE=$(AXE) PYTHONPATH=docs/_checks \
		$(BIN)/python $(PYTEST) docs/_checks

pictures: $(VENV)/.dev
	$(BIN)/python docs/_scripts/pictures.py

wheel: $(VENV)/.dev
	rm -rf dist $(VENV)-wheel
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	@size=$$(wc -c < "$$(ls dist/*.whl)"); echo "wheel: $$size bytes"; test "$$size" -lt 600000
	$(PYTHON) -m venv $(VENV)-wheel
	$(VENV)-wheel/bin/python -m pip --disable-pip-version-check --quiet install "$$(ls dist/*.whl)[cli,fast]"
	cd $(VENV)-wheel && bin/intervals-async --version && bin/intervals-async demo --notes 1000

test-all:
	@for version in $(VERSIONS); do \
		python$$version -c "" 2>/dev/null || { echo "Python $$version is not here: skipped"; continue; }; \
		$(MAKE) --no-print-directory test test-slow PYTHON=python$$version VENV=.venv-$$version || exit 1; \
	done

test-oldest: VENV = .venv-oldest
test-oldest:
	$(MAKE) --no-print-directory $(VENV)/.test VENV=$(VENV)
	$(VENV)/bin/python .ci/oldest.py | xargs $(VENV)/bin/python -m pip --disable-pip-version-check --quiet install
	$(VENV)/bin/python $(PYTEST) -m "not slow"

bench: VENV = .venv-bench
bench:
	$(MAKE) --no-print-directory $(VENV)/.bench VENV=$(VENV)
	$(VENV)/bin/python benchmarks/run.py $(BENCH)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-* build dist docs/_build docs/reference/resources docs/reference/commands .coverage .coverage.* .*_cache .hypothesis

$(VENV)/.pip:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or newer is needed; say which with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable ".[cli]"
	@touch $@

$(VENV)/.test: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable . --group test
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable . --group dev
	@touch $@ $(VENV)/.test $(VENV)/.demo

$(VENV)/.site: $(VENV)/.dev
	$(PIP) install --group site
	@touch $@

# npm checks the package; the folder is part of the environment, so that `make clean` removes it.
$(AXE): $(VENV)/.pip
	mkdir -p $(VENV)/axe
	npm pack axe-core@4 --silent --pack-destination $(VENV)/axe
	tar -xzf $(VENV)/axe/axe-core-*.tgz -C $(VENV)/axe package/axe.min.js
	@touch $@

$(VENV)/.bench: $(VENV)/.pip pyproject.toml
	$(PIP) install --editable ".[fast]" --group bench
	@touch $@
