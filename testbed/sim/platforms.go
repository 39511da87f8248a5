package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

const platformURL = "https://platforms.sim"

// platforms are the APIs that outbound calls.
type platforms struct {
	*fakeapi.API
	refused map[string]bool // humans whose last limit was refused: the platform did not know them
}

// platformAPI gives up to a minute less what a call takes: a call that outbound gave up
// lands before the last push of the limit, which is what design 4e rests on.
var platformAPI = &port{name: "platform API", lateness: 50 * time.Second, faults: everyFault,
	throttle: answer{status: 429, header: http.Header{"Retry-After": {"3"}}}, denied: answer{status: 403}, failure: answer{status: 503}}

func (p *platforms) call(w *world, r *http.Request, body []byte) *call {
	return &call{site: w.plan.cloud + " " + caller(r.Context()) + ": " + r.Method + " " + route(r.URL.Path), port: platformAPI, serve: func() answer {
		if human := limited(r, body); human != "" {
			if p.refused[human] = w.unknown(human); p.refused[human] {
				return answer{status: 404}
			}
		}
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

// limited gives the human whose limit a request puts.
func limited(r *http.Request, body []byte) string {
	var put struct{ Human string }
	if r.Method == http.MethodPut {
		_ = json.Unmarshal(body, &put)
	}
	return put.Human
}

// unknown says whether the platform does not know a human yet. In the end it knows all.
func (w *world) unknown(human string) bool {
	return human == w.plan.unknown && time.Since(w.start) < w.plan.known
}

// route is a path without the ids in it.
func route(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if i > 2 && !slices.Contains([]string{"token", "session", "attach_human", "speak", "end", "ledger", "latest"}, part) {
			parts[i] = "…"
		}
	}
	return strings.Join(parts, "/")
}
