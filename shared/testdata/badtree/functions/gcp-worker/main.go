// Command gcp-worker is part of the bad tree.
package main

import _ "bad.example/tree/shared/outbound/calls"
