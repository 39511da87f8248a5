package ingesttest

import (
	"fmt"
	"strconv"
	"strings"
)

// bodies: signed, every one of them, so the platform did send it. What cannot be
// used goes to the dead letters and is answered 200: sending it again would not
// help.
var bodies = []row{
	{"B107 not JSON", body(`not json $words`), 200, dead},
	{"B108 cut behind the brace", body(`{`), 200, dead},
	{"B108 cut in a string", body(`{"$type": "$words`), 200, dead},
	{"B108 cut in a number", body(`{"$type": "$event", "$payload": {"value": -`), 200, dead},
	{"B108 cut in an escape", body(`{"$type": "\u00`), 200, dead},
	{"B108 cut before the last brace", edit(func(b string) string { return b[:len(b)-1] }), 200, dead},
	{"B109 an array", body(`[$object]`), 200, dead},
	{"B109 a string", body(`"$words"`), 200, dead},
	{"B109 a number", body(`1`), 200, dead},
	{"B109 true", body(`true`), 200, dead},
	{"B110 null", body(`null`), 200, dead},
	{"B111 an empty object", body(`{}`), 200, dead},
	{"B112 two objects", body(good + good), 200, dead},
	{"B112 an object and a comma", body(good + `,`), 200, dead},
	{"B112 an object and white space", body("\r\n\t " + good + "\r\n\t "), 200, queued},
	{"B113 BOM", body("\ufeff" + good), 200, dead},
	{"B114 a comment", body(`{"$type": "$event", /* $words */ "$payload": $object$more}`), 200, dead},
	{"B114 single quotes", body(`{'$type': "$event", "$payload": $object$more}`), 200, dead},
	{"B114 a key without quotes", body(`{$type: "$event", "$payload": $object$more}`), 200, dead},
	{"B114 a comma too many", body(`{"$type": "$event", "$payload": $object$more,}`), 200, dead},
	{"B114 a comma missing", body(`{"$type": "$event" "$payload": $object$more}`), 200, dead},
	{"B115 NaN", insert(`"untold": NaN`), 200, dead},
	{"B115 Infinity", insert(`"untold": Infinity`), 200, dead},
	{"B115 -Infinity", insert(`"untold": -Infinity`), 200, dead},

	{"B116 the type twice", body(`{"$type": "$event", "$type": "other", "$payload": $object$more}`), 200, dead},
	{"B116 the type twice, once escaped", func(d *draft) {
		escaped := fmt.Sprintf(`\u%04x%s`, d.typeKey[0], d.typeKey[1:])
		body(`{"$type": "$event", "` + escaped + `": 1, "$payload": $object$more}`)(d)
	}, 200, dead},
	{"B117 the payload twice", body(`{"$type": "$event", "$payload": $object, "$payload": {}$more}`), 200, dead},
	{"B120 a member that is not read, twice, deep inside", insert(`"untold": {"a": [{"b": 1, "b": 2}]}`), 200, dead},
	{"B121 the type's key in another case", body(`{"$TYPE": "$event", "$payload": $object$more}`), 200, dead},
	{"B121 the payload's key in another case", body(`{"$type": "$event", "$PAYLOAD": $object$more}`), 200, dead},
	{"B122 the type's key in another case, too", body(`{"$type": "$event", "$TYPE": 1, "$payload": $object$more}`), 200, queued},
	{"B123 a type with a letter that folds into s", where(func(p platform) bool { return strings.Contains(p.event, "s") }, withEvent(func(e string) string { return strings.Replace(e, "s", "ſ", 1) })), 200, queued},
	{"B124 a key with a letter that folds into k", insert(`"untold": 1, "toKen": 2, "token": 3`), 200, queued},
	{"B125 10,001 levels of nesting", insert(`"untold": ` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001)), 200, dead},
	{"B125 500,000 open brackets", all(given(MaxBody(1<<20)), body(strings.Repeat("[", 500_000))), 200, dead},
	{"B126 50,000 keys", all(given(MaxBody(1<<20)), insert(keys(50_000))), 200, queued},
	{"B126 as many keys as fit below the cap", insert(keys(15_000)), 200, queued},
	{"B127 members that are not documented", insert(`"untold": {"deep": [1, "two", null, true]}`), 200, queued},
	{"B127 members that are not documented, outside", body(`{"$type": "$event", "$payload": $object, "untold": [{}]$more}`), 200, queued},
	{"B128 NUL in the type", withEvent(func(e string) string { return e + `\u0000` }), 200, dead},
	{"B129 a line break in the type", withEvent(func(e string) string { return e + `\n{\"level\":\"INFO\",\"msg\":\"$words\"}` }), 200, dead},
	// A Function URL hands bytes over as text and would change these before we
	// see them (then the answer is X); a front that gets the bytes stores them.
	{"B130 bytes that are not UTF-8", insert("\"untold\": \"\xff\xfe\""), 200, dead},
	{"B130 an overlong slash", insert("\"untold\": \"\xc0\xaf\""), 200, dead},
	{"B130 a surrogate in UTF-8", insert("\"untold\": \"\xed\xa0\x80\""), 200, dead},
	{"B130 a lone surrogate, escaped", insert(`"untold": "\ud800"`), 200, dead},
	{"B131 a control character in a string", insert("\"untold\": \"a\x01b\""), 200, dead},
	{"B131 a line break in a string", insert("\"untold\": \"a\nb\""), 200, dead},
	{"B132 U+FFFE, U+FFFF, U+1FFFE", insert("\"untold\": \"\ufffe\uffff\U0001fffe\""), 200, queued},
	{"B132 the same in a type", withEvent(func(e string) string { return e + "\ufffe\uffff\U0001fffe" }), 200, queued},
	{"B133 U+2028, U+2029, emoji, right-to-left override", insert("\"untold\": \"\u2028\u2029\U0001f642\u202e" + strings.Repeat("\U0001f642", 1000) + "\""), 200, queued},
	{"B134 __proto__, constructor, $ref", insert(`"__proto__": {"admin": true}, "constructor": {"prototype": {}}, "$ref": "#/x"`), 200, queued},

	{"B135 no payload", body(`{"$type": "$event", "untold": $object$more}`), 200, dead},
	{"B135 the payload is null", body(`{"$type": "$event", "$payload": null, "untold": $object$more}`), 200, dead},
	{"B135 the payload is an array", body(`{"$type": "$event", "$payload": [$object]$more}`), 200, dead},
	{"B135 the payload is JSON in a string", body(`{"$type": "$event", "$payload": "{\"email\": \"$email\"}"$more}`), 200, dead},
	{"B136 the type is null", body(`{"$type": null, "$payload": $object$more}`), 200, dead},
	{"B136 the type is a number", body(`{"$type": 1, "$payload": $object$more}`), 200, dead},
	{"B136 the type is an object", body(`{"$type": {"$event": 1}, "$payload": $object$more}`), 200, dead},
	{"B136 no type", body(`{"$payload": $object$more}`), 200, dead},
	{"B137 the type is empty", body(`{"$type": "", "$payload": $object$more}`), 200, dead},
	{"B138 the type has 10,000 characters", body(`{"$type": "` + strings.Repeat("t", 10_000) + `", "$payload": $object$more}`), 200, dead},
	{"B139 the type in another case", withEvent(func(e string) string { return strings.ToUpper(e[:1]) + e[1:] }), 200, queued},
	{"B139 the type and a space", withEvent(func(e string) string { return e + " " }), 200, queued},
	{"B140 a type of the future", body(`{"$type": "foo.bar", "$payload": $object$more}`), 200, queued},
	{"B140 a type that is words that were spoken", body(`{"$type": "$words", "$payload": $object$more}`), 200, queued},
	{"B141 another platform's envelope", foreign, 200, dead},
}

// withEvent changes the type and leaves the rest.
func withEvent(f func(event string) string) change {
	return func(d *draft) { body(`{"$type": "` + f(d.event) + `", "$payload": $object$more}`)(d) }
}

func keys(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = `"k` + strconv.FormatInt(int64(i), 36) + `":1`
	}
	return strings.Join(members, ",")
}

// foreign wraps the payload as a platform would that has other names for it.
func foreign(d *draft) { body(`{"x-$type": "$event", "x-$payload": $object$more}`)(d) }
