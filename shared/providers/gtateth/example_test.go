package gtateth_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the identity, which is stored for ever, the type, what identifies
// it, whom it concerns and what usage it reports; in front of them the scheme and
// the statuses of a refusal.
func ExamplePlatform() {
	p := gtateth.Platform
	fmt.Println(p.Name, p.Scheme.Text(), p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		id := ingest.Identify(p.Provider, body, time.Time{}, signature.Verified{}).ID
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Printf("%s %s %q %q\n", webhook.ShortID(id), event.Type, event.Identity, event.Group)
		if reporter, ok := event.Payload.(webhook.UsageReporter); ok {
			usage, _ := reporter.Usage()
			fmt.Println("-", usage.Value, usage.Type)
		}
	}
	// Output:
	// g-tateth header=X-Webhook-Signature; algorithm=sha256; encoding=hex; prefix=sha256= 401 401
	// 35d79257 call.answered ["6740c3b4d5e6f708192a3b4c" "2025-11-21T15:10:09Z"] "6740b1f2a9c3d45e8f701122"
	// 4dcddd2a call.completed ["6740c3b4d5e6f708192a3b4c" "2025-11-21T15:14:21Z"] "6740b1f2a9c3d45e8f701122"
	// - 252 call_seconds
	// 9062a892 call.failed ["6740c9aa0b1c2d3e4f506172" "2025-11-21T15:40:33Z"] "6740b1f2a9c3d45e8f701122"
	// c2ca2075 call.initiated ["6740c3b4d5e6f708192a3b4c" "2025-11-21T15:10:00Z"] "6740b1f2a9c3d45e8f701122"
	// 8eae3253 call.recording.available ["6740c3b4d5e6f708192a3b4c" "2025-11-21T15:15:02Z"] "6740b1f2a9c3d45e8f701122"
	// 29e8680f call.ringing ["6740c3b4d5e6f708192a3b4c" "2025-11-21T15:10:02Z"] "6740b1f2a9c3d45e8f701122"
	// 07b5f585 conversation.assigned ["6740b1f2a9c3d45e8f701122" "2025-11-21T15:05:12.551Z"] "6740b1f2a9c3d45e8f701122"
	// be66c037 conversation.closed ["6740b1f2a9c3d45e8f701122" "2025-11-21T16:31:09.870Z"] "6740b1f2a9c3d45e8f701122"
	// ea42ab9f conversation.created ["6740b1f2a9c3d45e8f701122" "2025-11-21T15:00:02.114Z"] "6740b1f2a9c3d45e8f701122"
	// 69b9ef94 conversation.updated ["6740b1f2a9c3d45e8f701122" "2025-11-21T15:04:40.006Z"] "6740b1f2a9c3d45e8f701122"
	// dd86f11b customer.created ["673fe0c7b1d24a5f9e803344" "2025-11-21T14:59:58.730Z"] "673fe0c7b1d24a5f9e803344"
	// d212a30d customer.updated ["673fe0c7b1d24a5f9e803344" "2025-11-21T15:20:00.318Z"] "673fe0c7b1d24a5f9e803344"
	// b6782bc5 message.received ["6740b2a3c4d5e6f708192a3b" "2025-11-21T15:00:03Z"] "6740b1f2a9c3d45e8f701122"
	// 087e2c2a message.sent ["6740b39ed1e2f30415263748" "2025-11-21T15:06:30Z"] "6740b1f2a9c3d45e8f701122"
	// 4dd4389d webhook.test [] ""
	// 65079a43 user.created ["672aa9d0c4e83b6f1a905566" "2025-11-20T09:00:00.000Z"] "672aa9d0c4e83b6f1a905566"
	// 4e908dee user.updated ["672aa9d0c4e83b6f1a905566" "2025-11-21T08:12:44.103Z"] "672aa9d0c4e83b6f1a905566"
}
