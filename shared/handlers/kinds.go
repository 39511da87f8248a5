package handlers

import (
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
)

// Kinds lists the kinds of records that handlers keep, for people who look. One
// that ends in "/<id>" stands for a kind per conversation or session.
func Kinds() []string {
	kinds := []string{accounts.PhoneKind, chatbase.LeadKind, gabber.SessionKind, MessagesOf(gabber.MessageKind, "<id>"), gabber.TimeLimitKind,
		gabber.SnapshotKind, gabber.ToolsKind, gabber.SpeechKind, gabber.DebitKind, accounts.CrossingKind, accounts.NegativeKind}
	for _, platform := range providers.Table() {
		kinds = append(kinds, UnknownKind(platform.Name))
	}
	for _, eventType := range mirrored {
		model, _ := cutLast(eventType)
		if kinds = append(kinds, model); isMessage(model) {
			kinds = append(kinds, MessagesOf(model, "<id>"))
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// ConversationOf names the conversation of a message that [Latest] keeps, "" if
// the message names none.
func ConversationOf(message records.Record) string {
	name, _, _ := strings.Cut(message.Kind, ".")
	platform, _ := providers.Table().Named(name)
	if platform.Conversation == nil {
		return ""
	}
	return platform.Conversation(message.Data)
}
