package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

func TestNew_gabber(t *testing.T) {
	fake := fakeapi.New()
	for i, c := range []struct {
		method, path, body string
		headers            []string
		status             int
	}{
		{"PUT", "/v1/usage/token", `{"human":"u1","limits":[{"type":"conversational_seconds","value":7}]}`, nil, 200},
		{"PUT", "/v1/usage/token", `{"human":"u1","human_id":"u1","limits":[{"type":"conversational_seconds","value":0},{"type":"token_cnt","value":9}]}`, nil, 200},
		{"POST", "/v1/realtime/s1/speak", `{"text":"hello"}`, nil, 200},
		{"POST", "/v1/realtime/session/s1/attach_human", `{"human":"u1"}`, nil, 200},
		{"POST", "/v1/realtime/s1/end", ``, nil, 200},
		{"POST", "/v1/realtime/s1/end", ``, nil, 404},
		{"POST", "/v1/realtime/s1/speak", `{"text":"too late"}`, nil, 404},
		{"GET", "/v1/credit/gold/ledger/latest", ``, []string{"x-human-id: u1"}, 404},
		{"POST", "/v1/credit/gold/ledger", `{"amount":-3,"idempotency_key":"k1"}`, []string{"x-human-id: u1"}, 200},
		{"POST", "/v1/credit/gold/ledger", `{"amount":-4,"idempotency_key":"k2"}`, []string{"x-human-id: u1"}, 200},
		{"POST", "/v1/credit/gold/ledger", `{"amount":-4,"idempotency_key":"k2"}`, []string{"x-human-id: u1"}, 400},
		{"GET", "/v1/credit/gold/ledger/latest", ``, []string{"x-human-id: u1"}, 200},
		{"GET", "/", ``, []string{"x-api-key: "}, 200},
	} {
		if status, answer := call(fake, c.method, c.path, c.body, c.headers...); status != c.status {
			t.Errorf("%d: %s %s: %d %s, want %d", i, c.method, c.path, status, answer, c.status)
		}
	}
	if wrong := fake.State().Wrong; len(wrong) != 0 {
		t.Errorf("counted as wrong: %q", wrong)
	}
	if limit, ok := fake.Limit("u1", "conversational_seconds"); limit != 0 || !ok {
		t.Errorf("limit %d, %v", limit, ok)
	}
	entries := fake.State().Ledger
	if len(entries) != 2 || entries[1].Balance != -7 || !slices.Equal(fake.State().Spoken["s1"], []string{"hello"}) || !slices.Equal(fake.State().Ended, []string{"s1"}) || fake.State().Attached["s1"] != "u1" {
		t.Errorf("it was told %+v, %q, %q, %v", entries, fake.State().Spoken["s1"], fake.State().Ended, fake.State().Attached)
	}
	var state fakeapi.State
	if _, answer := call(fake, "GET", "/", ""); json.Unmarshal([]byte(answer), &state) != nil || state.Limits["u1"]["token_cnt"] != 9 {
		t.Errorf("GET / shows %s", answer)
	}
}

func TestNew_gabberWrongCalls(t *testing.T) {
	const limits = `{"human":"canary","limits":[{"type":"a","value":1}]}`
	const credit = `{"amount":-3,"idempotency_key":"k1"}`
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"another method", "POST", "/v1/usage/token", limits, nil, 404},
		{"another path", "PUT", "/v1/usage/tokens", limits, nil, 404},
		{"attach without its extra session/", "POST", "/v1/realtime/canary/attach_human", `{"human":"u1"}`, nil, 404},
		{"speak with an extra session/", "POST", "/v1/realtime/session/canary/speak", `{"text":"x"}`, nil, 404},
		{"a query", "PUT", "/v1/usage/token?a=canary", limits, nil, 400},
		{"no key", "PUT", "/v1/usage/token", limits, []string{"x-api-key: "}, 401},
		{"another key", "PUT", "/v1/usage/token", limits, []string{"x-api-key: canary"}, 401},
		{"a human where none belongs", "POST", "/v1/realtime/s1/speak", `{"text":"x"}`, []string{"x-human-id: canary"}, 400},
		{"no human where one belongs", "POST", "/v1/credit/gold/ledger", credit, nil, 400},
		{"no content type", "PUT", "/v1/usage/token", limits, []string{"Content-Type: "}, 400},
		{"another content type", "PUT", "/v1/usage/token", limits, []string{"Content-Type: text/plain"}, 400},
		{"not JSON", "PUT", "/v1/usage/token", `canary`, nil, 400},
		{"something behind it", "PUT", "/v1/usage/token", limits + `{}`, nil, 400},
		{"a member nobody documented", "PUT", "/v1/usage/token", `{"human":"u1","limits":[{"type":"a","value":1}],"canary":1}`, nil, 400},
		{"no human", "PUT", "/v1/usage/token", `{"limits":[{"type":"a","value":1}]}`, nil, 400},
		{"two humans", "PUT", "/v1/usage/token", `{"human":"canary","human_id":"u2","limits":[{"type":"a","value":1}]}`, nil, 400},
		{"no limits", "PUT", "/v1/usage/token", `{"human":"canary","limits":[]}`, nil, 400},
		{"a limit below zero", "PUT", "/v1/usage/token", `{"human":"canary","limits":[{"type":"a","value":-1}]}`, nil, 400},
		{"half a limit", "PUT", "/v1/usage/token", `{"human":"canary","limits":[{"type":"a","value":1.5}]}`, nil, 400},
		{"a limit without a value", "PUT", "/v1/usage/token", `{"human":"canary","limits":[{"type":"a"}]}`, nil, 400},
		{"nothing to say", "POST", "/v1/realtime/s1/speak", `{"text":""}`, nil, 400},
		{"an end with a body", "POST", "/v1/realtime/s1/end", `{}`, nil, 400},
		{"nobody to attach", "POST", "/v1/realtime/session/s1/attach_human", `{"human":""}`, nil, 400},
		{"no amount", "POST", "/v1/credit/gold/ledger", `{"idempotency_key":"k1"}`, []string{"x-human-id: u1"}, 400},
		{"half a credit", "POST", "/v1/credit/gold/ledger", `{"amount":0.5,"idempotency_key":"k1"}`, []string{"x-human-id: u1"}, 400},
		{"no idempotency key", "POST", "/v1/credit/gold/ledger", `{"amount":-3}`, []string{"x-human-id: u1"}, 400},
	} {
		t.Run(c.name, func(t *testing.T) { expectWrong(t, c.status, c.method, c.path, c.body, c.headers...) })
	}
}

func ExampleNew_gabber() {
	fake := fakeapi.New()
	server := httptest.NewServer(fake)
	defer server.Close()

	r, _ := http.NewRequest("PUT", server.URL+"/v1/usage/token", strings.NewReader(`{"human":"u1","limits":[{"type":"conversational_seconds","value":591}]}`))
	r.Header.Set("x-api-key", fakeapi.Key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.StatusCode)
	fmt.Println(fake.Limit("u1", "conversational_seconds"))
	// Output:
	// 200
	// 591 true
}
