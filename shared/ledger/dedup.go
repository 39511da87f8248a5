package ledger

import "math"

// Span is a stretch of time in Unix nanoseconds, both ends included.
type Span struct{ From, To int64 }

func (s Span) contains(at int64) bool { return s.From <= at && at <= s.To }

// dedupSpan gives the dedup window around an entry. One without end ends with time.
func dedupSpan(e Entry) Span {
	at, window := e.Time.UnixNano(), int64(e.DedupWindow)
	s := Span{at - window, at + window}
	if s.From > at {
		s.From = math.MinInt64
	}
	if s.To < at {
		s.To = math.MaxInt64
	}
	return s
}

// DedupSpans gives, for each DedupKey of the entries that are not found yet, the
// span of the dedup index that [Plan] needs.
func DedupSpans(entries []Entry, found map[string]Entry) map[string]Span {
	spans := make(map[string]Span)
	for _, e := range entries {
		if _, exists := found[e.ID]; e.DedupKey == "" || exists {
			continue
		}
		s := dedupSpan(e)
		if other, ok := spans[e.DedupKey]; ok {
			s = Span{min(s.From, other.From), max(s.To, other.To)}
		}
		spans[e.DedupKey] = s
	}
	return spans
}
