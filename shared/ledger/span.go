package ledger

import "math"

// Span is a stretch of time in Unix nanoseconds, both ends included. The zero
// value holds no time.
type Span struct {
	From, To int64
	set      bool
}

// Around widens s to the dedup window of e. A window without end ends with time.
func (s Span) Around(e Entry) Span {
	at, window := e.Time.UnixNano(), int64(e.DedupWindow)
	from, to := at-window, at+window
	if from > at {
		from = math.MinInt64
	}
	if to < at {
		to = math.MaxInt64
	}
	if s.set {
		from, to = min(from, s.From), max(to, s.To)
	}
	return Span{from, to, true}
}

func (s Span) contains(at int64) bool { return s.From <= at && at <= s.To }
