package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	// attempts at one call: enough for a lost packet; an outage is left to the queue
	// and the sender.
	attempts = 3
	// backoff is the longest wait before the second try; it doubles.
	backoff = 50 * time.Millisecond
	// maxAnswer in bytes: a page of documents of the largest size we write.
	maxAnswer = 64 << 20
)

// call posts one request and reads its answer into out, trying again where that
// can help and ctx has time. The request may have been carried out although an
// error is returned.
func (c *Client) call(ctx context.Context, s service, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = c.attempt(ctx, s, path, body, out)
		if err == nil || try == attempts || !s.retryable(err) || c.pause(ctx, try, backoff) != nil {
			return err
		}
	}
}

// pause waits before try + 1, up to first doubled for every try so far, at
// random so that callers who collided do not collide again.
func (c *Client) pause(ctx context.Context, try int, first time.Duration) error {
	select {
	case <-time.After(time.Duration(c.random() * float64(first<<(try-1)))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) attempt(ctx context.Context, s service, path string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	token, err := s.token(ctx)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token.Bearer)
	if token.QuotaProject != "" {
		request.Header.Set("X-Goog-User-Project", token.QuotaProject)
	}
	status, answer, err := c.exchange(request)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		if status == http.StatusUnauthorized && s.tokens != nil {
			s.tokens.forget(ctx, token.Bearer)
		}
		return readError(status, answer)
	}
	if json.Unmarshal(answer, out) != nil {
		return errors.New("the answer is not JSON of the expected shape")
	}
	return nil
}

func (s service) token(ctx context.Context) (Token, error) {
	if s.tokens == nil {
		return Token{Bearer: "owner"}, nil // the emulators' name of a caller that may do everything
	}
	return s.tokens.get(ctx)
}

// exchange leaves the URL out of errors: it may name a document.
func (c *Client) exchange(request *http.Request) (status int, answer []byte, err error) {
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, errors.Unwrap(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, answer, err
}

// Error is a refusal by a Google API. Its text names the code and, where a
// permission must be fixed, the service's message; other messages may quote the request.
type Error struct {
	Code    string // "PERMISSION_DENIED", "HTTP 503" where the service gave none
	Status  int    // of HTTP
	message string
}

func (e *Error) Error() string {
	switch e.Code {
	case "PERMISSION_DENIED", "UNAUTHENTICATED":
		return e.Code + ": " + e.message
	}
	return e.Code
}

// refusal is an error in Google's JSON. Calls that stream put it into a list.
type refusal struct {
	Error *struct {
		Code    int
		Status  string
		Message string
	}
}

func readError(status int, answer []byte) *Error {
	refused := make([]refusal, 1)
	if json.Unmarshal(answer, &refused) != nil {
		_ = json.Unmarshal(answer, &refused[0]) // a proxy's answer has no fields: the status must do
	}
	if len(refused) == 0 || refused[0].Error == nil || refused[0].Error.Status == "" {
		return &Error{Code: fmt.Sprintf("HTTP %d", status), Status: status}
	}
	e := refused[0].Error
	return &Error{Code: e.Status, Status: status, message: e.Message}
}

// retryable: any error but a refusal that would be repeated. The network's effect on
// a request is not known, so every request of ours can be repeated.
func (s service) retryable(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	return !ok || refused.Status >= 500 || refused.Status == http.StatusTooManyRequests || refused.Status == http.StatusUnauthorized || refusedAs(err, s.transient...)
}

// refusedAs says whether err is a service's refusal with one of these codes.
func refusedAs(err error, codes ...string) bool {
	refused, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, refused.Code)
}
