package ingesttest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
)

// platform is a sender: what the table says of it, and one of its samples taken
// apart, so that rows can change it.
type platform struct {
	envelope.Platform
	sample    []byte
	typeKey   string   // what the platform calls the member that names the event type
	objectKey string   // and the one that holds the payload
	event     string   // the sample's type
	object    string   // its payload
	more      string   // further members of its envelope
	private   []string // what is in the payload
}

// isEnvelope: the body is a type and a payload. Of any other body the rows that
// write one are left out.
func (p platform) isEnvelope() bool { return p.typeKey != "" && p.objectKey != "" }

// What no log line may hold. Every request carries all of it, and its platform's
// secret and signature.
const (
	email = "canary.person@example.org"
	phone = "+15550109999"
	words = "canary words that were spoken"
	human = "canary-human"
)

var private = []string{email, phone, words, human}

// madeUp is [MadeUp].
var madeUp = takenApart(MadeUp, []byte(MadeUpBody))

// platforms are the made-up one and those of the table.
var platforms = func() []platform {
	all := []platform{madeUp}
	for _, p := range providers.Table() {
		all = append(all, takenApart(p, sample(p)))
	}
	return all
}()

// sample gives one of a known event type that is named as its type: the largest
// that a server reads at once, or the smallest of all.
func sample(p envelope.Platform) (chosen []byte) {
	const atOnce = 2 << 10
	for eventType := range p.Events {
		body, err := events.Body(p.Name, eventType)
		fits, better := len(body) <= atOnce, len(body) > len(chosen)
		if err == nil && (chosen == nil || fits && better || len(chosen) > atOnce && !better) {
			chosen = body
		}
	}
	return chosen
}

func takenApart(of envelope.Platform, body []byte) platform {
	parsed, err := of.Decode(body)
	var members map[string]json.RawMessage
	if err != nil || json.Unmarshal(body, &members) != nil {
		panic("ingesttest: " + of.Name + " has no sample that can be read")
	}
	p := platform{Platform: of, sample: body, event: parsed.Type}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		value := string(members[key])
		switch {
		case p.typeKey == "" && value == `"`+parsed.Type+`"`:
			p.typeKey = key
		case p.objectKey == "" && value[0] == '{':
			p.objectKey, p.object = key, strings.TrimSpace(value)
		default:
			p.more += fmt.Sprintf(", %q: %s", key, value)
		}
	}
	for _, text := range regexp.MustCompile(`: *"([^"\\]{8,})"`).FindAllStringSubmatch(p.object, -1) {
		p.private = append(p.private, text[1])
	}
	return p
}

// hash is that of the scheme.
func (p platform) hash() hash.Hash {
	if p.Scheme.Algorithm == signature.SHA1 {
		return sha1.New()
	}
	return sha256.New()
}

// otherHash is a hash that is not the scheme's.
func (p platform) otherHash() hash.Hash {
	if p.Scheme.Algorithm == signature.SHA1 {
		return sha256.New()
	}
	return sha1.New()
}

// good is the body every request starts from.
const good = `{"$type": "$event", "$payload": $object$more}`

// write fills in a body: $type and $payload are the platform's names of these
// members, $TYPE and $PAYLOAD the same in upper case, $event, $object and $more
// their content, $members is $object without its braces.
func (p platform) write(body, trap string) []byte {
	people := strings.NewReplacer("$email", email, "$phone", phone, "$words", words, "$human", human, "$secret", Secret(p.Name), "$trap", trap)
	return []byte(people.Replace(strings.NewReplacer(
		"$type", p.typeKey, "$payload", p.objectKey, "$TYPE", strings.ToUpper(p.typeKey), "$PAYLOAD", strings.ToUpper(p.objectKey), "$event", p.event, "$object", p.object, "$members", strings.TrimSuffix(strings.TrimPrefix(p.object, "{"), "}"), "$more", p.more,
	).Replace(body)))
}
