package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
)

func TestDotEnv(t *testing.T) {
	for name, row := range map[string]struct {
		line, want string // want: the value of S, "" if the line is refused
	}{
		"plain":                       {`S=my-own-gabber-SECRET`, `my-own-gabber-SECRET`},
		"spaces and an end of DOS":    {"  export S = a b \r", `a b`},
		"further equals signs":        {`S=whsec_YQ==`, `whsec_YQ==`},
		"single quotes":               {`S='gabber$ECRET #\1" '`, `gabber$ECRET #\1" `},
		"double quotes":               {`S="That didn't work. "`, `That didn't work. `},
		"quotes inside":               {`S=That didn't "work"`, `That didn't "work"`},
		"the last one counts":         {"S=a\nS=b", `b`},
		"a dollar":                    {`S=gabber$ECRET-C4NARY`, ``},
		"a dollar in double quotes":   {`S="gabber$ECRET-C4NARY"`, ``},
		"a comment behind":            {`S=C4NARY # of the dashboard`, ``},
		"a comment behind quotes":     {`S='C4NARY' # of the dashboard`, ``},
		"a number sign":               {`S=C4NARY#1`, ``},
		"a backslash":                 {`S=C4NARY\n`, ``},
		"a backslash, double quotes":  {`S="C4NARY\n"`, ``},
		"one quote":                   {`S='C4NARY`, ``},
		"only a quote":                {`S="`, ``},
		"a quote in quotes":           {`S='C4NARY'C4NARY'`, ``},
		"a second line":               {"S=\"C4NARY\nC4NARY\"", ``},
		"a colon":                     {`S: C4NARY`, ``},
		"a name that cannot be one":   {`C4-NARY=1`, ``},
		"a line without equals signs": {`C4NARY`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dotEnv("# S=comment\n\n" + row.line + "\nT=1\n")
			if row.want != "" && (err != nil || got["S"] != row.want || got["T"] != "1") {
				t.Errorf("%q, error %v; want %q", got["S"], err, row.want)
			}
			if row.want == "" && (err == nil || strings.Contains(err.Error(), "C4") || !strings.Contains(err.Error(), "line 3")) {
				t.Errorf("error %v, want one that names the line and quotes nothing", err)
			}
		})
	}
}

func TestDotEnv_fromWindows(t *testing.T) {
	if got, err := dotEnv("\ufeffS=a\r\nT=b\r\n"); err != nil || got["S"] != "a" || got["T"] != "b" {
		t.Errorf("%q (%v)", got, err)
	}
}

func TestDotEnv_inUTF16(t *testing.T) {
	if _, err := dotEnv("\xff\xfeS\x00=\x00a\x00"); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("error %v", err)
	}
}

func TestDotEnv_readsTheExample(t *testing.T) {
	text, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	got, err := dotEnv(string(text))
	if err != nil || got["TARIFF"] != "conversational_seconds=1" || got["SPEAK_FAILURE"] != "That did not work." {
		t.Errorf("%v, error %v", got, err)
	}
}

func TestEnvironment_doubtfulValue(t *testing.T) {
	dir, variable := t.TempDir(), local.SecretVariable(eventstest.Samples(t)[0].Platform)
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(variable+"=my-own-gabber$ECRET-1234567\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range named(t, "serve --addr 127.0.0.1:0", "send PLATFORM EVENT", "balance u1") {
		if _, err := hooks(t, dir, strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), ".env: line 1: "+variable+": ") || strings.Contains(err.Error(), "ECRET-") {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// One of our names with a slip is refused: what it sets would be lost unheard. A
// name of another program stops nothing.
func TestEnvironment_misspeltName(t *testing.T) {
	secret := local.SecretVariable(eventstest.Samples(t)[0].Platform)
	for name, meant := range map[string]string{
		strings.ToLower(secret): secret, secret + "_4": secret, strings.Replace(secret, "_SECRET", "_SECRTE", 1): secret,
		"TARIF": "TARIFF", "IDLES_WINDOW": "IDLESS_WINDOW", "EXCLUDE_SIMULATE": "EXCLUDE_SIMULATED",
		"SOMETHING_ELSE": "", "PHONE_TARIFF": "", secret + "_OLD": "", "ACCOUNT_ID": "", secret + "_3": "", strings.Replace(secret, "WEBHOOK_SECRET", "SIGNATURE_PREFIX", 1): "",
	} {
		checkDotEnv(t, name, meant)
	}
}

// checkDotEnv has a file set a name, which is refused for one of ours, or passes.
func checkDotEnv(t *testing.T, name, meant string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".env", []byte(name+"=C4NARY\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := environment()
	want := fmt.Sprintf(".env: %s is not known: did you mean %s?", name, meant)
	if got := fmt.Sprint(err); (err == nil) != (meant == "") || err != nil && got != want {
		t.Errorf("%s: %s", name, got)
	}
}

// Worker and outbound read some variables both; the fault of one is told once.
func TestLoadSettings_oneLinePerFault(t *testing.T) {
	for name, value := range map[string]string{"TARIFF": "conversational_seconds:2"} {
		_, err := loadSettings(func(asked string) (string, bool) {
			if asked == name {
				return value, true
			}
			return "", false
		})
		if got := strings.Count(fmt.Sprint(err), name+":"); got != 1 {
			t.Errorf("%s is told %d times: %v", name, got, err)
		}
	}
}

func TestUnknownVariables(t *testing.T) {
	got := unknownVariables(slices.Values([]string{"TARIFF", "TARIF", "PHONE_TARIFF", "EDITOR", "c2VjcmV0LXNlY3JldC0xMjM0"}))
	if want := map[string]likeness{"EDITOR": {}, "?": {}, "PHONE_TARIFF": {meant: "TARIFF"}, "TARIF": {"TARIFF", true}}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
