package eventstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"
)

// TimedScheme has G-Tateth sign a time, too, in the setting of a cloud.
const TimedScheme = `platform=g-tateth; signed={timestamp}.{body}; list=","; field=v1; time=field:t s 300`

// Timed is a sample as [TimedScheme] signs it with a secret.
func Timed(s Sample, secret string, at time.Time) Sample {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), s.Body)
	s.HeaderValue = fmt.Sprintf("t=%d,v1=%x", at.Unix(), mac.Sum(nil))
	return s
}
