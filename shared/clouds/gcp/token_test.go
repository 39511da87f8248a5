package gcp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// server is a metadata server in a bubble. It gives the tokens of a list, one per
// request; for "" it does not answer.
type server struct {
	mu     sync.Mutex
	tokens []string
	asked  int
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	next := s.tokens[s.asked]
	s.asked++
	s.mu.Unlock()
	if next == "" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	body := `{"access_token": "` + next + `", "expires_in": 3600}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (s *server) token() *token { return newToken(&http.Client{Transport: s}, "", time.Now) }

// While the metadata server hangs, a token that has time left is used, and the
// wait for the next one takes next to nothing of a call's.
func TestTheMetadataServerStallsWhileThereIsAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metadata := &server{tokens: []string{"one", "", "", "two"}}
		token := metadata.token()
		for _, step := range []struct {
			name   string
			pause  time.Duration
			bearer string
			took   time.Duration
			asked  int
		}{
			{"the first", 0, "one", 0, 1},
			{"it hangs", 58 * time.Minute, "one", tokenTry, 2},
			{"the next call does not ask", 0, "one", 0, 2},
			{"nor one a moment later", tokenGap - 1, "one", 0, 2},
			{"it still hangs", 1, "one", tokenTry, 3},
			{"it answers", tokenGap, "two", 0, 4},
			{"that is kept", time.Minute, "two", 0, 4},
		} {
			time.Sleep(step.pause)
			start := time.Now()
			bearer, err := token.get(t.Context())
			if took := time.Since(start); err != nil || bearer != step.bearer || took != step.took || metadata.asked != step.asked {
				t.Errorf("%s: %q (%v) after %v and %d questions, want %q after %v and %d",
					step.name, bearer, err, took, metadata.asked, step.bearer, step.took, step.asked)
			}
		}
	})
}

// Fifty calls at once wait for one question, not one behind the other.
func TestManyCallsWhileTheMetadataServerStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metadata := &server{tokens: []string{"one", ""}}
		token := metadata.token()
		if _, err := token.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(58 * time.Minute)
		start := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if bearer, err := token.get(t.Context()); bearer != "one" || err != nil {
					t.Errorf("%q, %v", bearer, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != tokenTry {
			t.Errorf("all have theirs after %v, want %v", took, tokenTry)
		}
	})
}

// A refusal takes a moment to arrive. Meanwhile somebody may have brought a new
// token, or be waiting for one.
func TestForget(t *testing.T) {
	for _, row := range []struct {
		name    string
		refused string
		busy    bool
		want    string // the token of the next call
	}{
		{"the one in use", "one", false, "two"},
		{"one before it", "zero", false, "one"},
		{"while somebody asks for another", "one", true, "one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				token := (&server{tokens: []string{"one", "two"}}).token()
				if _, err := token.get(t.Context()); err != nil {
					t.Fatal(err)
				}
				if row.busy {
					token.turn <- struct{}{}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				token.forget(ctx, row.refused)
				if row.busy {
					token.give()
				}
				if bearer, err := token.get(t.Context()); err != nil || bearer != row.want {
					t.Errorf("%q (%v), want %q", bearer, err, row.want)
				}
			})
		})
	}
}

// A person's token is sent as it is, and the metadata server, which a laptop
// does not have, is not asked for one.
func TestAPersonsToken(t *testing.T) {
	metadata, pubsub := newGoogle(t, stored), newGoogle(t, stored)
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project", "GOOGLE_OAUTH_ACCESS_TOKEN": "a-persons-token", "GCE_METADATA_HOST": metadata.Listener.Addr().String()}
	c, err := FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	c.pubsub.url = pubsub.URL
	if err := c.Topic("events").Publish(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	if got := pubsub.requests[0].Header.Get("Authorization"); got != "Bearer a-persons-token" || metadata.calls() != 0 {
		t.Errorf("sent %q after asking for %d", got, metadata.calls())
	}
}
