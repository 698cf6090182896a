# Every command of the project. `make` alone lists them.

PY := .venv/bin/python
# Passed on to pytest, as in: make test ARGS="-k baseline"
ARGS ?=
# One pytest worker per core of the smallest machine we test on.
WORKERS ?= 2
PYTEST = $(PY) -m pytest -n $(WORKERS) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help install run test test-fast check fix docs bench load audit

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.run ## Make .venv and install what the dashboard needs

run: install ## Start the dashboard on http://127.0.0.1:8501
	@$(PY) manage.py migrate
	@exec $(PY) -m streamlit run dashboard.py

test: .venv/.dev ## Run every test; installs Chromium and PostgreSQL where apt can
	@sh scripts/test-tools
	$(PYTEST)

test-fast: .venv/.dev ## Run every test that needs no browser
	$(PYTEST) -m "not browser"

check: .venv/.dev ## Format, lint and import rules; changes nothing
	@sh scripts/check

fix: .venv/.dev ## Repair what ruff can repair
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: .venv/.dev ## Write docs/methods.md from the definitions
	$(PY) scripts/methods.py

bench: .venv/.dev ## Measure against raw lower bounds, in one run
	$(PY) -m benchmarks

load: .venv/.dev ## Measure a page under load, with the gate and without
	$(PY) -m benchmarks.load

audit: .venv/.dev ## Known weaknesses in what we depend on; needs the network
	@$(PY) scripts/audit.py

# The stamps are newer than the requirements when nothing has to be installed.
.venv/.run: requirements.txt
	@sh scripts/make-venv requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt
	@sh scripts/make-venv requirements-dev.txt
	@touch .venv/.run $@
