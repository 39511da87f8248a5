package gabber_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/gabber"
)

// Whatever the body, Decode comes back, says what it found, and does not repeat
// the body in an error.
func FuzzGabberDecode(f *testing.F) {
	for _, name := range events.Names("gabber") {
		f.Add(string(sample(f, name)))
	}
	const canary = "C4NARY"
	f.Add(`{"` + canary + `":1,"` + canary + `":2}`)
	f.Add(`{"type":"` + canary + `\n","payload":{}}`)
	f.Add(usage(`"value":"` + canary + `","human":7`))
	f.Add(usage(`"value":` + canary))
	f.Add(usage(`"value":1,"human":"` + canary + `","human_id":"u"`))
	f.Add(`{"type":"tool.calls_started","payload":{"group":"g","tool_calls":[{"id":{"` + canary + `":1}}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		parsed, err := gabber.Decode([]byte(body))
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats the body: %v", err)
		}
		if (err == nil && parsed.Type == "") || parsed.Known != (parsed.Payload != nil) || (err != nil && parsed.Known) {
			t.Errorf("contradiction: known %v, error %v", parsed.Known, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	body := sample(b, "usage.tracked")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gabber.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
