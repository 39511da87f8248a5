package shared_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// standInGo is a go that has a module or not, by HAS, and prints what govulncheck would be given.
const standInGo = `#!/usr/bin/env bash
case "$*" in
"env GOVERSION") echo "$IN_USE" ;;
"list -m -f {{.Version}} "*) echo v0.0.0 && [ "$HAS" = module ] ;;
"list -m -f {{.Dir}} "*) echo /module ;;
"mod download "*) ;;
"tool "*) echo "$GOVERSION: $*" && [ "$HAS" != vulnerability ] ;;
*) exit 2 ;;
esac
`

// tools/vulnerabilities.sh asks the database, or else the module that holds its
// entries; where it can check nothing it says so, and with REQUIRE_ALL=true fails.
func TestVulnerabilities(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	nowhere := httptest.NewServer(nil)
	nowhere.Close()
	for name, row := range map[string]struct {
		database, has, inUse, all string
		says                      string
		fails                     bool
	}{
		"the database is there":                 {database: server.URL, says: "-db " + server.URL},
		"the module is there":                   {database: nowhere.URL, has: "module", says: "-db file:///module/data/osv"},
		"something is found":                    {database: server.URL, has: "vulnerability", says: "-db", fails: true},
		"neither is there":                      {database: nowhere.URL, says: "nothing was checked"},
		"neither is there and all is required":  {database: nowhere.URL, all: "true", says: "nothing was checked", fails: true},
		"Go is older than the one go.mod names": {database: server.URL, inUse: "go1.27.0", says: toolchain(t) + ": tool"},
		"Go is newer than the one go.mod names": {database: server.URL, inUse: "go1.926.0", says: "go1.926.0: tool"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), filepath.Join("..", "tools", "vulnerabilities.sh"), row.database)
			cmd.Env = append(os.Environ(), "PATH="+withGo(t)+string(os.PathListSeparator)+os.Getenv("PATH"),
				"HAS="+row.has, "IN_USE="+row.inUse, "REQUIRE_ALL="+row.all)
			out, err := cmd.CombinedOutput()
			if (err != nil) != row.fails || !strings.Contains(string(out), row.says) {
				t.Errorf("%v after\n%s", err, out)
			}
		})
	}
}

// withGo gives a folder whose go is standInGo.
func withGo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(standInGo), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// toolchain is the one that go.mod names, which tools/go.mod names as well.
func toolchain(t *testing.T) string {
	t.Helper()
	var names []string
	for _, file := range []string{"../go.mod", "../tools/go.mod"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(content), "\ntoolchain ")
		name, _, _ := strings.Cut(rest, "\n")
		names = append(names, name)
	}
	if names[0] == "" || names[0] != names[1] {
		t.Errorf("go.mod and tools/go.mod name the toolchains %q", names)
	}
	return names[0]
}
