# The Lambda functions: what SAM and Terraform deploy, byte for byte the same.
ARCH      ?= arm64
FUNCTIONS := aws-ingest aws-worker aws-outbound

# What the caller's environment says about Go and zip does not change the bytes.
# Each variable has a value, since `go env -w` keeps its settings in a file that
# an empty one leaves in force; a comma names no experiment. GOTOOLCHAIN is the
# caller's: which Go compiles is part of the bytes. GOWORK is in the Makefile.
PLAIN := env -u ZIP -u ZIPOPT GO111MODULE=on GOFLAGS=-mod=readonly GOEXPERIMENT=, GOFIPS140=off \
	GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 GO_EXTLINK_ENABLED=0 GOOS=linux GOARCH=$(ARCH)

# $(call lambda,<function>,<folder>) builds a function into a folder.
# lambda.norpc leaves out an old protocol, -s -w what only debuggers read; the
# rest makes the bytes depend on sources and toolchain only. Lambda runs the
# file as another user, under any umask.
define lambda
$(PLAIN) go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags='-s -w -buildid=' -o $(2)/bootstrap ./functions/$(1)
chmod 755 $(2)/bootstrap
endef

.PHONY: build zip $(FUNCTIONS:%=build-%) $(FUNCTIONS:%=zip-%) build-IngestFunction build-WorkerFunction build-OutboundFunction

build: $(FUNCTIONS:%=build-%) ## The Lambda functions, build/<function>/bootstrap (ARCH=arm64 or amd64)
	@sha256sum $(FUNCTIONS:%=build/%/bootstrap)

zip: $(FUNCTIONS:%=zip-%) ## The Lambda functions as zips, the same bytes every time
	@sha256sum $(FUNCTIONS:%=build/%.zip)

$(FUNCTIONS:%=build-%): build-%:
	@$(call lambda,$*,build/$*)

$(FUNCTIONS:%=zip-%): zip-%: build-%
	@touch -d 1980-01-01T00:00:00Z build/$*/bootstrap
	@rm -f build/$*.zip
	@cd ./build/$* && TZ=UTC $(PLAIN) zip -q -X -9 ../$*.zip bootstrap

# `sam build` calls these by the functions' logical ids (BuildMethod: makefile).
build-IngestFunction:
	$(call lambda,aws-ingest,"$(ARTIFACTS_DIR)")

build-WorkerFunction:
	$(call lambda,aws-worker,"$(ARTIFACTS_DIR)")

build-OutboundFunction:
	$(call lambda,aws-outbound,"$(ARTIFACTS_DIR)")
