// Command gcp-ingest is part of the bad tree.
package main

import _ "bad.example/tree/shared/clouds/gcp"
import _ "github.com/GoogleCloudPlatform/functions-framework-go/functions"
import _ "example.org/sdk"
