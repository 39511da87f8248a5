# Names for the commands you would type. Needs Go; the race detector needs a C
# compiler as well.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help
# A go.work around a fork is another module's business.
export GOWORK := off
# go.mod may name a newer Go than the one installed; an older Go, and official images, may be set to "local".
export GOTOOLCHAIN ?= auto

# A number of inputs, not a duration: when a duration ends, Go's fuzzer can take its
# own deadline for a failure (golang/go#75804), and a red run must mean a bad input.
FUZZTIME    ?= 500000x
GOVULNDB    ?= https://vuln.go.dev
TOOL        := go tool -modfile=tools/go.mod# go.mod lists what the code and its tests import, tools/go.mod what checks them
# go test holds the results of quick packages until the slow ones before them are done.
GOTEST      := tools/ticking.sh "go test: a line per package as it ends; minutes the first time, when all is compiled" \
	$(TOOL) gotestsum --format pkgname --format-hide-empty-pkg --

-include mk/*.mk

.PHONY: help run test test-go race allocs bench bench-once fuzz lint vuln cover tidy-check clean ci

help: ## List the targets
	@awk -F ':.*## ' '/^[a-zA-Z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## The whole pipeline on this machine, with sample events going through it
	@tools/ticking.sh "go build ./cmd/hooks: two or three minutes the first time, for SQLite; then seconds" go build -buildvcs=false -o build/hooks ./cmd/hooks
	@build/hooks demo --keep-serving

test: ## All tests
	@$(GOTEST) ./...

test-go: ## What a change of Go code needs: all tests but modules, pipelines on real parts, archives and kills
	@echo "left out: terraform/ (make test-aws-iac, test-gcp-iac), pipelines, archives and the local Lambda (make test-aws, test-gcp), kills, queues on real parts, small worlds and replays (make test)"
	@$(GOTEST) -skip 'KillBetween|Run_replays' $$(go list ./... | grep -v -e /terraform/ -e /e2e$$ -e /buildpacktest$$ -e /lambdatest$$ -e /awslocal$$ -e /gcp/run$$ -e /gcp/bench$$ -e /sqstest$$ -e /gcptest$$ -e /sim/)

race: ## All tests under the race detector
	@$(GOTEST) -race ./...

allocs: ## The packages whose tests count allocations, which the race detector would disturb
	@grep -rl --include='*_test.go' AllocsPerRun . | xargs -n 1 dirname | sort -u | xargs go test

bench: ## All benchmarks, a line each
	@go test -run '^$$' -bench . -benchmem ./... | awk '/^pkg:/ { print "\n" $$2 } /^(Benchmark|---|FAIL|panic)/'

bench-once: ## The benchmarks of shared/, one round each: they run
	@go test -run '^$$' -bench . -benchtime 1x ./shared/... | awk '!/no test files|^(ok|PASS|goos|goarch|cpu|pkg)/'

fuzz: ## Each fuzz target for FUZZTIME (500000x: that many inputs)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | while read -r file target; do \
		echo "$$target ($$(dirname "$$file"))"; \
		go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null; \
	done

lint: ## Format, vet, staticcheck, known vulnerabilities
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w $$unformatted"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	@$(MAKE) vuln

vuln: ## Known vulnerabilities in what is called
	@tools/vulnerabilities.sh $(GOVULNDB)

cover: ## Coverage of shared/ by all tests, in build/cover.html
	@mkdir -p build
	go test -coverpkg=./shared/... -coverprofile=build/cover.out ./...
	@go tool cover -html=build/cover.out -o build/cover.html
	@go tool cover -func=build/cover.out | tail -1

tidy-check: ## go.mod and go.sum say what the code needs
	go mod tidy -diff
	go mod verify

clean: ## Remove what was built
	rm -rf build

ci: ## What CI runs, and how long each part took: lint, a short fuzz, what mk/ adds, all tests
	@all=race; [ "$$(go env CGO_ENABLED)" = 1 ] || { all=test; echo "no C compiler: the tests run without the race detector"; }; \
	took=; for part in lint allocs bench-once "fuzz FUZZTIME=50000x" $(CI_PARTS) $$all; do \
		began=$$SECONDS; $(MAKE) $$part; took+=$$(printf '%6d s  make %s' $$((SECONDS - began)) "$$part")$$'\n'; \
	done; printf '%s%6d s  together\n' "$$took" $$SECONDS
