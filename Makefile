# Everything a developer or CI runs. `make help` lists the targets.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

$(VENV)/.ready: requirements.lock pyproject.toml shared/picket/detection/novelty.c
	@echo "1/4 Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "2/4 Installing $$(grep -c '^[a-zA-Z0-9].*==' requirements.lock) locked packages; this takes a minute or two, once"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "3/4 Installing Picket itself"
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "4/4 Compiling it" # a hook is fast from its first run, also where Python may not write
	@$(BIN)/python -m compileall -q shared
	@touch $@

setup: $(VENV)/.ready ## virtual environment with the locked dependencies

ONLY ?=

tools: setup ## install third-party tools into $(VENV)/tools, one at a time; ONLY=bandit,checkov for some
	@$(BIN)/python -m knative.tools.install $(VENV)/tools --only "$(ONLY)"

REPO ?= .
PORT ?= 8080

run: setup ## start the stack, scan REPO (a folder or URL), show the results, go on serving; ONCE=1 ends then
	@$(BIN)/picket run "$(REPO)" $(if $(ONCE),--once --port 0,--port $(PORT))

lint: setup ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## types
	$(BIN)/mypy

contracts: setup ## import contracts
	$(BIN)/lint-imports

test: setup ## every test but the faults, the stack tests against real servers included; of `real` ones what is built
	$(BIN)/pytest -n 3 --dist loadfile -m "not fault"

test-all: setup ## what `make test` runs, and the faults
	$(BIN)/pytest -n 3 --dist loadfile

test-real: setup ## build what takes long to build, once, outside the repository; then the tests that need it
	@$(BIN)/python -m tests.support.programs
	$(BIN)/pytest -m real --real

faults: setup ## kill, fill, cut off and repeat everything while pushes come in; print what was lost and doubled
	@rm -f build/faults.json
	$(BIN)/pytest tests/stack/faults
	@$(BIN)/python -m tests.support.faults

bench: setup ## the budgets of the design, measured as ratios on this machine
	$(BIN)/python -m tests.benchmarks

bench-pipeline: setup ## webhooks, pushes, a burst, a full scan, and how all of it grows
	$(BIN)/python -m tests.benchmarks --output build/bench-pipeline.json \
		--only pipeline --only webhooks --only pushes --only burst --only findings

bench-scan: setup ## `picket scan` beside other scanners, on repositories that it makes and on those in the folder BENCH_REPOSITORIES
	$(BIN)/python -m tests.benchmarks.scanning

bench-exactness: setup ## of every blob of the histories in BENCH_REPOSITORIES the same is found by itself and after its earlier versions
	$(BIN)/python -m tests.benchmarks.exactness

bench-calibration: setup ## of findings of some confidence, how many are right; in the histories of BENCH_REPOSITORIES, where given
	$(BIN)/python -m tests.benchmarks.calibration $(if $(KEEP),--keep)

bench-false-alarms: setup ## what is found in well-known packages, per 10 MB, and in the histories in BENCH_REPOSITORIES/clean
	$(BIN)/python -m tests.benchmarks.false_alarms --show 3

docs: setup ## the pictures in documents, from code and manifests
	@$(BIN)/python -m tests.support.pictures

bench-scale: setup ## what is asked of a store with a million findings: seconds and commands; about half an hour, SHARE=0.1 for less
	$(BIN)/python -m tests.benchmarks.scale $(if $(SHARE),--share $(SHARE))

bench-forges: setup ## an organization of ten thousand repositories: webhooks made and looked after, refs compared; REPOSITORIES=300 for less, COMPARED=1 for the refs of all
	$(BIN)/python -m tests.benchmarks.forges $(if $(REPOSITORIES),--repositories $(REPOSITORIES)) $(if $(COMPARED),--compared $(COMPARED))

bench-tools: setup ## a report of 25,000 results taken in, and what the adapter adds to a tool's own time; RESULTS=1000 for less
	$(BIN)/python -m tests.benchmarks.tools $(if $(RESULTS),--results $(RESULTS))

audit: setup ## known vulnerabilities of the locked dependencies; says so where nobody can be asked
	@$(BIN)/python -m tests.support.audit

check: lint types contracts audit test-all ## what CI runs

BASE     ?=
REGISTRY ?= localhost/picket
TAG      ?= latest

images: ## the functions' container images, their bills of materials and sizes (needs podman); BASE, REGISTRY, TAG, ENGINE
	$(PYTHON) -m knative.image.build --base "$(BASE)" --registry "$(REGISTRY)" --tag "$(TAG)"

OVERLAY ?= production

wheels: setup ## dist/picket-*.whl, with its compiled part where there is a C compiler
	@PYTHONWARNINGS=ignore $(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .

secrets: setup ## make the Secrets that a deployment names, unless they are there; OVERLAY, MONGODB_URI
	@OVERLAY=$(OVERLAY) PICKET=$(BIN)/picket knative/deploy.sh secrets

deploy: setup ## apply knative/overlays/OVERLAY to the cluster that kubectl talks to, and wait until it is ready; REGISTRY, TAG
	@OVERLAY=$(OVERLAY) PYTHON=$(abspath $(BIN)/python) knative/deploy.sh deploy

undeploy: ## take all of it away but Secrets, the store and its data
	@OVERLAY=$(OVERLAY) knative/deploy.sh undeploy

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock: ## write requirements.lock from pyproject.toml, and what the images are made with (needs uv)
	$(LOCK) --all-extras -o requirements.lock pyproject.toml
	$(LOCK) --no-annotate --constraint requirements.lock -o knative/image/tools.txt knative/image/tools.in

bench-growth: setup ## ninety days of pushes on a clock that runs ahead: what is stored levels off; about ten minutes, DAYS=30 for less
	$(BIN)/python -m tests.benchmarks.growth $(if $(DAYS),--days $(DAYS))

.PHONY: help setup tools run lint types contracts test test-all test-real faults docs bench bench-pipeline bench-scan bench-exactness bench-calibration bench-false-alarms bench-scale bench-forges bench-tools bench-growth audit check images wheels secrets deploy undeploy lock
