package gabber_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the identity, which is stored for ever, the type, what identifies
// it, whom it concerns and what usage it reports; in front of them the scheme and
// the statuses of a refusal.
func ExamplePlatform() {
	p := gabber.Platform
	fmt.Println(p.Name, p.Scheme.Text(), p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		id := ingest.Identify(p.Provider, body, time.Time{}, signature.Verified{}).ID
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Printf("%s %s %q %q\n", webhook.ShortID(id), event.Type, event.Identity, event.Group)
		for _, member := range event.Deprecated {
			fmt.Println("- deprecated:", member)
		}
		if reporter, ok := event.Payload.(webhook.UsageReporter); ok {
			usage, _ := reporter.Usage()
			fmt.Println("-", usage.Value, usage.Type)
		}
	}
	// Output:
	// gabber header=X-Webhook-Signature; algorithm=sha256; encoding=hex 400 403
	// 32a3e7f0 realtime_session.message_committed ["2ab9f61d-0c84-4e73-9b56-d8e3a7f0c142"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// d54c2a0b realtime_session.message_committed ["d47e05c3-b91f-4268-8ea0-61c2f9b8d573"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// db958fae realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "in_progress" "ended"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// 8b5e9cde realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "" "not_started"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// ab17fbe4 realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "not_started" "in_progress"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// db958fae realtime_session.state_changed ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310" "in_progress" "ended"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// 2e9ea3df realtime_session.time_limit_exceeded ["c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// 7eb53bc2 tool.calls_finished ["a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// 09a17135 tool.calls_finished ["6e19d4f8-b0a3-4c57-8f2d-c5a7e1903b64"] ""
	// 5891e76e tool.calls_started ["a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"] "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
	// 83d1e800 voice.clone_ready [] ""
	// 2850654b usage.tracked ["c83b6e51-2f9d-4a07-95e8-7d1f40ac2b96"] ""
	// - 31 conversational_seconds
	// 113d952c usage.tracked ["b26d5c08-9e7f-4d31-a0c4-58f1e2937d6b"] "member-20417"
	// - deprecated: payload.human_id
	// - 12.0 conversational_seconds
	// 42c3a50c usage.tracked ["7f3e91aa-c4d8-4b06-8e25-d1b07c53f962"] "member-20417"
	// - deprecated: payload.human_id
	// - 4 conversational_seconds
	// d5740364 usage.tracked ["0d8b2f46-3a1c-4e79-b5d2-6c90e4f7a113"] "member-20417"
	// - 9 conversational_seconds
	// 80e9c76d usage.tracked ["f05a8c12-d7e9-4361-b24d-9a6e1c70b8f3"] "member-77803"
	// - 6 memory_message_cnt
	// 7595a0d4 usage.tracked ["91e5d3b7-6f40-42ac-8b1e-03c7f9d2645a"] "member-77803"
	// - 1834 token_cnt
	// 4a41e400 usage.tracked ["4ac07e9d-18b2-4f5c-9d63-e70b5a2c81f4"] "member-20417"
	// - 2.75 voice_synthesis_seconds
}
