package e2e_test

import (
	"net/http"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/webhook"
)

// switchedScheme: G-Tateth's scheme is changed by a setting of ingest alone.
func switchedScheme(s *system) {
	s.kill(ingestFn)
	s.env[ingestFn] = append(s.env[ingestFn], "SIGNATURE_SCHEMES="+eventstest.TimedScheme)
	s.start(ingestFn)
	for _, sample := range eventstest.Samples(s) {
		if sample.Platform != gtateth.Platform.Name {
			continue
		}
		if status, _, err := s.post(s.Context(), sample); status != gtateth.Platform.MismatchStatus || err != nil {
			s.Errorf("%s, as it was signed before: status %d, %v", sample.File(), status, err)
		}
		for age, want := range map[time.Duration]int{0: http.StatusOK, time.Hour: gtateth.Platform.MismatchStatus} {
			signed := eventstest.Timed(sample, secretOf(sample.Platform), time.Now().Add(-age))
			status, _, err := s.postAs(s.Context(), signed, webhook.Header{signed.Header: {signed.HeaderValue}})
			if status != want || err != nil {
				s.Errorf("%s, signed %s ago: status %d, %v, want %d", sample.File(), age, status, err, want)
			}
		}
	}
	s.drain()
}
