package gcp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			env, err := SecretEnv(file, plain)
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
	env, err := SecretEnv(filepath.Join(t.TempDir(), "outbound"), func(string) string { return "plain" })
	if err != nil || env("KEY") != "plain" {
		t.Errorf("no file: %v, want the environment as it was", err)
	}
	if _, err := SecretEnv(t.TempDir(), func(string) string { return "" }); !errors.Is(err, ErrSecret) {
		t.Errorf("a file that cannot be read: error %v, want %v", err, ErrSecret)
	}
}
