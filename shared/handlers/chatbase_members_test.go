package handlers_test

var chatbaseMembers = map[string][]string{"": {"eventType", "chatbotId", "payload", "payload.conversationId", "payload.customerEmail", "payload.customerName", "payload.customerPhone"}}
