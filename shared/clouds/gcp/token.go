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

// tokenSpare is how long before its end a token is replaced. The metadata server
// hands out a new one from about four minutes before.
const tokenSpare = 3 * time.Minute

// token is the access token of the service account a function runs as, from the
// metadata server. It is the only way in: keys in files are what leaks.
type token struct {
	url  string
	http *http.Client
	now  func() time.Time

	turn   chan struct{} // holds one token; whoever has it may touch what follows
	bearer string
	ends   time.Time
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
// metadata server is out of reach, an older token is used to its end.
func (t *token) get(ctx context.Context) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	left := t.ends.Sub(t.now())
	if left > tokenSpare {
		return t.bearer, nil
	}
	if err := t.fetch(ctx); err != nil && left <= 0 {
		return "", fmt.Errorf("access token: %w", err)
	}
	return t.bearer, nil
}

// forget drops a token that a service refused.
func (t *token) forget() {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	t.ends = time.Time{}
}

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
