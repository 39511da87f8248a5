package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

type sendCmd struct {
	Platform string `arg:"" help:"As in its route: gabber, for example. A wrong one lists them all."`
	Event    string `arg:"" help:"A sample's name, for example usage.tracked; with --data any text."`
	URL      string `name:"url" default:"http://127.0.0.1:8080" help:"Where to post; the platform's route is appended if there is no path."`
	Data     string `placeholder:"FILE" help:"Send this file instead of the sample."`
	Times    int    `default:"1" help:"How often to send the same delivery."`
	Parallel bool   `help:"Send all at once instead of one after the other."`
	Tamper   bool   `help:"Change one byte after signing: the delivery must be refused."`
	operator.Output
}

// sent is the answer to one delivery.
type sent struct {
	Status int     `json:"status"`
	Body   string  `json:"body"`
	Millis float64 `json:"milliseconds"`
}

func (c *sendCmd) Run(ctx context.Context) error {
	if c.Times < 1 {
		return errors.New("--times is at least 1")
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
	body, err := c.body()
	if err != nil {
		return err
	}
	ring, err := settings.signer(ctx, platform, body)
	if err != nil {
		return err
	}
	mark := ring.Sign(body)
	if c.Tamper {
		body = tampered(body)
	}
	answers, err := c.deliver(ctx, ring.Header(), mark, body)
	if err != nil {
		return err
	}
	if err := c.Print(os.Stdout, answers, func(w io.Writer) {
		for _, a := range answers {
			fmt.Fprintf(w, "%d %s  %.1f ms\n", a.Status, a.Body, a.Millis)
		}
	}); err != nil {
		return err
	}
	return c.judge(answers)
}

// judge makes the exit code useful to scripts: the delivery was accepted, or a
// tampered one refused.
func (c *sendCmd) judge(answers []sent) error {
	for _, a := range answers {
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

// signer gives the keyring that signs a body: the one it will be verified with.
func (s settings) signer(ctx context.Context, p webhook.Provider, body []byte) (*signature.Keyring, error) {
	_, ring, err := ingest.Keyring(ctx, s.keyrings, p, p.TenantOf(body))
	if err != nil {
		return nil, err
	}
	return ring.(*signature.Keyring), nil
}

func (c *sendCmd) body() ([]byte, error) {
	if c.Data != "" {
		return os.ReadFile(c.Data)
	}
	return events.Body(c.Platform, c.Event)
}

// tampered changes one bit in the middle.
func tampered(body []byte) []byte {
	changed := bytes.Clone(body)
	if len(changed) == 0 {
		return []byte(" ")
	}
	changed[len(changed)/2] ^= 1
	return changed
}

func (c *sendCmd) deliver(ctx context.Context, header, mark string, body []byte) ([]sent, error) {
	answers := make([]sent, c.Times)
	faults := make([]error, c.Times)
	var all sync.WaitGroup
	for i := range c.Times {
		one := func() { answers[i], faults[i] = post(ctx, c.target(), header, mark, body) }
		if c.Parallel {
			all.Go(one)
		} else {
			one()
		}
	}
	all.Wait()
	return answers, errors.Join(faults...)
}

func (c *sendCmd) target() string {
	if _, rest, ok := strings.Cut(c.URL, "://"); ok && strings.Contains(strings.TrimSuffix(rest, "/"), "/") {
		return c.URL
	}
	return strings.TrimSuffix(c.URL, "/") + "/" + c.Platform
}

// client does what a platform does: no redirects, and no patience.
var client = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// post delivers a signed body and gives the answer with the time it took.
func post(ctx context.Context, url, header, mark string, body []byte) (sent, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return sent{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(header, mark)
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return sent{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return sent{resp.StatusCode, string(text), float64(time.Since(start).Microseconds()) / 1000}, err
}
