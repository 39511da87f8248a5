package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"uuid"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

type sendCmd struct {
	Platform string `arg:"" help:"As in its route: gabber, for example. A wrong one lists them all."`
	Event    string `arg:"" optional:"" help:"A sample's name, for example usage.tracked; with --data any text."`
	URL      string `name:"url" default:"http://127.0.0.1:8080" help:"Where to post; the platform's route is appended if there is no path, and http:// stands in front if nothing does."`
	Data     string `placeholder:"FILE" help:"Send this file instead of the sample."`
	Times    int    `default:"1" help:"How often to send the same delivery."`
	Parallel bool   `help:"Send up to 500 at once instead of one after the other."`
	NewPair  bool   `help:"Send nothing; print a pair of keys as two lines for .env, for a platform whose signatures are verified with its public key."`
	Tamper   bool   `help:"Change one byte after signing: the delivery must be refused."`
	operator.Output
}

// sent is the answer to one delivery.
type sent struct {
	Status int     `json:"status"`
	Body   string  `json:"body"`
	Millis float64 `json:"milliseconds"`
	Fault  string  `json:"fault,omitempty"` // why there was no answer
}

func (c *sendCmd) Run(ctx context.Context) error {
	to, err := c.target()
	if err != nil {
		return err
	}
	env, err := environment()
	if err != nil {
		return err
	}
	settings, err := loadSettings(env)
	if err != nil {
		return err
	}
	platform, err := settings.platform(c.Platform)
	if err != nil {
		return err
	}
	if c.NewPair {
		entry, _ := settings.providers.Named(c.Platform)
		return printPair(os.Stdout, c.Platform, entry.Scheme)
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	ring, err := settings.signer(ctx, platform, body)
	if err != nil {
		return err
	}
	id := deliveryID() // the same each time it is sent
	answers := c.deliver(ctx, func() sent {
		q := signature.Request{Method: http.MethodPost, Body: bytes.Clone(body)}
		err := ring.Sign(&q, time.Now(), id)
		if c.Tamper {
			q.Body = tampered(q.Body)
		}
		var answer sent
		if err == nil {
			answer, err = post(ctx, to, q)
		}
		if err != nil {
			answer.Fault = faultOf(err)
		}
		return answer
	})
	if err := c.Print(os.Stdout, answers, func(w io.Writer) { summary(w, answers) }); err != nil {
		return err
	}
	return c.judge(answers)
}

// faultOf is the last error of a chain: what the system said, without the
// layers above it.
func faultOf(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// summary is the answer, or a line for each kind of answer, the most frequent first.
func summary(w io.Writer, answers []sent) {
	millis := map[string][]float64{}
	for _, a := range answers {
		kind := fmt.Sprintf("%d %s", a.Status, operator.Printable(a.Body))
		if a.Fault != "" {
			kind = "no answer: " + a.Fault
		}
		millis[kind] = append(millis[kind], a.Millis)
	}
	kinds := slices.SortedFunc(maps.Keys(millis), func(a, b string) int {
		return cmp.Or(len(millis[b])-len(millis[a]), strings.Compare(a, b))
	})
	for _, kind := range kinds {
		all := millis[kind]
		slices.Sort(all)
		if len(answers) == 1 {
			fmt.Fprintf(w, "%s  %.1f ms\n", kind, all[0])
			continue
		}
		fmt.Fprintf(w, "%d × %s  p50 %.1f ms, p99 %.1f ms\n", len(all), kind, all[len(all)/2], all[len(all)*99/100])
	}
}

// judge makes the exit code useful to scripts: the delivery was accepted, or a
// tampered one refused.
func (c *sendCmd) judge(answers []sent) error {
	for _, a := range answers {
		if a.Fault != "" {
			return errors.New("no answer: " + a.Fault)
		}
		if accepted := a.Status == http.StatusOK; accepted == c.Tamper {
			if c.Tamper {
				return errors.New("a tampered delivery was accepted")
			}
			return errors.New("not accepted")
		}
	}
	return nil
}

// platform finds one by its name.
func (s settings) platform(name string) (webhook.Provider, error) {
	var names []string
	for _, p := range s.providers {
		if p.Name == name {
			return p.Provider, nil
		}
		names = append(names, p.Name)
	}
	return webhook.Provider{}, fmt.Errorf("no platform %s: there are %s", name, strings.Join(names, ", "))
}

// signer gives the keyring that signs a body: the one it will be verified with, or one
// of the platform's private key.
func (s settings) signer(ctx context.Context, p webhook.Provider, body []byte) (*signature.Keyring, error) {
	if entry, _ := s.providers.Named(p.Name); entry.Scheme.IsPublic() {
		if s.signingKeys[p.Name] == "" {
			return nil, fmt.Errorf("%s is not set: `hooks send %s --new-pair` prints a pair of keys for .env", signingKeyVariable(p.Name), p.Name)
		}
		sign, err := signWith(s.signingKeys[p.Name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", signingKeyVariable(p.Name), err)
		}
		return signature.NewSigner(entry.Scheme, sign)
	}
	_, ring, err := ingest.Keyring(ctx, s.keyrings, p, p.TenantOf(body))
	if err != nil {
		return nil, err
	}
	return ring.(*signature.Keyring), nil
}

func (c *sendCmd) body() ([]byte, error) {
	if c.Data != "" {
		body, err := os.ReadFile(c.Data)
		if err != nil {
			err = fmt.Errorf("--data %s: %s", c.Data, faultOf(err))
		}
		return body, err
	}
	return events.Body(c.Platform, c.Event)
}

// deliveryID is what a platform whose signature covers an id calls a delivery.
func deliveryID() string { return "msg_" + strings.ReplaceAll(uuid.New().String(), "-", "") }

// tampered changes one bit in the middle.
func tampered(body []byte) []byte {
	changed := bytes.Clone(body)
	if len(changed) == 0 {
		return []byte(" ")
	}
	changed[len(changed)/2] ^= 1
	return changed
}

// deliver does one so many times. On a terminal it counts meanwhile.
func (c *sendCmd) deliver(ctx context.Context, one func() sent) []sent {
	answers := make([]sent, c.Times)
	var begun, ended atomic.Int64
	work := func() {
		for i := begun.Add(1); i <= int64(c.Times); i = begun.Add(1) {
			answers[i-1] = one()
			ended.Add(1)
		}
	}
	senders := 1
	if c.Parallel {
		senders = min(c.Times, 500)
	}
	counting, stop := context.WithCancel(ctx)
	var all, counter sync.WaitGroup
	counter.Go(func() { count(counting, &ended, c.Times) })
	for range senders {
		all.Go(work)
	}
	all.Wait()
	stop()
	counter.Wait()
	return answers
}

// count shows on a terminal how many of all are done, until ctx is.
func count(ctx context.Context, done *atomic.Int64, all int) {
	for terminal(os.Stderr) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
			fmt.Fprintf(os.Stderr, "\r%d of %d\r", done.Load(), all)
		}
	}
}

// target is where to post.
func (c *sendCmd) target() (string, error) {
	address := c.URL
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return "", errors.New("--url is an address such as http://127.0.0.1:8080")
	}
	if strings.Trim(to.Path, "/") == "" {
		to.Path = "/" + c.Platform
	}
	return to.String(), nil
}

// client does what a platform does: no redirects, and no patience.
var client = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// post delivers a signed request and gives the answer with the time it took.
func post(ctx context.Context, url string, q signature.Request) (sent, error) {
	if q.Query != "" {
		url += "?" + q.Query
	}
	req, err := http.NewRequestWithContext(ctx, q.Method, url, bytes.NewReader(q.Body))
	if err != nil {
		return sent{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, values := range q.Header {
		req.Header[name] = values
	}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return sent{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return sent{Status: resp.StatusCode, Body: string(text), Millis: float64(time.Since(start).Microseconds()) / 1000}, err
}
