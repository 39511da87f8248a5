package local_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
)

// open opens a file that goes with the test.
func open(t testing.TB, path string, now func() time.Time) *local.DB {
	t.Helper()
	db, err := local.Open(t.Context(), path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "hooks.db") }

func newDB(t testing.TB) *local.DB { return open(t, newPath(t), time.Now) }

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// raw is a connection that knows nothing of this package's rules.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpen_makesAPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name ?#%41 é.db")
	db := open(t, path, time.Now)
	if err := db.Queue("q").Publish(t.Context(), event("1")); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} { // three files: it is in WAL mode
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("file%s has mode %v, want only its owner to read it", suffix, info.Mode().Perm())
		}
	}
}

func TestOpen_refuses(t *testing.T) {
	newer := newPath(t)
	open(t, newer, time.Now)
	if _, err := raw(t, newer).Exec("PRAGMA user_version = 1000"); err != nil {
		t.Fatal(err)
	}
	foreign := newPath(t)
	if err := os.WriteFile(foreign, []byte(strings.Repeat("this is a letter, not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a newer file":      newer,
		"no database":       foreign,
		"no such directory": filepath.Join(t.TempDir(), "none", "hooks.db"),
	} {
		if db, err := local.Open(t.Context(), path, time.Now); err == nil {
			db.Close()
			t.Errorf("%s was opened", name)
		}
	}
}

func TestOpen_manyAtOnce(t *testing.T) {
	path := newPath(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			db, err := local.Open(t.Context(), path, time.Now)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Queue("q").Publish(t.Context(), event("1")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := open(t, path, time.Now).Queue("q").Len(t.Context()); n != 10 || err != nil {
		t.Errorf("%d messages, want 10 (error %v)", n, err)
	}
}

func TestLedger_cannotBeEdited(t *testing.T) {
	path := newPath(t)
	db := open(t, path, time.Now)
	if _, err := db.Ledger().Post(t.Context(), "u1", []ledger.Entry{{ID: "1", Time: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE entries SET amount = 1", "DELETE FROM entries"} {
		if _, err := raw(t, path).Exec(statement); err == nil {
			t.Errorf("%s went through", statement)
		}
	}
}

// A write that cannot get the lock ends with its context.
func TestPublish_endsWithItsContext(t *testing.T) {
	path := newPath(t)
	db := open(t, path, time.Now)
	other, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := db.Queue("q").Publish(ctx, event("1")); err == nil {
		t.Error("published while another process held the lock")
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("gave up after %v, want 50 ms", took)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := db.Queue("q").Publish(t.Context(), event("1")); err != nil {
		t.Errorf("after the lock was free: %v", err)
	}
}
