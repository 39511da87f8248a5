.PHONY: cost
cost: ## What a million events cost on each cloud, recomputed from counts and prices
	@cd tools && go run ./cost
