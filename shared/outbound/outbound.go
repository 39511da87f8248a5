// Package outbound is the third function's way out: it calls the APIs of
// platforms, and nothing else.
//
// What an attacker could use, a [Client] does not do. It calls the hosts it was
// configured with and no other, over TLS (plain HTTP only to a loopback
// address); it follows no redirect, so an API key never travels on; it takes at
// most 64 KiB of an answer and at most 5 s for all of it. No URL from an event
// is ever called.
//
// The events that reach outbound are handled by package worker, like all others;
// the handlers that use a Client are in package calls.
package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// Timeout bounds one call, from the first byte to the last.
	Timeout = 5 * time.Second
	// MaxAnswer is how many bytes of an answer are read.
	MaxAnswer = 64 << 10
	// maxRetryAfter caps what an API may ask us to wait.
	maxRetryAfter = 30 * time.Second
)

// Doer does one HTTP exchange and gives the body of a 2xx answer. Its errors are
// those of [Client.Do].
type Doer interface {
	Do(ctx context.Context, method, url string, header map[string]string, body []byte) ([]byte, error)
}

// Client calls configured hosts. It is safe for concurrent use.
type Client struct {
	Hosts     []string // "api.gabber.dev", with the port where it is not the scheme's own
	Transport http.RoundTripper
}

// NewTransport connects anew for every call. An instance may be frozen between
// two of them, and a connection that died meanwhile looks like a call of unknown
// outcome, of which some cannot be repeated.
func NewTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = true
	return t
}

var (
	// ErrUnknown: the call may or may not have taken effect.
	ErrUnknown = errors.New("outcome of the call is unknown")
	// ErrRefused: the API does not accept our key, or redirects, or is not one of
	// the configured hosts. People must mend it; the events wait.
	ErrRefused = errors.New("the API refused us")
	// ErrConflict is an ErrRefused: 409, which an API may answer to what it has
	// done already.
	ErrConflict = fmt.Errorf("%w: status 409", ErrRefused)
	// ErrNotFound: what the call is about does not exist there.
	ErrNotFound = errors.New("not found at the API")
)

// Do sends one request and gives the body of a 2xx answer. Its errors say what
// to do: permanent (the request itself is wrong, 400 or 422), [ErrNotFound],
// [ErrRefused] (401, 403, 3xx), [ErrConflict], [ErrUnknown] (5xx, timeout, a
// broken connection), or to be tried later (429, and 5xx that say when). They
// quote neither side.
//
// A 2xx says that the call took effect, even if the answer is lost: of one
// that is cut or too long comes what was read of it.
func (c *Client) Do(ctx context.Context, method, target string, header map[string]string, body []byte) ([]byte, error) {
	if err := c.allowed(target); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, webhook.Permanent("the request cannot be built")
	}
	req.Header.Set("User-Agent", "webhook-functions")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	// A RoundTripper does one exchange: no redirects, no cookies, no retries.
	resp, err := c.Transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%w: no answer", ErrUnknown) // the cause may hold the URL
	}
	defer resp.Body.Close()
	if err := judge(resp); err != nil {
		return nil, err
	}
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer))
	return answer, nil
}

func (c *Client) allowed(target string) error {
	u, err := url.Parse(target)
	if err != nil || u.User != nil || !slices.Contains(c.Hosts, u.Host) {
		return fmt.Errorf("%w: host is not configured", ErrRefused)
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%w: neither https nor a loopback address", ErrRefused)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func judge(resp *http.Response) error {
	switch status := resp.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests:
		return webhook.RetryAfter(retryAfter(resp), errors.New("the API is busy"))
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return webhook.Permanent(fmt.Sprintf("the API answered %d", status))
	case status >= 500:
		err := fmt.Errorf("%w: status %d", ErrUnknown, status)
		if resp.Header.Get("Retry-After") != "" {
			return webhook.RetryAfter(retryAfter(resp), err)
		}
		return err
	default:
		return fmt.Errorf("%w: status %d", ErrRefused, status)
	}
}

// retryAfter is how long the API wants to be left alone: a second if it does not
// say, half a minute at the most. A date is taken by the API's own clock.
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	wait := time.Second
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		wait = time.Duration(min(seconds, 3600)) * time.Second // less than what overflows
	} else if until, err := http.ParseTime(text); err == nil {
		if now, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			wait = until.Sub(now)
		}
	}
	return min(max(wait, 0), maxRetryAfter)
}
