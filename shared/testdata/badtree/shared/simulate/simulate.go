// Package simulate is not deterministic.
package simulate

import (
	_ "crypto/rand"
	_ "math/rand"
	_ "math/rand/v2"
	"os"
	. "strings"
	clock "time"
)

var (
	now   = clock.Now
	since = clock.Since(clock.Time{})
	until = clock.Until(clock.Time{})
	home  = os.Getenv("HOME")
	_, ok = os.LookupEnv("HOME")
	all   = os.Environ()
)

func run() {
	go ToLower("")
}
