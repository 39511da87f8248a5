# Simulation, apart from what a fork runs.
.PHONY: exhaust

exhaust: ## Small worlds in every order of what may happen, with more faults than make test; a minute or two
	go test -count=1 -v -run Worlds ./testbed/sim/exhaust -full
