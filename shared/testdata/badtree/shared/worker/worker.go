// Package worker is part of the bad tree.
package worker

import _ "bad.example/tree/shared/handlers"
