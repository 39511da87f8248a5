package ingest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// rings holds the secrets of a platform and of some of its tenants, and notes
// what it was asked for.
type rings struct {
	byName map[string]*signature.Keyring
	newer  map[string]*signature.Keyring // what is there after a refresh
	asked  []string
}

func (r *rings) Keyring(_ context.Context, name string) (webhook.Verifier, error) {
	r.asked = append(r.asked, name)
	if name == "made-up/bad" {
		return nil, errors.New("a secret that is too short")
	}
	if ring, ok := r.byName[name]; ok {
		return ring, nil
	}
	return nil, webhook.ErrNotConfigured
}

func (r *rings) Refresh(_ context.Context, name string) webhook.Verifier {
	if r.newer == nil {
		return nil
	}
	old := r.byName[name]
	if r.byName = r.newer; r.byName[name] != old {
		return r.byName[name]
	}
	return nil
}

// tenants is the made-up platform with a body that names whose secret to try.
func tenants() webhook.Provider {
	p := ingesttest.MadeUp.Provider
	p.Tenant = func(body []byte) string { return strings.TrimSpace(string(body)) }
	p.Decode = func([]byte) (webhook.Parsed, error) { return webhook.Parsed{Type: "a"}, nil }
	return p
}

func TestHandle_tenantsSecret(t *testing.T) {
	own, platform := ring("the-secret-of-tenant-one"), ring("the-secret-of-the-platform")
	for _, row := range []struct {
		name, tenant string
		signer       *signature.Keyring
		asked        string
		status       int
	}{
		{"its own secret", "one", own, "made-up/one", 200},
		{"the platform's secret does not do for it", "one", platform, "made-up/one", 403},
		{"a tenant without its own has the platform's", "two", platform, "made-up/two made-up", 200},
		{"its own does not do for another tenant", "two", own, "made-up/two made-up made-up/two", 403},
		{"its own is bad: the platform's does not stand in", "bad", platform, "made-up/bad", 503},
		{"no tenant", " ", platform, "made-up", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &rings{byName: map[string]*signature.Keyring{"made-up": platform, "made-up/one": own}}
			if status := r.deliver(t, row.tenant, row.signer); status != row.status || strings.Join(r.asked, " ") != row.asked {
				t.Errorf("%d after asking for %q, want %d and %q", status, r.asked, row.status, row.asked)
			}
		})
	}
}

// deliver sends the body of a tenant and gives the status.
func (r *rings) deliver(t *testing.T, body string, signer *signature.Keyring) int {
	t.Helper()
	w := ingesttest.NewWorld(t)
	w.Ingest.Keyrings, w.Ingest.Providers = r, ingest.Routes(tenants())
	d := delivery(body)
	d.Header = signer.Headers(d.Body, time.Time{})
	return w.Ingest.Handle(t.Context(), d).Status
}

// A tenant is given a secret of its own, and the first delivery signed with it
// arrives before the new secrets have been read: looking again finds it.
func TestHandle_tenantGetsASecret(t *testing.T) {
	platform, own, rotated := ring("the-secret-of-the-platform"), ring("the-secret-of-tenant-one"), ring("the-newer-secret-of-the-platform")
	before := map[string]*signature.Keyring{"made-up": platform}
	after := map[string]*signature.Keyring{"made-up": platform, "made-up/one": own}
	both := map[string]*signature.Keyring{"made-up": rotated, "made-up/one": own}
	older := map[string]*signature.Keyring{"made-up": platform, "made-up/one": rotated}
	for _, row := range []struct {
		name       string
		had, newer map[string]*signature.Keyring
		tenant     string
		status     int
	}{
		{"it is there by now", before, after, "one", 200},
		{"and so is another one of the platform", before, both, "one", 200},
		{"it is another's", before, after, "two", 403},
		{"it is not there yet", before, before, "one", 403},
		{"it had one, which was rotated", older, after, "one", 200},
	} {
		if status := (&rings{byName: row.had, newer: row.newer}).deliver(t, row.tenant, own); status != row.status {
			t.Errorf("%s: %d, want %d", row.name, status, row.status)
		}
	}
}
