// Package outbound is part of the bad tree.
package outbound

import (
	_ "bad.example/tree/shared/clouds/aws"
	_ "bad.example/tree/shared/signature/catalogue"
)
