package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
)

// captured is a signed sample as a tool would have written it down.
func captured(t *testing.T) (platform, secret string, q signature.Request) {
	t.Helper()
	some := eventstest.Samples(t)[0]
	body, err := events.Body(some.Platform, some.Event)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := providers.Table().Named(some.Platform)
	secret = events.Secrets()[some.Platform]
	ring, err := signature.NewKeyring(p.Scheme, signature.Secret{ID: "1", Value: secret})
	q = signature.Request{Method: "POST", Body: body}
	if err == nil {
		err = ring.Sign(&q, time.Now(), "msg_test_1")
	}
	if err != nil {
		t.Fatal(err)
	}
	return some.Platform, secret, q
}

// written is a delivery in HTTP.
func written(q signature.Request, end string) string {
	text := "POST /hook HTTP/1.1" + end + "Host: hooks.example.com" + end
	for name, values := range q.Header {
		text += name + ": " + values[0] + end
	}
	return text + end + string(q.Body)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDoctor(t *testing.T) {
	platform, secret, q := captured(t)
	changed := q
	changed.Body = append(bytes.Clone(q.Body), '\n')
	event := func(body string, encoded bool) string {
		headers := map[string]string{}
		for name, values := range q.Header {
			headers[strings.ToLower(name)] = values[0]
		}
		text, _ := json.Marshal(map[string]any{"version": "2.0", "headers": headers, "body": body, "isBase64Encoded": encoded,
			"requestContext": map[string]any{"timeEpoch": time.Now().UnixMilli(), "http": map[string]string{"method": "POST"}}})
		return string(text)
	}
	encoded := base64.StdEncoding.EncodeToString(q.Body)
	unknown := q
	unknown.Body = bytes.Replace(bytes.Clone(q.Body), []byte(":"), []byte(";"), 1)
	for name, row := range map[string]struct {
		delivery, secret string
		code             int
		cause            string
	}{
		"right":                  {delivery: written(q, "\r\n")},
		"right, lines with LF":   {delivery: written(q, "\n")},
		"right, no request line": {delivery: strings.SplitN(written(q, "\n"), "\n", 2)[1]},
		"a newline":              {delivery: written(changed, "\r\n"), code: 1, cause: "body-newline"},
		"one byte":               {delivery: written(unknown, "\r\n"), code: 2},
		"event":                  {delivery: event(string(q.Body), false)},
		"event in base64":        {delivery: event(encoded, true)},
		"event not decoded":      {delivery: event(encoded, false), code: 1, cause: "body-base64"},
		"secret of the file":     {delivery: written(q, "\n"), secret: secret},
		"secret with newline":    {delivery: written(q, "\n"), secret: secret + "\n", code: 1, cause: "secret-space"},
		"older secret":           {delivery: written(q, "\n"), secret: "test-secret-that-is-not-set", code: 1, cause: "secret-old"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"doctor", platform, write(t, "delivery", row.delivery), "--json"}
			if row.secret != "" {
				args = append(args, "--secret-file", write(t, "secret", row.secret))
			}
			stdout, stderr, code := process(t, t.TempDir(), args...)
			var report struct {
				Verdict string
				Causes  []struct{ Code string }
			}
			if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != row.code || (code == 0) != (stderr == "") {
				t.Fatalf("exit code %d, stdout %s, stderr %q, %v", code, stdout, stderr, err)
			}
			var codes []string
			for _, cause := range report.Causes {
				codes = append(codes, cause.Code)
			}
			if want := strings.Fields(row.cause); !slices.Equal(codes, want) {
				t.Errorf("causes %q, want %q", codes, want)
			}
			if strings.Contains(stdout+stderr, secret) {
				t.Error("the secret is printed")
			}
		})
	}
}

// A secret that is set for another platform is found in the settings.
func TestDoctorKnowsTheOtherPlatforms(t *testing.T) {
	platform, _, q := captured(t)
	others := events.Secrets()
	delete(others, platform)
	for other, secret := range others {
		ring, err := signature.NewKeyring(providers.Table().Schemes()[platform], signature.Secret{ID: "1", Value: secret})
		if err != nil {
			continue
		}
		q := signature.Request{Method: "POST", Body: q.Body}
		if err := ring.Sign(&q, time.Now(), "msg_test_1"); err != nil {
			t.Fatal(err)
		}
		stdout, _, code := process(t, t.TempDir(), "doctor", platform, write(t, "delivery", written(q, "\n")))
		if code != 1 || !strings.HasPrefix(stdout, "secret-other-platform: ") || !strings.Contains(stdout, other) {
			t.Errorf("%s: exit code %d, %s", other, code, stdout)
		}
	}
}

func TestDoctorTakesAScheme(t *testing.T) {
	ring, err := signature.NewKeyring(signature.Scheme{Header: "X-Sig", Algorithm: signature.SHA256, Encoding: signature.Hex}, signature.Secret{ID: "1", Value: "test-secret-of-a-scheme"})
	q := signature.Request{Method: "POST", Body: []byte(`{"n":1}`)}
	if err == nil {
		err = ring.Sign(&q, time.Now(), "")
	}
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := process(t, t.TempDir(), "doctor", "--scheme", "header=X-Sig; encoding=base64", write(t, "delivery", written(q, "\n")), "--secret-file", write(t, "secret", "test-secret-of-a-scheme"))
	if code != 1 || !strings.HasPrefix(stdout, "encoding: ") || !strings.Contains(stdout, "header=X-Sig; algorithm=sha256; encoding=hex") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestDoctorAnswersAMistakeWithOneSentence(t *testing.T) {
	platform, secret, q := captured(t)
	file, key := write(t, "delivery", written(q, "\n")), write(t, "secret", secret)
	for _, args := range [][]string{
		{}, {"no-platform", file}, {platform, "nothing"}, {platform, file, "--scheme", "header=X"}, {"--scheme", "nothing", file}, {platform, file, "--now", "soon"},
		{platform, "-", "--secret-file", "-"}, {platform, file, "--secret-file", "nothing"}, {platform, write(t, "empty", " ")}, {platform, write(t, "words", "no header\n\n{}")},
		{platform, write(t, "json", `{"a":1}`)}, {"--scheme", "header=X-Sig", file}, {platform, write(t, "encoded", `{"headers":{},"body":"~","isBase64Encoded":true}`), "--secret-file", key},
	} {
		stdout, stderr, code := process(t, t.TempDir(), append([]string{"doctor"}, args...)...)
		if code == 0 || stdout != "" || strings.Count(strings.TrimSpace(stderr), "\n") != 0 || strings.Contains(stderr, secret) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}
