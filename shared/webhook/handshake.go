package webhook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// Handshake is a request by which a platform asks whether an address is ours. It is a
// row of [Provider.Handshakes], is answered at once and is never queued:
//
//	{Method: "GET", When: "query:hub.mode=subscribe", Token: "query:hub.verify_token", Challenge: "query:hub.challenge",
//		Status: 200, ContentType: "text/plain", Body: "{challenge}"}
//
// A place is "query:NAME", a parameter, or "json:a.b", a member of the body.
type Handshake struct {
	Method    string // GET or POST
	When      string // "PLACE=VALUE" tells this handshake from other requests; "": the challenge does
	Challenge string // place of the challenge; "": there is none
	Extra     string // characters of the challenge beside [A-Za-z0-9+/=_-]
	Signed    bool   // the platform signs it as an event: it is verified first
	Token     string // place of the verify token, see [VerifyToken]; "": there is none

	Status      int
	ContentType string             // text/plain or application/json
	Body        string             // of the answer; {challenge} and {hmac} are filled in
	HMAC        signature.Encoding // of {hmac}, the challenge's HMAC with the key of the signatures
}

// VerifyToken is the name of a platform's verify token in [Keyrings]. No tenant has it.
func VerifyToken(provider string) string { return provider + verifyToken }

const verifyToken = ":verify"

// CutVerifyToken gives the platform of a verify token's name, false for any other name.
func CutVerifyToken(name string) (provider string, found bool) {
	return strings.CutSuffix(name, verifyToken)
}

// TokenScheme verifies the handshake's verify token: it comes along as it is.
func (h Handshake) TokenScheme() signature.Scheme {
	return signature.Scheme{From: h.Token, Algorithm: signature.Static, Covers: signature.CoversNothing}
}

// Condition is [Handshake.When], taken apart. Without isValue any value will do.
func (h Handshake) Condition() (place, value string, isValue bool) {
	return strings.Cut(cmp.Or(h.When, h.Challenge), "=")
}

// Check finds the mistakes of a handshake. scheme is how the platform signs.
func (h Handshake) Check(scheme signature.Scheme) error {
	if err := cmp.Or(h.checkRequest(), h.checkAnswer(), h.checkHMAC(scheme)); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	return nil
}

func (h Handshake) checkRequest() error {
	condition, _, _ := h.Condition()
	isWrong := func(place string) bool {
		kind, name, _ := strings.Cut(place, ":")
		return place != "" && (name == "" || kind != "query" && (kind != "json" || h.Method == "GET"))
	}
	switch {
	case h.Method != "GET" && h.Method != "POST":
		return errors.New("method is neither GET nor POST")
	case condition == "":
		return errors.New("neither when nor challenge is set")
	case slices.ContainsFunc([]string{condition, h.Challenge, h.Token}, isWrong):
		return errors.New("a place is neither query:NAME nor, of a POST, json:NAME")
	case h.Signed && h.Token != "":
		return errors.New("a signed one has no verify token")
	case strings.ContainsFunc(h.Extra, isUnsafe):
		return errors.New("extra has a character of markup, a quote or one that is no printable ASCII")
	}
	return nil
}

// isUnsafe: the character could end a text or begin markup in an answer.
func isUnsafe(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("<>&\"'`\\", r) }

func (h Handshake) checkAnswer() error {
	switch {
	case h.Status < 200 || h.Status > 299:
		return errors.New("status is no success")
	case h.ContentType != "text/plain" && h.ContentType != "application/json":
		return errors.New("content type is neither text/plain nor application/json")
	case h.Challenge == "" && strings.Contains(h.Body, "{challenge}"):
		return errors.New("{challenge} without a challenge")
	case (h.HMAC != "") != strings.Contains(h.Body, "{hmac}"):
		return errors.New("{hmac} without its encoding, or the other way round")
	}
	return nil
}

// hmacs are the algorithms whose key may answer a challenge.
var hmacs = []signature.Algorithm{signature.SHA256, signature.SHA1, signature.SHA512, signature.MD5}

// checkHMAC: the answer is the signature of any event whose signed text is a challenge,
// so no such text may be that of an event in use.
func (h Handshake) checkHMAC(scheme signature.Scheme) error {
	switch {
	case h.HMAC == "":
		return nil
	case h.HMAC != signature.Hex && h.HMAC != signature.Base64:
		return errors.New("the encoding of {hmac} is neither hex nor base64")
	case h.Challenge == "" || h.Extra != "":
		return errors.New("{hmac} is of a challenge without extra characters")
	case !slices.Contains(hmacs, scheme.Algorithm):
		return errors.New("{hmac} with a signature scheme that is no HMAC")
	case scheme.Signed != "" && !strings.Contains(scheme.Signed, "{body}"):
		return errors.New("{hmac} with a signature scheme that does not sign {body} itself: answers would sign events for strangers")
	}
	return nil
}
