// Package oblic reads the webhooks of Oblic, which speaks the dialect of package
// protocol.
package oblic

import "github.com/webhook-functions/template/shared/providers/protocol"

// Platform has the documented header.
var Platform = protocol.Platform("oblic", "x-oblic-signature")
