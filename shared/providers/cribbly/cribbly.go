// Package cribbly reads the webhooks of Cribbly, which speaks the dialect of package
// protocol.
package cribbly

import "github.com/webhook-functions/template/shared/providers/protocol"

// Platform has the documented header.
var Platform = protocol.Platform("cribbly", "x-Cribbly-signature")
