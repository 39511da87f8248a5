package signature_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

func TestCheckSecretRefuses(t *testing.T) {
	for _, c := range []struct{ name, value, fact string }{
		{"empty", "", "empty or blank"},
		{"blank", "                    ", "empty or blank"},
		{"newlines only", strings.Repeat("\r\n", 10), "empty or blank"},
		{"15 bytes", "k7Qz9-LwR2vX8-T", "shorter than 16 bytes"},
		{"newline at the end", current.Value + "\n", "white space"},
		{"space before", " " + current.Value, "white space"},
		{"no-break space at the end", current.Value + "\u00a0", "white space"},
		{"ASCII quotes", `"` + current.Value + `"`, "in quotes"},
		{"backquotes", "`" + current.Value + "`", "in quotes"},
		{"German quotes", "„" + current.Value + "“", "in quotes"},
		{"French quotes", "«" + current.Value + "»", "in quotes"},
		{"one character repeated", strings.Repeat("x", 32), "one character"},
		{"CHANGE_ME", "PLEASE_CHANGE_ME_NOW", "placeholder"},
		{"your API key", "YOUR_API_KEY_FROM_DASHBOARD", "placeholder"},
		{"angle brackets", "<signing secret of the webhook>", "placeholder"},
		{"shell variable not expanded", "${ACME_WEBHOOK_SECRET}", "placeholder"},
		{"template not expanded", "{{resolve:secretsmanager:acme}}", "placeholder"},
		{"undefined", "undefinedundefined", "placeholder"},
		{"Latin-1", current.Value + "p\xe2tisserie", "not read"},
		{"a character cut off", current.Value + "\xe2\x82", "not read"},
		{"a surrogate before", "\xed\xa0\x80" + current.Value, "not read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := signature.CheckSecret(c.value)
			if err == nil || !strings.Contains(err.Error(), c.fact) {
				t.Fatalf("CheckSecret = %v, want an error with %q", err, c.fact)
			}
			if c.value != "" && strings.Contains(err.Error(), c.value) {
				t.Error("the error quotes the secret")
			}
			if ring, err := signature.NewKeyring(inHex, signature.Secret{ID: "1", Value: c.value}); err == nil || ring != nil {
				t.Error("NewKeyring takes it")
			}
		})
	}
}

func TestCheckSecretRefusesInvisibleCharacters(t *testing.T) {
	for name, ranges := range map[string][]rune{
		"controls": {0, 0x08}, "tab": {'\t', '\t'}, "line breaks": {'\n', '\r'}, "more controls": {0x0e, 0x1f}, "DEL and C1": {0x7f, 0x9f},
		"no-break space": {0xa0, 0xa0}, "soft hyphen": {0xad, 0xad}, "grapheme joiner": {0x34f, 0x34f}, "Arabic letter mark": {0x61c, 0x61c},
		"Hangul fillers": {0x115f, 0x1160}, "Ogham space": {0x1680, 0x1680}, "Mongolian selectors": {0x180b, 0x180f},
		"spaces and zero widths": {0x2000, 0x200f}, "separators and embeddings": {0x2028, 0x202f}, "joiners and isolates": {0x205f, 0x206f},
		"Braille blank": {0x2800, 0x2800}, "ideographic space": {0x3000, 0x3000}, "Hangul filler": {0x3164, 0x3164},
		"variation selectors": {0xfe00, 0xfe0f}, "byte order mark": {0xfeff, 0xfeff}, "half-width filler": {0xffa0, 0xffa0},
		"interlinear annotations": {0xfff9, 0xfffb}, "tags": {0xe0001, 0xe007f}, "more variation selectors": {0xe0100, 0xe01ef}, "private use": {0xe000, 0xe000}, "what another program could not read": {0xfffd, 0xfffd},
	} {
		for r := ranges[0]; r <= ranges[1]; r++ {
			for at, value := range []string{string(r) + current.Value, current.Value[:9] + string(r) + current.Value[9:], current.Value + string(r)} {
				if err := signature.CheckSecret(value); err == nil || strings.Contains(err.Error(), current.Value[:9]) {
					t.Errorf("%s: %U at place %d: %v", name, r, at, err)
				}
			}
		}
	}
}

func TestCheckSecretAccepts(t *testing.T) {
	random := sha256.Sum256([]byte("stands for 32 random bytes"))
	for _, c := range []struct{ name, value string }{
		{"16 bytes", "k7Qz9-LwR2vX8-Tn"},
		{"32 bytes in hex", fmt.Sprintf("%x", random)},
		{"32 bytes in base64url", base64.RawURLEncoding.EncodeToString(random[:])},
		{"a prefix as vendors write it", "whsec_" + base64.StdEncoding.EncodeToString(random[:])},
		{"words with spaces", "correct horse battery staple"},
		{"all of printable ASCII", " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"[1:]},
		{"a quote at one end", `"` + current.Value},
		{"different quotes at the ends", `"` + current.Value + "'"},
		{"letters of the world", "пароль-密碼-παρασύνθημα-🙂"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := signature.CheckSecret(c.value); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeyringHidesItsSecrets(t *testing.T) {
	ring := ringOf(t, inHex, current, previous)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{current, &current, []signature.Secret{current}, ring} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, current.Value) || strings.Contains(text, fmt.Sprintf("%x", current.Value)) {
				t.Errorf("%s of %T shows the secret", verb, value)
			}
		}
	}
}

func TestNewKeyringRefusesKeysThatDecodeToOneByteRepeated(t *testing.T) {
	for text, value := range map[string]string{
		"header=X; key=base64":         strings.Repeat("A", 43) + "=",
		"header=X; key=base64-lenient": strings.Repeat("A", 43) + "=",
		"header=X; key=whsec":          "whsec_" + strings.Repeat("A", 32),
	} {
		scheme, err := signature.ParseScheme(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: value}); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

// A key of small order verifies signatures that no private key made.
func TestNewKeyringRefusesPublicKeysOfSmallOrder(t *testing.T) {
	scheme, err := signature.ParseScheme("header=X; algorithm=ed25519; key=hex")
	if err != nil {
		t.Fatal(err)
	}
	const (
		zeros = "00000000000000000000000000000000000000000000000000000000000000"
		ones  = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		order = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
		other = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
	)
	for _, value := range []string{zeros + "00", zeros + "80", "01" + zeros, "01" + zeros[2:] + "80", "ec" + ones + "7f", order + "7a", order + "fa", other + "05", other + "85"} {
		if _, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: value}); err == nil {
			t.Errorf("%s: taken", value)
		}
	}
}
