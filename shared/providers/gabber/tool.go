package gabber

import (
	"cmp"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// ToolCallsStarted says that a model has asked for a batch of tool calls.
type ToolCallsStarted struct {
	envelope.Private
	Session string     `json:"realtime_session" strict:"typed"` // empty for calls from a chat completion
	Batch   string     `json:"group" strict:"nonempty"`
	Calls   []ToolCall `json:"tool_calls"`
}

// ToolCallsFinished says that a batch of tool calls is done. The session does
// not speak the results by itself: that takes a call of the speak endpoint.
type ToolCallsFinished struct {
	ToolCallsStarted
	Results []ToolResult `json:"tool_call_results" strict:"typed"`
}

// ToolCall is one call of a tool.
type ToolCall struct {
	envelope.Private
	ID           string   `json:"id"`
	DefinitionID string   `json:"tool_definition_id"`
	Function     Function `json:"function"`
}

// Function is what a model wants to be run.
type Function struct {
	envelope.Private
	Name      string     `json:"name"`
	Arguments strict.Raw `json:"arguments"` // a JSON object, not a string that holds one
}

// ToolResult is what became of one call.
type ToolResult struct {
	envelope.Private
	CallID       string `json:"tool_call_id"`
	DefinitionID string `json:"tool_definition_id"`
	Code         int    `json:"code" strict:"typed"` // like an HTTP status (inferred)
	Response     string `json:"response_string" strict:"typed"`
	Error        string `json:"error_message" strict:"typed"`
}

// Check implements [envelope.Payload].
func (t ToolCallsStarted) Check() error {
	return cmp.Or(
		envelope.Text("payload.group", t.Batch, envelope.MaxID),
		envelope.Text("payload.realtime_session", t.Session, envelope.MaxID),
	)
}

// Identity is the batch; the event type tells its start from its end.
func (t ToolCallsStarted) Identity() []string { return []string{t.Batch} }

// Group is the session.
func (t ToolCallsStarted) Group() string { return t.Session }
