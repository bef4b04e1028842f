# The workbench in short commands.  Only python3 (3.11 or later), venv and make are needed.
PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= demo
SIZES  ?= 412 824 3296
BIN    := $(VENV)/bin
BOOKS   = $(shell git ls-files 'notebooks/*.ipynb')
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo dashboards lab test random check format messages lock bench scale study mutation bounds bill pictures docs clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.workbench ## set everything up and run the embedded municipality, from raw files to its site
	@$(BIN)/labtools demo $(DEMO)

dashboards: $(VENV)/.workbench ## open the demo's dashboards (Voilà), read-only
	@$(BIN)/labtools serve --workbench $(DEMO)

lab: $(VENV)/.workbench ## open JupyterLab with the demo's workbench
	@$(BIN)/labtools lab --workbench $(DEMO)

# Tests start many processes that import the package: compiled once, it is read and not compiled anew.
test: $(VENV)/.development ## set everything up and run the tests
	OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --no-loadscope-reorder

random: $(VENV)/.development ## run the tests in an order drawn by lot (SEED=7 draws that one again)
	OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --no-loadscope-reorder -p randomly \
	  $(if $(SEED),--randomly-seed=$(SEED)) $(TESTS)

check: $(VENV)/.development ## lint, types, floors, notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --keep-id --verify $(BOOKS)

format: $(VENV)/.development ## put code and notebooks in their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout --keep-id $(BOOKS)

messages: $(VENV)/.development ## bring the catalogues of sentences up to date with the code
	$(BIN)/python tests/architecture/catalogue.py

pictures: $(VENV)/.development ## take the pictures of the README from the demo
	$(BIN)/python tests/browser/take_pictures.py $(DEMO)/reports/latest/public

bench: $(VENV)/.development ## measure the engine against naive Papermill (ratios, one run)
	$(BIN)/python -m tests.benchmarks.bench_engine
	$(BIN)/python tests/benchmarks/bench_intake.py
	$(BIN)/python -m tests.benchmarks.bench_risk
	$(BIN)/python -m tests.benchmarks.bench_portfolio
	$(BIN)/python -m tests.benchmarks.bench_serve

scale: $(VENV)/.development ## measure what each stage costs as the register of the demo grows, and write ESCALA.md anew
	$(BIN)/python -m tests.benchmarks.bench_scale $(DEMO) --sizes $(SIZES)
	$(BIN)/python -m tests.benchmarks.scale_page

study: $(VENV)/.development ## simulate cities whose truth is known, and judge the methods (an hour)
	PYTHONPATH=. $(BIN)/python tests/simulation/study_surfaces.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_demo_cities.py
	$(BIN)/python -m tests.simulation.study_groups
	PYTHONPATH=. $(BIN)/python tests/simulation/study_evaluation.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_perception.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_evaluation_tests.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_evaluation_designs.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_evaluation_again.py
	$(BIN)/python -m tests.simulation.study_power
	$(BIN)/python -m tests.simulation.study_portfolio
	PYTHONPATH=. $(BIN)/python tests/simulation/study_alert_budget.py
	PYTHONPATH=. $(BIN)/python tests/simulation/study_cdmx_backtest.py
	$(BIN)/python -m tests.simulation.study_disclosure
	PYTHONPATH=. $(BIN)/python tests/simulation/study_texts.py

mutation: $(VENV)/.development ## do small wrongs to the cores and count those that tests notice (an hour)
	$(BIN)/python -m tests.mutation.study_mutation

bounds: $(VENV)/.development ## test with the lowest and with the newest libraries allowed
	$(BIN)/python -m tests.release.bounds

bill: $(VENV)/.development ## write the bill of materials (CycloneDX) and the licences, in build/release
	$(BIN)/python -m tests.release.bill

docs: $(VENV)/.development ## build the documentation site in build/docs, every method card executed
	$(BIN)/python tests/documentation/build.py

lock: $(VENV)/.development ## write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --extra dash --extra lab --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --all-extras --group build -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment and the demo
	rm -rf $(VENV) $(DEMO)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Each stamp stands for an environment that holds exactly what its lock file names.
$(VENV)/.workbench: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.workbench
