# Two commands do everything: `make run` and `make test`. Each prints one line per step of its set-up.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
QUIET := >$(VENV)/setup.log 2>&1 || { cat $(VENV)/setup.log; exit 1; }
export PYTHONHASHSEED := 0
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
HOME_DIR := $(or $(WAARBORG_HOME),$(CURDIR)/.waarborg)

.PHONY: run test lint types contracts unit bench snapshots lock clean

run: $(VENV)/runtime
	@WAARBORG_HOME=$(HOME_DIR) $(BIN)/python -m underwriting.showcase

test: $(VENV)/develop lint types contracts unit

$(VENV)/python:
	@echo "[1/3] virtual environment with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/runtime: $(VENV)/python requirements.lock pyproject.toml
	@echo "[2/3] dependencies from requirements.lock, hashes checked"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock $(QUIET)
	@echo "[3/3] waarborg itself"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . $(QUIET)
	@touch $@

$(VENV)/develop: $(VENV)/python requirements-dev.lock pyproject.toml
	@echo "[2/3] dependencies from requirements-dev.lock, hashes checked"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock $(QUIET)
	@echo "[3/3] waarborg itself"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . $(QUIET)
	@touch $@ $(VENV)/runtime

lint: $(VENV)/develop
	@echo "lint"; $(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/develop
	@echo "types"; $(BIN)/mypy

contracts: $(VENV)/develop
	@echo "import contracts"; $(BIN)/lint-imports

unit: $(VENV)/develop
	@echo "tests"; $(BIN)/python -m pytest -n 2

bench: $(VENV)/develop
	@$(BIN)/python -m benchmarks

snapshots: $(VENV)/develop
	@$(BIN)/python -m pytest tests/tui --snapshot-update

lock: $(VENV)/develop
	@$(BIN)/python -m pip install --disable-pip-version-check pip-tools $(QUIET)
	@for extra in "" "--extra dev"; do \
	  out=requirements$${extra:+-dev}.lock; \
	  $(BIN)/pip-compile -q --no-config --generate-hashes --allow-unsafe --strip-extras --no-header \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $$extra -o $$out pyproject.toml; done

clean:
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
