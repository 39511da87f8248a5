package ingesttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

// usageRow is a story about money: what Gabber reports, what becomes of each
// report, and the balances in credits when all of them are handled.
type usageRow struct {
	name     string
	payloads []string // of usage.tracked, delivered in this order
	outcomes string   // of each, the last one also of all that follow
	balances balances // of every account that exists afterwards
}

type balances map[string]string

// Outcomes. The worker's own are charged, unpriced, suspense, duplicate and
// suppressed; these two it calls dead.
const (
	unusable = "unusable" // a dead letter of ingest
	conflict = "conflict" // a dead letter of the worker: another event has this id
)

// codes of the alarms.
var codes = map[string]string{unusable: webhook.CodeDeadLetter, conflict: webhook.CodeConflict, "suspense": webhook.CodeSuspense, "suppressed": webhook.CodeAmbiguous}

var suspense = accounts.Suspense("gabber", "p")

// usageRows: usage.tracked, signed, with the default tariff of one credit per
// conversational second.
func usageRows() []usageRow {
	return []usageRow{
		{"B149 30", value("30"), "charged", balances{"u1": "-30"}},
		{"B150 0", value("0"), "charged", balances{"u1": "0"}},
		{"B151 -30: usage never credits", value("-30"), unusable, nil},
		{"B152 -0", value("-0"), "charged", balances{"u1": "0"}},
		{"B152 -0.0", value("-0.0"), "charged", balances{"u1": "0"}},
		{"B153 the least below zero", value("-0.0000001"), unusable, nil},
		{"B154 a tenth, exactly", value("0.1"), "charged", balances{"u1": "-0.1"}},
		{"B155 six places, exactly", value("12.345678"), "charged", balances{"u1": "-12.345678"}},
		{"B156 seven places, half to even: down", value("12.3456785"), "charged", balances{"u1": "-12.345678"}},
		{"B156 seven places, half to even: up", value("12.3456775"), "charged", balances{"u1": "-12.345678"}},
		{"B157 less than a micro-credit", value("1e-7"), "charged", balances{"u1": "0"}},
		{"B158 an exponent", value("3e1"), "charged", balances{"u1": "-30"}},
		{"B158 an exponent in upper case, with a sign", value("3.0E+1"), "charged", balances{"u1": "-30"}},
		{"B159 1e400", value("1e400"), unusable, nil},
		{"B160 1e1000000", value("1e1000000"), unusable, nil},
		{"B160 1e-1000000", value("1e-1000000"), unusable, nil},
		{"B161 seven days", value("604800"), "charged", balances{"u1": "-604800"}},
		{"B161 seven days and a second", value("604801"), unusable, nil},
		{"B161 seven days and the least more", value("604800.0000001"), unusable, nil},
		{"B162 the first integer a float64 cannot hold", value("9007199254740993"), unusable, nil},
		{"B163 the largest int64", value("9223372036854775807"), unusable, nil},
		{"B163 one more", value("9223372036854775808"), unusable, nil},
		{"B164 2 to the 64th", value("18446744073709551616"), unusable, nil},
		{"B164 10 to the 100th, in digits", value("1" + strings.Repeat("0", 100)), unusable, nil},
		{"B165 30 in a string", value(`"30"`), unusable, nil},
		{"B165 30 in a string, with spaces", value(`" 30 "`), unusable, nil},
		{"B165 an empty string", value(`""`), unusable, nil},
		{"B166 null", value("null"), unusable, nil},
		{"B166 true", value("true"), unusable, nil},
		{"B166 an array", value("[30]"), unusable, nil},
		{"B166 an object", value(`{"$numberLong": "30"}`), unusable, nil},
		{"B167 no value", payload(`"id": "1", "type": "conversational_seconds", "human": "u1"`), unusable, nil},
		{"B118 two values", payload(`"id": "1", "type": "conversational_seconds", "value": 1, "value": 1000000, "human": "u1"`), unusable, nil},
		{"B121 the value's key in another case", payload(`"id": "1", "type": "conversational_seconds", "Value": 30, "human": "u1"`), unusable, nil},
		{"B168 hexadecimal", value("0x1E"), unusable, nil},
		{"B168 a leading zero", value("030"), unusable, nil},
		{"B168 a plus", value("+30"), unusable, nil},
		{"B168 nothing before the point", value(".5"), unusable, nil},
		{"B168 nothing behind the point", value("5."), unusable, nil},
		{"B168 an underscore", value("1_000"), unusable, nil},
		{"B168 a comma", value("1,000"), unusable, nil},
		{"B168 Arabic digits", value("٣٠"), unusable, nil},
		{"B169 0.1 ten times is 1", times(10, `"value": 0.1, "human": "u1"`), "charged", balances{"u1": "-1"}},
		{"B170 0.000001 a thousand times is 0.001", times(1000, `"value": 0.000001, "human": "u1"`), "charged", balances{"u1": "-0.001"}},
		{"B171 no usage type", payload(`"id": "1", "value": 30, "human": "u1"`), unusable, nil},
		{"B172 voice_synthesis_seconds has no price", usage("voice_synthesis_seconds", "12.5"), "unpriced", balances{"u1": "0"}},
		{"B172 token_cnt has no price", usage("token_cnt", "1834"), "unpriced", balances{"u1": "0"}},
		{"B173 memory_message_cnt has no price", usage("memory_message_cnt", "3"), "unpriced", balances{"u1": "0"}},
		{"B173 a usage type of the future", usage("telepathy_cnt", "3"), "unpriced", balances{"u1": "0"}},
		{"B174 credits, balance, amount", seconds(`"id": "1", "value": 30, "human": "u1", "credits": -999, "balance": 1e9, "amount": -1`), "charged", balances{"u1": "-30"}},

		{"B175 no human", seconds(`"id": "1", "value": 30`), "suspense", balances{suspense: "-30"}},
		{"B176 human", seconds(`"id": "1", "value": 30, "human": "u1"`), "charged", balances{"u1": "-30"}},
		{"B176 human_id", seconds(`"id": "1", "value": 30, "human_id": "u1"`), "charged", balances{"u1": "-30"}},
		{"B177 human and human_id, equal", seconds(`"id": "1", "value": 30, "human": "u1", "human_id": "u1"`), "charged", balances{"u1": "-30"}},
		{"B178 human and human_id, different", seconds(`"id": "1", "value": 30, "human": "u1", "human_id": "u2"`), unusable, nil},
		{"B119 human_id twice", seconds(`"id": "1", "value": 30, "human_id": "u1", "human_id": "u2"`), unusable, nil},
		{"B179 an empty human", seconds(`"id": "1", "value": 30, "human": ""`), "suspense", balances{suspense: "-30"}},
		{"B179 null", seconds(`"id": "1", "value": 30, "human": null, "human_id": null`), "suspense", balances{suspense: "-30"}},
		{"B180 a number as human", seconds(`"id": "1", "value": 30, "human": 1`), unusable, nil},
		{"B180 an object as human", seconds(`"id": "1", "value": 30, "human": {"$ne": null}`), unusable, nil},
		{"B181 256 bytes", of(long(256)), "charged", balances{long(256): "-30"}},
		{"B181 257 bytes", of(long(257)), unusable, nil},
		{"B182 a/b", of("a/b"), "charged", balances{"a/b": "-30"}},
		{"B182 a dot", of("."), "charged", balances{".": "-30"}},
		{"B182 two dots", of(".."), "charged", balances{"..": "-30"}},
		{"B183 __x__", of("__x__"), "charged", balances{"__x__": "-30"}},
		{"B183 users/../admin", of("users/../admin"), "charged", balances{"users/../admin": "-30"}},
		{"B184 anonymous", of("anonymous"), "suspense", balances{suspense: "-30"}},
		{"B185 distinct, byte for byte", of("u1", "U1", "u1 ", "\u00e9", "e\u0301"), "charged",
			balances{"u1": "-30", "U1": "-30", "u1 ": "-30", "\u00e9": "-30", "e\u0301": "-30"}},
		{"B186 a line break and a log line of its own", of(`u1\n{\"level\":\"ERROR\"}`), unusable, nil},
		{"B187 the separator of our own account names", of(`suspense\u001fgabber\u001fp`), unusable, nil},

		{"B188 no id: known by its bytes", repeated(2, `"value": 30, "human": "u1"`), "charged suppressed", balances{"u1": "-30"}},
		{"B189 an empty id, likewise", repeated(2, `"id": "", "value": 30, "human": "u1"`), "charged suppressed", balances{"u1": "-30"}},
		{"B189 null, likewise", repeated(2, `"id": null, "value": 30, "human": "u1"`), "charged suppressed", balances{"u1": "-30"}},
		{"B190 a number as id", seconds(`"id": 1, "value": 30, "human": "u1"`), unusable, nil},
		{"B190 an object as id", seconds(`"id": {}, "value": 30, "human": "u1"`), unusable, nil},
		{"B190 an id of 256 bytes", seconds(`"id": "` + long(256) + `", "value": 30, "human": "u1"`), "charged", balances{"u1": "-30"}},
		{"B190 an id of 257 bytes", seconds(`"id": "` + long(257) + `", "value": 30, "human": "u1"`), unusable, nil},
		{"B128 NUL in an id", seconds(`"id": "1\u0000", "value": 30, "human": "u1"`), unusable, nil},
		{"B128 NUL in a human", of(`u1\u0000`), unusable, nil},
		{"B191 one id, two values", seconds(`"id": "1", "value": 30, "human": "u1"`, `"id": "1", "value": 31, "human": "u1"`), "charged conflict", balances{"u1": "-30"}},
		{"B192 one id, two humans", seconds(`"id": "1", "value": 30, "human": "u1"`, `"id": "1", "value": 30, "human": "u2"`), "charged conflict", balances{"u1": "-30"}},
		{"B193 one value, written in three ways", seconds(`"id": "1", "value": 30, "human": "u1"`, `"id": "1", "value": 30.0, "human": "u1"`, `"id": "1", "value": 3e1, "human": "u1"`), "charged duplicate", balances{"u1": "-30"}},
		{"B195 one id, two projects", []string{
			`{"id": "1", "type": "conversational_seconds", "value": 30, "human": "u1", "project": "p"}`,
			`{"id": "1", "type": "conversational_seconds", "value": 30, "human": "u1", "project": "q"}`,
		}, "charged duplicate", balances{"u1": "-30"}},
		{"B202 three times the same", repeated(3, `"id": "1", "value": 30, "human": "u1"`), "charged duplicate", balances{"u1": "-30"}},
		{"B204 one id, other white space", seconds(`"id": "1", "value": 30, "human": "u1"`, "\n\t"+`"id" :"1" ,"human": "u1", "value":30 `), "charged duplicate", balances{"u1": "-30"}},
		{"B204 one id, human under its other name", seconds(`"id": "1", "value": 30, "human": "u1"`, `"id": "1", "value": 30, "human_id": "u1"`), "charged duplicate", balances{"u1": "-30"}},
	}
}

// gabberUsage is the catalogue's part about Gabber's usage.
func gabberUsage() (all []story) {
	for _, r := range usageRows() {
		all = append(all, story{r.name, r.run})
	}
	return all
}

// gabberDraft is a good report with the payload of a row of usage.
func gabberDraft(payload string) *draft {
	body, err := events.Body(gabber.Platform.Name, "usage.tracked")
	if err != nil {
		panic(err)
	}
	p := takenApart(gabber.Platform, body)
	p.object = payload
	return newDraft(p, "")
}

// payload makes one from the members given; people's details are added.
func payload(members ...string) (payloads []string) {
	for _, m := range members {
		payloads = append(payloads, `{`+m+`, "project": "p", "metadata": {"email": "$email", "phone": "$phone", "note": "$words", "who": "$human"}}`)
	}
	return payloads
}

func seconds(members ...string) (payloads []string) {
	for _, m := range members {
		payloads = append(payloads, payload(`"type": "conversational_seconds", `+m)...)
	}
	return payloads
}

func value(token string) []string {
	return seconds(`"id": "1", "value": ` + token + `, "human": "u1"`)
}

func usage(usageType, value string) []string {
	return payload(`"id": "1", "type": "` + usageType + `", "value": ` + value + `, "human": "u1"`)
}

// of reports 30 seconds of each human, under an id of its own.
func of(humans ...string) (payloads []string) {
	for i, h := range humans {
		payloads = append(payloads, seconds(fmt.Sprintf(`"id": "%d", "value": 30, "human": "%s"`, i, h))...)
	}
	return payloads
}

// times reports the same n times, each under an id of its own.
func times(n int, members string) (payloads []string) {
	for i := range n {
		payloads = append(payloads, seconds(fmt.Sprintf(`"id": "%d", %s`, i, members))...)
	}
	return payloads
}

// repeated reports the same bytes n times.
func repeated(n int, members string) (payloads []string) {
	for range n {
		payloads = append(payloads, seconds(members)...)
	}
	return payloads
}

func long(bytes int) string { return strings.Repeat("u", bytes) }

func (r usageRow) run(t *testing.T, newFront NewFront) {
	w := NewWorld(t)
	front := newFront(t, w)
	want := strings.Fields(r.outcomes)
	counted := map[string]int{}
	for i, p := range r.payloads {
		w.Sleep(time.Second)
		outcome := deliverUsage(t, w, front, p)
		counted[outcome]++
		if expected := want[min(i, len(want)-1)]; outcome != expected {
			t.Errorf("report %d of %d: %s, want %s", i+1, len(r.payloads), outcome, expected)
		}
		if code := codes[outcome]; code != "" && !strings.Contains(w.LogLines(), `"code":"`+code+`"`) {
			t.Errorf("%s, and no %s in the log", outcome, code)
		}
	}
	w.CheckLedger(t, r.balances)
	w.checkBuckets(t, counted)
	w.CheckSilence(t, `{"level":"ERROR"}`)
}

// deliverUsage sends one report, has it handled and gives its outcome. What was
// delivered before is taken from the queues first.
func deliverUsage(t *testing.T, w *World, front Front, payload string) string {
	t.Helper()
	for _, queue := range []*Recorder{w.Events, w.DeadLetters} {
		queue.messages, queue.calls = nil, 0
	}
	d := gabberDraft(payload)
	request := d.request()
	answer := front.Send(t, request)
	CheckAnswer(t, request, answer)
	if answer.Status != 200 {
		t.Fatalf("status %d, want 200", answer.Status)
	}
	for _, e := range append(w.Events.Stored(t), w.DeadLetters.Stored(t)...) {
		if string(e.Data) != string(d.body) {
			t.Error("other bytes were stored than sent")
		}
	}
	if len(w.DeadLetters.Messages()) == 1 && w.Events.Calls() == 0 {
		return unusable
	}
	verdicts := w.Work(t, w.Events)
	if len(verdicts) != 1 || w.DeadLetters.Calls() != 0 {
		t.Fatalf("%d events and %d dead letters of one report", len(verdicts), w.DeadLetters.Calls())
	}
	if strings.HasPrefix(verdicts[0].Reason, conflict) {
		return conflict
	}
	return verdicts[0].Outcome
}

// checkBuckets: each report ended as one entry, as a duplicate of one or as a
// dead letter.
func (w *World) checkBuckets(t *testing.T, counted map[string]int) {
	t.Helper()
	var entries int64
	for _, account := range w.accounts(t) {
		entries += account.Seq
	}
	booked := counted["charged"] + counted["unpriced"] + counted["suspense"] + counted["suppressed"]
	if int64(booked) != entries {
		t.Errorf("%v are %d entries, the ledger has %d", counted, booked, entries)
	}
}
