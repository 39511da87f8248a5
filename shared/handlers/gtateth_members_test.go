package handlers_test

var gtatethMembers = map[string][]string{
	"":               {"event", "timestamp", "data", "data._id", "data.updatedAt"},
	"message.":       {"data.conversationId", "data.createdAt"},
	"call.":          {"data.callId", "data.customerId"},
	"call.completed": {"data.duration"},
}
