package gcp

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSecretEnv(t *testing.T) {
	plain := func(name string) string {
		return map[string]string{"KEY": "from the environment", "PLAIN": "plain"}[name]
	}
	for _, row := range []struct {
		name    string
		content string
		key     string // what KEY is
		bad     bool
	}{
		{"a value", `{"KEY":"from the secret"}`, "from the secret", false},
		{"a newline at the end", `{"KEY":"from the secret"}` + "\n", "from the secret", false},
		{"another value", `{"OTHER":"x"}`, "from the environment", false},
		{"an empty value", `{"KEY":""}`, "", false},
		{"nothing in it", `{}`, "from the environment", false},
		{"an empty file", "", "from the environment", false},
		{"an empty line", "\n", "from the environment", false},
		{"null", `null`, "", true},
		{"a bare key", `canary`, "", true},
		{"a list", `["canary"]`, "", true},
		{"not a string", `{"KEY":["canary"]}`, "", true},
		{"one name twice", `{"KEY":"canary","KEY":"other"}`, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "outbound")
			if err := os.WriteFile(file, []byte(row.content), 0o600); err != nil {
				t.Fatal(err)
			}
			env, err := NewSecretEnv(file).Over(plain, nil, slog.New(slog.DiscardHandler))
			if row.bad {
				if !errors.Is(err, ErrSecret) || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if env("KEY") != row.key || env("PLAIN") != "plain" || env("ABSENT") != "" {
				t.Errorf("KEY is %q, want %q, and the rest as it was", env("KEY"), row.key)
			}
		})
	}
}

func TestSecretEnvWithoutAFile(t *testing.T) {
	for name, file := range map[string]string{
		"no file":                       filepath.Join(t.TempDir(), "outbound"),
		"a file that cannot be read":    t.TempDir(),
		"no folder, as without a mount": filepath.Join(t.TempDir(), "secrets", "outbound"),
	} {
		if _, err := NewSecretEnv(file).Over(func(string) string { return "plain" }, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrSecret) {
			t.Errorf("%s: error %v, want %v", name, err, ErrSecret)
		}
	}
}

// What could not be read is read again, by whoever tries next.
func TestSecretEnvIsReadAgain(t *testing.T) {
	reads := 0
	secret := &SecretEnv{read: func() ([]byte, error) {
		if reads++; reads == 1 {
			return nil, errDenied
		}
		return []byte(`{"KEY":"from the secret"}`), nil
	}}
	for i, want := range []error{errDenied, nil} {
		if _, err := secret.Over(func(string) string { return "" }, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, want) || reads != i+1 {
			t.Errorf("try %d: error %v after %d reads", i+1, err, reads)
		}
	}
}

// A volume that hangs is waited for once. Those who try again meanwhile are told
// at once, cost nothing, and start once it answers.
func TestSecretEnvThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		secret := &SecretEnv{read: func() ([]byte, error) {
			reads++
			time.Sleep(time.Minute)
			return []byte(`{"KEY":"from the secret"}`), nil
		}}
		for i, want := range []time.Duration{readTime, 0, 0} {
			start := time.Now()
			if _, err := secret.Over(func(string) string { return "" }, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrSecret) || time.Since(start) != want {
				t.Errorf("try %d: error %v after %v, want %v after %v", i+1, err, time.Since(start), ErrSecret, want)
			}
		}
		time.Sleep(time.Minute)
		env, err := secret.Over(func(string) string { return "" }, nil, slog.New(slog.DiscardHandler))
		if err != nil || env("KEY") != "from the secret" || reads != 1 {
			t.Errorf("once it answers: error %v after %d reads", err, reads)
		}
	})
}
