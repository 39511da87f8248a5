package handlers

import (
	"errors"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var gabberPlatform = platform{gabberReactions, []string{gabber.SessionKind, gabber.SnapshotKind, MessagesOf(gabber.MessageKind, "<id>"),
	gabber.TimeLimitKind, gabber.ToolsKind, gabber.SpeechKind, gabber.DebitKind}, gabberVariables}

// gabberReactions are the handlers of Gabber's events that report no usage.
func gabberReactions(s Settings, store records.Store) map[string]webhook.BatchHandler {
	sessions := &sessions{Records: store, Credits: &s.Credits}
	s.Tools.Records = store
	return map[string]webhook.BatchHandler{
		"gabber.tool.calls_started":                   stored(gabber.Decode, s.Tools.Started),
		"gabber.tool.calls_finished":                  stored(gabber.Decode, s.Tools.Finished),
		"gabber.realtime_session.state_changed":       stored(gabber.Decode, sessions.StateChanged),
		"gabber.realtime_session.message_committed":   stored(gabber.Decode, sessions.MessageCommitted),
		"gabber.realtime_session.time_limit_exceeded": stored(gabber.Decode, sessions.TimeLimitExceeded),
	}
}

func gabberVariables(s *Settings) []config.Variable {
	vendor := &s.Credits.Vendor
	return []config.Variable{
		config.Text("GABBER_CREDIT", &vendor.Credit),
		{Name: "GABBER_LEDGER", Default: "off", Set: vendor.setMode},
		config.Text("SPEAK_RESULT", &s.Tools.Phrases.Result),
		config.Text("SPEAK_FAILURE", &s.Tools.Phrases.Failure),
	}
}

// setMode wants the id of a credit type where there are debits.
func (v *VendorLedger) setMode(text string) error {
	switch {
	case text == "off":
		*v = VendorLedger{}
		return nil
	case text != "beside" && text != "instead":
		return errors.New(`is neither "off" nor "beside" nor "instead"`)
	case v.Credit == "":
		return errors.New("needs GABBER_CREDIT, the id of a credit type")
	}
	v.Platform, v.Instead = gabber.Platform.Name, text == "instead"
	return nil
}
