package handlers

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// tools records what the tools of a model did, one record per batch of calls,
// and has the results spoken: the session's own AI does not say them.
type tools struct {
	Records records.Store
	Phrases phrases
}

// phrases says how a result becomes a sentence. {tool}, {response}, {error} and
// {code} stand for what the platform reported.
type phrases struct {
	Result  string
	Failure string
}

// phrases where none are configured.
const (
	DefaultResult  = "{response}"
	DefaultFailure = "That did not work."
)

// maxSpeech in characters: a longer text is no speech, and what a tool answers may
// be a whole document.
const maxSpeech = 1000

// The versions of a batch's record, whichever event is delivered first.
const (
	batchStarted = 1
	batchDone    = 2
)

// Started handles gabber.tool.calls_started.
func (t *tools) Started(ctx context.Context, e webhook.Event, calls gabber.ToolCallsStarted) ([]webhook.Event, error) {
	return nil, t.put(ctx, e, calls.Batch, batchStarted)
}

// Finished handles gabber.tool.calls_finished. Calls from a chat completion
// have no session to speak into.
func (t *tools) Finished(ctx context.Context, e webhook.Event, done gabber.ToolCallsFinished) ([]webhook.Event, error) {
	if err := t.put(ctx, e, done.Batch, batchDone); err != nil {
		return nil, err
	}
	text := t.Phrases.compose(done)
	if done.Session == "" || text == "" {
		return nil, nil
	}
	request := followups.SpeechRequest{Session: done.Session, Text: text, Group: done.Batch}
	return []webhook.Event{followups.New("worker", followups.SpeechRequested, e, done.Batch, request)}, nil
}

func (t *tools) put(ctx context.Context, e webhook.Event, batch string, version int64) error {
	payload, err := gabber.Payload(e.Data)
	if err != nil {
		return webhook.Permanent(err.Error())
	}
	_, err = t.Records.Put(ctx, records.Record{Kind: gabber.ToolsKind, ID: batch, Version: version, Time: e.Time, Data: payload})
	return err
}

// compose makes one text of all results. Results name their call by its id.
func (p phrases) compose(done gabber.ToolCallsFinished) string {
	names := make(map[string]string, len(done.Calls))
	for _, call := range done.Calls {
		names[call.ID] = call.Function.Name
	}
	delete(names, "") // a result without an id is of no call
	var sentences []string
	for _, result := range done.Results {
		if s := strings.TrimSpace(p.sentence(names[result.CallID], result)); s != "" {
			sentences = append(sentences, s)
		}
	}
	return firstRunes(strings.Join(sentences, " "), maxSpeech)
}

// sentence fills in a phrase in one pass: what a tool answered is never taken
// for a placeholder. That codes are like HTTP's is inferred.
func (p phrases) sentence(tool string, r gabber.ToolResult) string {
	phrase := cmp.Or(p.Result, DefaultResult)
	if r.Error != "" || r.Code >= 400 {
		phrase = cmp.Or(p.Failure, DefaultFailure)
	}
	return strings.NewReplacer("{tool}", tool, "{response}", r.Response, "{error}", r.Error, "{code}", strconv.Itoa(r.Code)).Replace(phrase)
}

func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
