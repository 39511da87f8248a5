// Package toolstest is what tests on real parts have in common: tools that may
// not be installed, and a port for those that serve.
package toolstest

import (
	"net"
	"os"
	"testing"
)

// Missing skips a test whose tool is not there; CI has to have them all.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// FreeAddr gives an address on the loopback that nobody listens on.
func FreeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
