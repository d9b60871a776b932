# `make help` lists what there is. Nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN := $(BIN)/python -m config.embedded run --
PYTEST_ARGS ?=

# Each has data of its own, so that they may run at the same time.
test soak check: export REGULARS_INSTANCE := test
test soak check: export REGULARS_FAST_PG := 1
bench: export REGULARS_INSTANCE := bench
storm: export REGULARS_INSTANCE := storm
storm-rewards: export REGULARS_INSTANCE := storm-rewards

.DEFAULT_GOAL := help
.PHONY: help demo test soak check check-project bench storm storm-rewards clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## Run everything with a demo shop on http://127.0.0.1:8000 (PORT=…); Ctrl-C ends it
	@$(BIN)/python -m config.run

test: $(READY) ## Run every test (PYTEST_ARGS=… for some)
	@$(RUN) $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

soak: $(READY) ## Try the properties with many more examples than `make test`
	@REGULARS_SOAK=1 $(RUN) $(BIN)/python -m pytest -n 2 -m "hypothesis or soak" --timeout 1800 $(PYTEST_ARGS)

check: $(READY) ## Lint, types, import contracts, templates, migrations, deploy check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/djlint $(wildcard templates */templates) --check --quiet
	@$(RUN) $(MAKE) --no-print-directory check-project

check-project:
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	PUBLIC_URL=https://loyalty.example.com ALLOWED_HOSTS=loyalty.example.com DEBUG=0 DEMO=0 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(READY) ## Measure speed as ratios to baselines of the same run
	@$(RUN) $(BIN)/python -m benchmarks

storm: $(READY) ## Faults under load (STORM_EVENTS=…, STORM_SEED=…)
	@$(RUN) $(BIN)/python -m benchmarks.storm

storm-rewards: $(READY) ## Redemptions at stores that fail (STORM_REDEMPTIONS=…, STORM_SEED=…)
	@$(RUN) $(BIN)/python -m benchmarks.storm_rewards

clean: ## Remove caches and the data of tests and benchmarks; the demo's data stays
	@for instance in test bench storm storm-rewards; do \
		[ ! -x $(BIN)/python ] || REGULARS_INSTANCE=$$instance $(BIN)/python -m config.embedded remove || exit 1; \
	done
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build staticfiles *.egg-info
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "regulars: Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "regulars: this Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "regulars: installing packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
