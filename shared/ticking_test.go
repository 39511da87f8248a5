package shared_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// timed notes when something was written to it.
type timed struct {
	text bytes.Buffer
	at   []time.Time
}

func (t *timed) Write(p []byte) (int, error) {
	t.at = append(t.at, time.Now())
	return t.text.Write(p)
}

// tools/ticking.sh is never silent for more than five seconds, and ends as the
// command did.
func TestTickingIsNeverSilent(t *testing.T) {
	t.Parallel()
	var out timed
	cmd := exec.CommandContext(t.Context(), filepath.Join("..", "tools", "ticking.sh"), "waiting", "bash", "-c", "sleep 6; echo waited; exit 3")
	cmd.Stdout, cmd.Stderr = &out, &out
	last := time.Now()
	_ = cmd.Run() // fails on purpose
	if code := cmd.ProcessState.ExitCode(); code != 3 || !bytes.Contains(out.text.Bytes(), []byte("waited\n")) {
		t.Errorf("exit code %d after %q", code, out.text.String())
	}
	for _, at := range append(out.at, time.Now()) {
		if silent := at.Sub(last); silent > 5*time.Second {
			t.Errorf("silent for %v in %q", silent, out.text.String())
		}
		last = at
	}
}
