package gcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// tokenSpare is how long before its end a token is replaced. The metadata
	// server hands out a new one from about four minutes before.
	tokenSpare = 3 * time.Minute
	// tokenTry is how long a call that has a token waits for the next one, and every
	// call behind it: the metadata server is on the same machine.
	tokenTry = 250 * time.Millisecond
	// tokenGap is how soon after a failure a call may wait again.
	tokenGap = 5 * time.Second
)

// Token is an access token of Google's.
type Token struct {
	Bearer  string
	Expires time.Time
	// QuotaProject pays for the calls if it is not the called project; "" mostly.
	QuotaProject string
}

// TokenSource fetches a new token. It is called by one goroutine at a time.
type TokenSource func(context.Context) (Token, error)

// tokens keeps the newest token of a source.
type tokens struct {
	source TokenSource
	now    func() time.Time

	turn   chan struct{} // holds one token; its holder may touch what follows
	newest Token
	failed time.Time // when a newer one was last not to be had
}

func newTokens(source TokenSource, now func() time.Time) *tokens {
	return &tokens{source: source, now: now, turn: make(chan struct{}, 1)}
}

// get gives a valid token, from memory if it can. While the source gives none, an
// older token is used to its end.
func (t *tokens) get(ctx context.Context) (Token, error) {
	if err := t.wait(ctx); err != nil {
		return Token{}, err
	}
	defer t.done()
	switch left := t.newest.Expires.Sub(t.now()); {
	case left <= 0:
		if err := t.fetch(ctx); err != nil {
			return Token{}, fmt.Errorf("access token: %w", err)
		}
	case left <= tokenSpare && t.now().Sub(t.failed) >= tokenGap:
		t.renew(ctx)
	}
	return t.newest, nil
}

// renew replaces a token that still has time left, in little of the call's time.
func (t *tokens) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tokenTry)
	defer cancel()
	if t.fetch(ctx) != nil {
		t.failed = t.now()
	}
}

// forget drops a token that a service refused, unless another one has taken its
// place meanwhile.
func (t *tokens) forget(ctx context.Context, refused string) {
	if t.wait(ctx) != nil {
		return
	}
	defer t.done()
	if t.newest.Bearer == refused {
		t.newest = Token{}
	}
}

func (t *tokens) wait(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tokens) done() { <-t.turn }

func (t *tokens) fetch(ctx context.Context) error {
	newest, err := t.source(ctx)
	if err == nil {
		t.newest = newest
	}
	return err
}

// metadata gives tokens of the service account a function runs as, from the
// metadata server: a key in a file is what leaks.
func metadata(client *http.Client, host string, now func() time.Time) TokenSource {
	url := "http://" + cmp.Or(host, "metadata.google.internal") + "/computeMetadata/v1/instance/service-accounts/default/token"
	return func(ctx context.Context) (Token, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return Token{}, err
		}
		request.Header.Set("Metadata-Flavor", "Google")
		response, err := client.Do(request)
		if err != nil {
			return Token{}, err
		}
		defer response.Body.Close()
		var answer struct {
			Token   string `json:"access_token"`
			Seconds int64  `json:"expires_in"`
		}
		err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer)
		if response.StatusCode != http.StatusOK || err != nil || answer.Token == "" {
			return Token{}, errors.New("the metadata server gave none")
		}
		return Token{Bearer: answer.Token, Expires: now().Add(time.Duration(answer.Seconds) * time.Second)}, nil
	}
}
