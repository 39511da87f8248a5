// Package commandlinetest says what a program must answer to a wrong command line.
package commandlinetest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Foreign are words of Go's, of its libraries' and of SQLite's, which say nothing to people.
var Foreign = []string{"panic", "strconv", "invalid syntax", "parse \"", "%!", "EOL", "(string)", "reflect", "int but", "nil", "read ", "listen ", "dial ", "SQL"}

// Run types every kind of mistake into commands of a program. Each is
// answered by one sentence on stderr, with no help text and no words of Go's.
func Run(t *testing.T, commands []*kong.Node, run func(args ...string) (stdout, stderr string, code int)) {
	t.Helper()
	lines := map[string][]string{"no such command": {"no-such-command"}, "a typo": {"grnt", "m", "5"}, "a flag and no command": {"--json"}, "a dash": {"-"}, "empty": {""}}
	for _, command := range commands {
		for kind, line := range mistakes(command) {
			lines[command.FullPath()+": "+kind] = line
		}
	}
	for name, line := range lines {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := run(line...)
			if code != 80 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%q: exit code %d, stdout %q, stderr %q; want 80 and one line on stderr", line, code, stdout, stderr)
			}
			for _, word := range Foreign {
				if strings.Contains(stderr, word) {
					t.Errorf("%q: %q in %q", line, word, stderr)
				}
			}
		})
	}
}

// flags gives the flags of a command and of what it belongs to, but for help.
func flags(command *kong.Node) (all []*kong.Flag) {
	for _, group := range command.AllFlags(false) {
		all = append(all, group...)
	}
	return slices.DeleteFunc(all, func(f *kong.Flag) bool { return f.Name == "help" || f.Name == "version" })
}

// mistakes gives, for a command, wrong command lines of every kind.
func mistakes(command *kong.Node) map[string][]string {
	path := strings.Fields(command.FullPath())[1:]
	var args []string
	required := false
	for _, argument := range command.Positional {
		required = required || argument.Required
		value := "5"
		if argument.Tag.Enum != "" {
			value = argument.EnumSlice()[0]
		}
		args = append(args, value)
	}
	line := func(more ...string) []string { return append(append(slices.Clone(path), args...), more...) }
	all := map[string][]string{"unknown flag": line("--no-such-flag"), "unknown short flag": line("-y"), "an argument too many": line("one-too-many")}
	if required {
		all["arguments missing"] = path
	}
	for i := range args {
		empty := slices.Clone(args)
		empty[i] = ""
		all["argument "+command.Positional[i].Name+" empty"] = append(slices.Clone(path), empty...)
		negative := slices.Clone(args)
		negative[i] = "-5"
		all["argument "+command.Positional[i].Name+" negative"] = append(slices.Clone(path), negative...)
		if command.Positional[i].Tag.Enum != "" {
			wrong := slices.Clone(args)
			wrong[i] = "nothing"
			all["argument "+command.Positional[i].Name+" of no known value"] = append(slices.Clone(path), wrong...)
		}
	}
	for _, flag := range flags(command) {
		name := "--" + flag.Name
		all["typo of "+name] = line(name + "x")
		if flag.IsBool() {
			all[name+" of the wrong type"] = line(name + "=maybe")
			all[name+" empty"] = line(name + "=")
			all[name+" twice"] = line(name, name)
			continue
		}
		all[name+" without a value"] = line(name)
		all[name+" before another flag"] = line(name, "--json")
		all[name+" empty"] = line(name + "=")
		all[name+" twice"] = line(name, "5", name, "6")
		if flag.Target.Kind() == reflect.Int {
			for kind, value := range map[string]string{"negative": "-1", "negative, joined": "=-1", "nothing": "0", "no number": "many", "a fraction": "1.5", "huge": "99999999999999999999", "large": "2000000000"} {
				all[name+" "+kind] = line(name, value)
				if rest, joined := strings.CutPrefix(value, "="); joined {
					all[name+" "+kind] = line(name + "=" + rest)
				}
			}
		}
	}
	return all
}
