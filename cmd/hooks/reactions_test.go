package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/outbound/outboundtest"
)

// site is a server and fakes of what its outbound calls, which outlive it, as the
// platforms do.
type site struct {
	*server
	dir  string
	fake *fakeapi.API
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	fake, env := fakeAPIs(t)
	return &site{start(t, dir, env...), dir, fake}
}

// fakeAPIs gives the fakes and the environment that names them.
func fakeAPIs(t *testing.T) (fake *fakeapi.API, env []string) {
	t.Helper()
	fake = fakeapi.New()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	for _, variables := range []map[string]string{fakeapi.Addresses(server.URL), fakeapi.Secrets()} {
		for name, value := range variables {
			env = append(env, name+"="+value)
		}
	}
	return fake, env
}

func (s *site) deliver(t *testing.T, sample eventstest.Sample) {
	t.Helper()
	if status := postTo(t, s.url+"/"+sample.Platform, sample.Header, sample.HeaderValue, sample.Body); status != http.StatusOK {
		t.Fatalf("%s: %d", sample.File(), status)
	}
}

// before is what a platform's samples need, reactions what must come of them.
var (
	before = []func(*testing.T, *site){
		gabberCaller,
	}
	reactions = []func(*testing.T, *site){
		gabberReactions,
		chatbaseLeads,
	}
)

// Every sample is refused with one byte changed and then delivered twice: what comes
// of it must be the same as after one delivery each.
func TestServeHandlesEverySample(t *testing.T) {
	s := newSite(t)
	for _, prepare := range before {
		prepare(t, s)
	}
	queued := strings.Count(s.log.String(), `"msg":"queued"`)
	all := eventstest.Samples(t)
	for i, sample := range all {
		changed := bytes.Clone(sample.Body)
		changed[i*7%len(changed)] ^= 1
		if status := postTo(t, s.url+"/"+sample.Platform, sample.Header, sample.HeaderValue, changed); status != eventstest.Platform(t, sample.Platform).MismatchStatus {
			t.Errorf("%s, one byte changed: %d", sample.File(), status)
		}
	}
	for range 2 {
		for _, sample := range all {
			s.deliver(t, sample)
		}
	}
	queued += 2 * len(all)
	eventually(t, "everything is handled", func() bool { return strings.Count(s.log.String(), `"msg":"handled"`) >= queued })
	for _, check := range reactions {
		check(t, s)
	}
	s.stop(t)
	if got := strings.Count(s.log.String(), `"msg":"queued"`); got != queued {
		t.Errorf("%d deliveries queued, want %d: a changed one was stored", got, queued)
	}
	outboundtest.CheckSamples(t, s.fake)
	var dead []deadFacts
	hooksJSON(t, s.dir, &dead, "dead", "list")
	if len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
}
