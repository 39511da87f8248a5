package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// arrival is what a Function URL hands over, as far as it varies here.
type arrival struct {
	method, path string
	header       map[string]string
	body         string
}

// story is what happens to one platform within five minutes, and the alarms that
// ring then. In a name "*" stands for the platform.
type story struct {
	name     string
	fault    func(*ingesttest.World)
	arrivals func(p platform) []arrival
	rings    []string
}

var stories = []story{
	{"accepted", nil, func(p platform) []arrival { return times(10, p.event()) }, nil},
	{"no signature header", nil, func(p platform) []arrival { return times(3, p.unsigned()) }, []string{"REF-*"}},
	{"no signature header, twice", nil, func(p platform) []arrival { return times(2, p.unsigned()) }, nil},
	{"no signature header, and one acceptance", nil, func(p platform) []arrival { return append(times(9, p.unsigned()), p.event()) }, nil},
	{"no signature header, and one dead letter", nil, func(p platform) []arrival { return append(times(9, p.unsigned()), p.signed("[]")) }, []string{"QUA"}},
	{"too large", nil, func(p platform) []arrival {
		return times(3, p.signed(`"`+strings.Repeat("x", ingest.DefaultMaxBody)+`"`))
	}, []string{"REF-*"}},
	{"compressed", nil, func(p platform) []arrival { return times(3, p.with("content-encoding", "gzip")) }, []string{"REF-*"}},
	{"other signature", nil, func(p platform) []arrival { return times(3, p.with(p.Scheme.Header, "abc")) }, []string{"REF-*"}},
	{"other signature, often", nil, func(p platform) []arrival { return times(5, p.with(p.Scheme.Header, "abc")) }, []string{"REF-*", "SIG"}},
	{"other signature, often, beside accepted ones", nil, func(p platform) []arrival {
		return append(times(5, p.with(p.Scheme.Header, "abc")), p.event())
	}, []string{"SIG"}},
	{"path in other case", nil, func(p platform) []arrival { return times(3, p.at(strings.ToUpper(p.Name))) }, []string{"REF-*"}},
	{"path below another", nil, func(p platform) []arrival { return times(3, p.at("webhooks/"+p.Name)) }, []string{"REF-*"}},
	{"path with a slash behind", nil, func(p platform) []arrival { return times(3, p.at(p.Name+"/")) }, nil},
	{"unknown path with a signature", nil, func(p platform) []arrival { return times(3, p.at("hook")) }, []string{"REF-unrouted"}},
	{"unknown path with a signature, and acceptances", nil, func(p platform) []arrival { return append(times(3, p.at("hook")), p.event()) }, []string{"REF-unrouted"}},
	{"other method", nil, func(p platform) []arrival { return times(3, p.put()) }, []string{"REF-*"}},
	{"undocumented member", nil, func(p platform) []arrival {
		return times(1, p.signed(strings.Replace(p.event().body, "{", `{"shoe_size": 1, `, 1)))
	}, []string{"DRIFT"}},
	{"strangers", nil, func(platform) []arrival {
		return append(times(50, arrival{"GET", "/", nil, ""}), times(50, arrival{"POST", "/wp-login.php", nil, "log=admin"})...)
	}, nil},
	{"queue down", ingesttest.QueueDown, func(p platform) []arrival { return times(3, p.event()) }, []string{"ENQ", "REF-*"}},
	{"no secret", func(w *ingesttest.World) { w.Ingest.Keyrings = without{webhook.ErrNotConfigured} }, func(p platform) []arrival {
		return times(3, p.event())
	}, []string{"REF-*"}},
	{"secret unreadable", func(w *ingesttest.World) { w.Ingest.Keyrings = without{errors.New("access denied")} }, func(p platform) []arrival {
		return times(3, p.event())
	}, []string{"REF-*", "SEC"}},
	{"panic", func(w *ingesttest.World) { w.Ingest.Events = nil }, func(p platform) []arrival { return times(1, p.event()) }, []string{"5XX"}},
}

// Ingest itself tells each story and logs as it does in Lambda. The filters of both
// descriptions count the lines, and the alarms look at what is counted.
func TestLinesOfIngestRingTheirAlarms(t *testing.T) {
	for where, s := range map[string]func(*testing.T) system{
		"template": func(t *testing.T) system { return templateSystem(t, nil) },
		"plan":     func(t *testing.T) system { return planSystem(t, "defaults") },
	} {
		t.Run(where, func(t *testing.T) {
			described := s(t)
			for _, p := range providers.Table() {
				for _, st := range stories {
					rings := slices.Collect(maps.Keys(described.rung(described.count(t, "ingest", st.told(t, platform{p})))))
					want := strings.Split(strings.ReplaceAll(strings.Join(st.rings, ","), "*", p.Name), ",")
					if slices.Sort(rings); strings.Join(rings, ",") != strings.Join(want, ",") {
						t.Errorf("%s, %s: %q ring, want %q", p.Name, st.name, rings, want)
					}
				}
			}
		})
	}
}

// What the front door refuses reaches no log: a lost permission, a body over 6 MB.
func TestTheFrontDoorIsHeard(t *testing.T) {
	answered, invoked := metric("AWS/Lambda", "Url4xxCount", "FunctionName="+stack+"-ingest"), metric("AWS/Lambda", "Invocations", "FunctionName="+stack+"-ingest")
	for name, row := range map[string]struct {
		counted counts
		rings   bool
	}{
		"silence":                          {counts{}, false},
		"refused before ingest":            {counts{answered: 3}, true},
		"refused twice":                    {counts{answered: 2}, false},
		"refused by ingest":                {counts{answered: 9, invoked: 9}, false},
		"refused before ingest, sometimes": {counts{answered: 9, invoked: 1}, false},
		"accepted":                         {counts{answered: 0, invoked: 5}, false},
	} {
		if rings := templateSystem(t, nil).rung(row.counted); rings["403"] != row.rings || len(rings) > 1 {
			t.Errorf("%s: %v ring", name, rings)
		}
	}
}

// told gives what ingest logs of a story.
func (st story) told(t *testing.T, p platform) []byte {
	t.Helper()
	var log bytes.Buffer
	w := ingesttest.NewWorld(t)
	if st.fault != nil {
		st.fault(w)
	}
	w.Ingest.Log = aws.NewLog(&log, func(string) string { return "" })
	handler := aws.FunctionURL(w.Ingest)
	for _, a := range st.arrivals(p) {
		event, _ := json.Marshal(map[string]any{
			"version": "2.0", "rawPath": a.path, "headers": a.header, "body": a.body,
			"requestContext": map[string]any{"requestId": "r-1", "http": map[string]string{"method": a.method}},
		})
		if _, err := handler(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	return log.Bytes()
}

// without secrets, for a reason.
type without struct{ reason error }

func (w without) Keyring(context.Context, string) (webhook.Verifier, error) {
	return nil, w.reason
}

func (without) Refresh(context.Context, string) webhook.Verifier { return nil }

// platform makes arrivals of one.
type platform struct{ providers.Entry }

func (p platform) signed(body string) arrival {
	ring, err := signature.NewKeyring(p.Scheme, signature.Secret{ID: "1", Value: ingesttest.Secret(p.Name)})
	if err != nil {
		panic(err)
	}
	return arrival{http.MethodPost, "/" + p.Name, map[string]string{p.Scheme.Header: ring.Sign([]byte(body))}, body}
}

// event is the first sample of the platform.
func (p platform) event() arrival {
	body, err := events.Body(p.Name, events.Names(p.Name)[0])
	if err != nil {
		panic(err)
	}
	return p.signed(string(body))
}

func (p platform) with(header, value string) arrival {
	a := p.event()
	a.header[header] = value
	return a
}

func (p platform) unsigned() arrival {
	a := p.event()
	a.header = nil
	return a
}

func (p platform) put() arrival {
	a := p.event()
	a.method = http.MethodPut
	return a
}

func (p platform) at(path string) arrival {
	a := p.event()
	a.path = "/" + path
	return a
}

func times(n int, a arrival) []arrival { return slices.Repeat([]arrival{a}, n) }

// counts are sums over five minutes by metric: its namespace, name and dimensions.
type counts map[string]float64

func metric(namespace, name string, dimensions ...string) string {
	slices.Sort(dimensions)
	return namespace + " " + name + " " + strings.Join(dimensions, ",")
}

// count is what the filters on a function's log make of its lines.
func (s system) count(t *testing.T, log string, lines []byte) counts {
	t.Helper()
	counted := counts{}
	for line := range bytes.Lines(lines) {
		fields := decoded(t, string(line))
		for name, f := range s.Filters {
			if strings.HasPrefix(name, log+" ") && matches(t, f.Pattern, fields) {
				counted[f.metric(fields)] += float64(number(f.Value))
			}
		}
	}
	return counted
}

func (f filter) metric(fields any) string {
	var dimensions []string
	for name, path := range f.Dimensions {
		dimensions = append(dimensions, name+"="+text(fields, strings.TrimPrefix(path, "$.")))
	}
	return metric(f.Namespace, f.Metric, dimensions...)
}

var term = regexp.MustCompile(`^\(?\$\.(\w+) (?:(= \*)|(IS TRUE)|= "([^"]*)")\)?$`)

// matches evaluates the part of CloudWatch's filter language that is in use.
func matches(t *testing.T, pattern string, fields any) bool {
	t.Helper()
	for _, alternative := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(pattern, "{ "), " }"), " || ") {
		found := term.FindStringSubmatch(alternative)
		if found == nil {
			t.Fatalf("the filter %q is not evaluated here yet", pattern)
		}
		value := at(fields, found[1])
		if found[2] != "" && value != nil || found[3] != "" && value == true || found[4] != "" && value == found[4] {
			return true
		}
	}
	return false
}

// rung says which alarms ring. What has no data rings nowhere.
func (s system) rung(counted counts) map[string]bool {
	rings := map[string]bool{}
	for code, a := range s.Alarms {
		value, ok := counted[a.alone().metric()]
		if a.Expression != "" {
			value, ok = a.evaluate(counted)
		}
		if threshold, _ := strconv.ParseFloat(a.Threshold, 64); ok && value >= threshold {
			rings[code] = true
		}
	}
	return rings
}

func (m measured) metric() string {
	var dimensions []string
	for name, value := range m.Dimensions {
		dimensions = append(dimensions, name+"="+value)
	}
	return metric(m.Namespace, m.Metric, dimensions...)
}

var conditional = regexp.MustCompile(`^IF\((FILL\()?(\w+)(?:, 0\))? == 0, (\w+), 0\)$`)

// evaluate knows the two expressions in use. A metric without data makes an
// expression without a value, unless it is filled.
func (a alarm) evaluate(counted counts) (value float64, ok bool) {
	found := conditional.FindStringSubmatch(a.Expression)
	if found == nil {
		panic("the expression " + a.Expression + " is not evaluated here yet")
	}
	condition, ok := counted[a.Metrics[found[2]].metric()]
	if !ok && found[1] == "" {
		return 0, false
	}
	if condition != 0 {
		return 0, true
	}
	value, ok = counted[a.Metrics[found[3]].metric()]
	return value, ok
}
