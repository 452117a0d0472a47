# Everything runs from .venv, made from lock files that pin every package by hash.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OPENAPI ?=
SKILLSAW ?=
BENCH := .bench
HOST := tests/app_page/host/node_modules
ISSUER := tests/signin/issuer/node_modules
VALIDATORS := tests/manifests/validators/node_modules
CLIENT_PACKAGES := tests/clients/node_modules
AGENT_PACKAGES := tests/agents/node_modules
BUNDLE := dist/mcpb
NPM := $(shell command -v npm 2>/dev/null)
QUICK ?=

.PHONY: demo test clients soak-store cluster prove soak check audit sbom format lock openapi reference pictures mcpb manifest-schemas bench clean

demo: $(VENV)/.runtime ## play a guided session in the sandbox
	@$(BIN)/security-campaigns-mcp demo

test: $(VENV)/.dev $(if $(NPM),$(HOST)/.package-lock.json $(ISSUER)/.package-lock.json $(VALIDATORS)/.package-lock.json) ## run every test, with coverage
	@rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest -n auto --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

clients: $(VENV)/.dev $(CLIENT_PACKAGES)/.package-lock.json $(AGENT_PACKAGES)/.package-lock.json ## drive the server with clients and agents that nobody here wrote; needs npm
	CLIENTS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder tests/clients tests/agents

soak-store: $(VENV)/.dev ## twenty processes share a store for a minute, in SQLite and in PostgreSQL
	SECURITY_CAMPAIGNS_TEST_PROCESSES=20 SECURITY_CAMPAIGNS_TEST_SECONDS=60 $(BIN)/python -m pytest tests/store/test_processes.py

cluster: $(VENV)/.dev ## replicas are killed behind nginx while clients delete and create 1,000 campaigns each, some ten minutes
	$(BIN)/python -m tests.cluster

prove: $(VENV)/.dev $(if $(NPM),$(HOST)/.package-lock.json) ## try on purpose to break every promise, with a fixed seed, and print a table; at most twenty minutes
	$(BIN)/python -m tests.prove

soak: $(VENV)/.dev ## 100,000 calls over stdio and over HTTP, with memory and descriptors watched; this takes long
	$(BIN)/python -m tests.prove.soak

check: $(VENV)/.dev ## lint, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/.dev ## look the locked packages up in the advisories; says so where those cannot be reached
	$(BIN)/python scripts/audit_dependencies.py

sbom: $(VENV)/.dev ## write the bill of materials of a release, CycloneDX JSON, into dist/sbom.json
	$(BIN)/python scripts/write_sbom.py dist/sbom.json

format: $(VENV)/.dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## write the lock files anew
	$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/runtime.txt
	$(BIN)/uv pip compile --group build --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/build.txt
	$(BIN)/uv pip compile pyproject.toml --extra otel --extra postgres --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/service.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml benchmarks/requirements.in --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/bench.txt
	$(BIN)/uv pip compile benchmarks/fastmcp.in --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate --upgrade --quiet -o requirements/fastmcp.txt

openapi: $(VENV)/.dev ## write the schema facts anew: make openapi OPENAPI=.../@octokit/openapi/generated
	$(BIN)/python scripts/write_openapi_fixture.py $(OPENAPI)

reference: $(VENV)/.dev ## write docs/reference.md anew, out of the code
	$(BIN)/python scripts/write_reference.py docs/reference.md

pictures: $(VENV)/.dev $(HOST)/.package-lock.json ## take the pictures of docs/pictures anew, with Chromium
	$(BIN)/python scripts/take_pictures.py docs/pictures

mcpb: $(VENV)/.dev $(VALIDATORS)/.package-lock.json ## pack dist/security-campaigns-mcp.mcpb, to be opened with Claude Desktop
	rm -rf $(BUNDLE) dist/security-campaigns-mcp.mcpb
	$(BIN)/uv build --quiet --sdist --no-build-isolation --python $(BIN)/python --out-dir $(BUNDLE) .
	tar -xzf $(BUNDLE)/*.tar.gz -C $(BUNDLE) --strip-components 1
	rm $(BUNDLE)/*.tar.gz
	mkdir $(BUNDLE)/requirements
	cp requirements/runtime.txt requirements/build.txt $(BUNDLE)/requirements/
	cp mcpb/manifest.json $(BUNDLE)/
	$(VALIDATORS)/.bin/mcpb pack $(BUNDLE) dist/security-campaigns-mcp.mcpb

manifest-schemas: $(VENV)/.dev $(VALIDATORS)/.package-lock.json ## write the manifests' schema facts anew: make manifest-schemas SKILLSAW=an unpacked wheel
	$(BIN)/python scripts/write_manifest_schemas.py $(SKILLSAW) $(VALIDATORS)/@anthropic-ai/mcpb

bench: $(BENCH)/.installed $(BENCH)/fastmcp/.installed benchmarks/node_modules/.package-lock.json ## compare with others into docs/benchmarks.md, some fifteen minutes; QUICK=1 only tries it out
	$(BENCH)/bin/python -m benchmarks.startup $(if $(QUICK),--quick,--write docs/benchmarks.md)
	$(BENCH)/bin/python -m benchmarks $(if $(QUICK),--quick,--write docs/benchmarks.md)
	$(BENCH)/bin/python -m benchmarks.calls $(if $(QUICK),--quick,--write docs/benchmarks.md)
	$(BENCH)/bin/python -m benchmarks.service $(if $(QUICK),--quick,--write docs/benchmarks.md)
	$(BENCH)/bin/python -m benchmarks.tokens $(if $(QUICK),--quick,--write docs/benchmarks.md)

clean: ## remove what was made here
	rm -rf $(VENV) $(BENCH) benchmarks/node_modules $(HOST) $(ISSUER) $(VALIDATORS) $(CLIENT_PACKAGES) $(AGENT_PACKAGES) dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The checkout itself is installed without dependencies and without fetching a build backend: the lock holds one.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV), once; this takes a moment."
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV), once; this takes a moment."
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.runtime

# The other clients stay out of the way of everything else. The checkout is not installed: it is run from its top.
$(BENCH)/.installed: requirements/bench.txt | $(VENV)/bin/python
	@echo "Installing into $(BENCH), once; this takes a moment."
	$(BIN)/python -m venv $(BENCH)
	@echo '*' >$(BENCH)/.gitignore
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	@touch $@

# FastMCP has an environment of its own: it brings rich, which the SDK imports wherever it is there.
$(BENCH)/fastmcp/.installed: requirements/fastmcp.txt | $(BENCH)/.installed
	$(BIN)/python -m venv $(BENCH)/fastmcp
	$(BENCH)/fastmcp/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/fastmcp.txt
	@touch $@

benchmarks/node_modules/.package-lock.json: benchmarks/package-lock.json
	npm ci --prefix benchmarks --no-audit --no-fund --silent
	@touch $@

# The page of a progress report is tried in a host of MCP Apps and a browser; without npm these tests are skipped.
$(HOST)/.package-lock.json: tests/app_page/host/package-lock.json
	npm ci --prefix tests/app_page/host --no-audit --no-fund --silent
	@touch $@

# Signing in is tried with a real issuer; without npm these tests are skipped.
$(ISSUER)/.package-lock.json: tests/signin/issuer/package-lock.json
	npm ci --prefix tests/signin/issuer --no-audit --no-fund --silent
	@touch $@

# The manifests are read by the programs they are for; without npm these tests are skipped.
$(VALIDATORS)/.package-lock.json: tests/manifests/validators/package-lock.json
	npm ci --prefix tests/manifests/validators --ignore-scripts --omit=optional --no-audit --no-fund --silent
	@touch $@

# Clients and agents are many megabytes, so only `make clients` fetches them. What they need is there without their scripts.
$(CLIENT_PACKAGES)/.package-lock.json: tests/clients/package-lock.json
	npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(AGENT_PACKAGES)/.package-lock.json: tests/agents/package-lock.json
	npm ci --prefix tests/agents --ignore-scripts --no-audit --no-fund --silent
	@touch $@
