# One door for users and contributors. `make demo` and `make test` set up all they need on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_FLAGS ?= -n auto

.PHONY: help dev demo test lint format stack stack-down image bench docs schemas clean

help:  ## Show the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

dev: $(VENV)/.ready  ## Make the virtual environment, with SpyBuild and its development tools in it.

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("SpyBuild needs Python 3.11 or newer: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[sign]' --group dev
	@touch $@

demo: dev  ## Run the main job on real images, and explain what it shows.
	@$(BIN)/python -m demo

test: dev  ## Run all tests; those of real engines need `make stack` (under CI they fail without it).
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

lint: dev  ## Check style, types, layers, and that the probe runs on old Pythons.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vermin --quiet --target=3.6- --no-tips --eval-annotations spybuild/probe/probe.py

format: dev  ## Put the code in the form that `make lint` wants.
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

stack:  ## Bring up the real engines, the registry and the base images that the tests and the demo use.
	@$(PYTHON) -m tests.stack up

stack-down:  ## Stop what `make stack` started.
	@$(PYTHON) -m tests.stack down

# Where the stack is up, its Docker and its Python are used; elsewhere what is there, and python:3.13-slim.
STACK_BASE = from tests.stack import load; stack = load(); print(stack.bases.get("3.13", "") if stack else "")

image: dev  ## Build the images spybuild/spybuild and spybuild/frontend, for builds; IMAGE_FLAGS=--help for more.
	@eval "$$($(PYTHON) -m tests.stack env 2>/dev/null)"; \
	base="$${SPYBUILD_BASE:-$$($(PYTHON) -c '$(STACK_BASE)')}"; \
	SPYBUILD_BASE="$$base" $(BIN)/python -m buildkit.image --target all $(IMAGE_FLAGS)

bench: dev  ## Measure beside peers; prints ratios.
	@$(BIN)/python -m benchmarks

docs: schemas  ## Write the pages that are made from the code: schemas and rule catalogue.

schemas: dev
	@$(BIN)/python -m docs.generate

clean:  ## Remove what the targets above made here (not the stack's cache).
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
