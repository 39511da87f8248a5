package sim

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

const platformURL = "https://platforms.sim"

// platforms are the APIs that outbound calls.
type platforms struct{ *fakeapi.API }

// platformAPI gives up to a minute less what a call takes: a call that outbound gave up
// lands before the last push of the limit, which is what design 4e rests on.
var platformAPI = &port{name: "platform API", lateness: 50 * time.Second, faults: everyFault,
	throttle: answer{status: 429, header: http.Header{"Retry-After": {"3"}}}, denied: answer{status: 403}, failure: answer{status: 503}}

func (p *platforms) call(w *world, r *http.Request, body []byte) *call {
	return &call{site: w.plan.cloud + " " + caller(r.Context()) + ": " + r.Method + " " + route(r.URL.Path), port: platformAPI, serve: func() answer {
		again := httptest.NewRequest(r.Method, r.URL.Path, bytes.NewReader(body))
		again.Header = r.Header.Clone()
		recorder := httptest.NewRecorder()
		p.ServeHTTP(recorder, again)
		for _, wrong := range p.State().Wrong {
			w.violate("API: a call that no client of the vendor's could make: %s", wrong)
		}
		return answer{status: recorder.Code, header: recorder.Header(), body: recorder.Body.Bytes()}
	}}
}

// route is a path without what it names.
func route(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) > 4 {
		parts[3] = "…"
	}
	return strings.Join(parts, "/")
}
