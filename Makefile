# `make demo` and `make test` do all the set-up themselves; the demo needs less of it.
BIN := .venv/bin
JOBS ?= 3
SECONDS ?= 60
SOAK ?= 600

# Three processes on two cores, for some tests wait; what takes minutes has a core for each.
PYTEST := $(BIN)/pytest --dist worksteal

.PHONY: help setup demo test check every-stop lint bench fuzz docs

help:
	@echo "make demo    issue and verify specimen cards, and detect forged ones"
	@echo "make test    run the tests that take seconds"
	@echo "make check   run those that take minutes: real kills, other programs, a clean installation"
	@echo "make every-stop   kill cards, batches and acts at each of their steps, not just at some of them"
	@echo "make lint    ruff, mypy, the bands, and whether the generated pages are current"
	@echo "make bench   measure, beside what is possible at best; then many writers for SOAK seconds (default: 600)"
	@echo "make fuzz    look for inputs that break a parser, SECONDS for each of them (default: 60)"
	@echo "make docs    write the generated pages of docs/ anew"

setup:
	@scripts/setup

demo:
	@scripts/setup demo
	$(BIN)/eid demo

# Each test is in one of these two; docs/testing.md says which goes where.
test: setup
	$(PYTEST) -n $(JOBS) --ignore tests/check

check: setup
	$(PYTEST) -n 2 tests/check

every-stop: setup
	EID_EVERY_STOP=1 $(PYTEST) -n 2 tests/check/office/test_acts.py tests/check/personalization/test_stops.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/generate_docs.py --check
	$(BIN)/pytest -q tests/test_bands.py

bench: setup
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.walking
	$(BIN)/python -m benchmarks.writers
	EID_SOAK_SECONDS=$(SOAK) $(BIN)/pytest -q -o timeout=3000 -o faulthandler_timeout=3030 tests/check/together/test_soak.py

fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	$(BIN)/python -m fuzz --seconds $(SECONDS)

docs: setup
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python scripts/draw_pictures.py
