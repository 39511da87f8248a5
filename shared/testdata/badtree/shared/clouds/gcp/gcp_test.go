package gcp_test

import _ "bad.example/tree/shared/clouds/local"
