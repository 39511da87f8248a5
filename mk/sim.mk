# Simulation: docs/simulator.md.
HISTORIES ?= 50000
FIRST     ?= 1
# Histories make garbage and keep nothing: the collector may wait.
SIM       := GOGC=1000 go test -count=1 -timeout 30m -run 'TestSim$$' ./testbed/sim

.PHONY: sim sim-ci sim-planted exhaust

sim: ## Random histories of the production code with faults: HISTORIES=50000 of them, from seed FIRST=1; 0: a new seed
	$(SIM) -v -histories $(HISTORIES) -first $(FIRST)

sim-ci: ## Some thousands of histories of fixed seeds, and of new ones
	$(SIM) -histories 8000
	$(SIM) -v -histories 8000 -first 0

exhaust: ## Small worlds in every order of what may happen, with more faults than make test; a minute or two
	go test -count=1 -timeout 30m -v -run Worlds ./testbed/sim/exhaust -full

sim-planted: ## Mistakes put into money, queue and limits: the simulator must find each; a quarter of an hour
	@echo "fault, histories it took, the promise that was broken"
	@cd testbed/sim/planted && go test -count=1 -tags planted -timeout 60m -run found

CI_PARTS += sim-ci exhaust
