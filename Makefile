PYTHON := .venv/bin/python
.PHONY: help env run test fuzz bench curves chaos soak peers lint format lock

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

env:  ## set up .venv (skipped when nothing changed)
	@scripts/setup_env.sh

run: env  ## the published experiment into results/; again to go on
	@$(PYTHON) main.py --flagfile=cpu.flags

test: env  ## all tests
	@$(PYTHON) -m pytest -n 2 --dist=worksteal

fuzz: env  ## thousands of bad command lines, data files and state files, each refused in one line
	@$(PYTHON) -m tests.fuzz.run --command_lines=5000 --data_files=2000 --state_files=500 --processes=300 --seed=0

bench: env  ## measure speed against the published way (a few minutes)
	@$(PYTHON) -m benchmarks.speed

curves: env  ## measure how the cost grows with data, batch, width, look-ahead, dimension, steps
	@$(PYTHON) -m benchmarks.curves

chaos: env  ## kill runs 200 times at random instants; each must end as if it had never been killed
	@$(PYTHON) -m benchmarks.chaos

soak: env  ## 100 boosting steps: memory, file handles and threads must stay flat
	@$(PYTHON) -m benchmarks.soak

peers: env  ## set up .venv-peers, for the other models of benchmarks.own
	@$(PYTHON) -m benchmarks.peers

lint: env  ## ruff and mypy
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy .

format: env  ## lay out the code
	@$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

lock: env  ## write requirements/lock.txt anew from the other requirements
	@.uv/bin/uv pip compile --quiet --python $(PYTHON) --python-version 3.7.16 --generate-hashes --no-header \
		--no-annotate requirements/run.txt requirements/tensorflow.txt requirements/export.txt requirements/dev.txt -o requirements/lock.txt
