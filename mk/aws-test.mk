# AWS on this machine: no account; Docker for `sam local` only.

PLATFORM ?= $(patsubst events/aws-worker.%.json,%,$(firstword $(wildcard events/aws-worker.*.json)))
LOCAL_PORT ?= 4600

.PHONY: aws-local invoke-aws-ingest invoke-aws-worker invoke-aws-outbound test-aws test-aws-sam bench-aws

aws-local: .tools/moto/bin/moto_server ## A stand-in for AWS and the platforms' APIs, for `sam local`, invoke-aws-… and hooks-aws
	@tools/ticking.sh "go build: up to a minute the first time" go build -o build/local/aws-local ./testbed/aws/awslocal/serve
	@exec build/local/aws-local $(LOCAL_PORT)

invoke-aws-ingest: ## Hand events/aws-ingest.$(PLATFORM).json to the compiled function, without Docker
invoke-aws-worker: ## Hand events/aws-worker.$(PLATFORM).json to the compiled function
invoke-aws-outbound: ## Hand events/aws-outbound.$(PLATFORM).json to the compiled function

invoke-aws-ingest invoke-aws-worker invoke-aws-outbound: EVENT = events/$(@:invoke-%=%).$(PLATFORM).json
invoke-aws-ingest invoke-aws-worker invoke-aws-outbound: invoke-%: build/local/%/bootstrap .tools/moto/bin/moto_server
	@tools/ticking.sh "go build: up to a minute the first time" go build -o build/local/invoke ./testbed/aws/lambdatest/invoke
	@build/local/invoke $< $(EVENT) $(LOCAL_PORT)

test-aws: ## The whole pipeline on real parts: signed POST, SQS, worker, DynamoDB, kills
	go test -count=1 ./shared/clouds/aws/... ./testbed/aws/...

test-aws-sam: ## `sam local invoke` for all three functions, in Docker; tools/with-docker.sh starts one on Debian
	go test -count=1 -tags sam -timeout 10m -run TestSAMLocal -v ./testbed/aws/awslocal

bench-aws: ## Cold start, CPU, memory and size against other ways to write it (needs npm)
	go run ./testbed/aws/lambdatest/bench

# For this machine's processor; what is deployed is made by `make build`.
build/local/%/bootstrap: FORCE
	@CGO_ENABLED=0 GOOS=linux tools/ticking.sh "go build: up to a minute the first time" go build -trimpath -tags lambda.norpc -o $@ ./functions/$*

.tools/moto/bin/moto_server:
	@tools/ticking.sh "moto into .tools/moto, once: needs Python 3.10 and takes a minute or three" tools/aws-python.sh moto

.PHONY: FORCE
FORCE:

.PHONY: tools-aws
tools: tools-aws
tools-aws:
	tools/aws-python.sh
	tools/aws-dynamodb-local.sh
	tools/aws-elasticmq.sh
