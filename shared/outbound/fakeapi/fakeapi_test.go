package fakeapi_test

import (
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// call makes one call the way our client does, unless a header says otherwise.
func call(fake *fakeapi.API, method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("x-api-key", fakeapi.Secrets()["GABBER_API_KEY"])
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	fake.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// expectWrong makes a wrong call: it fails, is counted and leaves nothing behind.
func expectWrong(t *testing.T, want int, method, path, body string, headers ...string) {
	t.Helper()
	fake := fakeapi.New()
	if status, answer := call(fake, method, path, body, headers...); status != want {
		t.Errorf("%d %s, want %d", status, answer, want)
	}
	told := fake.State()
	if wrong := told.Wrong; len(wrong) != 1 || strings.Contains(wrong[0], "canary") {
		t.Errorf("counted: %q", wrong)
	}
	told.Wrong = nil
	if !reflect.DeepEqual(told, fakeapi.New().State()) {
		t.Errorf("something was kept: %+v", told)
	}
}
