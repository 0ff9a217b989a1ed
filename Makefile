# The two commands of the README are `make run` and `make test`; CI runs `make check` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check audit venv lock format clean

run: $(VENV)/.runtime          ## start the whole service (Ctrl-C stops it)
	@$(BIN)/hketo-watch run $(ARGS)

test: $(VENV)/.dev             ## every test
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev            ## lint, types, import contracts, known mistakes, compose files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive feeds parsers worker
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml deploy/compose-scaled.yml

# Not part of `check`: it asks the advisory database (or another one with AUDIT="-s osv"), and what it says changes
# while nothing here does. Run it once a day and before a release.
audit:                         ## known weaknesses of everything the lock files name (needs the net)
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes $(AUDIT) -r requirements.lock -r requirements-dev.lock

venv: $(VENV)/.dev             ## .venv with everything the lock files name

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hketo-watch needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

lock:                          ## write both lock files anew (needs uv)
	uv pip compile pyproject.toml requirements-build.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml requirements-build.in --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -c requirements.lock -o requirements-dev.lock
	uv pip compile --group audit --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements-audit.lock

format:                        ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-audit build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
