package handlers_test

var gabberMembers = map[string][]string{
	"":                                   {"type", "payload"},
	"usage.tracked":                      {"payload.id", "payload.type", "payload.value", "payload.human", "payload.human_id", "payload.project"},
	"tool.":                              {"payload.group", "payload.realtime_session"},
	"tool.calls_finished":                {"payload.tool_call_results", "payload.tool_call_results.code", "payload.tool_call_results.response_string", "payload.tool_call_results.error_message"},
	"realtime_session.message_committed": {"payload.message", "payload.message.id", "payload.message.created_at", "payload.message.realtime_session", "payload.realtime_session_id"},
	"realtime_session.state_changed": {"payload.previous_realtime_session", "payload.previous_realtime_session.state", "payload.current_realtime_session",
		"payload.current_realtime_session.id", "payload.current_realtime_session.state", "payload.current_realtime_session.human", "payload.current_realtime_session.simulated",
		"payload.current_realtime_session.data", "payload.current_realtime_session.data.type", "payload.current_realtime_session.data.value"},
	"realtime_session.time_limit_exceeded": {"payload.session"},
}
