# Cloud Run functions: Google compiles them from these archives.
.PHONY: package-gcp

package-gcp: ## The Google Cloud functions as archives for Cloud Build, the same bytes every time
	@for f in gcp-ingest gcp-worker gcp-outbound; do tools/package-gcp.sh $$f build; done
	@sha256sum build/gcp-ingest.zip build/gcp-worker.zip build/gcp-outbound.zip
