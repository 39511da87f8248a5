package chatbase_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the identity, which is stored for ever, the type, what identifies
// it and whom it concerns; in front of them the scheme and the statuses of a
// refusal.
func ExamplePlatform() {
	p := chatbase.Platform
	fmt.Println(p.Name, p.Scheme.Text(), p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		id := ingest.Identify(p.Provider, body, time.Time{}, signature.Verified{}).ID
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Printf("%s %s %q %q\n", webhook.ShortID(id), event.Type, event.Identity, event.Group)
	}
	// Output:
	// chatbase header=x-chatbase-signature; algorithm=sha1; encoding=hex 400 400
	// 4f003993 leads.submit ["kT9vQx2LmZr7BdEo" "3f8c1a52-7e0d-4b96-8c1f-5a92d7e4b603" "7ec86460ab0b3af7060d1ce86aef16087ad2e86e2c51494f3a3a3c1947ce071f"] "kT9vQx2LmZr7BdEo"
	// bb2557a7 leads.submit ["kT9vQx2LmZr7BdEo" "c40d96f1-3ba8-4e27-9d5c-70e1f8a2b539" "33a3b04057a16c5c31ecb2c6735da88c661982190ae908cc77dd2ba93b29f123"] "kT9vQx2LmZr7BdEo"
	// 02920398 leads.submit ["kT9vQx2LmZr7BdEo" "9b27e4d0-c158-4f3a-a6e7-18d05c9fb274" "c2e76f46d313b38f39027d2c81e4a35b25b6bc9235d92652a79cb4e4c7e868cd"] "kT9vQx2LmZr7BdEo"
}
