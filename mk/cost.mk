.PHONY: cost test-cost
cost: ## What each cloud costs: per million events, while nothing happens, and for what is kept
	@cd tools && go run ./cost

test race: test-cost

test-cost:
	@cd tools && go test ./cost
