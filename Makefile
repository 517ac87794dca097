# Every command of the project, once. CI calls only these targets.
# Written for the make that macOS ships (3.81) as well as for GNU make 4.

SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN := .venv/bin
UV := $(BIN)/uv
E2E := tests/e2e
# A choice of tests by PYTEST_ARGS may leave a part without any (5).
# Tests that start programs apart from those that fill memory: to fork a large process takes long.
PROGRAMS := tests/media tests/e2e tests/integration
REST := tests/unit tests/docs
# One more than there are processors: many tests wait for servers and other processes.
HANDS = $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

# Another active environment, or another path for it, must not redirect us.
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV
# Tests that are compiled once need not be compiled by each process that runs them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: runtime ## Publish one clip for the web: make demo [VIDEO=path] [OUT=dir]
	@VIDEO="$(VIDEO)" OUT="$(OUT)" bash scripts/demo.sh

# Compiled at once: a command line is judged by its first start.
.PHONY: setup
setup: venv ## Create .venv with everything a contributor needs
	@$(UV) sync --frozen --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@echo "ready: $(BIN)/framemill"

.PHONY: venv
venv:
	@bash scripts/bootstrap.sh

# What a user needs; never takes a contributor's tools away again (--inexact).
.PHONY: runtime
runtime: venv
	@$(UV) sync --frozen --no-dev --inexact --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q src

.PHONY: check
check: setup ## Lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: setup ## Rewrite the sources the way check wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: web-check
web-check: setup ## Lint, types, unit tests and size of the web UI
	@$(BIN)/python scripts/build_web.py run check test
	@$(BIN)/python scripts/build_web.py
	@$(BIN)/python scripts/build_web.py run size

.PHONY: test
test: setup ## Everything: check, then every test
	@$(MAKE) --no-print-directory -j2 check web-check test-needs compiled
	@ended=0; for part in "$(PROGRAMS)" "$(REST)"; do \
		$(BIN)/pytest -n $(HANDS) --dist worksteal $(PYTEST_ARGS) $$part || { \
			code=$$?; [ $$code = 5 ] && [ -n "$(PYTEST_ARGS)" ] || ended=$$code; }; done; exit $$ended

.PHONY: conform
conform: setup ## Try the API's whole description for long: make conform [EXAMPLES=1000]
	FRAMEMILL_TEST_EXAMPLES=$(or $(EXAMPLES),1000) nice -n 19 $(BIN)/pytest -n 1 --timeout 0 \
		tests/unit/api/test_conformance.py tests/unit/api/test_rubbish.py $(PYTEST_ARGS)

.PHONY: compiled
compiled: setup
	@$(BIN)/pytest --collect-only -qq >/dev/null || true

.PHONY: test-needs
test-needs:
	@bash scripts/test-needs.sh

.PHONY: bench
bench: setup ## Time the product: make bench [BENCH_ARGS=...]
	$(BIN)/python -m benchmarks.run $(BENCH_ARGS)
	@if [ -z "$(BENCH_ARGS)" ]; then for part in even_quality quality chunks queueing cluster_model ranges uploading answering; do \
		$(BIN)/python -m benchmarks.$$part || exit 1; done; fi

.PHONY: chaos
chaos: setup ## Kill workers at random while they run many jobs: make chaos [CHAOS_ARGS=...]
	$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

.PHONY: pictures
pictures: setup web ## Pictures of the web UI for docs/ui: make pictures VIDEO=path
	@$(BIN)/python -m tests.e2e.web.pictures "$(VIDEO)" docs/ui

# Node comes as a wheel, and only where the UI is not built or its sources changed.
.PHONY: web
web: runtime ## Build the web UI, where it is not built yet
	@$(BIN)/python scripts/build_web.py --current || { \
		$(UV) sync --frozen --no-dev --group web --inexact --quiet && $(BIN)/python scripts/build_web.py; }

.PHONY: wheel
wheel: setup ## Build the wheel into dist/, and see that it serves the pages by itself
	@$(BIN)/python scripts/wheel.py

.PHONY: serve
serve: web ## API and workers on this machine: make serve [SERVE_ARGS=...]
	@$(BIN)/framemill serve $(SERVE_ARGS)

.PHONY: clean
clean: ## Remove everything that these targets made
	rm -rf .venv .demo demo-out build dist site test-results $(E2E)/node_modules
	rm -rf web/node_modules web/src/shared/api/generated src/framemill/web_ui
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks scripts -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
