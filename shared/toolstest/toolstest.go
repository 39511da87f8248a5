// Package toolstest is what tests on real parts have in common: tools and
// third-party vectors that may not be installed, and a port for those that serve.
//
// Where one is missing, the test skips with a line that says what to install.
// With REQUIRE_ALL=true in the environment it fails: .ci/run sets that, and
// nothing else does. CI=true, which every hosted CI sets, has no meaning here.
package toolstest

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Missing skips a test whose tool or vectors are not there; what is the line to
// print. Where everything is required it fails the test.
func Missing(t testing.TB, what string) {
	t.Helper()
	if Required() {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Required says whether every tool and every vector must be there.
func Required() bool { return os.Getenv("REQUIRE_ALL") == "true" }

// Path gives the absolute path of a tool that `make tools` installs.
func Path(t testing.TB, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(absolute)
	}
	if err != nil {
		Missing(t, filepath.Base(path)+" is missing: make tools")
	}
	return absolute
}

// FreeAddr gives an address on the loopback without a listener.
func FreeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// SideBySide lets n tests that say t.Parallel run at once, unless -parallel says
// otherwise: by default it is the number of processors, but tests on real parts
// mostly wait. Call it in TestMain, before m.Run.
func SideBySide(n int) {
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err)
	}
}
