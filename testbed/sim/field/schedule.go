package field

import (
	"math/rand/v2"
	"time"
)

// retries are the schedules of a platform, one of which is drawn. G-Tateth documents
// its two and up to ten retries; Gabber documents three retries and no spacing; the
// other platforms document nothing. The rest is a guess: impatient, patient and longer
// than the dedup window.
var retries = map[string][][]time.Duration{
	"gabber": {
		spaced(3, 1, false), spaced(3, 60, false), spaced(3, 3600, false),
	},
	"g-tateth": {
		spaced(3, 2, true), spaced(3, 5, false), spaced(10, 2, true), spaced(10, 5, false), nil,
	},
	"chatbase": guesses,
	"cribbly":  guesses,
	"oblic":    guesses,
}

var guesses = [][]time.Duration{
	nil, spaced(3, 1, true), spaced(5, 60, true), spaced(3, 86400, false),
}

// spaced gives n waits that grow from first seconds, doubling or by adding first.
func spaced(n int, first int64, doubling bool) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = time.Duration(first) * time.Second * time.Duration(i+1)
		if doubling {
			waits[i] = time.Duration(first) * time.Second << i
		}
	}
	return waits
}

// Schedule gives the waits between the attempts of one delivery as long as it is not
// answered 2xx, with a jitter of up to a tenth. After the last one the platform gives
// up.
func Schedule(platform string, random *rand.Rand) []time.Duration {
	drawn := pick(random, retries[platform])
	waits := make([]time.Duration, len(drawn))
	for i, wait := range drawn {
		waits[i] = wait + time.Duration(random.Int64N(int64(wait)/10+1))
	}
	return waits
}
