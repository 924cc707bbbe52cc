# `make search` and `make test` do all set-up themselves: a virtual environment with the pinned packages.
PYTHON ?= python3
CONFIG ?= configs/cartpole_swingup.yaml
ENCODER ?= runs/encoder
ARGS ?=
BIN := .venv/bin
READY := .venv/ready

# Images of Python often set this. Each of the hundreds of processes of the tests would compile all our modules anew.
unexport PYTHONDONTWRITEBYTECODE

# Several processes, a module to each at a time, so that its fixtures are made once. Each computes on one thread: threads of
# several processes on two cores mostly wait for each other, at full speed.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder

.PHONY: search encoder test test-all docs chaos soak check bench format lint types clean

# A resumed run has its own config.
search: $(READY)
	@$(BIN)/python run_search.py $(if $(findstring --resume,$(ARGS)),,$(CONFIG)) $(ARGS)

# CarRacing's encoder, made again by the recipe of the one that comes with the package.
encoder: $(READY)
	$(BIN)/python train_vae.py --out $(ENCODER) $(ARGS)

# Minutes: everything but the tests marked slow. Many tests wait, for Ray, for a death to be noticed or for another process to
# compile a kernel, so several of them share two cores.
test: $(READY)
	$(PYTEST) -n 3 -m "not slow" $(ARGS)

test-all: $(READY)
	$(PYTEST) -n 4 $(ARGS)

# The site, into site/: the pages of docs/, and a reference of the packages from their docstrings.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Searches on clusters of several machines, which lose workers, nodes and drivers; and the image's commands, without Docker.
chaos: $(READY)
	$(BIN)/python -m tests.chaos full --out runs/chaos $(ARGS)
	deploy/check_image.sh "$(PYTHON)"

soak: $(READY)
	$(BIN)/python -m tests.chaos soak --out runs/soak $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks.run $(ARGS)

# Types and the site are single processes of less than a minute; tests begin beside them.
check: $(READY)
	$(MAKE) lint
	$(MAKE) -j 3 types docs test-all

format: $(READY)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

lint: $(READY)
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .

types: $(READY)
	$(BIN)/python -m mypy

# Modules are compiled on all cores, where pip would take one. Some packages have modules for other versions of Python.
$(READY): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"expected Python 3.11 to 3.13, found {v[0]}.{v[1]}; choose one by PYTHON=python3.12")'
	@echo "Setting up .venv (once) ..."
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	@$(BIN)/python -W ignore -m compileall -qq -j 0 -x '/(tests|testing|examples)/' .venv/lib || true
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

clean:
	rm -rf .venv build site *.egg-info bench.json
