# make demo: set up and score the example proteins.   make test: set up and run the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-all lint format clean

demo: $(STAMP)
	mkdir -p runs
	$(BIN)/phosphot5 predict examples/proteins.fasta -o runs/demo.tsv --overwrite
	$(BIN)/python examples/show.py runs/demo.tsv

test: $(STAMP)
	$(BIN)/python -m pytest

# everything: slow and data-bound tests too; what is skipped is listed with its reason
test-all: $(STAMP)
	$(BIN)/python -m pytest -m ""

# setup.cfg maps folders of the root into the package, which mypy cannot follow in an editable installation: it
# reads a tree of links to the same files, laid out as the wheel is
TYPES := build/types
MAPPED := hub_card modeling_phosphot5 recipes tokenization_phosphot5 trainer

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf $(TYPES)
	mkdir -p $(TYPES)/phosphot5
	cd $(TYPES)/phosphot5 && ln -s ../../../phosphot5/* $(patsubst %,../../../%,$(MAPPED)) .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# pip takes torch by its exact version first: elsewhere that is the build for the processor, not for CUDA
$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info
