# What a fork does not need, taken out of copies of the tree.
.PHONY: test-drop
CI_PARTS += test-drop

test-drop: ## Each platform and cloud dropped, and all platforms but one, in a copy: the rest is green
	go test -count=1 -tags drop -timeout 90m ./cmd/internal/drop

