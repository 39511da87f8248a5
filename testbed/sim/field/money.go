package field

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// usage looks for the entries of all usage: one per identity, or by the dedup window
// where there is none.
func (j *judgement) usage() {
	keys := map[string][]*arrival{}
	var order []string
	for i := range j.arrivals {
		a := &j.arrivals[i]
		if w := &a.of.event.Wants; w.usage() {
			if keys[w.Key] == nil {
				order = append(order, w.Key)
			}
			keys[w.Key] = append(keys[w.Key], a)
		}
	}
	for _, key := range order {
		if keys[key][0].of.event.Wants.NoID {
			j.byWindow(key, keys[key])
		} else {
			j.byKey(key, keys[key])
		}
	}
}

// byKey judges the arrivals of one identity. One meaning is booked, once; arrivals of
// any other meaning are dead letters.
func (j *judgement) byKey(key string, arrivals []*arrival) {
	booked := j.entries[key]
	if booked == nil {
		j.breaks("G5: %s has no entry", arrivals[0].of.event.About())
		return
	}
	booked.caused = true
	var of *arrival
	timely := false
	for _, a := range arrivals {
		w := &a.of.event.Wants
		if w.Meaning != booked.Fingerprint || w.Account != booked.Account {
			a.dead = true
			continue
		}
		of, timely = a, timely || a.at.Equal(booked.Time)
	}
	switch {
	case of == nil:
		j.breaks("G2: entry %s means what no event of its identity means", short(key))
		return
	case !timely:
		j.breaks("G5: the time of entry %s is that of no arrival", short(key))
	case booked.DedupKey != "":
		j.breaks("G2: entry %s has an id and a dedup key", short(key))
	}
	j.amount(booked, &of.of.event.Wants)
}

// amount compares an entry that is not suppressed with what its event is worth.
func (j *judgement) amount(booked *entry, w *Want) {
	kind := "unpriced"
	if w.Priced {
		kind = "charge"
	}
	if booked.Kind != kind || booked.Amount != w.Amount {
		j.breaks("G3: entry %s is a %s of %d micro-credits, want a %s of %d", short(booked.ID), booked.Kind, booked.Amount, kind, w.Amount)
	}
}

// byWindow judges the arrivals of events that only their bytes tell apart: one entry
// per time of arrival. Two that count are more than the window apart, and each
// suppressed one has one that counts within the window, before or after it.
func (j *judgement) byWindow(key string, arrivals []*arrival) {
	var counted, suppressed []*entry
	for _, a := range arrivals {
		id := key + "@" + a.at.UTC().Format(time.RFC3339Nano)
		booked := j.entries[id]
		if booked == nil {
			j.breaks("G5: the arrival of %s at %s has no entry", a.of.event.About(), a.at.Format(time.RFC3339Nano))
			continue
		}
		if booked.caused {
			continue // of another arrival at the same moment
		}
		booked.caused = true
		j.withoutID(booked, a)
		if booked.Kind == "suppressed" {
			suppressed = append(suppressed, booked)
		} else {
			counted = append(counted, booked)
			j.amount(booked, &a.of.event.Wants)
		}
	}
	for i, one := range counted {
		if slices.ContainsFunc(counted[:i], func(other *entry) bool { return j.near(one, other) }) {
			j.breaks("G2: entry %s counts although the same bytes count within the window", short(one.ID))
		}
	}
	for _, one := range suppressed {
		if !slices.ContainsFunc(counted, func(other *entry) bool { return j.near(one, other) }) {
			j.breaks("G5: entry %s is suppressed and nothing within the window counts", short(one.ID))
		}
	}
}

// withoutID compares what every entry of an event without an id has.
func (j *judgement) withoutID(booked *entry, a *arrival) {
	w := &a.of.event.Wants
	dedupKey := w.Key
	if j.Rules.Window == 0 {
		dedupKey = ""
	}
	switch {
	case booked.Account != w.Account || booked.Fingerprint != w.Meaning:
		j.breaks("G2: entry %s means what its event does not mean", short(booked.ID))
	case booked.DedupKey != dedupKey:
		j.breaks("G2: entry %s has another dedup key than its bytes", short(booked.ID))
	case !booked.Time.Equal(a.at):
		j.breaks("G5: the time of entry %s is not that of its arrival", short(booked.ID))
	case booked.Kind == "suppressed" && booked.Amount != 0:
		j.breaks("G3: entry %s is suppressed and has an amount", short(booked.ID))
	}
}

func (j *judgement) near(one, other *entry) bool {
	return j.Rules.Window < 0 || j.Rules.Window > 0 && one.Time.Sub(other.Time).Abs() <= j.Rules.Window
}

// grants compares what operators booked with the entries. An entry that is left over
// has no cause.
func (j *judgement) grants() {
	for _, g := range j.Grants {
		booked := j.entries[identity("operator", "grant", g.Key)]
		if booked == nil || booked.Kind != "grant" || booked.Account != g.Account || booked.Amount != g.Amount {
			j.breaks("G3: the grant of %d micro-credits by key %s is not booked", g.Amount, g.Key)
			continue
		}
		booked.caused = true
	}
	for _, e := range j.order {
		if !e.caused && j.entries[e.ID] == e {
			j.breaks("G5: entry %s, a %s of %d micro-credits, has no cause", short(e.ID), e.Kind, e.Amount)
		}
	}
}

// accounts compares each account with the sum and the number of its entries.
func (j *judgement) accounts() {
	sums := map[string]Account{}
	for _, e := range j.Entries {
		sum := sums[e.Account]
		sums[e.Account] = Account{Balance: sum.Balance + e.Amount, Seq: sum.Seq + 1}
	}
	for _, name := range slices.Sorted(maps.Keys(j.Accounts)) {
		if _, known := sums[name]; !known {
			sums[name] = Account{}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		sum, is := sums[name], j.Accounts[name]
		if sum.Balance != is.Balance || sum.Seq != is.Seq {
			j.breaks("G3: account %q has %d after %d entries, its %d entries add up to %d", name, is.Balance, is.Seq, sum.Seq, sum.Balance)
		}
		if is.Pushed < 0 || is.Pushed > is.Seq {
			j.breaks("G6: account %q is pushed up to %d of %d entries", name, is.Pushed, is.Seq)
		}
	}
}

// limits compares the limit of each human with the balance. Where no entry has an
// amount there is nothing to push.
func (j *judgement) limits() {
	moved := map[string]bool{}
	for _, e := range j.Entries {
		moved[e.Account] = moved[e.Account] || e.Amount != 0
	}
	for _, human := range slices.Sorted(maps.Keys(moved)) {
		limit, pushed := j.Limits[human]
		want := max(0, j.Accounts[human].Balance) / j.Rules.Price
		switch {
		case strings.Contains(human, separator) || j.Unpushed[human] || !pushed && !moved[human]:
		case !pushed:
			j.breaks("G6: the limit of %q is not pushed", human)
		case limit != want:
			j.breaks("G6: the limit of %q is %d, want %d", human, limit, want)
		}
	}
	for _, human := range slices.Sorted(maps.Keys(j.Limits)) {
		if _, has := moved[human]; !has || strings.Contains(human, separator) {
			j.breaks("G6: %q has a limit and no entry, or is no human", human)
		}
	}
}
