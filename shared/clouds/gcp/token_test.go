package gcp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// source gives the tokens of a list in a bubble, one per fetch: for "" it hangs,
// for "!" it fails.
type source struct {
	list    []string
	fetched int
}

func (s *source) fetch(ctx context.Context) (Token, error) {
	next := s.list[s.fetched]
	switch s.fetched++; next {
	case "":
		<-ctx.Done()
		return Token{}, ctx.Err()
	case "!":
		return Token{}, errors.New("none")
	}
	return Token{Bearer: next, Expires: time.Now().Add(time.Hour)}, nil
}

func newSource(list ...string) (*tokens, *source) {
	s := &source{list: list}
	return newTokens(s.fetch, time.Now), s
}

// While the source hangs, a token that has time left is used, and the wait for the
// next one takes next to nothing of a call's time.
func TestTokensGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, source := newSource("!", "one", "", "", "two", "!", "!")
		for _, step := range []struct {
			name    string
			pause   time.Duration
			bearer  string // "" for an error
			took    time.Duration
			fetched int
		}{
			{"none yet", 0, "", 0, 1},
			{"the first", 0, "one", 0, 2},
			{"kept", 50 * time.Minute, "one", 0, 2},
			{"it hangs", 8 * time.Minute, "one", tokenTry, 3},
			{"the next call does not fetch", 0, "one", 0, 3},
			{"nor one a moment later", tokenGap - 1, "one", 0, 3},
			{"it still hangs", 1, "one", tokenTry, 4},
			{"it answers", tokenGap, "two", 0, 5},
			{"that is kept", time.Minute, "two", 0, 5},
			{"while there is no newer one", 57 * time.Minute, "two", 0, 6},
			{"but never after its end", 2 * time.Minute, "", 0, 7},
		} {
			time.Sleep(step.pause)
			start := time.Now()
			token, err := tokens.get(t.Context())
			if took := time.Since(start); (err == nil) != (step.bearer != "") || token.Bearer != step.bearer || took != step.took || source.fetched != step.fetched {
				t.Errorf("%s: %q (%v) after %v and %d fetches, want %q after %v and %d",
					step.name, token.Bearer, err, took, source.fetched, step.bearer, step.took, step.fetched)
			}
		}
	})
}

// Fifty calls at once wait for one fetch, not one behind the other.
func TestTokensGetConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, _ := newSource("one", "")
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
		if all.Wait(); time.Since(start) != tokenTry {
			t.Errorf("all have theirs after %v, want %v", time.Since(start), tokenTry)
		}
	})
}

// A refusal takes a moment to arrive. Meanwhile another call may have fetched a new
// token, or be waiting for one.
func TestTokensForget(t *testing.T) {
	for _, row := range []struct {
		name    string
		refused string
		busy    bool
		want    string // the token of the next call
	}{
		{"the one in use", "one", false, "two"},
		{"one before it", "zero", false, "one"},
		{"while another call fetches", "one", true, "one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens, _ := newSource("one", "two")
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

func TestMetadata(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		want   Token
	}{
		"a token":           {says(200, `{"access_token": "one", "expires_in": 3600, "token_type": "Bearer"}`), Token{Bearer: "one", Expires: now().Add(time.Hour)}},
		"nothing":           {says(200, `{}`), Token{}},
		"an empty one":      {says(200, `{"access_token": "", "expires_in": 3600}`), Token{}},
		"one with an error": {says(403, `{"access_token": "canary", "expires_in": 3600}`), Token{}},
		"a page":            {says(200, "<html>canary"), Token{}},
		"nothing at all":    {hangsUp, Token{}},
	} {
		server := newGoogle(t, row.answer)
		token, err := metadata(server.Client(), strings.TrimPrefix(server.URL, "http://"), now)(t.Context())
		if token != row.want || (err == nil) != (row.want != Token{}) || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, error %v", name, token.Expires, err)
		}
		if r := server.first(); r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Path != "/computeMetadata/v1/instance/service-accounts/default/token" {
			t.Errorf("%s: asked for %s with %v", name, r.URL, r.Header)
		}
	}
}

// Each call carries the source's token and the project that pays; one that a
// service refuses is replaced; without one nothing is sent.
func TestNewSendsTokens(t *testing.T) {
	for _, row := range []struct {
		name   string
		tokens []string
		answer http.HandlerFunc // of the first call; then it is stored
		sent   []string
	}{
		{"a token", []string{"one"}, stored, []string{"Bearer one for paying"}},
		{"a refused one", []string{"one", "two"}, refuses(401, "UNAUTHENTICATED"), []string{"Bearer one for paying", "Bearer two for paying"}},
		{"none", []string{"!", "!", "!"}, stored, nil},
		{"a source that hangs", []string{"", "", ""}, stored, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			pubsub, source := newGoogle(t, row.answer, stored), &source{list: row.tokens}
			env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project"}
			c, err := New(func(name string) string { return env[name] }, func(ctx context.Context) (Token, error) {
				token, err := source.fetch(ctx)
				token.QuotaProject = "paying"
				return token, err
			})
			if err != nil {
				t.Fatal(err)
			}
			c.pubsub.url = pubsub.URL
			start := time.Now()
			err = c.Topic("events").Publish(t.Context(), example)
			var sent []string
			for _, r := range pubsub.requests {
				sent = append(sent, r.Header.Get("Authorization")+" for "+r.Header.Get("X-Goog-User-Project"))
			}
			if strings.Join(sent, ", ") != strings.Join(row.sent, ", ") || (err == nil) != (row.sent != nil) || time.Since(start) > publishBudget+time.Second/2 {
				t.Errorf("sent %q, want %q, error %v after %v", sent, row.sent, err, time.Since(start))
			}
		})
	}
}
