// Command hooks is part of the bad tree.
package main

import _ "bad.example/tree/shared/clouds/aws"
import _ "bad.example/tree/shared/clouds/gcp"
import _ "github.com/alecthomas/kong"
import _ "modernc.org/sqlite"
