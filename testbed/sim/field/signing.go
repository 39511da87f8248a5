package field

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"
)

// Signing is how a platform signs in a history.
type Signing struct {
	Name    string
	Setting string // the product's setting; "": as the platform's vendor documents it
	Weight  int    // how often it is drawn

	Before, After time.Duration // how far the signed time may lie before and after ingest's clock; 0: no time is signed
	unit          string        // of the time: a layout, "s" or "ms"

	HasID     bool // a signed id identifies the delivery
	Many      bool // has room for several signatures
	Uncovered bool // the body is not signed

	header string // of the signature, in lower case; "": the platform's own
	sign   func(m *signed) map[string]string
}

// signed is what a signature is made of.
type signed struct {
	of       *platform
	header   string
	secrets  []string
	body     string
	at       time.Time
	time, id string // as the platform writes them
}

// Signings are the ways to sign. The first is the platform's own.
var Signings = []*Signing{
	{Name: "own", Weight: 18, sign: signOwn},
	{Name: "time in a list", Weight: 3, Setting: `signed={timestamp}.{body}; list=","; field=v1; time=field:t s`,
		Before: 5 * time.Minute, After: 5 * time.Minute, unit: "s", Many: true, sign: signList},
	{Name: "time behind the body", Weight: 1, Setting: `signed={body}{timestamp}; list=","; field=d; time=field:v ms 300`,
		Before: 5 * time.Minute, After: 5 * time.Minute, unit: "ms", sign: signBehind},
	{Name: "written time", Weight: 2, Setting: `signed={body}{timestamp}; header=X-Written-Signature; time=header:X-Written-Time rfc3339 60`,
		Before: time.Minute, After: time.Minute, unit: "2006-01-02T15:04:05.000Z", header: "x-written-signature", sign: signWritten},
	{Name: "standard webhooks", Weight: 4, Setting: `signed={id}.{timestamp}.{body}; header=webhook-signature; list=" "; assign=","; field=v1; encoding=base64; key=whsec; id=header:webhook-id; time=header:webhook-timestamp s 300`,
		Before: 5 * time.Minute, After: 5 * time.Minute, unit: "s", HasID: true, Many: true, header: "webhook-signature", sign: signStandard},
	{Name: "token", Weight: 1, Setting: `header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp`,
		Before: tokenAge + time.Minute, After: time.Minute, unit: "s", header: "authorization", sign: signToken},
	{Name: "static", Weight: 1, Setting: `header=X-Static-Secret; algorithm=static; covers=nothing`, Uncovered: true, header: "x-static-secret", sign: signStatic},
}

// HeaderOf names the header with a platform's signature, in lower case.
func (s *Signing) HeaderOf(platform string) string {
	if s.header != "" {
		return s.header
	}
	return strings.ToLower(named(platform).header)
}

// HasTime says whether a signed time comes with a delivery.
func (s *Signing) HasTime() bool { return s.After > 0 }

// Secret gives a secret in the form of this way to sign.
func (s *Signing) Secret(text string) string {
	if s.HasID {
		return "whsec_" + base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

// Sign gives the header that goes with a body, by names in lower case: a signature by
// each secret where there is room, else by the last one.
func (s *Signing) Sign(platform string, body []byte, at time.Time, id string, secrets ...string) map[string]string {
	return s.sign(&signed{named(platform), s.HeaderOf(platform), secrets, string(body), at, s.Written(at), id})
}

// Written gives a time as it is signed.
func (s *Signing) Written(at time.Time) string {
	switch s.unit {
	case "s":
		return strconv.FormatInt(at.Unix(), 10)
	case "ms":
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	return at.UTC().Format(s.unit)
}

// Moment is the time that Written wrote.
func (s *Signing) Moment(at time.Time) time.Time {
	if s.unit == "s" {
		return at.Truncate(time.Second)
	}
	return at.Truncate(time.Millisecond)
}

// Carry gives an event as a delivery with a signed id carries it, "" for none. The signed
// id identifies only what its body does not.
func (s *Signing) Carry(e Event, id string) Event {
	e.SignedID, e.Uncovered = id, s.Uncovered
	w := &e.Wants
	if id != "" && w.unnamed != "" {
		old := w.ID
		w.ID = identity(e.Platform, w.unnamed, "signed", id)
		if w.NoID {
			w.NoID, w.Key = false, w.ID
		}
		puts := w.Records
		w.Records = nil
		for _, put := range puts {
			if put.ID == old {
				put.ID = w.ID
			}
			w.Records = append(w.Records, put)
		}
	}
	if s.Uncovered && w.usage() {
		w.Kind, w.Key, w.Reason = DeadLetter, "", "amount not covered"
	}
	return e
}

func sum(algorithm func() hash.Hash, key, message string) string {
	mac := hmac.New(algorithm, []byte(key))
	mac.Write([]byte(message))
	return string(mac.Sum(nil))
}

func inHex(secret, message string) string {
	return hex.EncodeToString([]byte(sum(sha256.New, secret, message)))
}

func (m *signed) last() string { return m.secrets[len(m.secrets)-1] }

func signOwn(m *signed) map[string]string {
	if m.of.sha1 {
		return map[string]string{m.header: hex.EncodeToString([]byte(sum(sha1.New, m.last(), m.body)))}
	}
	return map[string]string{m.header: inHex(m.last(), m.body)}
}

func signList(m *signed) map[string]string {
	list := "t=" + m.time
	for _, secret := range m.secrets {
		list += ",v1=" + inHex(secret, m.time+"."+m.body)
	}
	return map[string]string{m.header: list}
}

func signBehind(m *signed) map[string]string {
	return map[string]string{m.header: "v=" + m.time + ",d=" + inHex(m.last(), m.body+m.time)}
}

func signWritten(m *signed) map[string]string {
	return map[string]string{"x-written-time": m.time, m.header: inHex(m.last(), m.body+m.time)}
}

func signStandard(m *signed) map[string]string {
	var list []string
	for _, secret := range m.secrets {
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")) // an attacker's may be none
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString([]byte(sum(sha256.New, string(key), m.id+"."+m.time+"."+m.body))))
	}
	return map[string]string{"webhook-id": m.id, "webhook-timestamp": m.time, m.header: strings.Join(list, " ")}
}

// tokenAge is how long a token is valid.
const tokenAge = 5 * time.Minute

func signToken(m *signed) map[string]string {
	hash := sha256.Sum256([]byte(m.body))
	claims := `{"nbf":` + m.time + `,"exp":` + strconv.FormatInt(m.at.Add(tokenAge).Unix(), 10) + `,"sha256":"` + base64.StdEncoding.EncodeToString(hash[:]) + `"}`
	raw := base64.RawURLEncoding
	text := raw.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + raw.EncodeToString([]byte(claims))
	return map[string]string{m.header: text + "." + raw.EncodeToString([]byte(sum(sha256.New, m.last(), text)))}
}

func signStatic(m *signed) map[string]string { return map[string]string{m.header: m.last()} }
