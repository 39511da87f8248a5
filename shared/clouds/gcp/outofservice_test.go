package gcp

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestStarting(t *testing.T) {
	var log bytes.Buffer
	faults, starts := []error{fmt.Errorf("%w: denied", secrets.ErrSettings), errors.New("TARIFF is no price list")}, 0
	front := Starting(NewLog(&log), func() (http.Handler, error) {
		if starts++; starts <= len(faults) {
			return nil, faults[starts-1]
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), nil
	})
	for i, row := range []struct {
		status, starts int
		code           string
	}{{503, 2, webhook.CodeConfig}, {200, 3, ""}, {200, 3, ""}} {
		answer := httptest.NewRecorder()
		front.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil))
		if answer.Code != row.status || starts != row.starts || answer.Header().Get("Retry-After") == "" != (row.status == 200) {
			t.Errorf("request %d: status %d after %d starts, want %d after %d", i+1, answer.Code, starts, row.status, row.starts)
		}
	}
	for _, want := range []string{`"code":"SEC","cause":"the secret cannot be used: denied"`, `"code":"CFG","cause":"TARIFF is no price list"`} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%s was logged %d times, want once", want, n)
		}
	}
}
