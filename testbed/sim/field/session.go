package field

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
)

// session is what Gabber's realtime_session.state_changed says of a session, and the
// record that is kept of it.
type session struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Human     string `json:"human,omitempty"`
	Project   string `json:"project,omitempty"`
	Caller    string `json:"caller,omitempty"`
	Agent     string `json:"agent,omitempty"`
	CreatedAt string `json:"created_at,omitempty"`
	EndedAt   string `json:"ended_at,omitempty"`
	Simulated bool   `json:"simulated,omitempty"`
}

const (
	sessionKind  = "gabber.session"
	snapshotKind = "gabber.session_snapshot"
)

// stages are the states of a session in their order; any other state is the first one.
var stages = []string{"", "not_started", "in_progress", "time_limit_exceeded", "ended"}

// stateChanged is the event. The previous state is not part of the record.
type stateChanged struct {
	of       session
	human    text
	previous previous
	style    style
}

// previous is the session before the change.
type previous struct{ json, state string }

func drawSession(random *rand.Rand) shape {
	c := stateChanged{
		of:       session{ID: pick(random, sessions).value, State: pick(random, append(stages[1:], "paused")), Simulated: random.IntN(10) == 0},
		previous: pick(random, []previous{{}, {"null", ""}, {`{"id":"s1","state":"not_started"}`, "not_started"}, {`{"state":"in_progress"}`, "in_progress"}}),
		style:    style(random.IntN(len(spaces))),
	}
	if random.IntN(2) == 0 {
		c.of.Project, c.of.CreatedAt = "shop", "2026-11-21T09:00:00Z"
	}
	if random.IntN(3) == 0 {
		c.of.Caller = pick(random, []string{"+12025550143", "+12025550178"})
	}
	if c.of.State == "ended" {
		c.of.EndedAt = pick(random, []string{"", "2026-11-21T09:10:00Z", "2026-11-21T09:11:00Z"})
	}
	if random.IntN(3) > 0 {
		c.human = pick(random, humans)
	}
	return c
}

func (c stateChanged) vary(random *rand.Rand) shape {
	switch random.IntN(3) {
	case 0:
		c.human = pick(random, append(humans, oddText[0], noText[0]))
	case 1:
		c.of.State = pick(random, stages[1:])
	default:
		c.style = c.style.other()
	}
	return c
}

func quoted(value string) string {
	if value == "" {
		return ""
	}
	return `"` + value + `"`
}

func (c stateChanged) event(*Rules) Event {
	s := c.of
	s.Human = c.human.value
	data := "[]"
	if s.Caller != "" {
		data = `[{"type":"caller_phone_number","value":"` + s.Caller + `"},{"type":"later","value":7}]`
	}
	simulated := ""
	if s.Simulated {
		simulated = "true"
	}
	current := object("id", quoted(s.ID), "state", quoted(s.State), "created_at", quoted(s.CreatedAt), "ended_at", quoted(s.EndedAt),
		"project", quoted(s.Project), "human", c.human.json, "simulated", simulated, "data", data, "config", `{"general":{"time_limit_s":600}}`)
	body := object("type", `"realtime_session.state_changed"`,
		"payload", object("previous_realtime_session", c.previous.json, "current_realtime_session", current))
	e := Event{Platform: gabber.name, Body: []byte(c.style.spaced(body))}
	if c.human.bad {
		e.Wants.Kind = DeadLetter
		return e
	}
	id := identity(gabber.name, "realtime_session.state_changed", "id", s.ID, c.previous.state, s.State)
	e.Wants = Want{Kind: Kept, ID: id, Records: []Put{snapshot(s)}}
	return e
}

func (s *session) fields() []*string {
	return []*string{&s.ID, &s.State, &s.Human, &s.Project, &s.Caller, &s.Agent, &s.CreatedAt, &s.EndedAt}
}

func (s *session) stage() int { return max(slices.Index(stages, s.State), 0) }

// snapshot is the record of one stage: the fuller report counts, then the higher hash.
func snapshot(s session) Put {
	data := encode(s)
	sum := sha256.Sum256(data)
	filled := int64(0)
	for _, field := range s.fields() {
		if *field != "" {
			filled++
		}
	}
	return Put{
		Kind:    snapshotKind,
		ID:      s.ID + separator + strconv.Itoa(s.stage()),
		Version: filled<<40 | int64(binary.BigEndian.Uint64(sum[:])>>24),
		Data:    data,
		session: &s,
	}
}

func encode(s session) []byte {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return data
}

// overlay makes a session's record of its snapshots, in the order of stages: each
// later one is laid over the earlier ones.
func overlay(snapshots []*Put) Put {
	var s session
	record := Put{Kind: sessionKind}
	for _, shot := range snapshots {
		fields := s.fields()
		for i, field := range shot.session.fields() {
			if *field != "" {
				*fields[i] = *field
			}
		}
		s.Simulated = s.Simulated || shot.session.Simulated
		record.Version += 1<<(48+shot.session.stage()) + shot.Version
	}
	record.ID, record.Data = s.ID, encode(s)
	return record
}

// message is Gabber's realtime_session.message_committed.
type message struct {
	session, id, said string
	style             style
}

func drawMessage(random *rand.Rand) shape {
	return message{pick(random, sessions).value, pick(random, objectIDs).value, pick(random, []string{"hello", "3 < 4 & 5"}), style(random.IntN(len(spaces)))}
}

func (m message) vary(random *rand.Rand) shape {
	if random.IntN(2) == 0 {
		m.said += "!"
	}
	m.style = m.style.other()
	return m
}

func (m message) event(*Rules) Event {
	content := object("id", quoted(m.id), "role", `"user"`, "created_at", `"2026-11-21T09:00:00Z"`, "content", `[{"type":"text","text":"`+m.said+`"}]`)
	body := object("type", `"realtime_session.message_committed"`, "payload", object("message", content, "realtime_session_id", quoted(m.session)))
	return Event{Platform: gabber.name, Body: []byte(m.style.spaced(body)), Wants: Want{Kind: Kept,
		ID:      identity(gabber.name, "realtime_session.message_committed", "id", m.id),
		Records: []Put{{Kind: "gabber.message/" + m.session, ID: m.id, Version: 1, Data: []byte(m.style.spaced(content))}}}}
}

// limit is Gabber's realtime_session.time_limit_exceeded.
type limit struct {
	session string
	style   style
}

func drawLimit(random *rand.Rand) shape { return limit{pick(random, sessions).value, 0} }

func (l limit) vary(*rand.Rand) shape { return limit{l.session, l.style.other()} }

func (l limit) event(*Rules) Event {
	payload := object("session", quoted(l.session))
	body := object("type", `"realtime_session.time_limit_exceeded"`, "payload", payload)
	return Event{Platform: gabber.name, Body: []byte(l.style.spaced(body)), Wants: Want{Kind: Kept,
		ID:      identity(gabber.name, "realtime_session.time_limit_exceeded", "id", l.session),
		Records: []Put{{Kind: "gabber.time_limit", ID: l.session, Version: 1, Data: []byte(payload)}}}}
}

// tools is Gabber's tool.calls_started or tool.calls_finished of a chat completion: it
// has no session, so nothing is spoken.
type tools struct {
	batch    string
	finished bool
	session  string // empty for a chat completion
	code     string
	style    style
}

func drawTools(random *rand.Rand) shape {
	return tools{pick(random, batches).value, random.IntN(2) == 0, pick(random, []string{"", "s1", "s2"}), pick(random, []string{"200", "404"}), style(random.IntN(len(spaces)))}
}

func (t tools) vary(random *rand.Rand) shape {
	if random.IntN(2) == 0 {
		t.finished = !t.finished
	}
	t.style = t.style.other()
	return t
}

func (t tools) event(*Rules) Event {
	name, results, version := "tool.calls_started", "", int64(1)
	if t.finished {
		name, version = "tool.calls_finished", 2
		results = `[{"tool_call_id":"c1","code":` + t.code + `,"response_string":"` + t.batch + ` is done"}]`
	}
	payload := object("group", quoted(t.batch), "realtime_session", quoted(t.session), "tool_calls", `[{"id":"c1","function":{"name":"look","arguments":{"at":"9"}}}]`, "tool_call_results", results)
	body := object("type", quoted(name), "payload", payload)
	return Event{Platform: gabber.name, Body: []byte(t.style.spaced(body)), Wants: Want{Kind: Kept,
		ID:      identity(gabber.name, name, "id", t.batch),
		Records: []Put{{Kind: "gabber.tool_calls", ID: t.batch, Version: version, Data: []byte(t.style.spaced(payload))}}}}
}
