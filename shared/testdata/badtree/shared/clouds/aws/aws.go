// Package aws is part of the bad tree.
package aws

import _ "bad.example/tree/shared/clouds/gcp"
import _ "github.com/aws/aws-sdk-go-v2/config"
