# `make check` is what CI runs.
PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: check js format lint types test docs stubs notebooks bench pictures outputs help

# The tests run every notebook: beside them the documentation shows what is stored.
# It takes longest of the four, so it begins.
check: export AS_STORED = notebooks/*
check:  ## lint, types, documentation and all tests, notebooks among them
	$(MAKE) --jobs=2 --output-sync --no-print-directory docs types js lint
	$(MAKE) --no-print-directory test

format:  ## rewrite the code in the agreed form
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:  ## form and lint, nothing rewritten
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:  ## mypy, strict
	$(PYTHON) -m mypy

js:  ## form, lint, types and tests of the explorer's modules (needs node)
	npm ci --prefix tests/js --silent --no-audit --no-fund
	npm run --prefix tests/js --silent check
	npm run --prefix tests/js --silent test

stubs:  ## write the stubs of the public names again
	$(PYTHON) tests/stubs.py

test:  ## the test command of the README
	$(PYTHON) -m pytest -n 2

docs:  ## the documentation, as docs/_build/html/index.html; a warning is an error
	$(PYTHON) -m sphinx -W --keep-going -q -b html docs docs/_build/html

outputs:  ## run the notebooks and store them with their pictures (needs chromium)
	$(PYTHON) tests/store_notebooks.py

notebooks:  ## only the notebooks
	$(PYTHON) -m pytest tests/test_notebooks.py

bench:  ## how fast it is, and in how much memory
	for file in tests/benchmarks/bench_*.py; do $(PYTHON) $$file || exit 1; done

pictures:  ## draw the pictures of the README again (needs chromium)
	$(PYTHON) data/make_pictures.py

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12
