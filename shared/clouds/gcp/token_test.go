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

func (s *server) source() *tokens {
	return newTokens(metadata(&http.Client{Transport: s}, "", time.Now), time.Now)
}

// While the metadata server hangs, a token that has time left is used, and the
// wait for the next one takes next to nothing of a call's.
func TestTheMetadataServerStallsWhileThereIsAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metadata := &server{tokens: []string{"one", "", "", "two"}}
		tokens := metadata.source()
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
			token, err := tokens.get(t.Context())
			if took := time.Since(start); err != nil || token.Bearer != step.bearer || took != step.took || metadata.asked != step.asked {
				t.Errorf("%s: %q (%v) after %v and %d questions, want %q after %v and %d",
					step.name, token.Bearer, err, took, metadata.asked, step.bearer, step.took, step.asked)
			}
		}
	})
}

// Fifty calls at once wait for one question, not one behind the other.
func TestManyCallsWhileTheMetadataServerStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metadata := &server{tokens: []string{"one", ""}}
		tokens := metadata.source()
		if _, err := tokens.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(58 * time.Minute)
		start := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if token, err := tokens.get(t.Context()); token.Bearer != "one" || err != nil {
					t.Errorf("%q, %v", token.Bearer, err)
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
				tokens := (&server{tokens: []string{"one", "two"}}).source()
				if _, err := tokens.get(t.Context()); err != nil {
					t.Fatal(err)
				}
				if row.busy {
					tokens.turn <- struct{}{}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				tokens.forget(ctx, row.refused)
				if row.busy {
					tokens.done()
				}
				if token, err := tokens.get(t.Context()); err != nil || token.Bearer != row.want {
					t.Errorf("%q (%v), want %q", token.Bearer, err, row.want)
				}
			})
		})
	}
}

// The token of an operator is sent as it is, with the project that pays.
func TestNewSendsTheSourcesToken(t *testing.T) {
	pubsub := newGoogle(t, stored)
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project"}
	c, err := New(func(name string) string { return env[name] }, func(context.Context) (Token, error) {
		return Token{"operators-token", time.Now().Add(time.Hour), "paying-project"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.pubsub.url = pubsub.URL
	if err := c.Topic("events").Publish(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	if sent := pubsub.requests[0].Header; sent.Get("Authorization") != "Bearer operators-token" || sent.Get("X-Goog-User-Project") != "paying-project" {
		t.Errorf("sent %v", sent)
	}
}
