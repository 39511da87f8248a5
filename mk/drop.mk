# What a fork does not need, taken out of copies of the tree.
.PHONY: test-drop

test-drop: ## A platform added and dropped, each one and each cloud dropped, and all but one, in copies: the rest is green
	go test -count=1 -tags drop -timeout 90m ./cmd/internal/drop

