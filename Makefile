# Allotment. 'make help' lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := bin/allotment
GOFLAGS_TEST := -count=1 -timeout=30m
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: help run build packages test check lint generate migrate bench campaign e2e css golden clean-lab

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: packages build ## start a whole provider on this machine and print where to sign in
	./$(BIN) dev

build: ## build the program
	go build -trimpath -o $(BIN) ./cmd/allotment

packages: ## install the Debian packages that the lab needs (says which)
	@go run ./e2e/packages

test: packages ## run every test, on real servers
	go test $(GOFLAGS_TEST) -p 2 ./...

check: packages lint generate-check test ## what CI runs

lint: ## look for mistakes: gofmt, vet, staticcheck, the catalog
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt on these"; exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	go run ./cmd/allotment catalog lint

generate: ## make the generated code and the style sheet anew
	go tool templ generate -path views
	$(MAKE) css

generate-check: generate
	@git diff --exit-code --stat -- views static || { echo "generated files are not up to date: commit what 'make generate' made"; exit 1; }

css: node_modules
	npm run --silent build

node_modules: package-lock.json
	@command -v npm >/dev/null || go run ./e2e/packages npm=/usr/bin/npm
	npm install --no-save --ignore-scripts --no-audit --no-fund
	@touch node_modules

migrate: build ## bring the configured database to this version's schema
	./$(BIN) migrate

e2e: packages ## run the browser and crash tests only
	go test $(GOFLAGS_TEST) -v ./e2e/...

campaign: packages ## kill workers at 500 random moments, and bill 2,000 tenants for two years
	ALLOTMENT_CAMPAIGN=500 go test $(GOFLAGS_TEST) -run TestKillsAtRandomMoments -v ./e2e/crash
	ALLOTMENT_TENANTS=2000 go test $(GOFLAGS_TEST) -run TestTwentyFourMonths -v ./app/biller

bench: packages ## measure, each figure as a ratio to its limit in the same run
	go test -run '^$$' -bench . -benchtime 1x -timeout 20m ./e2e/bench

golden: ## compare the emulated hypervisor with what a genuine node said
	go test $(GOFLAGS_TEST) -run TestPVEGolden -v ./e2e/pve

clean-lab: ## drop the data of 'make run'
	go run ./cmd/allotment dev --clean
