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
	// tokenTry is how long a call that has a token waits for the next one, and
	// everybody behind it: the metadata server is on the same machine.
	tokenTry = 250 * time.Millisecond
	// tokenGap is how soon after that failed somebody may wait again.
	tokenGap = 5 * time.Second
)

// token is the access token of the service account a function runs as, from the
// metadata server. It is the only way in: keys in files are what leaks.
type token struct {
	url  string
	http *http.Client
	now  func() time.Time

	turn   chan struct{} // holds one token; whoever has it may touch what follows
	bearer string
	ends   time.Time
	failed time.Time // when a newer one was last not to be had
}

func newToken(client *http.Client, host string, now func() time.Time) *token {
	return &token{
		url:  "http://" + cmp.Or(host, "metadata.google.internal") + "/computeMetadata/v1/instance/service-accounts/default/token",
		http: client,
		now:  now,
		turn: make(chan struct{}, 1),
	}
}

// get gives a token that is good for now, from memory if it can. While the
// metadata server is out of reach, or does not answer, an older token is used to
// its end.
func (t *token) get(ctx context.Context) (string, error) {
	if err := t.take(ctx); err != nil {
		return "", err
	}
	defer t.give()
	switch left := t.ends.Sub(t.now()); {
	case left <= 0:
		if err := t.fetch(ctx); err != nil {
			return "", fmt.Errorf("access token: %w", err)
		}
	case left <= tokenSpare && t.now().Sub(t.failed) >= tokenGap:
		t.renew(ctx)
	}
	return t.bearer, nil
}

// renew replaces a token that still has time left. So it does not take the time
// of the call it is for.
func (t *token) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tokenTry)
	defer cancel()
	if t.fetch(ctx) != nil {
		t.failed = t.now()
	}
}

// forget drops a token that a service refused, unless another one has taken its
// place meanwhile.
func (t *token) forget(ctx context.Context, refused string) {
	if t.take(ctx) != nil {
		return
	}
	defer t.give()
	if t.bearer == refused {
		t.ends = time.Time{}
	}
}

func (t *token) take(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *token) give() { <-t.turn }

func (t *token) fetch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Metadata-Flavor", "Google")
	response, err := t.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer)
	if response.StatusCode != http.StatusOK || err != nil || answer.Token == "" {
		return errors.New("the metadata server gave none")
	}
	t.bearer, t.ends = answer.Token, t.now().Add(time.Duration(answer.Seconds)*time.Second)
	return nil
}
