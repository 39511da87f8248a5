package tftest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Scheme is a text that may be given for a platform's signature.
type Scheme struct {
	Name, Text string
	Refused    Refusal
}

// Refusal says where a wrong text is found.
type Refusal int

const (
	Taken   Refusal = iota
	ByWords         // an item is wrong in itself: template.yaml refuses it, too
	ByPlan          // items do not go together: Terraform refuses it, SAM deploys it and ingest refuses it
)

// Schemes must be taken or refused by every description of a deployment.
var Schemes = []Scheme{
	{"time and version in a list", `signed={timestamp}.{body}; header=X-Sig; list=","; field=v1; time=field:t s 300`, Taken},
	{"list in other quotes", `signed={timestamp}.{body};header=X-Sig;list=',';field=v1;time=field:t s 300;`, Taken},
	{"list at semicolons", `list=";"; assign=:; field=h1; signed={timestamp}:{body}; time=field:ts s`, Taken},
	{"list at blanks, signed id", `list=" "; prefix="v1,"; encoding=base64; key=whsec; id=header:webhook-id; signed={id}.{timestamp}.{body}; time=header:webhook-timestamp s 300 past`, Taken},
	{"blanks around everything", " header = X-Sig ;\n\talgorithm = sha1 ; encoding = base64 ", Taken},
	{"source of the time in the template", `signed={header:x-time}.{body}; time=header:X-Time ms`, Taken},
	{"time in the body", `time=json:sent.at ms 60`, Taken},
	{"ed25519", `algorithm=ed25519; key=base64; encoding=base64; signed={timestamp}|{body}; time=header:X-Time s`, Taken},
	{"token with a hash of the body", `header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp`, Taken},
	{"token as the body", `from=body; algorithm=jwt-hs256`, Taken},
	{"static secret", `header=X-Token; algorithm=static; covers=nothing`, Taken},
	{"address and form", `algorithm=sha1; encoding=base64; signed={url}{params}; url=https://hooks.example.com/acme`, Taken},
	{"member of the body", `signed={json:call.id}; encoding=base64; covers=part`, Taken},

	{"no item", "X-Sig", ByWords},
	{"unknown item", "heeder=X-Sig", ByWords},
	{"item without a value", "header=", ByWords},
	{"item without an equals sign", "header=X-Sig; sha1", ByWords},
	{"item in upper case", "Header=X-Sig", ByWords},
	{"header that is no name", "header=X Sig", ByWords},
	{"unknown algorithm", "algorithm=sha3", ByWords},
	{"unknown encoding", "encoding=base32", ByWords},
	{"unknown form of the key", "key=pem", ByWords},
	{"unknown unit of time", "signed={timestamp}.{body}; time=header:X-Time minutes 5", ByWords},
	{"time without a unit", "signed={timestamp}.{body}; time=header:X-Time", ByWords},
	{"time without a tolerance", "signed={timestamp}.{body}; time=header:X-Time s 0", ByWords},
	{"time of an unknown source", "signed={timestamp}.{body}; time=cookie:t s", ByWords},
	{"list at two characters", `list=", "`, ByWords},
	{"quote that does not end", `list=",; field=v1`, ByWords},
	{"quote that ends too early", `prefix="sha256"=`, ByWords},
	{"quotes around nothing", `prefix=""`, ByWords},
	{"address without a scheme", "signed={url}{body}; url=hooks.example.com", ByWords},
	{"address with a query", "signed={url}{body}; url=https://hooks.example.com/acme?x=y", ByWords},
	{"coverage that is not declared", "signed={header:X-Id}; covers=all", ByWords},
	{"tolerance in words", "algorithm=jwt-hs256; header=X-Token; leeway=1m; covers=nothing", ByWords},

	{"item twice", "header=X-Sig; header=X-Other", ByPlan},
	{"unknown source in the template", "signed={text}.{body}", ByPlan},
	{"source that is not closed", "signed={body", ByPlan},
	{"time that is not signed", "signed={body}; time=header:X-Time s", ByPlan},
	{"time that is not signed, without a template", "time=header:X-Time s", ByPlan},
	{"other time than the signed one", "signed={header:X-Sent}.{body}; time=header:X-Time s", ByPlan},
	{"id that is not signed", "id=header:X-Id", ByPlan},
	{"field without a list", "field=v1", ByPlan},
	{"mark of assignment without a list", "assign=:", ByPlan},
	{"field in the template without the field of the signatures", `list=","; signed={field:t}.{body}`, ByPlan},
	{"time in a list without the field of the signatures", `list=","; signed={timestamp}.{body}; time=field:t s`, ByPlan},
	{"body that is not signed", "signed={header:X-Id}", ByPlan},
	{"body that a plain hash signs", "algorithm=hash-sha256", ByPlan},
	{"static secret without a word on it", "header=X-Token; algorithm=static", ByPlan},
	{"token without a word on the body", "header=Authorization; algorithm=jwt-hs256", ByPlan},
	{"address that is not set", "signed={url}{body}", ByPlan},
	{"public key without a form", "algorithm=ed25519", ByPlan},
	{"form of a public key for a secret", "key=whpk", ByPlan},
	{"hash of an address that is not set", "header=Authorization; algorithm=jwt-hs256; bodyhash=claim:b hex; urlhash=claim:u hex", ByPlan},
	{"static secret in a list", "algorithm=static; list=:; covers=nothing", ByPlan},
	{"static secret with a template", "algorithm=static; signed={body}; covers=nothing", ByPlan},
}

var notIdentifier = regexp.MustCompile(`[^a-z0-9]+`)

// CheckSchemes: a module plans what may be given as schemes, and nothing else. Its file
// schemes.tf is tried alone, without a cloud.
func CheckSchemes(t *testing.T, module, tools string) {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(module, "schemes.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var runs strings.Builder
	run := func(name, platform, text string, refused bool) {
		failures := map[bool]string{true: "expect_failures = [var.schemes]"}[refused]
		fmt.Fprintf(&runs, "run %q {\ncommand = plan\nvariables {\nschemes = { %q = %q }\n}\n%s\n}\n", notIdentifier.ReplaceAllString(name, "_"), platform, text, failures)
	}
	run("unknown platform", "other", "encoding=hex", true)
	run("no text", "acme", " ", true)
	for _, s := range Schemes {
		run(s.Name, "acme", s.Text, s.Refused != Taken)
	}
	runs.WriteString(`run "joined" {
command = plan
variables {
schemes = { other-one = "encoding=hex;", acme = "list=','" }
}
assert {
condition = local.signature_schemes == "platform=acme; list=','; platform=other-one; encoding=hex;"
error_message = "the schemes are not joined"
}
}`)
	for file, text := range map[string]string{"schemes.tf": string(text), "platforms.tf": `locals { platforms = ["acme", "other-one"] }`, "schemes.tftest.hcl": runs.String()} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var r Report
	r.read(toolstest.Terraform(t, dir, tools)("test", "-json"))
	for _, problem := range r.Problems {
		t.Error(problem)
	}
}
