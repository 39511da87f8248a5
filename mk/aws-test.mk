# AWS on this machine: no account, no Docker.

PLATFORM ?= gabber

.PHONY: invoke-aws-ingest invoke-aws-worker test-aws bench-aws

invoke-aws-ingest: build/local/aws-ingest/bootstrap ## Hand events/aws-ingest.$(PLATFORM).json to the compiled function
	@go run ./shared/clouds/aws/lambdatest/invoke $< events/aws-ingest.$(PLATFORM).json

invoke-aws-worker: build/local/aws-worker/bootstrap ## Hand events/aws-worker.gabber.json to the compiled function
	@go run ./shared/clouds/aws/lambdatest/invoke $< events/aws-worker.gabber.json

test-aws: ## The whole pipeline on real parts: signed POST, SQS, worker, DynamoDB, kills
	go test -count=1 ./shared/clouds/aws/...

bench-aws: ## Cold start, CPU, memory and size against other ways to write it (needs npm)
	go run ./shared/clouds/aws/lambdatest/bench

# For this machine's processor; what is deployed is made by `make build`.
build/local/%/bootstrap: FORCE
	@CGO_ENABLED=0 GOOS=linux go build -trimpath -tags lambda.norpc -o $@ ./functions/$*

.PHONY: FORCE
FORCE:
