# Everything a visitor, a developer or a machine runs. Each target says what it does before it does it.
#
#   make demo [PORT=8000]     the whole service on this machine, with sample data
#   make test                 the tests
#   make check                format, lint, types, layers, tests: what a change must pass
#   make slow                 the long tests: full counts of the scenarios
#   make bench                the benchmarks, as JSON
#   make clean                remove what the targets above made
#
# PYTHON chooses the interpreter that .venv is made with, 3.11 or newer.

PYTHON ?= python3
PORT ?=

BIN := .venv/bin
STAMP := .venv/.installed
# Three at a time, for two cores: a worker waits a third of its time for its own PostgreSQL or for a browser.
TESTS := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
PACKAGES := chromium fonts-noto-cjk poppler-utils zbar-tools

# Compiled modules are kept whatever the machine says: the tests and the demo start many Python processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check slow bench clean setup-venv setup-programs
.DEFAULT_GOAL := demo

demo: setup-venv
	@echo "== demo: 启动完整的演示环境；按 Ctrl-C 全部停止"
	@exec $(BIN)/cishan demo $(if $(PORT),--port $(PORT))

test: setup-venv setup-programs
	@echo "== test: run all tests but the slow ones"
	@$(TESTS)

check: setup-venv setup-programs
	@echo "== check: format"
	@$(BIN)/ruff format --check .
	@echo "== check: lint"
	@$(BIN)/ruff check .
	@echo "== check: types"
	@$(BIN)/mypy
	@echo "== check: layers"
	@$(BIN)/lint-imports
	@echo "== check: tests"
	@$(TESTS)

slow: setup-venv setup-programs
	@echo "== slow: run the long tests"
	@$(BIN)/python -m pytest -m slow

bench: setup-venv
	@echo "== bench: measure; the result goes to standard output as JSON" >&2
	@$(BIN)/cishan bench --json

clean:
	@echo "== clean: remove .venv, var, caches and built packages"
	@# Root's database may live elsewhere; see src/cishan/postgres/account.py.
	@[ ! -d var ] || find var -name elsewhere -type l -exec readlink {} + | grep '^/var/lib/cishan/' | xargs rm -rf
	@rm -rf .venv var build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-venv: $(STAMP)

# The stamp is older than pyproject.toml exactly when what is installed may be.
$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "没有找到 $(PYTHON)：请安装 Python 3.11 或更新的版本，或用 make PYTHON=/路径/python3 指定。" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) -V) 太旧：需要 Python 3.11 或更新的版本，可以用 make PYTHON=/路径/python3.11 指定。" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "这个 Python 不能建立虚拟环境：Debian、Ubuntu 请先运行 apt-get install python3-venv。" >&2; exit 1; }
	@echo "== setup: make .venv and install what pyproject.toml asks for" >&2
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@[ -x $(BIN)/uv ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@# uv is many times faster, but does not read pip's configuration of where packages come from.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[dev]' || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# The tests drive a real Chromium, look at Chinese text and read paper; none of these programs is a Python package.
setup-programs:
	@sh bin/setup-programs $(PACKAGES)
