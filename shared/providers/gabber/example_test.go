package gabber_test

import (
	"fmt"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the type, what identifies it, whom it concerns and what usage it
// reports, in front of them the scheme and the statuses of a refusal.
func ExamplePlatform() {
	p := gabber.Platform
	fmt.Println(p.Name, p.Scheme, p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Printf("%s %q %q\n", event.Type, event.Identity, event.Group)
		for _, member := range event.Deprecated {
			fmt.Println("- deprecated:", member)
		}
		if reporter, ok := event.Payload.(webhook.UsageReporter); ok {
			usage, _ := reporter.Usage()
			fmt.Println("-", usage.Value, usage.Type)
		}
	}
	// Output:
	// gabber {X-Webhook-Signature sha256 hex } 400 403
	// realtime_session.message_committed ["2ab9f61d-0c84-4e73-9b56-d8e3a7f0c142"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.message_committed ["d47e05c3-b91f-4268-8ea0-61c2f9b8d573"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "in_progress" "ended"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "" "not_started"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "not_started" "in_progress"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "in_progress" "ended"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// realtime_session.time_limit_exceeded ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// tool.calls_finished ["a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// tool.calls_finished ["6e19d4f8-b0a3-4c57-8f2d-c5a7e1903b64"] ""
	// tool.calls_started ["a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// voice.clone_ready [] ""
	// usage.tracked ["c83b6e51-2f9d-4a07-95e8-7d1f40ac2b96"] ""
	// - 31 conversational_seconds
	// usage.tracked ["b26d5c08-9e7f-4d31-a0c4-58f1e2937d6b"] "member-20417"
	// - deprecated: payload.human_id
	// - 12.0 conversational_seconds
	// usage.tracked ["7f3e91aa-c4d8-4b06-8e25-d1b07c53f962"] "member-20417"
	// - deprecated: payload.human_id
	// - 4 conversational_seconds
	// usage.tracked ["0d8b2f46-3a1c-4e79-b5d2-6c90e4f7a113"] "member-20417"
	// - 9 conversational_seconds
	// usage.tracked ["f05a8c12-d7e9-4361-b24d-9a6e1c70b8f3"] "member-77803"
	// - 6 memory_message_cnt
	// usage.tracked ["91e5d3b7-6f40-42ac-8b1e-03c7f9d2645a"] "member-77803"
	// - 1834 token_cnt
	// usage.tracked ["4ac07e9d-18b2-4f5c-9d63-e70b5a2c81f4"] "member-20417"
	// - 2.75 voice_synthesis_seconds
}
