package aws

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// attempts at one call: enough for a lost packet; an outage is left to the queue
	// and the sender.
	attempts = 3
	// attemptTimeout lets two tries fit into the 3 s ingest has.
	attemptTimeout = 1400 * time.Millisecond
	// backoff is the longest wait before the second try; it doubles.
	backoff = 50 * time.Millisecond
	// maxAnswer in bytes: DynamoDB's largest page is 1 MB, before its JSON form.
	maxAnswer = 8 << 20
)

// call sends one request and reads its answer into out, trying again where that
// can help and ctx has time. The request may have been carried out although an
// error is returned.
func (c *Client) call(ctx context.Context, s service, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	for try := 1; ; try++ {
		err = c.attempt(ctx, s, operation, body, out)
		if err == nil {
			return nil
		}
		if try == attempts || !retryable(err) || c.pause(ctx, try, backoff) != nil {
			return fmt.Errorf("%s: %w", operation, err)
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

func (c *Client) attempt(ctx context.Context, s service, operation string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoints[s], bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", s.contentType)
	request.Header.Set("X-Amz-Target", operation)
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), s.name, c.region, c.now()); err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return readError(response, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return errors.New("the answer is not JSON")
	}
	return nil
}

// Error is a refusal by an AWS service. Its text names the code and, where a
// policy must be fixed, the service's message; other messages may quote the request.
type Error struct {
	Code      string // "AccessDeniedException", "HTTP 503" where the service gave none
	Status    int
	RequestID string
	message   string
	canceled  []cancellation // why a transaction was canceled, one per item
}

func (e *Error) Error() string {
	text := e.Code
	if strings.HasPrefix(e.Code, "AccessDenied") || strings.HasPrefix(strings.ToUpper(e.Code), "KMS") {
		text += ": " + e.message
	}
	return fmt.Sprintf("%s (request %s)", text, e.RequestID)
}

func readError(response *http.Response, answer []byte) *Error {
	var fields struct {
		Type                string `json:"__type"`
		Message             string `json:"message"`
		CancellationReasons []cancellation
	}
	_ = json.Unmarshal(answer, &fields) // a proxy's answer has no fields: the status must do
	return &Error{
		Code:      cmp.Or(fields.Type[strings.IndexByte(fields.Type, '#')+1:], fmt.Sprintf("HTTP %d", response.StatusCode)),
		Status:    response.StatusCode,
		RequestID: response.Header.Get("X-Amzn-Requestid"),
		message:   fields.Message,
		canceled:  fields.CancellationReasons,
	}
}

// transient are the refusals that say nothing about the request.
var transient = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"RequestThrottled":                       true,
	"RequestTimeout":                         true,
	"ThrottlingException":                    true,
	"Throttling":                             true,
	"TransactionInProgressException":         true,
	"KmsThrottled":                           true,
}

// retryable: any error but a refusal that would be repeated. The network's effect on
// a request is not known, so every request of ours can be repeated.
func retryable(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return !ok || refusal.Status >= 500 || refusal.Status == http.StatusTooManyRequests || transient[refusal.Code]
}

// refusedAs says whether err is a service's refusal with this code.
func refusedAs(err error, code string) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Code == code
}
