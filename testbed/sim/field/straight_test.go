package field

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

const secret = "a-signing-key-of-the-simulated-world"

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// straight is the product without faults: each event is sent once and handled at once.
type straight struct {
	t       testing.TB
	signing *Signing // of all platforms
	now     time.Time
	world   World
	ingest  *ingest.Ingest
	worker  *worker.Worker
	table   map[string]webhook.BatchHandler
	ledger  *ledger.Memory
	records *listed
	fresh   [][]byte // messages in the events queue
}

// listed notes which records there are.
type listed struct {
	*records.Memory
	keys map[[2]string]bool
}

func (l *listed) Put(ctx context.Context, r records.Record) (bool, error) {
	l.keys[[2]string{r.Kind, r.ID}] = true
	return l.Memory.Put(ctx, r)
}

type publish func(webhook.Event)

func (p publish) Publish(_ context.Context, e webhook.Event) error {
	p(e)
	return nil
}

type keyrings map[string]webhook.Verifier

func (k keyrings) Keyring(_ context.Context, provider string) (webhook.Verifier, error) {
	if ring := k[provider]; ring != nil {
		return ring, nil
	}
	return nil, webhook.ErrNotConfigured
}

func (keyrings) Refresh(context.Context, string) webhook.Verifier { return nil }

// configured gives the platforms of the product, which sign in one way.
func configured(t testing.TB, s *Signing) providers.Entries {
	t.Helper()
	table, err := providers.Configured(func(name string) string {
		if _, item, _ := strings.Cut(name, "_SIGNATURE"); strings.HasSuffix(name, "_SIGNATURE") && item == "" {
			return s.Setting
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func newStraight(t testing.TB, rules Rules, signing *Signing) *straight {
	s := &straight{t: t, signing: signing, now: nine, world: World{Rules: rules}, records: &listed{records.NewMemory(), map[[2]string]bool{}}}
	now := func() time.Time { return s.now }
	log := slog.New(slog.DiscardHandler)
	s.ledger = ledger.NewMemory(now)
	rings := keyrings{}
	table := configured(t, signing)
	for name, scheme := range table.Schemes() {
		ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: signing.Secret(secret)})
		if err != nil {
			t.Fatal(err)
		}
		rings[name] = ring
	}
	s.ingest = &ingest.Ingest{Providers: ingest.Routes(table.Providers()...), Keyrings: rings, Now: now, Log: log,
		Events: publish(func(e webhook.Event) {
			s.fresh = append(s.fresh, e.Encode())
			s.world.Queued = append(s.world.Queued, Queued{Body: e.Encode(), At: s.now})
		}),
		DeadLetters: publish(func(e webhook.Event) {
			s.world.Queued = append(s.world.Queued, Queued{Body: e.Encode(), Dead: true, At: s.now})
			s.deadLetter(e)
		}),
	}
	s.table = handlers.Table(settings(rules), s.ledger, s.records, now, log)
	s.worker = &worker.Worker{Handlers: s.table, Unknown: handlers.KeepUnknown(s.records), Now: now, Log: log, Redecode: ingest.Redecode(s.ingest.Providers),
		FollowUps: publish(func(webhook.Event) {}), DeadLetters: publish(s.deadLetter)}
	return s
}

func (s *straight) deadLetter(e webhook.Event) {
	s.world.Dead = append(s.world.Dead, Queued{Body: e.Encode(), Dead: true, At: s.now})
}

func settings(rules Rules) handlers.Settings {
	price := func(micros int64) strict.Decimal {
		d, err := strict.ParseDecimal(strconv.FormatInt(micros, 10) + "e-6")
		if err != nil {
			panic(err)
		}
		return d
	}
	c := handlers.Credits{Tariff: accounts.Tariff{seconds: price(rules.Price)}, Window: rules.Window, Anonymous: rules.Anonymous}
	if rules.CallPrice > 0 {
		c.Tariff["call_seconds"] = price(rules.CallPrice)
	}
	if rules.Window < 0 {
		c.Window = handlers.Forever
	}
	return handlers.Settings{Credits: c}
}

// send delivers an event and has it handled.
func (s *straight) send(e Event) {
	s.t.Helper()
	s.accept(e)
	s.handle(s.fresh...)
	s.fresh = nil
}

// accept delivers an event.
func (s *straight) accept(e Event) {
	s.t.Helper()
	id := ""
	if s.signing.HasID {
		id = "msg_" + strconv.Itoa(len(s.world.Sent))
	}
	e = s.signing.Carry(e, id)
	reply := s.ingest.Handle(s.t.Context(), webhook.Delivery{Method: "POST", Path: "/" + e.Platform, Header: s.signing.headers(e, s.now), Body: e.Body})
	if reply.Status != 200 {
		s.t.Fatalf("%s: answered %d", e.About(), reply.Status)
	}
	s.world.Sent = append(s.world.Sent, Accepted{Event: e, Status: reply.Status, Received: s.now})
}

// headers are those of a delivery at a time.
func (s *Signing) headers(e Event, at time.Time) webhook.Header {
	h := webhook.Header{}
	for name, value := range s.Sign(e.Platform, e.Body, at, e.SignedID, s.Secret(secret)) {
		h[name] = []string{value}
	}
	return h
}

// handle has messages handled in one batch.
func (s *straight) handle(bodies ...[]byte) {
	s.t.Helper()
	batch := make([]worker.Message, len(bodies))
	for i, body := range bodies {
		batch[i] = worker.Message{ID: strconv.Itoa(i), Body: body, Receives: 1}
	}
	for _, v := range s.worker.Handle(s.t.Context(), batch) {
		if !v.Ack {
			s.t.Fatalf("a message comes back: %s", v.Reason)
		}
	}
}

// grant books a grant as an operator does.
func (s *straight) grant(human, key string, amount int64) {
	s.t.Helper()
	grants := accounts.Grants{Ledger: s.ledger, FollowUps: publish(func(webhook.Event) {}), Now: func() time.Time { return s.now }}
	_, outcome, err := grants.Book(s.t.Context(), ledger.Grant, accounts.BalanceOf("", human), key, ledger.Micro(amount), "")
	if err != nil || outcome == ledger.Conflict {
		s.t.Fatal(outcome, err)
	}
	s.world.Grants = append(s.world.Grants, Grant{Account: human, Key: key, Amount: amount})
}

// end gives the end of the history, with the limits that follow from the balances.
func (s *straight) end() World {
	s.t.Helper()
	w := s.world
	w.Accounts, w.Limits, w.Records = map[string]Account{}, map[string]int64{}, map[string]Record{}
	names, _, err := s.ledger.Accounts(s.t.Context(), "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range names {
		account, _ := s.ledger.Account(s.t.Context(), name)
		w.Accounts[name] = Account{Balance: int64(account.Balance), Seq: account.Seq, Pushed: account.Seq}
		moved := false
		err := ledger.Entries(s.t.Context(), s.ledger, name, func(e ledger.Entry) {
			w.Entries = append(w.Entries, Entry{ID: e.ID, Account: e.Account, Kind: string(e.Kind), Fingerprint: e.Fingerprint, DedupKey: e.DedupKey, Amount: int64(e.Amount), Time: e.Time})
			moved = moved || e.Amount != 0
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, ok := accounts.Unpushed(account, s.now); ok && moved {
			w.Limits[name] = max(0, int64(account.Balance)) / w.Rules.Price
		}
	}
	for key := range s.records.keys {
		r, _, _ := s.records.Get(s.t.Context(), key[0], key[1])
		w.Records[key[0]+"\x00"+key[1]] = Record{Version: r.Version, Data: r.Data, Deleted: r.Deleted}
	}
	return w
}

// ruleSets are the settings that histories are drawn under.
var ruleSets = []Rules{
	{Price: 1_000_000, Window: 15 * time.Minute, Anonymous: []string{"anonymous"}},
	{Price: 1_000_000, CallPrice: 1_000_000, Window: 15 * time.Minute, Anonymous: []string{"anonymous"}},
	{Price: 333_333, CallPrice: 7, Window: -1},
	{Price: 2_500_000, CallPrice: 2_000, Window: 0, Anonymous: []string{"anonymous", "bob"}},
}

// signingOf gives the histories of a seed each way to sign in turn.
func signingOf(seed uint64) *Signing {
	return Signings[seed/uint64(len(ruleSets))%uint64(len(Signings))]
}

// pauses fall within, on and beyond the window.
var pauses = []time.Duration{0, 0, time.Microsecond, time.Second, 7*time.Minute + 30*time.Second, 15 * time.Minute, 15*time.Minute + 1, time.Hour}

// history draws events, sends them in turn and gives the end.
func history(t testing.TB, seed uint64, events int) World {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	s := newStraight(t, ruleSets[seed%uint64(len(ruleSets))], signingOf(seed))
	d := NewDrawer(random, s.world.Rules)
	for range events {
		s.send(d.Event())
		s.now = s.now.Add(pick(random, pauses))
		if random.IntN(10) == 0 {
			s.grant(pick(random, humans).value, strconv.Itoa(len(s.world.Grants)), 1+random.Int64N(100_000_000))
		}
	}
	return s.end()
}

func TestDrawer_wantsWhatTheProductDoes(t *testing.T) {
	kinds := map[WantKind]int{}
	for seed := range uint64(400) {
		w := history(t, seed, 30)
		for _, s := range w.Sent {
			kinds[s.Event.Wants.Kind]++
		}
		for _, broken := range Judge(w) {
			t.Errorf("seed %d: %s", seed, broken)
		}
	}
	t.Log(kinds)
	for _, kind := range []WantKind{Charge, Unpriced, Suspense, Kept, Ignored, DeadLetter} {
		if kinds[kind] == 0 {
			t.Errorf("no event ends as %s", kind)
		}
	}
}

// TestDrawer_wantsOfOneEvent sends each event by itself, so that an event's own bucket
// is compared and not only the sum.
func TestDrawer_wantsOfOneEvent(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		rules := ruleSets[seed%uint64(len(ruleSets))]
		d := NewDrawer(random, rules)
		d.Event()
		e := d.Event()
		s := newStraight(t, rules, signingOf(seed))
		s.send(e)
		w := s.end()
		if got := bucket(w, e); got != w.Sent[0].Event.Wants.Kind {
			t.Errorf("seed %d: %s ends as %s: %s", seed, w.Sent[0].Event.About(), got, e.Body)
		}
		if broken := Judge(w); broken != nil {
			t.Errorf("seed %d: %v: %s", seed, broken, e.Body)
		}
	}
}

// bucket says where a single event is.
func bucket(w World, e Event) WantKind {
	switch {
	case len(w.Dead) > 0:
		return DeadLetter
	case len(w.Entries) > 0 && len(w.Entries[0].Account) > 8 && w.Entries[0].Account[:8] == "suspense":
		return Suspense
	case len(w.Entries) > 0:
		return WantKind(w.Entries[0].Kind)
	}
	for key := range w.Records {
		if kindOf(key) == e.Platform+".unknown" {
			return Ignored
		}
	}
	return Kept
}

// TestJudge_anyOrder has messages handled late, in any order, in batches and twice, and
// dead letters redriven: none of it breaks a promise.
func TestJudge_anyOrder(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2))
		s := newStraight(t, ruleSets[seed%uint64(len(ruleSets))], signingOf(seed))
		d := NewDrawer(random, s.world.Rules)
		for range 40 {
			s.accept(d.Event())
			s.now = s.now.Add(pick(random, pauses))
			if random.IntN(4) == 0 {
				s.some(random)
			}
		}
		for len(s.fresh) > 0 {
			s.some(random)
		}
		for range 2 {
			letters := s.world.Dead
			s.world.Dead = nil
			for _, at := range random.Perm(len(letters)) {
				s.handle(letters[at].Body)
			}
		}
		for _, broken := range Judge(s.end()) {
			t.Errorf("seed %d: %s", seed, broken)
		}
	}
}

// some handles a batch of messages, some of which will come again.
func (s *straight) some(random *rand.Rand) {
	random.Shuffle(len(s.fresh), func(i, j int) { s.fresh[i], s.fresh[j] = s.fresh[j], s.fresh[i] })
	batch := s.fresh[:min(len(s.fresh), 1+random.IntN(10))]
	s.handle(batch...)
	s.fresh = s.fresh[random.IntN(len(batch)+1):]
}

// The product takes what is signed here for signed, up to the ends of the tolerance.
func TestSigning_Sign(t *testing.T) {
	for _, s := range Signings {
		for _, of := range configured(t, s) {
			ring, err := signature.NewKeyring(of.Scheme, signature.Secret{ID: "1", Value: s.Secret(secret)})
			if err != nil {
				t.Fatal(err)
			}
			e := Event{Platform: of.Name, Body: []byte(`{"a":1}`)}
			if s.HasID {
				e.SignedID = "msg_1"
			}
			at := nine.Add(1234567 * time.Microsecond)
			q := signature.Request{Header: s.headers(e, at), Body: e.Body}
			v, err := ring.Verify(q, at)
			if err != nil || v.ID != e.SignedID || (v.Covers != signature.CoversBody) != s.Uncovered {
				t.Errorf("%s, %s: %v, id %q, covers %q", s.Name, of.Name, err, v.ID, v.Covers)
			}
			if !s.HasTime() {
				continue
			}
			for _, edge := range []time.Duration{s.Before, -s.After} {
				beyond := edge + edge/edge.Abs()
				if _, err := ring.Verify(q, s.Moment(at).Add(edge)); err != nil {
					t.Errorf("%s, %s: after %v: %v", s.Name, of.Name, edge, err)
				}
				if _, err := ring.Verify(q, s.Moment(at).Add(beyond)); !errors.Is(err, signature.ErrStale) {
					t.Errorf("%s, %s: after %v: %v, want stale", s.Name, of.Name, beyond, err)
				}
			}
		}
	}
}

func TestEvent_statuses(t *testing.T) {
	table := providers.Table()
	for _, p := range platforms {
		of, ok := table.Named(p.name)
		if !ok {
			t.Fatalf("the product has no platform %s", p.name)
		}
		e := Event{Platform: p.name}
		if of.SignatureHeader != p.header {
			t.Errorf("%s: the header is %s, the product has %s", p.name, p.header, of.SignatureHeader)
		}
		if missing, mismatch := e.Statuses(); missing != of.MissingStatus || mismatch != of.MismatchStatus {
			t.Errorf("%s: %d and %d, the product has %d and %d", p.name, missing, mismatch, of.MissingStatus, of.MismatchStatus)
		}
	}
	if len(platforms) != len(table) {
		t.Errorf("%d platforms are drawn, the product has %d", len(platforms), len(table))
	}
}

func TestIdentity_isTheProducts(t *testing.T) {
	if got, want := identity("gabber", "usage.tracked", "id", "u1"), webhook.Identity("gabber", "usage.tracked", "id", "u1"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDrawer_repeats(t *testing.T) {
	bodies := func() (all []string) {
		d := NewDrawer(rand.New(rand.NewPCG(7, 7)), ruleSets[1])
		for range 200 {
			e := d.Event()
			wants, err := json.Marshal(e.Wants)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, e.Platform+string(e.Body)+string(wants))
		}
		return all
	}
	one, two := bodies(), bodies()
	for i := range one {
		if one[i] != two[i] {
			t.Fatalf("event %d differs: %s and %s", i, one[i], two[i])
		}
	}
}

func TestDrawer_mostlyMoney(t *testing.T) {
	d := NewDrawer(rand.New(rand.NewPCG(1, 1)), ruleSets[0])
	usage := 0
	for range 10_000 {
		if e := d.Event(); e.Wants.usage() {
			usage++
		}
	}
	t.Logf("%d of 10,000 events are usage", usage)
	if usage < 5000 {
		t.Errorf("%d of 10,000 events are usage", usage)
	}
}
