package gcp

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	first  = "canary-first-0123456789"
	second = "canary-second-0123456789"
)

// vault is a mounted secret, and a clock.
type vault struct {
	*Keyrings
	content string
	err     error
	reads   atomic.Int64
	now     time.Time
	log     bytes.Buffer
}

func newVault(content string) *vault {
	v := &vault{content: content, now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	read := func() ([]byte, error) {
		v.reads.Add(1)
		return []byte(v.content), v.err
	}
	v.Keyrings = newKeyrings(read, schemes(), func() time.Time { return v.now }, NewLog(&v.log))
	return v
}

func schemes() map[string]signature.Scheme {
	return providers.Table().Schemes()
}

func signed(t *testing.T, secret, body string) string {
	t.Helper()
	ring, err := signature.NewKeyring(schemes()["gabber"], signature.Secret{ID: "1", Value: secret})
	if err != nil {
		t.Fatal(err)
	}
	return ring.Sign([]byte(body))
}

// key says by which key Gabber's ring believes a secret's signature.
func (v *vault) key(t *testing.T, secret string) string {
	t.Helper()
	ring, err := v.Keyring(t.Context(), "gabber")
	if err != nil {
		return err.Error()
	}
	id, _ := ring.Verify(signed(t, secret, "body"), []byte("body"))
	return id
}

func TestSecrets(t *testing.T) {
	for name, row := range map[string]struct {
		content string
		want    string // the key's id, or the error
	}{
		"one":                        {`{"gabber": "` + first + `"}`, "1"},
		"a list":                     {`{"gabber": ["` + second + `", "` + first + `"]}`, "2"},
		"a newline behind the JSON":  {`{"gabber": "` + first + "\"}\n", "1"},
		"other platforms unknown":    {`{"gabber": "` + first + `", "new": 1}`, "1"},
		"not named":                  {`{"chatbase": "` + first + `"}`, "webhook secret of gabber: provider is not configured: the secret does not name it"},
		"another platform's is bad":  {`{"gabber": "` + first + `", "chatbase": "x"}`, "1"},
		"a number":                   {`{"gabber": 1}`, "webhook secret of gabber: value is neither a string nor a list of strings"},
		"null":                       {`{"gabber": null}`, "webhook secret of gabber: value is neither a string nor a list of strings"},
		"an empty list":              {`{"gabber": []}`, "webhook secret of gabber: a keyring holds 1 to 3 secrets, not 0"},
		"empty":                      {`{"gabber": ""}`, "webhook secret of gabber: secret 1: secret is empty or blank"},
		"a newline in the secret":    {`{"gabber": "` + first + `\n"}`, "webhook secret of gabber: secret 1: secret begins or ends with white space"},
		"short":                      {`{"gabber": ["` + first + `", "short"]}`, "webhook secret of gabber: secret 2: secret is shorter than 16 bytes"},
		"twice":                      {`{"gabber": "` + first + `", "gabber": "` + second + `"}`, "webhook secrets: the secret is not a JSON object"},
		"the secret itself, no JSON": {first, "webhook secrets: the secret is not a JSON object"},
		"an empty file":              {"", "webhook secrets: the secret is not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(row.content)
			got := v.key(t, first)
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
			if strings.Contains(got+v.log.String(), "canary") {
				t.Errorf("a secret was told: %s", v.log.String())
			}
		})
	}
}

func TestRotation(t *testing.T) {
	v := newVault(`{"gabber": "` + first + `"}`)
	step := func(after time.Duration, content, secret, want string, reads int64) {
		t.Helper()
		v.now = v.now.Add(after)
		v.content = content
		if got := v.key(t, secret); got != want || v.reads.Load() != reads {
			t.Errorf("%q after %d reads, want %q after %d", got, v.reads.Load(), want, reads)
		}
	}
	old, both, bad := v.content, `{"gabber": ["`+second+`", "`+first+`"]}`, `{"gabber": "short"}`
	step(0, old, first, "1", 1)
	step(4*time.Minute, both, first, "1", 1) // fresh: nothing is read
	step(2*time.Minute, both, first, "2", 2)
	step(0, both, second, "1", 2)
	step(6*time.Minute, bad, second, "1", 3) // the last good one stays
	if !strings.Contains(v.log.String(), `"code":"SEC"`) {
		t.Error("nobody is told of the bad secret")
	}
	step(6*time.Minute, `{"gabber": "`+second+`"}`, first, "", 4)
}

func TestAMismatchLooksForANewerSecret(t *testing.T) {
	v := newVault(`{"gabber": "` + first + `"}`)
	v.key(t, first)
	v.content = `{"gabber": "` + second + `"}`
	if v.Refresh(t.Context(), "gabber") != nil || v.reads.Load() != 1 {
		t.Errorf("read again at once: %d reads", v.reads.Load())
	}
	v.now = v.now.Add(31 * time.Second)
	ring := v.Refresh(t.Context(), "gabber")
	if ring == nil || v.reads.Load() != 2 {
		t.Fatalf("no newer secret after %d reads", v.reads.Load())
	}
	if id, ok := ring.Verify(signed(t, second, "body"), []byte("body")); !ok || id != "1" {
		t.Error("the newer secret does not verify")
	}
	for range 1000 { // a flood of wrong signatures
		v.now = v.now.Add(25 * time.Millisecond)
		if v.Refresh(t.Context(), "gabber") != nil {
			t.Fatal("newer than the newest")
		}
	}
	if v.reads.Load() != 2 {
		t.Errorf("%d reads within 30 s", v.reads.Load())
	}
}

func TestTheSecretCannotBeRead(t *testing.T) {
	v := newVault("")
	v.err = errors.New("permission denied")
	if got := v.key(t, first); got != "webhook secrets: permission denied" {
		t.Errorf("%q", got)
	}
	v.now = v.now.Add(time.Second)
	v.key(t, first)
	if v.reads.Load() != 1 {
		t.Errorf("%d reads within a second", v.reads.Load())
	}
	if v.log.Len() != 0 {
		t.Errorf("what every refused delivery says is said twice: %s", v.log.String())
	}
	v.err, v.content, v.now = nil, `{"gabber": "`+first+`"}`, v.now.Add(2*time.Second)
	if got := v.key(t, first); got != "1" {
		t.Fatalf("still %q when it can be read", got)
	}
	v.err = errors.New("permission denied")
	for hours, want := range map[time.Duration]string{1: "1", 24: "1", 25: "webhook secrets: permission denied"} {
		later := newVault(`{"gabber": "` + first + `"}`)
		later.key(t, first)
		later.err, later.now = v.err, later.now.Add(hours*time.Hour)
		if got := later.key(t, first); got != want {
			t.Errorf("after %d hours: %q, want %q", hours, got, want)
		}
	}
}

// Somebody is called after an hour of failures in a row, however long ago the
// last read before them was, or when the secrets in use will not last an hour.
func TestAnAlarmAboutTheSecret(t *testing.T) {
	type read struct {
		after time.Duration
		err   error
	}
	for _, row := range []struct {
		name  string
		reads []read
		want  int
	}{
		{"one failure after two quiet hours", []read{{2 * time.Hour, errDenied}}, 0},
		{"and after 23", []read{{23 * time.Hour, errDenied}}, 0},
		{"an hour of failures", []read{{keepFor, errDenied}, {59 * time.Minute, errDenied}, {time.Minute, errDenied}}, 1},
		{"not in a row", []read{{keepFor, errDenied}, {time.Hour, nil}, {keepFor, errDenied}, {59 * time.Minute, errDenied}}, 0},
		{"the last hour of what is in use", []read{{23*time.Hour + 1, errDenied}}, 1},
		{"nothing in use, and each refused delivery says so", []read{{25 * time.Hour, errDenied}, {2 * time.Hour, errDenied}}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := newVault(`{"gabber": "` + first + `"}`)
			v.key(t, first)
			for _, r := range row.reads {
				v.err, v.now = r.err, v.now.Add(r.after)
				v.key(t, first)
			}
			if got := strings.Count(v.log.String(), `"code":"SEC"`); got != row.want || v.reads.Load() != int64(len(row.reads)+1) {
				t.Errorf("%d alarms, want %d, after %d reads: %s", got, row.want, v.reads.Load(), v.log.String())
			}
		})
	}
}

// A secret that is too old to be used is as good as none: one failed read does
// not keep deliveries out for longer than a sender tries.
func TestTheSecretCanBeReadAgainAfterADay(t *testing.T) {
	v := newVault(`{"gabber": "` + first + `"}`)
	v.key(t, first)
	v.err, v.now = errDenied, v.now.Add(useFor+time.Hour)
	if got := v.key(t, first); got != "webhook secrets: permission denied" {
		t.Errorf("%q", got)
	}
	v.err, v.now = nil, v.now.Add(firstGap)
	if got := v.key(t, first); got != "1" || v.reads.Load() != 3 {
		t.Errorf("%q after %d reads, want the secret after 3", got, v.reads.Load())
	}
}

// A tenant may have a secret of its own; a bad one is not the platform's to stand
// in for.
func TestSecretsOfTenants(t *testing.T) {
	v := newVault(`{"chatbase": "` + first + `", "chatbase/bot-1": ["` + second + `"], "chatbase/bot-2": "short"}`)
	platform, err := v.Keyring(t.Context(), "chatbase")
	own, ownErr := v.Keyring(t.Context(), "chatbase/bot-1")
	if err != nil || ownErr != nil || own == platform {
		t.Errorf("the platform's: %v, its own: %v", err, ownErr)
	}
	if _, err := v.Keyring(t.Context(), "chatbase/bot-2"); err == nil || errors.Is(err, webhook.ErrNotConfigured) {
		t.Errorf("a bad secret of its own: %v, and the platform's would be asked for", err)
	}
	if _, err := v.Keyring(t.Context(), "chatbase/nobody"); !errors.Is(err, webhook.ErrNotConfigured) {
		t.Errorf("a tenant without one: %v, and the platform's would not be asked for", err)
	}
}

func TestManyAtOnceReadOnce(t *testing.T) {
	v := newVault(`{"gabber": "` + first + `"}`)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got := v.key(t, first); got != "1" {
				t.Errorf("%q", got)
			}
		})
	}
	all.Wait()
	if v.reads.Load() != 1 {
		t.Errorf("%d reads", v.reads.Load())
	}
}

func TestTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "webhook")
	var log bytes.Buffer
	k := NewKeyrings(file, schemes(), NewLog(&log))
	if _, err := k.Keyring(t.Context(), "gabber"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that there is no file", err)
	}
	if err := os.WriteFile(file, []byte(`{"gabber": "`+first+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewKeyrings(file, schemes(), NewLog(&log)).Keyring(t.Context(), "gabber"); err != nil {
		t.Error(err)
	}
}

// A refusal asks what is known, and reads nothing.
func TestUnused(t *testing.T) {
	v := newVault(`{"gabber": "` + first + `", "chatbase/bot": "` + first + `"}`)
	if v.Unused("oblic") {
		t.Error("unused before the secret was read")
	}
	v.key(t, first)
	if !v.Unused("oblic") || v.Unused("gabber") || v.Unused("chatbase") {
		t.Error("a platform in the secret is unused, or another is not")
	}
	v.now = v.now.Add(keepFor)
	if v.Unused("oblic") {
		t.Error("unused by an old secret: it may be in the new one")
	}
	if n := v.reads.Load(); n != 1 {
		t.Errorf("%d reads, want one, by Keyring", n)
	}
}
