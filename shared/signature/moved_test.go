package signature_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// What is signed stays the same where characters move from one part of a delivery to
// another. Such a scheme is refused at start, or such a delivery by Verify and by Sign.
func TestVerifyRefusesMovedCharacters(t *testing.T) {
	const url = "; url=https://hooks.example.com/a"
	body := func(text string) func(*signature.Request) {
		return func(q *signature.Request) { q.Body = []byte(text) }
	}
	header := func(name, value string, more ...func(*signature.Request)) func(*signature.Request) {
		return func(q *signature.Request) {
			q.Header[name] = []string{value}
			for _, change := range more {
				change(q)
			}
		}
	}
	const late = "71793534400"
	for _, c := range []struct {
		name, scheme, query, body string
		change                    func(*signature.Request)
		when                      time.Time
	}{
		{"no form instead of an empty form", "signed={url}{params}; header=X-Sig" + url, "", "", body(`{"amount":"9;9"}`), at},
		{"bad escape instead of an empty form", "signed={url}{params}; header=X-Sig" + url, "", "", body(`%zz{"amount":9}`), at},
		{"pair that is none behind a form", "signed={params-amp}; header=X-Sig", "", "a=1", body("a=1&b=2;2"), at},
		{"empty pair behind a form", "signed={params-amp}; header=X-Sig", "", "a=1", body("a=1&"), at},
		{"Plivo, form to query", "signed={plivo}.{header:N}; header=X-Sig" + url, "b=1", "a=2", func(q *signature.Request) { q.Query, q.Body = "b=1%2Ea2", nil }, at},
		{"Plivo, form to nonce", "signed={plivo}.{header:N}; header=X-Sig" + url, "", "a=1.5", header("N", "5.1", body("a=1")), at},
		{"id to time", "signed={id}{timestamp}{body}; header=X-Sig; id=header:I; time=header:T s", "", "{}", header("I", "m.1", header("T", "01793534400")), at},
		{"id to body", "signed={timestamp}.{id}{body}; header=X-Sig; id=header:I; time=header:T s", "", "{}", header("I", "m.1", body("0{}")), at},
		{"id to body, before a dot", "signed={body}.{id}; header=X-Sig; id=header:I", "", "1", header("I", "10", body("1.m")), at},
		{"id to body, between two marks", "signed={body}.{id}-{timestamp}; header=X-Sig; id=header:I; time=header:T s", "", "{}", header("I", "10", body("{}.m")), at},
		{"id to body, before a last mark", "signed=[{body}.{id}]; header=X-Sig; id=header:I", "", "{}", header("I", "10", body("{}.m")), at},
		{"pairs to one name", "signed={params-amp}; header=X-Sig", "", "a=1&b=2", body("a%3D1%26b=2"), at},
		{"body to time", "signed={body}{timestamp}; header=X-Sig; time=header:T s", "", "a=10", header("T", "01793534400", body("a=1")), at},
		{"body to a time to come", "signed={body}{timestamp}; header=X-Sig; time=header:T s 300 past", "", "a=17", header("T", late, body("a=1")), at.AddDate(9, 0, 0)},
		{"the zone to the body", "signed={timestamp}{body}; header=X-Sig; time=header:T rfc3339", "", "{}", header("T", "2026-11-01T12:00:00.000", body("Z{}")), at},
		{"a fraction to the body", "signed={timestamp}.{body}; header=X-Sig; time=header:T rfc3339", "", "{}", header("T", "2026-11-01T12:00:00", body("000Z.{}")), at},
		{"nonce to a time to come", "signed={header:N}{timestamp}{body}; header=X-Sig; time=header:T s 300 past", "", "{}", header("N", "", header("T", "11793534400")), at.AddDate(9, 0, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			scheme, err := signature.ParseScheme(c.scheme)
			if err != nil {
				return
			}
			ring, q := ringOf(t, scheme, current), signature.Request{Method: "POST", Query: c.query, Body: []byte(c.body)}
			if err := ring.Sign(&q, at, "m.10"); err != nil {
				return
			}
			if _, err := ring.Verify(q, at); err != nil {
				t.Fatal("as it was signed:", err)
			}
			c.change(&q)
			if v, err := ring.Verify(q, c.when); err == nil {
				t.Errorf("accepted, id %q, covers %q", v.ID, v.Covers)
			}
		})
	}
}

func TestVerifyGivesTheIDOfAHeaderInAnyCase(t *testing.T) {
	scheme, err := signature.ParseScheme("signed={header:X-Id}.{body}; header=X-Sig; id=header:x-id")
	if err != nil {
		t.Fatal(err)
	}
	ring, q := ringOf(t, scheme, current), signature.Request{Method: "POST", Body: []byte("{}")}
	if err := ring.Sign(&q, at, "msg_1"); err != nil {
		t.Fatal(err)
	}
	if v, err := ring.Verify(q, at); err != nil || v.ID != "msg_1" {
		t.Errorf("id %q, %v", v.ID, err)
	}
}

func TestVerifyRefusesAnIDWithControlCharacters(t *testing.T) {
	for _, text := range []string{
		"header=X-Sig; algorithm=jwt-hs256; bodyhash=claim:h hex; id=claim:jti",
		"signed={id}.{body}; header=X-Sig; id=header:I",
	} {
		scheme, err := signature.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		ring, q := ringOf(t, scheme, current), signature.Request{Method: "POST", Body: []byte("{}")}
		if err := ring.Sign(&q, at, "a\nb"); err != nil {
			continue
		}
		if v, err := ring.Verify(q, at); err == nil {
			t.Errorf("%s: id %q", text, v.ID)
		}
	}
}
