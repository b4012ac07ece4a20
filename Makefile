# Every target makes what it needs first; see scripts/setup.
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve test lint format bench api-coverage schema iam-data lock clean
.PHONY: setup-run setup-dev setup-node setup-browser setup-ruby setup-java

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS adds options:  make serve ARGS='--port 0'   make test ARGS='tests/wire -x'"

serve: setup-run ## Run the server in this terminal.
	@$(BIN)/ingle serve $(ARGS)

test: setup-dev setup-node setup-browser setup-ruby setup-java ## Run all tests.
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup-dev ## Check style and types.
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup-dev ## Lay out the code, and repair what can be repaired.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## Measure Ingle and its peers side by side; writes bench/results.md.
	$(BIN)/python -m bench $(ARGS)

api-coverage: setup-dev ## Write docs/api-coverage.md anew, which lists the operations that there are.
	$(BIN)/python scripts/api_coverage.py

schema: setup-dev ## Write schema.sql anew, which makes the database of an empty data folder.
	$(BIN)/python scripts/database_schema.py

iam-data: setup-dev ## Fetch AWS's actions, resource types and condition keys anew, and keep them.
	$(BIN)/python scripts/iam_reference.py $(ARGS)

lock: ## Write the Python lock files anew; ARGS=--upgrade takes the newest versions.
	scripts/lock $(ARGS)

clean: ## Remove everything that the other targets made, but no data folder.
	rm -rf .venv build dist tests/e2e/js/node_modules tests/e2e/ric/node_modules
	rm -rf tests/e2e/durable_js/node_modules
	rm -rf bench/.peers bench/.functions
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

setup-run:
	@scripts/setup run

setup-dev:
	@scripts/setup dev

setup-node:
	@scripts/setup node

setup-browser:
	@scripts/setup browser

setup-ruby:
	@scripts/setup ruby

setup-java:
	@scripts/setup java
