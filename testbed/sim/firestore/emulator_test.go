package firestore_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/testbed/gcp/gcptest"
	"github.com/webhook-functions/template/testbed/sim/firestore"
)

// Random requests to Firestore's emulator and to the simulation: both give the same
// status, code, documents and results.
func TestDatabase_Serve_emulator(t *testing.T) {
	emulator := gcptest.Firestore(t)
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(emulator)
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			draw := rapid.SampledFrom([]func(*rapid.T, *pair){commits, commits, gets, queries}).Draw(t, "call")
			draw(t, p)
		}
	})
}

// Sizes at their bounds, to the byte.
func TestDatabase_Serve_sizes(t *testing.T) {
	p := newPair(gcptest.Firestore(t))
	text := func(bytes int) object { return object{"stringValue": strings.Repeat("x", bytes)} }
	for _, row := range []struct {
		name   string
		id     string
		fields object
		fits   bool
	}{
		{"id", strings.Repeat("x", 1500), object{}, true},
		{"id too long", strings.Repeat("x", 1501), object{}, false},
		{"name of a field", "a", object{strings.Repeat("x", 1500): number(1)}, true},
		{"name of a field too long", "a", object{strings.Repeat("x", 1501): number(1)}, false},
		{"empty name of a field", "a", object{"": number(1)}, false},
		{"reserved name of a field", "a", object{"__x__": number(1)}, false},
		{"value", "a", object{"f": text(1<<20 - 89)}, true},
		{"value too long", "a", object{"f": text(1<<20 - 88)}, false},
		{"document", strings.Repeat("x", 100), object{"f": text(1<<20 - 164), "n": number(1)}, true},
		{"document too large", strings.Repeat("x", 100), object{"f": text(1<<20 - 163), "n": number(1)}, false},
	} {
		request := commitOf(object{"update": object{"name": p.root + "/c/" + row.id, "fields": row.fields}})
		theirs, ours := p.emulator.call(t, "commit", request), p.ours.call(t, "commit", request)
		if !reflect.DeepEqual(ours, theirs) || (ours.Status == http.StatusOK) != row.fits {
			t.Errorf("%s: gives %s, on the emulator %s", row.name, show(ours), show(theirs))
		}
	}
}

func commitOf(writes ...object) func(*side) object {
	return func(*side) object { return object{"writes": writes} }
}

type object = map[string]any

// tester is *testing.T or *rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// side is one of the two, with the update times it gave out.
type side struct {
	post  func(method string, body []byte) (status int, answer []byte, err error)
	times map[string][]string // by document, the latest at the end
}

// pair is an empty database twice.
type pair struct {
	root           string
	emulator, ours *side
}

// answer is what must be the same of both.
type answer struct {
	Status    int
	Code      string
	Documents []document // of a batchGet by name, of a query in order
	Results   []any      // of transforms, per write
}

type document struct {
	Name    string
	Missing bool
	Fields  any
	Updates int // update times so far
}

func newPair(emulator *gcptest.Emulator) *pair {
	root := "projects/" + gcptest.Project() + "/databases/ledger/documents"
	database := firestore.New(time.Now)
	simulated := func(method string, body []byte) (int, []byte, error) {
		status, answer := database.Serve("/v1/"+root+":"+method, body)
		return status, answer, nil
	}
	real := func(method string, body []byte) (int, []byte, error) {
		response, err := http.Post("http://"+emulator.Addr+"/v1/"+root+":"+method, "application/json", bytes.NewReader(body))
		if err != nil {
			return 0, nil, err
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		return response.StatusCode, answer, err
	}
	return &pair{root: root, emulator: &side{real, map[string][]string{}}, ours: &side{simulated, map[string][]string{}}}
}

// compare sends both their request, which differs in update times alone.
func (p *pair) compare(t *rapid.T, method string, request func(*side) object) {
	t.Helper()
	theirs, ours := p.emulator.call(t, method, request), p.ours.call(t, method, request)
	if !reflect.DeepEqual(ours, theirs) {
		t.Fatalf("%s %s\n      gives %s\non emulator %s", method, show(request(p.ours)), show(ours), show(theirs))
	}
}

func show(of any) []byte {
	text, _ := json.Marshal(of)
	return text
}

func (s *side) call(t tester, method string, request func(*side) object) answer {
	t.Helper()
	status, body, err := s.post(method, show(request(s)))
	if err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK {
		return refused(t, status, body)
	}
	if method == "commit" {
		return committed(t, body)
	}
	a := s.read(t, body)
	if method == "batchGet" {
		slices.SortFunc(a.Documents, func(a, b document) int { return strings.Compare(a.Name, b.Name) })
	}
	return a
}

func refused(t tester, status int, body []byte) answer {
	var in struct{ Error struct{ Status string } }
	decode(t, bytes.Trim(body, "[]"), &in)
	return answer{Status: status, Code: in.Error.Status}
}

func committed(t tester, body []byte) answer {
	var in struct {
		WriteResults []struct{ TransformResults any }
	}
	decode(t, body, &in)
	a := answer{Status: http.StatusOK}
	for _, r := range in.WriteResults {
		a.Results = append(a.Results, r.TransformResults)
	}
	return a
}

func (s *side) read(t tester, body []byte) answer {
	type found struct {
		Name       string
		Fields     any
		UpdateTime string
	}
	var in []struct {
		Found, Document *found
		Missing         string
	}
	decode(t, body, &in)
	a := answer{Status: http.StatusOK}
	for _, line := range in {
		if line.Missing != "" {
			a.Documents = append(a.Documents, document{Name: line.Missing, Missing: true})
		}
		for _, f := range []*found{line.Found, line.Document} {
			if f != nil {
				a.Documents = append(a.Documents, document{f.Name, false, f.Fields, s.saw(f.Name, f.UpdateTime)})
			}
		}
	}
	return a
}

// saw notes an update time and gives their number.
func (s *side) saw(name, at string) int {
	if times := s.times[name]; len(times) == 0 || times[len(times)-1] != at {
		s.times[name] = append(times, at)
	}
	return len(s.times[name])
}

func decode(t tester, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}

var (
	collections = rapid.SampledFrom([]string{"accounts", "entries", "records", "twins"})
	ids         = rapid.SampledFrom([]string{"a", "b", "A", "a~1", "a~2", "é", "%41", "_", "__"})
	badIDs      = rapid.SampledFrom([]string{"", ".", "..", "__x__", "x/y", strings.Repeat("x", 1501)})
	names       = rapid.SampledFrom([]string{"account", "kind", "time", "balance", "seq", "note"})
	texts       = rapid.SampledFrom([]string{"", "u1", "u2", "é", "\U0001F600", "\uFFFD"})
	integers    = rapid.OneOf(rapid.Int64Range(-2, 2), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}), rapid.Int64())
)

// seldom is true once in so many times.
func seldom(t *rapid.T, one int) bool { return rapid.IntRange(1, one).Draw(t, "seldom") == one }

func (p *pair) name(t *rapid.T, collection string) string {
	id := ids.Draw(t, "id")
	if seldom(t, 60) {
		id = badIDs.Draw(t, "bad id")
	}
	return p.root + "/" + collection + "/" + id
}

func path(t *rapid.T) string {
	if seldom(t, 100) {
		return rapid.SampledFrom([]string{"", "a b", "1a", "__x__"}).Draw(t, "bad path")
	}
	return names.Draw(t, "path")
}

func values(t *rapid.T) object {
	switch {
	case seldom(t, 100):
		return rapid.SampledFrom([]object{{}, {"integerValue": "x"}, {"integerValue": "9223372036854775808"}, {"bytesValue": "*"}, {"integerValue": "1", "stringValue": ""}}).Draw(t, "bad value")
	case rapid.Bool().Draw(t, "text"):
		return object{"stringValue": texts.Draw(t, "text")}
	case seldom(t, 4):
		return object{"bytesValue": rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes")}
	}
	return number(integers.Draw(t, "integer"))
}

func number(n int64) object { return object{"integerValue": strconv.FormatInt(n, 10)} }

// commits sends up to four writes, then reads their documents.
func commits(t *rapid.T, p *pair) {
	var writes []func(*side) object
	written := map[string]bool{}
	for range rapid.IntRange(0, 4).Draw(t, "writes") {
		name := p.name(t, collections.Draw(t, "collection"))
		written[name] = true
		writes = append(writes, write(t, name))
	}
	p.compare(t, "commit", func(s *side) object {
		all := []object{}
		for _, w := range writes {
			all = append(all, w(s))
		}
		return object{"writes": all}
	})
	p.compare(t, "batchGet", func(*side) object { return object{"documents": slices.Sorted(maps.Keys(written))} })
}

func write(t *rapid.T, name string) func(*side) object {
	w := object{"update": object{"name": name, "fields": rapid.MapOfN(names, rapid.Custom(values), 0, 3).Draw(t, "fields")}}
	if rapid.Bool().Draw(t, "masked") {
		w["updateMask"] = object{"fieldPaths": rapid.SliceOfN(rapid.Custom(path), 0, 3).Draw(t, "mask")}
	}
	var transforms []object
	for range max(0, rapid.IntRange(-2, 2).Draw(t, "transforms")) {
		kind := rapid.SampledFrom([]string{"increment", "maximum"}).Draw(t, "transform")
		transforms = append(transforms, object{"fieldPath": path(t), kind: number(integers.Draw(t, "operand"))})
	}
	if transforms != nil {
		w["updateTransforms"] = transforms
	}
	condition := precondition(t, name)
	return func(s *side) object {
		all := maps.Clone(w)
		if c := condition(s); c != nil {
			all["currentDocument"] = c
		}
		return all
	}
}

func precondition(t *rapid.T, name string) func(*side) object {
	always := func(o object) func(*side) object { return func(*side) object { return o } }
	at := func(back int) func(*side) object {
		return func(s *side) object {
			if times := s.times[name]; len(times) >= back {
				return object{"updateTime": times[len(times)-back]}
			}
			return object{"updateTime": "2026-01-01T00:00:00Z"}
		}
	}
	return rapid.SampledFrom([]func(*side) object{
		always(nil), always(object{"exists": false}), always(object{"exists": true}), at(1), at(2), always(object{"updateTime": "yesterday"}),
	}).Draw(t, "precondition")
}

func gets(t *rapid.T, p *pair) {
	all := []string{}
	for range rapid.IntRange(0, 4).Draw(t, "documents") {
		all = append(all, p.name(t, collections.Draw(t, "collection")))
	}
	p.compare(t, "batchGet", func(*side) object { return object{"documents": all} })
}

func field(path string) object { return object{"fieldPath": path} }

func filter(path, op string, v object) object {
	return object{"fieldFilter": object{"field": field(path), "op": op, "value": v}}
}

func order(direction string, paths ...string) (all []object) {
	for _, path := range paths {
		all = append(all, object{"field": field(path), "direction": direction})
	}
	return all
}

// queries are of the shapes that indexes exist for.
func queries(t *rapid.T, p *pair) {
	collection := collections.Draw(t, "collection")
	reference := func() object { return object{"referenceValue": p.name(t, collection)} }
	var q object
	var cursor []object
	switch shape := rapid.IntRange(0, 6).Draw(t, "shape"); shape {
	case 0, 1:
		path, direction := "account", "ASCENDING"
		if collection = "entries"; shape == 1 {
			collection, path, direction = "records", "kind", "DESCENDING"
		}
		q = object{"where": filter(path, "EQUAL", values(t)), "orderBy": order(direction, "time", "__name__")}
		cursor = []object{values(t), reference()}
	case 2:
		q, cursor = object{"orderBy": order("ASCENDING", "__name__")}, []object{reference()}
	case 3:
		q = object{"where": object{"compositeFilter": object{"op": "AND", "filters": []object{
			filter("__name__", "GREATER_THAN_OR_EQUAL", reference()), filter("__name__", "LESS_THAN_OR_EQUAL", reference()),
		}}}, "orderBy": order("ASCENDING", "__name__")}
	case 4:
		q = object{"where": filter("note", "EQUAL", values(t))}
	case 5:
		q = object{"where": filter("note", rapid.SampledFrom([]string{"GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL"}).Draw(t, "op"), values(t))}
	case 6:
		direction := rapid.SampledFrom([]string{"ASCENDING", "DESCENDING"}).Draw(t, "direction")
		q, cursor = object{"orderBy": order(direction, "note", "__name__")}, []object{values(t), reference()}
	}
	q["from"] = []object{{"collectionId": collection}}
	if rapid.Bool().Draw(t, "limited") {
		q["limit"] = rapid.IntRange(-1, 5).Draw(t, "limit")
	}
	if cursor != nil && rapid.Bool().Draw(t, "begins") {
		q["startAt"] = object{"values": cursor}
	}
	p.compare(t, "runQuery", func(*side) object { return object{"structuredQuery": q} })
}
