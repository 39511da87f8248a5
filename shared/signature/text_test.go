package signature_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

func TestParseScheme(t *testing.T) {
	standard := templated["id, time and body"]
	for _, c := range []struct {
		name, text string
		want       signature.Scheme
	}{
		{"header alone", "header=X-Signature", inHex},
		{"time and signature in a list", `signed={timestamp}.{body}; header=X-Signature; list=","; field=v1; time=field:t s 300`, templated["time and body in a list"]},
		{"without quotes, other order, empty items", `;field=v1;list=, ; time = field:t  s;header=X-Signature;signed={timestamp}.{body};`, templated["time and body in a list"]},
		{"a blank in quotes", `header=Webhook-Signature; encoding=base64; list=' '; assign=","; field=v1; signed={id}.{timestamp}.{body}; id=header:Webhook-Id; time=header:Webhook-Timestamp s 300`, standard},
		{"RFC 3339", "header=X-Signature; signed={body}{timestamp}; time=header:X-Timestamp rfc3339 60", templated["body and time"]},
		{"past only", "header=X-Signature; signed={timestamp}.{body}; time=header:T ms 1800 past", signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex,
			Signed: "{timestamp}.{body}", Time: signature.Time{From: "header:T", Unit: signature.Millis, Tolerance: 30 * time.Minute, PastOnly: true}}},
		{"semicolon in quotes", `header=X-Signature; signed="[{timestamp};{body}]"; time=header:T s`, signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex,
			Signed: "[{timestamp};{body}]", Time: signature.Time{From: "header:T", Unit: signature.Seconds, Tolerance: signature.DefaultTolerance}}},
		{"a prefix that ends with a blank", `header=Authorization; prefix="HMAC "; key=base64; encoding=base64`, signature.Scheme{Header: "Authorization", Algorithm: signature.SHA256, Encoding: signature.Base64, Prefix: "HMAC ", Key: signature.KeyBase64}},
		{"token", `header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp`, signature.Scheme{Header: "Authorization", Algorithm: signature.JWTHS256,
			BodyHash: signature.Hash{From: "claim:sha256", Encoding: signature.Base64}, Token: signature.Token{Leeway: time.Minute, Expires: true}}},
		{"static", "header=X-Secret; algorithm=static; covers=nothing", signature.Scheme{Header: "X-Secret", Algorithm: signature.Static, Covers: signature.CoversNothing}},
		{"form", "header=X-Twilio-Signature; algorithm=sha1; encoding=base64; signed={url}{params}; url=https://hooks.example.com/twilio", signature.Scheme{Header: "X-Twilio-Signature", Algorithm: signature.SHA1, Encoding: signature.Base64,
			Signed: "{url}{params}", URL: "https://hooks.example.com/twilio"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := signature.ParseScheme(c.text)
			if err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
			if again, err := signature.ParseScheme(c.want.Text()); err != nil || again != c.want {
				t.Errorf("%q is read as %+v, %v", c.want.Text(), again, err)
			}
		})
	}
}

// A mistake is found at start, and its error quotes nothing.
func TestParseSchemeRefuses(t *testing.T) {
	const canary = "C4NARY"
	for name, text := range map[string]string{
		"empty":                              "",
		"no header":                          "signed={body}",
		"not name=value":                     "header=X; " + canary,
		"a name that is unknown":             "header=X; " + canary + "=1",
		"an item twice":                      "header=X; header=" + canary,
		"an item that is empty":              "header=X; field=",
		"quotes that do not end":             `header=X; prefix="` + canary,
		"quotes that end too early":          `header=X; prefix="` + canary + `"x`,
		"header that is none":                "header=X " + canary,
		"a character that does not print":    "header=X; prefix=é" + canary,
		"algorithm":                          "header=X; algorithm=" + canary,
		"encoding":                           "header=X; encoding=base64url",
		"key form":                           "header=X; key=" + canary,
		"source":                             "header=X; signed={body}{" + canary + "}",
		"source without its end":             "header=X; signed={body}{" + canary,
		"header source without a name":       "header=X; signed={header:}.{body}; time=header: s",
		"field without a list":               "header=X; field=v1",
		"item of no list":                    "header=X; signed={field:t}.{body}; time=field:t s",
		"signature that signs itself":        `header=X; list=","; field=v1; signed={field:v1}.{body}`,
		"time that is not signed":            "header=X; time=header:T s 300",
		"time of another header":             "header=X; signed={header:U}.{body}; time=header:T s 300",
		"time without a source":              "header=X; signed={timestamp}.{body}",
		"unit":                               "header=X; signed={timestamp}.{body}; time=header:T m 300",
		"tolerance 0":                        "header=X; signed={timestamp}.{body}; time=header:T s 0",
		"tolerance of years":                 "header=X; signed={timestamp}.{body}; time=header:T s 99999999",
		"tolerance that is negative":         "header=X; signed={timestamp}.{body}; time=header:T s -300",
		"tolerance that is no number":        "header=X; signed={timestamp}.{body}; time=header:T s " + canary,
		"id that is not signed":              "header=X; id=header:I",
		"id from the body":                   "header=X; signed={json:id}.{body}; id=json:id",
		"body that is not signed":            "header=X; signed={timestamp}; time=header:T s 300",
		"id that is the time":                "header=X; signed={timestamp}.{body}; time=header:T s; id=header:t",
		"one mark for items and names":       `header=X; list="="; field=v1`,
		"past beside the body, in any case":  "header=X; signed={header:T}{body}; time=header:t s 300 past",
		"id beside the body, in any case":    "header=X; signed={timestamp}.{header:I}{body}; time=header:T s; id=header:i",
		"signature in the body it signs":     "from=json:sig",
		"signature in the form it signs":     "from=form:sig; signed={params}",
		"signature in the address it signs":  "from=query:sig; signed={url}{body}; url=https://a.example/x",
		"body that is not signed, member":    "header=X; signed={json:call.id}",
		"static, without saying so":          "header=X; algorithm=static",
		"token without a hash of the body":   "header=X; algorithm=jwt-hs256; demand=exp",
		"plain hash, without saying so":      "header=X; algorithm=hash-sha256",
		"no separator and no time":           "header=X; signed={body}{header:N}",
		"no separator and no time, in front": "header=X; signed={header:N}{body}",
		"url that is not set":                "header=X; signed={url}{body}",
		"url that is none":                   "header=X; signed={url}{body}; url=" + canary,
		"url with a query":                   "header=X; signed={url}{body}; url=https://a.example/x?" + canary,
		"template of a token":                "header=X; algorithm=jwt-hs256; signed={body}; bodyhash=claim:h hex",
		"time of a token":                    "header=X; algorithm=jwt-hs256; time=header:T s 300; bodyhash=claim:h hex",
		"exp of no token":                    "header=X; demand=exp",
		"public key of the wrong form":       "header=X; algorithm=ed25519; key=whsec",
		"body as the place of a digest":      "from=body",
		"place that is unknown":              "from=cookie:" + canary,
		"two places":                         "header=X; from=json:a",
		"hash of no signed address":          "header=X; signed={body}; bodyhash=query:h hex",
		"hash beside an address without it":  "header=X; signed={url-noquery}; bodyhash=query:h hex; url=https://a.example/x",
		"hash beside a path":                 "header=X; signed={path}; bodyhash=query:h hex; url=https://a.example/x",
		"hash in what a plain hash signs":    "header=X; algorithm=hash-sha256; signed={url}; bodyhash=query:h hex; url=https://a.example/x",
		"header that signs itself":           "header=X; signed={header:x}.{body}",
		"parameter that signs itself":        "from=query:s; signed={query:s}.{body}",
		"member that signs itself":           "from=json:s; signed={json:s}; covers=part",
		"time at the end of a plain hash":    "header=X; algorithm=hash-sha256; signed={body}.{timestamp}; time=header:T s; covers=part",
		"id at the end of a plain hash":      "header=X; algorithm=hash-sha256; signed={body}.{id}; id=header:I; covers=part",
		"leeway of years":                    "header=X; algorithm=jwt-hs256; bodyhash=claim:h hex; demand=exp; leeway=99999999",
		"too many parts":                     "header=X; signed={body}" + strings.Repeat(".{header:A}", 20),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := signature.ParseScheme(text)
			if err == nil {
				t.Fatalf("read as %+v", s)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes: %v", err)
			}
		})
	}
}

func TestParseSchemes(t *testing.T) {
	header := func(platform string) (string, bool) { return "X-" + platform, platform == "a" || platform == "b" }
	for _, c := range []struct {
		name, text string
		want       string // platforms and headers; "" is an error
	}{
		{"none", "", "none"},
		{"one", "platform=a; header=Y", "a Y"},
		{"the platform's own header", "platform=a; encoding=base64", "a X-a"},
		{"two", "platform=a; header=Y; platform=b; header=Z", "a Y, b Z"},
		{"two, with quotes and line breaks for the eye", "platform=a; header=Y; prefix=\"; platform=b \";  platform=b; header=Z", "a Y, b Z"},
		{"a quote within a value", "platform=a; header=Y; prefix=v=\"; platform=b; header=Z", "a Y, b Z"},
		{"no platform", "header=Y", ""},
		{"unknown platform", "platform=c; header=Y", ""},
		{"twice", "platform=a; header=Y; platform=a; header=Z", ""},
		{"a mistake in one", "platform=a; header=Y; platform=b; time=header:T s", ""},
		{"nothing said", "platform=a; platform=b; header=Z", ""},
		{"nothing said at the end", "platform=b; header=Z; platform=a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := signature.ParseSchemes(c.text, header)
			var got []string
			for _, name := range []string{"a", "b"} {
				if s, ok := all[name]; ok {
					got = append(got, name+" "+s.Header)
				}
			}
			text := strings.Join(got, ", ")
			if text == "" {
				text = "none"
			}
			if (err == nil) != (c.want != "") || err == nil && text != c.want {
				t.Errorf("%s, %v, want %q", text, err, c.want)
			}
		})
	}
}

// The text of a scheme says what the text said that it was read from.
func TestSchemeTextIsTheInverse(t *testing.T) {
	value := rapid.StringMatching(`[ -~]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		s := inHex
		for _, item := range rapid.SliceOf(rapid.SampledFrom(signature.ItemNames)).Draw(t, "items") {
			_ = s.Set(item, value.Draw(t, item))
		}
		if s.Check() != nil {
			return
		}
		if again, err := signature.ParseScheme(s.Text()); err != nil || again != s {
			t.Errorf("%q is read as %+v, %v, want %+v", s.Text(), again, err, s)
		}
	})
}

func FuzzParseScheme(f *testing.F) {
	f.Add(`signed={timestamp}.{body}; header=X-Sig; list=","; field=v1; time=field:t s 300`)
	f.Add(`header=Authorization; prefix="HMAC "; key=base64; encoding=base64`)
	f.Add(`from=json:secret_key; algorithm=static; covers=nothing`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := signature.ParseScheme(text)
		if err != nil {
			return
		}
		if again, err := signature.ParseScheme(s.Text()); err != nil || again != s {
			t.Errorf("%q is read as %+v, %v, want %+v", s.Text(), again, err, s)
		}
	})
}
