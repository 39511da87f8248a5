package ingest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestCatalogue(t *testing.T) {
	ingesttest.Run(t, func(_ *testing.T, w *ingesttest.World) ingesttest.Front { return direct{w.Ingest} })
}

// direct is the front that translates nothing away.
type direct struct{ *ingest.Ingest }

func (d direct) Send(t testing.TB, r ingesttest.Request) ingesttest.Answer {
	return answerOf(d.Handle(t.Context(), deliveryOf(r)))
}

func deliveryOf(r ingesttest.Request) webhook.Delivery {
	d := webhook.Delivery{Method: r.Method, Header: webhook.Header{}, Body: r.Body, ID: "r-1"}
	d.Path, d.Query, _ = strings.Cut(r.Target, "?")
	for _, h := range r.Header {
		d.Header[h[0]] = append(d.Header[h[0]], h[1])
	}
	return d
}

func answerOf(r webhook.Reply) ingesttest.Answer {
	a := ingesttest.Answer{Status: r.Status, Body: r.Body, Header: http.Header{}}
	for name, value := range r.Header() {
		a.Header.Set(name, value)
	}
	return a
}
