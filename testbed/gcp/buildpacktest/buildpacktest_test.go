package buildpacktest_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/testbed/gcp/buildpacktest"
)

// A function with no configuration compiles, starts, answers 503 and says what
// is missing.
func TestArchivesCompileAndServe(t *testing.T) {
	for name, row := range map[string]struct {
		target  string
		missing []string
	}{
		"gcp-ingest":   {"Ingest", []string{"GOOGLE_CLOUD_PROJECT", "EVENTS_TOPIC", "DEAD_LETTERS_TOPIC", "SECRETS_DIR"}},
		"gcp-worker":   {"Worker", []string{"GOOGLE_CLOUD_PROJECT", "OUTBOUND_TOPIC", "DEAD_LETTERS_TOPIC", "FIRESTORE_DATABASE"}},
		"gcp-outbound": {"Outbound", []string{"GOOGLE_CLOUD_PROJECT", "OUTBOUND_TOPIC", "DEAD_LETTERS_TOPIC", "FIRESTORE_DATABASE", "OUTBOUND_SECRETS_DIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := buildpacktest.Start(t, buildpacktest.Function(t, name), row.target, &buildpacktest.Log{})
			response, err := http.Post("http://"+p.Addr+"/gabber", "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" {
				t.Errorf("status %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
			}
			for _, variable := range append(row.missing, `"code":"CFG"`, `"severity":"ERROR"`) {
				if !strings.Contains(p.Log.String(), variable) {
					t.Errorf("the log does not say %s:\n%s", variable, p.Log)
				}
			}
		})
	}
}

// The environment's settings of Go, zip and the shell do not change the bytes, nor
// does a workspace around the fork.
func TestArchivesAreReproducible(t *testing.T) {
	read := func() string {
		content, err := os.ReadFile(buildpacktest.Pack(t, "gcp-worker"))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	first := read()
	workspace := filepath.Join(t.TempDir(), "go.work")
	if err := os.WriteFile(workspace, []byte("go 1.27.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"GOWORK": workspace, "GOFLAGS": "-mod=vendor -tags=other", "GO111MODULE": "off", "GOOS": "windows", "GOARCH": "arm64", "CGO_ENABLED": "1",
		"ZIPOPT": "-0", "ZIP": "-0", "CDPATH": "/:.", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8",
	} {
		t.Setenv(name, value)
	}
	if second := read(); first != second {
		t.Error("two archives of the same sources differ")
	}
}

func TestArchivesHoldNothingElse(t *testing.T) {
	dir := t.TempDir()
	buildpacktest.Unzip(t, buildpacktest.Pack(t, "gcp-ingest"), dir)
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		for _, unwanted := range []string{"_test.go", "testdata", "clouds/aws", "clouds/local", "handlers", ".tf"} {
			if strings.Contains(strings.TrimPrefix(name, dir), unwanted) {
				t.Errorf("the archive holds %s", strings.TrimPrefix(name, dir))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Google's builder has a Go of its own; a toolchain line would have it look for
// another. The module needs no less for that: its go line stays.
func TestArchivesNameNoToolchain(t *testing.T) {
	dir := t.TempDir()
	buildpacktest.Unzip(t, buildpacktest.Pack(t, "gcp-outbound"), dir)
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), "\ntoolchain ") || !strings.Contains(string(content), "\ngo 1.") {
		t.Errorf("the archive's go.mod:\n%.200s", content)
	}
}

const function = `package credits

import (
	"net/http"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

func init() { functions.HTTP("Ingest", func(http.ResponseWriter, *http.Request) {}) }
`

// What sneaks into an archive must not get past this machine.
func TestBadArchivesAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		files map[string]string // more than, or instead of, what a good one has
		want  string            // in the error, "" for none
	}{
		"a good one":                           {nil, ""},
		"a _test package at the root":          {map[string]string{"function_test.go": "package credits_test\n"}, "several packages at the root: credits, credits_test"},
		"a test of the package itself":         {map[string]string{"function_test.go": "package credits\n"}, ""},
		"a program that a build tag hides":     {map[string]string{"gen.go": "//go:build ignore\n\npackage main\n"}, "several packages at the root: credits, main"},
		"a second package":                     {map[string]string{"other.go": "package other\n"}, "several packages at the root: credits, other"},
		"no function":                          {map[string]string{"function.go": ""}, "no Go package at the root"},
		"a main package":                       {map[string]string{"function.go": "package main\n\nfunc main() {}\n"}, "is a main package"},
		"not Go":                               {map[string]string{"function.go": "package\n"}, "expected 'IDENT'"},
		"a package that was not packed":        {map[string]string{"more.go": "package credits\n\nimport _ \"github.com/webhook-functions/template/shared/webhook\"\n"}, "shared/webhook"},
		"a module that go.mod does not name":   {map[string]string{"more.go": "package credits\n\nimport _ \"example.com/not/there\"\n"}, "example.com/not/there"},
		"a function that is not registered":    {map[string]string{"function.go": "package credits\n"}, "does not import"},
		"a folder that has the package's name": {map[string]string{"credits/x.go": "package x\n"}, "is called like the package"},
		"no go.mod":                            {map[string]string{"go.mod": ""}, "no go.mod"},
		"a module path without a dot":          {map[string]string{"go.mod": "module template/x\n"}, "has no dot"},
		"no go.sum":                            {map[string]string{"go.sum": ""}, "go.sum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := stage(t, row.files)
			err := buildpacktest.Compile(dir, filepath.Join(t.TempDir(), "app"))
			switch {
			case row.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case row.want != "" && err == nil:
				t.Error("compiled")
			case row.want != "" && !strings.Contains(err.Error(), row.want):
				t.Errorf("error %q, want one about %q", err, row.want)
			}
		})
	}
}

// stage writes an archive's files; an empty one is left out.
func stage(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"function.go": function, "go.mod": own(t, "go.mod"), "go.sum": own(t, "go.sum")}
	maps.Copy(all, files)
	for name, content := range all {
		if content == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// own gives a file of this module's root.
func own(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
