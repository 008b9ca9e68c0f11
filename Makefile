# Everything a developer or a CI runs. `make` alone lists it. All venvs live inside this folder; downloads that
# are worth keeping (collections, pytest for old Pythons, images) live in ~/.cache/nodemend.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TOOLS := tests/tools
# The first of these that is installed makes the venv.
NEWEST_PYTHONS := 3.13 3.14 3.12 3.11 3.10
LEGACY_PYTHONS := 3.11 3.12 3.10
SCAN_ARGS ?=
CORE ?= newest
SCENARIO ?= --all

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z][a-z0-9_-]*:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: scan
scan: .venv/.controller ## Scan this machine. SCAN_ARGS="-e ..." is passed on
	@$(TOOLS)/scan $(SCAN_ARGS)

.PHONY: lint
lint: ## Every linter, and what Galaxy checks on an upload
	@$(TOOLS)/run-stages lint

.PHONY: format
format: .venv-lint/.lint ## Sort imports; format the Python that only ever runs on a controller
	@.venv-lint/bin/ruff check --quiet --fix --select I plugins tests molecule
	@.venv-lint/bin/ruff format --quiet $$($(TOOLS)/formatted)

.PHONY: test-quick
test-quick: ## lint, unit tests on every Python found, tests of the playbooks, ansible-test sanity
	@$(TOOLS)/run-stages quick

.PHONY: test-docker
test-docker: ## The molecule scenarios in Docker on both ansible-cores
	@$(TOOLS)/run-stages docker

.PHONY: test
test: ## Everything, cheap stages first
	@$(TOOLS)/run-stages all

.PHONY: molecule
molecule: ## One scenario: make molecule SCENARIO=smoke CORE=2.16 NODES=py27
	@NODEMEND_LAB_NODES="$(or $(NODES),$(NODEMEND_LAB_NODES))" $(TOOLS)/molecule $(CORE) test $(if $(filter --all,$(SCENARIO)),--all,--scenario-name $(SCENARIO))

.PHONY: lab-up
lab-up: ## Raise the Kubernetes lab (minutes; the first time a quarter of an hour) and keep it
	@$(TOOLS)/have-docker
	@molecule/kubernetes/up --keep

.PHONY: lab-down
lab-down: ## Take the Kubernetes lab away
	@molecule/kubernetes/down

.PHONY: cluster
cluster: ## One scenario against the Kubernetes lab: make cluster SCENARIO=smoke CORE=2.16
	@$(TOOLS)/cluster $(CORE) test $(if $(filter --all,$(SCENARIO)),--all,--scenario-name $(SCENARIO))

.PHONY: lab-vm
lab-vm: ## Start a virtual machine with a kernel of its own to look at (minutes the first time): molecule/qemu/ssh look
	@$(TOOLS)/have-qemu
	@molecule/qemu/up look

.PHONY: lab-vm-down
lab-vm-down: ## Stop the virtual machines
	@molecule/qemu/down

.PHONY: test-vm
test-vm: ## The scenarios on virtual machines: real kernels, real reboots
	@$(TOOLS)/run-stages vm

.PHONY: lab-images
lab-images: ## Build the lab's images that are missing
	@molecule/images/build

.PHONY: lab-clean
lab-clean: ## Remove both labs, their images and the cached roots they were made from
	@molecule/images/clean

.PHONY: docs
docs: ## Write the generated documents again (docs/commands.md)
	@$(TOOLS)/with-core newest python $(TOOLS)/generate_docs.py

.PHONY: changelog
changelog: ## Move changelogs/fragments into CHANGELOG.md under the version of galaxy.yml
	@$(TOOLS)/with-core lint antsibull-changelog release --update-existing --reload-plugins --refresh-plugins

.PHONY: benchmark
benchmark: ## Time a scan against a ping of the same hosts
	@$(TOOLS)/with-core newest benchmarks/run

.PHONY: clean
clean: ## Remove the venvs and everything made in this folder
	rm -rf .venv .venv-2.16 .venv-lint .cache .ansible .pytest_cache .ruff_cache .hypothesis tests/output

# The venvs. Each is made again when the requirements it was made from change.
.venv/.controller: requirements/controller.txt
	@# make scan writes nothing outside this folder, and so does pip here.
	@PIP_NO_CACHE_DIR=1 $(TOOLS)/make-venv .venv "$(NEWEST_PYTHONS)" requirements/controller.txt
	@touch $@

.venv/.test: .venv/.controller requirements/test.txt
	@$(TOOLS)/make-venv .venv "$(NEWEST_PYTHONS)" requirements/test.txt
	@touch $@

.venv-2.16/.test: requirements/legacy.txt requirements/test.txt
	@$(TOOLS)/make-venv .venv-2.16 "$(LEGACY_PYTHONS)" requirements/legacy.txt requirements/test.txt
	@touch $@

.venv-lint/.lint: requirements/lint.txt
	@$(TOOLS)/make-venv .venv-lint "$(NEWEST_PYTHONS)" requirements/lint.txt
	@touch $@
