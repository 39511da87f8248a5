# terraform/gcp: formatted, validated, held to its invariants.

.PHONY: test-gcp-iac

test-gcp-iac: ## terraform/gcp: validate, assertions, who may do what
	go test -count=1 ./terraform/gcp/...
