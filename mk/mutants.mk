# Tests of the tests, apart from what a fork runs.
.PHONY: mutants

mutants: ## What is damaged on purpose must be found, what a fork may change must not; takes some minutes
	go test -count=1 -tags mutants -timeout 20m -run 'TestModules|Bite' ./testbed/mutants ./shared
