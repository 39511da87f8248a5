package local

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
)

// pragma asks every connection of a pool at once: a setting is a connection's own.
func pragma(t *testing.T, pool *sql.DB, name string) (values []int64) {
	t.Helper()
	for range pool.Stats().MaxOpenConnections {
		c, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var value int64
		if err := c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	return values
}

// What Publish confirms is on the disk, and a wait for another process ends in time
// to answer the platform.
func TestOpen_connections(t *testing.T) {
	const full = 2 // of PRAGMA synchronous; 1 is NORMAL, after which a power cut takes commits back
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "hooks.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, pool := range map[string]*sql.DB{"write": db.write, "read": db.read} {
		for setting, holds := range map[string]func(value int64) bool{
			"synchronous":          func(value int64) bool { return value >= full },
			"fullfsync":            func(value int64) bool { return value == 1 },
			"checkpoint_fullfsync": func(value int64) bool { return value == 1 },
			"foreign_keys":         func(value int64) bool { return value == 1 },
			"busy_timeout": func(value int64) bool {
				return value > 0 && time.Duration(value)*time.Millisecond < ingest.Budget
			},
		} {
			values := pragma(t, pool, setting)
			if len(values) == 0 {
				t.Errorf("%s: the pool has no bound", name)
			}
			for _, value := range values {
				if !holds(value) {
					t.Errorf("%s: %s is %d", name, setting, value)
				}
			}
		}
	}
}
