# What one types. Local mode opens servers of its own, so only these targets set it; production never does.
export ENCOURS_MODE = local
PYTHON ?= python3
PORT ?= 8000
export PORT
BIN = .venv/bin
MANAGE = $(BIN)/python manage.py

.PHONY: help setup demo stop shell manage lock lint format messages openapi test soak bench backup-drill

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## install what the project needs into .venv (may run again)
	@command -v $(PYTHON) >/dev/null || { echo "setup: Python is missing. Run (as root): apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py

demo: setup ## the product with a sample company on http://localhost:8000 (PORT=...), until Ctrl-C
	@$(BIN)/python scripts/demo.py start

stop: ## end a demo and the local servers
	@if test -x $(BIN)/python; then $(BIN)/python scripts/demo.py stop; else echo "demo: nothing runs"; fi

shell: setup ## Python with the project loaded
	@$(MANAGE) shell

manage: setup ## any command: make manage ARGS="ageing --help"
	@$(MANAGE) $(ARGS)

lock: setup ## make the hashed requirements anew from the *.in files (UPGRADE=--upgrade for newer versions)
	@$(BIN)/python scripts/lock.py $(UPGRADE)

lint: setup ## style, layers, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy .

format: setup ## bring the files into the project's style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

messages: setup ## collect the texts of the interface for translation (needs gettext)
	@$(BIN)/python scripts/messages.py

openapi: setup ## write docs/openapi.yaml anew from the code
	@$(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

test: setup ## all tests but the long ones (ARGS="tests/core -k money")
	@$(PYTHON) scripts/setup.py --browser
	$(BIN)/pytest -n 2 $(ARGS)

soak: setup ## the long tests, with a table at the end
	$(BIN)/pytest -m soak $(ARGS)

bench: setup ## our speed beside the floor's (ARGS="--json FILE")
	$(BIN)/python -m bench $(ARGS)

backup-drill: setup ## back up a database of its own, kill it, restore it, compare
	$(BIN)/python scripts/backup_drill.py
