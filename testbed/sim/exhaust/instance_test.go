package exhaust

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// keys: the old one, the new one and the one of an attacker.
var keys = [3]string{"the-old-key-of-the-platform", "the-new-key-of-the-platform", "a-key-an-attacker-made-up"}

// secret is what the store has after so many rotations, and holds says of which keys.
func secret(rotations int8) []byte {
	return []byte([]string{`{"gabber":"` + keys[0] + `"}`, `{"gabber":["` + keys[1] + `","` + keys[0] + `"]}`, `{"gabber":"` + keys[1] + `"}`}[rotations])
}

func holds(rotations int8, key int) bool {
	return key == 0 && rotations < 2 || key == 1 && rotations > 0
}

var (
	table      = providers.Table()
	routes     = ingest.Routes(table.Providers()...)
	schemes    = table.Schemes()
	deliveries = sync.OnceValue(signed)
)

// signed gives one delivery by each key.
func signed() (all [3]webhook.Delivery) {
	body := []byte(`{"type":"usage.tracked","payload":{"id":"a","type":"conversational_seconds","value":2,"human":"u1"}}`)
	for i, key := range keys {
		ring, err := signature.NewKeyring(schemes["gabber"], signature.Secret{ID: "1", Value: key})
		if err != nil {
			panic(err)
		}
		all[i] = webhook.Delivery{Method: "POST", Path: "/gabber", Header: ring.Headers(body, time.Time{}), Body: body}
	}
	return all
}

// instance is a real ingest over ports that wait for inputs.
type instance struct {
	context.Context
	run      chan<- func() // on a goroutine that waits for it
	mu       sync.Mutex    // of all below: the race detector sees no order in virtual time
	rotation int8
	cache    *secrets.Cache
	ingest   *ingest.Ingest
	flights  []*flight
	judge
}

// flight is one delivery in the hands of an instance.
type flight struct {
	key     int
	arrived time.Time
	step    string // in the code of ingest
	since   time.Time
	usable  bool      // were secrets then
	known   bool      // its key was fetched before it arrived
	ring    *attempt  // whose secrets verify
	publish chan bool // says whether the queue confirms it
	failed  bool      // its publication
	stored  bool      // the queue has confirmed it
	reply   *webhook.Reply
}

// runInstance gives the state of an instance after inputs, the newest first.
func runInstance(inputs []input, run chan<- func()) (string, view) {
	ctx, end := context.WithCancel(context.Background())
	i := &instance{Context: ctx, run: run}
	i.start()
	for _, in := range slices.Backward(inputs) {
		if in.op == dies {
			end()
			synctest.Wait()
			ctx, end = context.WithCancel(context.Background())
			i = &instance{Context: ctx, run: run, rotation: i.rotation}
			i.start()
			continue
		}
		i.happens(in)
		synctest.Wait()
		i.replies()
	}
	state, v := i.state(), i.view()
	end()
	synctest.Wait()
	return state, v
}

func (i *instance) start() {
	log := slog.New(slog.DiscardHandler)
	i.cache = secrets.NewCache(i.fetch, schemes, time.Now, func() float64 { return 0 }, log)
	i.ingest = &ingest.Ingest{Providers: routes, Keyrings: i, Events: i, DeadLetters: noLetters{}, Now: time.Now, Log: log}
}

func (i *instance) happens(in input) {
	switch in.op {
	case arrives:
		time.Sleep(time.Millisecond) // so that no two things end at once
		f := &flight{key: int(in.arg), arrived: time.Now(), publish: make(chan bool)}
		i.locked(func() {
			f.known = i.usable() && holds(i.success.rotation, f.key)
			i.flights = append(i.flights, f)
		})
		i.run <- func() {
			ctx, cancel := context.WithTimeout(context.WithValue(i.Context, ofFlight{}, f), ingest.Budget)
			defer cancel()
			reply := i.ingest.Handle(ctx, deliveries()[f.key])
			i.locked(func() { f.reply = &reply })
		}
	case pauses:
		time.Sleep(in.arg)
	case rotates:
		i.locked(func() { i.rotation++ })
	case fetches:
		i.last.answers <- fetched{rotation: i.rotation}
	case fetchesStale:
		i.last.answers <- fetched{rotation: i.last.asked}
	case fetchFails:
		i.last.answers <- fetched{err: errStore}
	case publishes:
		i.flights[in.arg].publish <- true
	case publishFails:
		i.flights[in.arg].publish <- false
	}
}

func (i *instance) locked(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

type ofFlight struct{}

func flightOf(ctx context.Context) *flight { return ctx.Value(ofFlight{}).(*flight) }

// enters notes where in the code of ingest a delivery is.
func (i *instance) enters(ctx context.Context, step string) *flight {
	i.mu.Lock()
	defer i.mu.Unlock()
	f := flightOf(ctx)
	f.step, f.since, f.usable = step, time.Now(), i.usable()
	return f
}

// Keyring is that of the cache.
func (i *instance) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	f := i.enters(ctx, "keyring")
	v, err := i.cache.Keyring(ctx, provider)
	i.locked(func() { f.ring = i.success })
	return v, err
}

// Refresh is that of the cache.
func (i *instance) Refresh(ctx context.Context, provider string) webhook.Verifier {
	i.enters(ctx, "refresh")
	return i.cache.Refresh(ctx, provider)
}

var errStore = errors.New("the store fails")

// fetched is an answer of the store of secrets.
type fetched struct {
	rotation int8
	err      error
}

func (i *instance) fetch(ctx context.Context) ([]byte, time.Time, error) {
	a := i.begins()
	select {
	case answer := <-a.answers:
		i.ends(a, answer.err == nil, false, answer.rotation)
		if answer.err != nil {
			return nil, time.Time{}, answer.err
		}
		return secret(answer.rotation), time.Time{}, nil
	case <-ctx.Done():
		i.ends(a, false, true, 0)
		return nil, time.Time{}, ctx.Err()
	}
}

// Publish is the events queue.
func (i *instance) Publish(ctx context.Context, e webhook.Event) error {
	f := i.enters(ctx, "publish")
	i.locked(func() { i.verified(f) })
	err := ctx.Err()
	select {
	case confirmed := <-f.publish:
		if !confirmed {
			err = errStore
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	i.locked(func() { f.stored, f.failed, f.step = err == nil, err != nil, "published" })
	return err
}

// noLetters: every body is readable.
type noLetters struct{}

func (noLetters) Publish(context.Context, webhook.Event) error { panic("a dead letter") }

// replies judges and forgets the deliveries that were answered.
func (i *instance) replies() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.flights {
		if f.reply != nil {
			i.replied(f)
		}
	}
	i.flights = slices.DeleteFunc(i.flights, func(f *flight) bool { return f.reply != nil })
}

func (i *instance) view() view {
	i.mu.Lock()
	defer i.mu.Unlock()
	v := view{rotation: i.rotation, wrong: i.wrong, asked: i.last != nil}
	if i.last != nil && i.last.underWay {
		v.fetching, v.stale = true, i.last.asked != i.rotation
	}
	for _, f := range i.flights {
		v.publishing = append(v.publishing, f.step == "publish")
	}
	return v
}

// state tells instances apart. Ages of more than a day are alike. Between deliveries so
// are those that differ by milliseconds: every bound is a multiple of the pauses.
func (i *instance) state() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var s strings.Builder
	age := func(at time.Time) int64 {
		if at.IsZero() {
			return -1
		}
		d := min(time.Since(at), 25*time.Hour)
		if len(i.flights) == 0 {
			d = d.Truncate(10 * time.Millisecond)
		}
		return d.Milliseconds()
	}
	fmt.Fprint(&s, i.rotation, i.wrong, ";")
	for _, a := range []*attempt{i.last, i.success} {
		if a != nil {
			fmt.Fprint(&s, age(a.begun), a.underWay, a.good, a.cut, a.asked, a.rotation, ";")
		}
	}
	for _, f := range i.flights {
		fmt.Fprint(&s, f.key, f.step, age(f.arrived), age(f.since), f.usable, f.known, f.failed, ";")
		if f.ring != nil {
			fmt.Fprint(&s, f.ring.rotation)
		}
	}
	describe(&s, reflect.ValueOf(i.cache).Elem(), age)
	return s.String()
}

// describe writes the fields of a value, exported or not: times by their age, errors and
// pointers by whether there are any.
func describe(s *strings.Builder, v reflect.Value, age func(time.Time) int64) {
	if v.Type() == reflect.TypeFor[map[string]signature.Scheme]() {
		return // it never changes
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			fmt.Fprint(s, age(*(*time.Time)(unsafe.Pointer(v.UnsafeAddr()))), ",")
			return
		}
		for _, field := range v.Fields() {
			describe(s, field, age)
		}
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			fmt.Fprint(s, name.String(), ":")
			describe(s, v.MapIndex(name), age)
		}
	case reflect.Slice:
		for i := range v.Len() {
			describe(s, v.Index(i), age)
		}
	case reflect.String:
		fmt.Fprintf(s, "%q,", v.String())
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int, reflect.Int64:
		fmt.Fprint(s, v.Int(), ",")
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint, reflect.Uint64:
		fmt.Fprint(s, v.Uint(), ",")
	case reflect.Bool:
		fmt.Fprint(s, v.Bool(), ",")
	case reflect.Chan:
		fmt.Fprint(s, v.Len(), ",")
	case reflect.Pointer, reflect.Interface:
		fmt.Fprint(s, v.IsNil(), ",")
	case reflect.Func: // of the instance's own
	default:
		panic("a field of kind " + v.Kind().String())
	}
}
