# Every command of the project. `make help` lists them; CI runs `make test` and nothing else.
PYTHON ?= python3
VENV ?= .venv
PYTEST ?= -n auto
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help venv quickstart test check generate generate-check soak bench-gen bench-data bench-index bench-review docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

venv: $(VENV)/.installed ## Make the environment in .venv (PYTHON=python3.12 to choose the Python)

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "atdata needs Python 3.11 or newer, and $(PYTHON) is not; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

quickstart: $(VENV)/.base ## Generate the classes, write a small dataset with one, read it back in batches
	$(BIN)/atdata-gen lexicons/ -o generated/
	$(BIN)/python examples/quickstart.py

test: venv ## Set up and pass all tests, type checks and lints
	$(BIN)/python -m pytest $(PYTEST)
	$(MAKE) --no-print-directory check generate-check

check: venv ## Type checks and lints
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/ruff check

generate: venv ## Make generated/ anew from lexicons/
	$(BIN)/atdata-gen lexicons/ -o generated/

generate-check: venv ## Fail if generated/ is not what lexicons/ says
	$(BIN)/atdata-gen lexicons/ -o generated/ --check

soak: venv ## Run the tests of faults and large data at full scale (or SOAK="kills flips")
	$(BIN)/python tools/soak.py $(SOAK)

bench-gen: venv ## Time the generator, decoding of schemas, and packing of samples
	$(BIN)/python benchmarks/bench_gen.py

bench-data: venv ## Time reading and writing of datasets beside other libraries
	$(BIN)/python benchmarks/bench_data.py

bench-index: venv ## Time an index of 100,000 datasets beside PyPI's atdata
	$(BIN)/python benchmarks/bench_index.py

bench-review: venv ## Time the review of a change of 402 documents
	$(BIN)/python benchmarks/bench_review.py

$(VENV)/.docs: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@

docs: $(VENV)/.docs ## Build the site of the documentation in build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean: ## Remove caches, builds and the quickstart's data (the environment stays)
	rm -rf build dist quickstart-data .pytest_cache .mypy_cache .ruff_cache .hypothesis .atdata-gen
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
