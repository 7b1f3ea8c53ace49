# `make run` sets everything up and runs the main job; `make test` sets everything up and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Files are shared out whole, longest first (tests/conftest.py).
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# cloud-init and what it imports beside the packages of the virtual environment.
CLOUD_INIT := cloud-init python3-configobj python3-six python3-jsonpatch python3-json-pointer

.PHONY: help run check test lint bench pictures page docs wheel verify clean

help:
	@echo 'make run     set up, then compare the usual networks on the built-in tasks: about six minutes on 2 cores'
	@echo 'make check   set up, then lint, types, import contracts and unit tests: about three minutes'
	@echo 'make test    set up, then every test, real processes and real kills too: about twenty minutes'
	@echo 'make bench   the layers timed against those of torch: some minutes'
	@echo 'make pictures the pictures of the documents, drawn anew; RUN=runs/NAME: those of its report too'
	@echo 'make page    the lab page, built anew from web/ into the package'
	@echo 'make docs    the documentation site, in English and Chinese; says where to look'
	@echo 'make wheel   dist/*.whl'
	@echo 'make verify  whether the packages that pip is served are, byte for byte, those that were tested'
	@echo 'make clean   remove the virtual environment'
	@echo 'The first of these makes .venv and installs 1.7 GB (check, test and docs 1.9 GB more).'

run: $(VENV)/.ready
	$(BIN)/carousel compare

check: lint $(VENV)/.ready-page
	$(PYTEST) -m 'not slow'

test: lint $(VENV)/.ready-page
	$(PYTEST)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready
	$(BIN)/carousel bench
	$(BIN)/python benchmarks/workers.py

pictures: $(VENV)/.ready
	$(BIN)/python docs/why/picture.py
	$(BIN)/python docs/tutorial/pictures.py
	$(if $(RUN),$(BIN)/python docs/site/first_screen.py $(RUN))

page: $(VENV)/.ready-page
	cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build

# NO_MKDOCS_2_WARNING: without an advertisement of the theme's makers.
docs: $(VENV)/.ready-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo 'open site/index.html (中文: site/zh/index.html); with search: $(BIN)/mkdocs serve'

# Without isolation: the build takes hatchling from .venv, by its pin, and asks no registry.
wheel: $(VENV)/.ready-dev
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# Downloads and compares, and installs nothing; of Linux x86-64 and CPython 3.11, without torch (docs/security.md).
verify: $(VENV)/.ready
	folder=$$(mktemp -d); $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	    --require-hashes --dest $$folder --requirement requirements.lock; code=$$?; rm -r $$folder; exit $$code

clean:
	rm -rf $(VENV)

# torch first and by its pinned version: any other would bring gigabytes of CUDA.
$(VENV)/.ready: pyproject.toml constraints.txt
	@echo 'making .venv and installing Carousel with torch for the CPU (1.7 GB on disk): some minutes, once'
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@echo 'installing what the checks and tests need (1.9 GB on disk, half of it triton, whose kernels are compiled without a GPU), once'
	$(PIP) --editable '.[dev]'
	touch $@

# What builds the lab page (75 MB, of fixed hashes, no script of theirs is run), and the browser that its tests open;
# the compiler and the simulator that run what is exported; what reads job scripts and cloud-config (4 MB, unpacked only).
$(VENV)/.ready-page: $(VENV)/.ready-dev web/package-lock.json
	cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	command -v chromium >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes chromium fonts-noto-cjk; }
	for tool in gcc iverilog shellcheck; do command -v $$tool >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes $$tool; } || exit 1; done
	folder=$$(mktemp -d) && apt-get update --quiet && (cd $$folder && apt-get download --quiet $(CLOUD_INIT)) && \
	    for package in $$folder/*.deb; do dpkg -x $$package $(VENV)/cloud-init || exit 1; done; code=$$?; rm -r $$folder; exit $$code
	touch $@
