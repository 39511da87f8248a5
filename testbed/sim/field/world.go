package field

import "time"

// World is the end of a history as the simulated services hold it.
type World struct {
	Rules    Rules
	Sent     []Accepted         // every attempt with a right signature, replays of an attacker included
	Queued   []Queued           // every message that ingest stored, in the events queue or as a dead letter
	Entries  []Entry            // of the ledger
	Accounts map[string]Account // of the ledger, by name
	Dead     []Queued           // the dead letters that are there now
	Limits   map[string]int64   // at the platform, in whole units, by human
	Unpushed map[string]bool    // humans whose last limit the platform refused: it does not know them
	Grants   []Grant
	Records  map[string]Record // by kind, "\x00" and id
}

// Accepted is one attempt of a delivery.
type Accepted struct {
	Event    Event
	Status   int  // of the answer, 0 for none; 200 is an acceptance
	Stale    bool // its signed time was too far from ingest's clock
	Received time.Time
}

// Queued is one message: a CloudEvents JSON object.
type Queued struct {
	Body []byte
	Dead bool
	At   time.Time

	Undecodable bool // stored while the decoder of its platform failed: its identity is provisional
}

// Entry is one entry of the ledger.
type Entry struct {
	ID, Account, Kind, Fingerprint, DedupKey, Source string

	Amount int64     // micro-credits
	Time   time.Time // when ingest received the event
}

// Account is the state of one account.
type Account struct{ Balance, Seq, Pushed int64 }

// Grant is what an operator booked with success, once or more often.
type Grant struct {
	Account, Key string
	Amount       int64 // micro-credits
}

// Record is one record, or the tombstone of one.
type Record struct {
	Version int64
	Data    []byte
	Deleted bool
}
