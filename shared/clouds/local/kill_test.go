package local_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// victimFile is set in the process that TestKill starts of this very binary and
// kills.
const victimFile = "WEBHOOK_FUNCTIONS_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimFile); path != "" {
		fmt.Println(victim(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func charge(id string) ledger.Entry {
	return ledger.Entry{ID: id, Kind: ledger.Charge, Amount: -7, Fingerprint: "7", Time: event(1).Time}
}

// victim publishes, receives, posts and finishes until it is killed, and says
// what has been confirmed to it: "published <id>" and "posted <id>".
func victim(path string) error {
	ctx := context.Background()
	db, err := local.Open(ctx, path, time.Now)
	if err != nil {
		return err
	}
	q := db.Queue(local.Events)
	if err := q.Release(ctx); err != nil {
		return err
	}
	for i := 0; ; i++ {
		e := event(fmt.Sprint(os.Getpid(), i))
		if err := q.Publish(ctx, e); err != nil {
			return err
		}
		fmt.Println("published", e.ID)
		received, err := q.Receive(ctx, 1, time.Minute)
		if err != nil {
			return err
		}
		for _, r := range received {
			if err := post(ctx, db, q, r); err != nil {
				return err
			}
		}
	}
}

func post(ctx context.Context, db *local.DB, q *local.Queue, r local.Received) error {
	e, err := webhook.DecodeEvent(r.Body)
	if err != nil {
		return err
	}
	if _, err := db.Ledger().Post(ctx, "u1", []ledger.Entry{charge(e.ID)}); err != nil {
		return err
	}
	fmt.Println("posted", e.ID)
	return q.Finish(ctx, []local.Received{r}, []worker.Verdict{{ID: r.ID, Ack: true}})
}

func TestKill(t *testing.T) {
	path := newPath(t)
	published, posted := map[string]bool{}, map[string]bool{}
	for round := range 12 {
		for _, line := range killedAfter(t, path, 20+7*round) {
			switch word, id, _ := strings.Cut(line, " "); word {
			case "published":
				published[id] = true
			case "posted":
				posted[id] = true
			default:
				t.Fatalf("the victim said %q", line)
			}
		}
	}
	db := open(t, path, time.Now)
	ledgertest.CheckLedger(t, db.Ledger(), "u1")

	waiting := map[string]bool{}
	if err := db.Queue(local.Events).Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		received, err := db.Queue(local.Events).Receive(t.Context(), 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if len(received) == 0 {
			break
		}
		for _, r := range received {
			waiting[decode(t, r.Body).ID] = true
		}
	}
	// Posting again tells whether an entry is there.
	for id := range published {
		outcomes, err := db.Ledger().Post(t.Context(), "u1", []ledger.Entry{charge(id)})
		if err != nil {
			t.Fatal(err)
		}
		entered := outcomes[0] == ledger.Duplicate
		if posted[id] && !entered {
			t.Errorf("entry %s was confirmed and is gone", webhook.ShortID(id))
		}
		if !entered && !waiting[id] {
			t.Errorf("event %s was confirmed, has no entry and is on no queue", webhook.ShortID(id))
		}
	}
	ledgertest.CheckLedger(t, db.Ledger(), "u1")
	if len(published) == 0 || len(posted) == 0 {
		t.Errorf("%d published and %d posted: the victim had no time to do anything", len(published), len(posted))
	}
}

// killedAfter starts a victim, kills it after so many lines and gives all that
// it said.
func killedAfter(t *testing.T, path string, count int) (said []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if said = append(said, lines.Text()); len(said) == count {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	return said
}
