# Every target does its own set-up: .venv is made and filled on the first call and left alone until a requirement changes.
#   PORT=8502 make app     another port
#   CUDA=1 make install    JAX for NVIDIA GPUs, on any target, remembered until CUDA=0
#   PYTHON=… CHROMIUM=…    where these stand, if not on PATH; PYTHON counts when .venv is made
#   TESTS=tests/test_x.py  what `make test` runs, instead of everything not marked `deep`

PORT ?= 8501
TESTS ?= tests
EXPORTS ?= build/exports
PY := .venv/bin/python
# One that runs before .venv exists.
ANY_PY = $$($(PY) -c '' 2>/dev/null && echo $(PY) || sh tools/find-python.sh)

.DEFAULT_GOAL := help
.SILENT:
.PHONY: help app test test-deep lint format install packages assets rates judge exports docs bench lock clean

help: ## this list
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

app: ## install if need be and serve the app on http://localhost:8501
	python=$(ANY_PY) && "$$python" tools/port.py '$(PORT)'
	sh tools/install.sh runtime
	exec .venv/bin/gan1d app --port '$(PORT)'

test: lint ## lint, types and every test that is not marked deep
	sh tools/browser.sh
	$(PY) -m pytest -m 'not deep and not browser' --numprocesses 2 --dist loadfile $(TESTS) || [ $$? -eq 5 ]
	$(PY) -m pytest -m 'not deep and browser and not alone' --numprocesses 2 --dist worksteal $(TESTS) || [ $$? -eq 5 ]
	$(PY) -m pytest -m 'not deep and browser and alone' $(TESTS) || [ $$? -eq 5 ] # one at a time: they look at the clock

test-deep: ## the slow, statistical tests
	sh tools/install.sh dev
	$(PY) -m pytest -m deep $(TESTS)

lint: ## style and types
	sh tools/install.sh dev
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --quiet --check .
	$(PY) -m mypy gan1d app tools benchmarks

format: ## rewrite the sources in the common style
	sh tools/install.sh dev
	$(PY) -m ruff check --quiet --fix .
	$(PY) -m ruff format --quiet .

install: ## .venv with gan1d and what it needs
	sh tools/install.sh runtime

packages: ## .venv with what gan1d needs, without gan1d (a layer of the Docker image)
	sh tools/install.sh packages

rates: ## measure how often each scenario holds with each discriminator: a table, and the rates that ship
	sh tools/install.sh dev
	$(PY) -m tools.rates

judge: ## measure how often the diagnosis is right, over seeds that nothing was chosen by
	sh tools/install.sh dev
	$(PY) -m tools.judge

exports: ## every scenario in every format, each read back by another program: a table of time, size and what was found
	sh tools/install.sh dev
	$(PY) -m tools.exports '$(EXPORTS)'

assets: ## compute the results shipped with the package
	sh tools/install.sh runtime
	$(PY) -m tools.assets

docs: ## the API reference in docs/api/, and the README's pictures from the running app
	sh tools/install.sh dev
	$(PY) -m tools.reference
	sh tools/browser.sh
	$(PY) -m tools.screenshots

bench: ## measure speed beside PyTorch and NumPy, on the line and on images, how quick the app is, and what the lab costs the wire and the screen
	sh tools/install.sh bench
	sh tools/browser.sh
	$(PY) -m benchmarks.speed --json -
	$(PY) -m benchmarks.app
	$(PY) -m benchmarks.lab
	$(PY) -m benchmarks.images

lock: ## resolve the requirements anew and write constraints.txt (on Linux x86-64)
	sh tools/install.sh dev
	$(PY) tools/lock.py

clean: ## remove .venv and what tools leave behind
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
