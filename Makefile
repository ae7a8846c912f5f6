# `make demo` shows the main job on a real engine, `make test` runs every test; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
LAB := $(PYTHON) -m tests.lab
MODEL ?= offline
N ?= 1
RUNS ?= 5
LOAD_S ?= 60
ONLY ?=

.PHONY: demo workflows test check bench bench-compose bench-diagnose bench-release eval clean

demo: .venv/ready
	@$(LAB) run -- $(BIN)/python examples/demo.py

workflows: .venv/ready
	@for each in shop_https traefik_504 blue_green; do $(LAB) run -- $(BIN)/python examples/workflows/$$each.py || exit 1; done

test: .venv/ready
	@$(BIN)/python -m pytest tests --ignore tests/live --ignore tests/test_bad_input.py -q -n 3
	@$(BIN)/python -m pytest tests/test_bad_input.py -q -n 3
	@$(LAB) run -- $(BIN)/python -m pytest tests/live -q

check: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

bench: .venv/ready
	@$(LAB) run -- $(BIN)/python -m evals.bench

bench-compose: .venv/ready .venv-peers/ready
	@BENCH_PEERS=.venv-peers $(BIN)/python -m evals.bench_compose

bench-diagnose: .venv/ready
	@$(LAB) run -- $(BIN)/python -m evals.bench_diagnose

bench-release: .venv/ready
	@$(LAB) run -- $(BIN)/python -m evals.bench_release --runs $(RUNS) --seconds $(LOAD_S) $(if $(ONLY),--only $(ONLY))

eval: .venv/ready
	@$(LAB) run -- $(BIN)/python -m evals.diagnosis --model $(MODEL) --runs $(N) --only "$(ONLY)" --out evals/results/$(MODEL).json

clean:
	rm -rf .venv .venv-peers dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/ready: pyproject.toml requirements-dev.lock
	@echo "Setting up .venv (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/ready

.venv-peers/ready: evals/peers.txt
	@echo "Installing the peers to compare with ..."
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement evals/peers.txt
	@if command -v npm >/dev/null; then npm install --silent --no-fund --no-audit --prefix .venv-peers dclint@3.1.0; fi
	@touch .venv-peers/ready
