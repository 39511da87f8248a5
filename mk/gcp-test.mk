# Google Cloud on this machine: its emulators, no account.
.PHONY: run-gcp test-gcp bench-gcp

run-gcp: ## The three Google Cloud functions on loopback, over the emulators; no account
	@tools/ticking.sh "go build: up to a minute the first time" go build -o build/local/run-gcp ./testbed/gcp/run
	@exec build/local/run-gcp

test-gcp: ## The whole pipeline on real parts: signed POST, Pub/Sub, worker, Firestore, kills
	go test -count=1 ./shared/clouds/gcp/... ./testbed/gcp/...

bench-gcp: ## Start, memory, size and billed calls of the Google Cloud functions, beside an empty one
	@go test -run '^$$' -bench Start -benchtime 100x ./testbed/gcp/bench | tr '\t' '\n' | grep -E 'ms|MB|hello'
	@go test -run '^$$' -bench Event -benchtime 500x ./testbed/gcp/bench | grep ^Benchmark
