package ingesttest

import (
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"strings"
)

// platform is what a test must know of a sender to speak like it. It is written
// down a second time here, so that a mistake in package providers shows.
type platform struct {
	name      string
	header    string // of the signature
	hash      func() hash.Hash
	prefix    string // may stand before the digest
	missing   int    // status
	mismatch  int    // status
	typeKey   string
	objectKey string
	event     string // a type the platform is known to send
	object    string // its payload
	more      string // further members of the envelope
}

// What no log line may hold. Every request carries all of it, and its platform's
// secret and signature.
const (
	email = "canary.person@example.org"
	phone = "+15550109999"
	words = "canary words somebody spoke"
	human = "canary-human"
)

var private = []string{email, phone, words, human}

var platforms = []platform{
	{
		name: "gabber", header: "X-Webhook-Signature", hash: sha256.New, missing: 400, mismatch: 403,
		typeKey: "type", objectKey: "payload", event: "usage.tracked",
		object: `{"id": "u-1", "type": "conversational_seconds", "value": 30, "human": "canary-human", "project": "p-1", "metadata": {$private}}`,
	}, {
		name: "cribbly", header: "x-Cribbly-signature", hash: sha256.New, missing: 401, mismatch: 401,
		typeKey: "type", objectKey: "payload", event: "message.created",
		object: `{"id": "m-1", "conversation_id": "c-1", "contact": {"id": "k-1", "username": "$email", "phone_number": "$phone"}, "message": "$words", "created_at": 692233200}`,
		more:   `, "id": "a056V7R7NmNRjl70"`,
	}, {
		name: "oblic", header: "x-oblic-signature", hash: sha256.New, missing: 401, mismatch: 401,
		typeKey: "type", objectKey: "payload", event: "message.created",
		object: `{"id": "m-1", "conversation_id": "c-1", "contact": {"id": "k-1", "username": "$email", "phone_number": "$phone"}, "message": "$words", "created_at": 692233200}`,
		more:   `, "id": "a056V7R7NmNRjl70"`,
	}, {
		name: "g-tateth", header: "X-Webhook-Signature", hash: sha256.New, prefix: "sha256=", missing: 401, mismatch: 401,
		typeKey: "event", objectKey: "data", event: "customer.updated",
		object: `{"_id": "c-1", "profile": {"email": "$email", "phone": "$phone", "company": "$words"}, "updatedAt": "2026-11-21T08:59:59Z"}`,
		more:   `, "timestamp": "2026-11-21T09:00:00Z"`,
	}, {
		name: "chatbase", header: "x-chatbase-signature", hash: sha1.New, missing: 400, mismatch: 400,
		typeKey: "eventType", objectKey: "payload", event: "leads.submit",
		object: `{"conversationId": "c-1", "customerName": "$words", "customerEmail": "$email", "customerPhone": "$phone"}`,
		more:   `, "chatbotId": "b-1"`,
	},
}

// good is the body every request starts from.
const good = `{"$type": "$event", "$payload": $object$more}`

// write fills in a body: $type and $payload are the platform's names of these
// members, $event, $object and $more their content, $members is $object without
// its braces.
func (p platform) write(body, trap string) []byte {
	people := strings.NewReplacer(
		"$private", `"email": "`+email+`", "phone": "`+phone+`", "note": "`+words+`", "who": "`+human+`"`,
		"$email", email, "$phone", phone, "$words", words, "$secret", Secret(p.name), "$trap", trap,
	)
	return []byte(people.Replace(strings.NewReplacer(
		"$type", p.typeKey, "$payload", p.objectKey, "$event", p.event, "$object", p.object, "$members", p.object[1:len(p.object)-1], "$more", p.more,
	).Replace(body)))
}
