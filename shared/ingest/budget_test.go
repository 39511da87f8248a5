package ingest_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
)

// An answer that comes after the platform has hung up is none: the event would be
// stored, delivered again and counted as failed.
func TestBudget(t *testing.T) {
	const (
		patience = 5 * time.Second         // of G-Tateth, the shortest that a platform documents
		beside   = 1500 * time.Millisecond // a cold start, and the way there and back with a TLS handshake
	)
	if ingest.Budget+beside > patience {
		t.Errorf("ingest may take %v and what is beside it %v, but a platform waits for %v", ingest.Budget, beside, patience)
	}
}
