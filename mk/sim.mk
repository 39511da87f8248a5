# Simulation, apart from what a fork runs.
.PHONY: exhaust sim-planted

exhaust: ## Small worlds in every order of what may happen, with more faults than make test; a minute or two
	go test -count=1 -v -run Worlds ./testbed/sim/exhaust -full

sim-planted: ## Mistakes made on purpose in money, queue and limits: the simulator must find each; a quarter of an hour
	@echo "fault, histories it took, the promise that was broken"
	@go test -count=1 -tags planted -timeout 60m -run found ./testbed/sim/planted
