# The commands of this repository. Each sets up what it needs first; a second run takes seconds.
PYTHON ?= python3
HCDEV = PYTHONPATH=$(CURDIR)/scripts $(PYTHON) -m hcdev

.PHONY: help setup demo start stop pictures psql shell test lint security access unit odoo-test acceptance bench faults

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST)

setup: ## Odoo 19, Python packages, PostgreSQL and the template database
	@$(HCDEV) setup

demo: ## start Odoo with demo data and send it a simulated hospital day
	@$(HCDEV) demo

start: ## start Odoo in the background (PORT, default 8069)
	@$(HCDEV) start

stop: ## end what start and demo left running
	@$(HCDEV) stop

pictures: ## pictures of the demo's screens in .odoo/pictures, some in docs/images
	@$(HCDEV) pictures

psql: ## psql in the demo database
	@$(HCDEV) psql

shell: ## Odoo's shell in the demo database
	@$(HCDEV) shell

test: ## all: linters, unit, Odoo and acceptance tests, short fault tests
	@$(HCDEV) test

lint: ## ruff, pylint-odoo, bandit, mypy
	@$(HCDEV) test lint

security: ## bandit, and pip-audit, which asks the advisory database on the network
	@$(HCDEV) test bandit pip-audit

access: ## write docs/access.md and the reviewed lists of rights, to review them
	@$(HCDEV) access

unit: ## tests of the code that imports no odoo (T=path for some)
	@$(HCDEV) test unit

odoo-test: ## tests inside Odoo (T=path for some)
	@$(HCDEV) test odoo

acceptance: ## black-box tests against a started server (T=path for some)
	@$(HCDEV) test acceptance $(if $(T),,installs)

bench: ## benchmarks, written to .odoo/bench.json
	@$(HCDEV) test bench

faults: ## half an hour of fault injection, with a table at its end
	@$(HCDEV) test faults
