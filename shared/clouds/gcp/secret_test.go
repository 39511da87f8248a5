package gcp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

var errDenied = errors.New("permission denied")

func TestMounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "webhook")
	for name, missing := range map[string]string{"no file": file, "no folder, as without a mount": filepath.Join(t.TempDir(), "secrets", "webhook")} {
		if _, _, err := Mounted(missing)(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, _, err := Mounted(t.TempDir())(t.Context()); err == nil {
		t.Error("a folder was read")
	}
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, _, err := Mounted(file)(t.Context()); err != nil || string(text) != "text" {
		t.Errorf("%q, error %v", text, err)
	}
}

// Fetches follow one another, each with some time left; every read takes its time
// and gives the number of the read.
func TestMountFetch(t *testing.T) {
	type fetch struct {
		after, left time.Duration
		text        string
		err         error
		took        time.Duration
	}
	const second, long = time.Second, time.Hour
	for _, row := range []struct {
		name    string
		takes   time.Duration
		fails   bool // the first read
		fetches []fetch
	}{
		{"each reads the newest version", second, false, []fetch{{0, long, "1", nil, second}, {0, long, "2", nil, second}}},
		{"a failure is no answer for the next", second, true, []fetch{{0, long, "", errDenied, second}, {0, long, "2", nil, second}}},
		{"a read left behind is found by the next", 4 * second, false, []fetch{{0, 3 * second, "", errHangs, 3 * second}, {0, 3 * second, "1", nil, second}, {0, 0, "", errHangs, 0}}},
		{"a read that hangs is waited for once, then a second each", 15 * second, false, []fetch{
			{0, long, "", errHangs, readTime}, {0, long, "", errHangs, wakeTime}, {3500 * time.Millisecond, long, "1", nil, second / 2}}},
		{"what a frozen read gives is old: another follows", readAge, false, []fetch{{0, second, "", errHangs, second}, {readAge - 3*second/2, 20 * second, "", errHangs, second/2 + readTime}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reads := 0
				m := &mount{read: func() ([]byte, error) {
					reads++
					n := reads
					if time.Sleep(row.takes); row.fails && n == 1 {
						return nil, errDenied
					}
					return []byte{byte('0' + n)}, nil
				}}
				for i, f := range row.fetches {
					time.Sleep(f.after)
					ctx, cancel := context.WithTimeout(t.Context(), f.left)
					start := time.Now()
					text, begun, err := m.fetch(ctx)
					cancel()
					if err == nil && time.Since(begun) != row.takes {
						t.Errorf("fetch %d: the read began %v ago, want %v", i+1, time.Since(begun), row.takes)
					}
					if took := time.Since(start); string(text) != f.text || err != f.err || took != f.took {
						t.Errorf("fetch %d: %q, error %v after %v, want %q, %v after %v", i+1, text, err, took, f.text, f.err, f.took)
					}
				}
				time.Sleep(2 * row.takes) // a bubble ends with its goroutines
			})
		})
	}
}
