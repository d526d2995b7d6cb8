# `make demo` and `make test` do all the set-up themselves.
BIN := .venv/bin
JOBS ?= 2

.PHONY: help setup demo test lint bench docs

help:
	@echo "make demo    issue and verify specimen cards, and find forged ones out"
	@echo "make test    run every test"
	@echo "make lint    ruff and mypy"
	@echo "make bench   measure, beside what is possible at best"
	@echo "make docs    write the generated pages of docs/ anew"

setup:
	@scripts/setup

demo: setup
	$(BIN)/eid demo

test: setup
	$(BIN)/pytest -n $(JOBS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python scripts/draw_demo.py
