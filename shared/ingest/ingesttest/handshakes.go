package ingesttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// handshakeRow is a request to a platform of handshaking, and its answer.
type handshakeRow struct {
	name, platform string
	request        Request
	signed         bool // the platform has signed it
	status         int
	contentType    string // of a handshake that is answered, else empty
	body           string
}

const (
	plainText = "text/plain"
	inJSON    = "application/json"
)

func get(target string) Request { return Request{Method: "GET", Target: target} }

func post(target, body string) Request {
	return Request{Method: "POST", Target: target, Header: [][2]string{{"Content-Type", "application/json"}}, Body: []byte(body)}
}

// subscribe is Meta's request with these parameters behind the mode.
func subscribe(parameters string) Request {
	return get("/meta?hub.mode=subscribe&" + strings.NewReplacer("$token", "hub.verify_token="+tokenOf("meta"), "$challenge", "hub.challenge=1158201444").Replace(parameters))
}

// signedLike has the header of a signature.
func signedLike(r Request) Request {
	r.Header = append(r.Header, [2]string{"X-Hub-Signature-256", "sha256=0c"})
	return r
}

// validate is Zoom's request with a challenge in JSON.
func validate(plainToken string) Request {
	return post("/zoom", `{"payload":{"plainToken":`+plainToken+`},"event_ts":1764320400000,"event":"endpoint.url_validation"}`)
}

var longest = strings.Repeat("aZ09+/=_", 16)

var handshakeRows = []handshakeRow{
	{"a query value", "meta", subscribe("$challenge&$token"), false, 200, plainText, "1158201444"},
	{"a query value, a slash behind the route", "meta", get("/meta/?hub.challenge=1&hub.mode=subscribe&hub.verify_token=" + tokenOf("meta")), false, 200, plainText, "1"},
	{"the longest challenge", "meta", subscribe("$token&hub.challenge=" + strings.ReplaceAll(longest, "+", "%2B")), false, 200, plainText, longest},
	{"a challenge that is longer", "meta", subscribe("$token&hub.challenge=a" + strings.ReplaceAll(longest, "+", "%2B")), false, 400, "", ""},
	{"a challenge with a blank", "meta", subscribe("$token&hub.challenge=a+b"), false, 400, "", ""},
	{"a challenge that is encoded twice", "meta", subscribe("$token&hub.challenge=a%252Bb"), false, 400, "", ""},
	{"a challenge of markup", "meta", subscribe("$token&hub.challenge=%3Cscript%3E"), false, 400, "", ""},
	{"a challenge with a line's end", "meta", subscribe("$token&hub.challenge=a%0D%0Aset-cookie:b"), false, 400, "", ""},
	{"no challenge", "meta", subscribe("$token"), false, 400, "", ""},
	{"an empty challenge", "meta", subscribe("$token&hub.challenge="), false, 400, "", ""},
	{"two challenges", "meta", subscribe("$token&$challenge&$challenge"), false, 400, "", ""},
	{"two conditions", "meta", subscribe("hub.mode=subscribe&$token&$challenge"), false, 400, "", ""},
	{"another verify token", "meta", subscribe("$challenge&hub.verify_token=guess"), false, 403, "", ""},
	{"another verify token and a signature's header", "meta", signedLike(subscribe("$challenge&hub.verify_token=guess")), false, 403, "", ""},
	{"no verify token", "meta", subscribe("$challenge"), false, 403, "", ""},
	{"two verify tokens", "meta", subscribe("$challenge&$token&$token"), false, 403, "", ""},
	{"another mode", "meta", get("/meta?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=" + tokenOf("meta")), false, 405, "", ""},
	{"GET and no parameters", "meta", get("/meta"), false, 405, "", ""},
	{"HEAD", "meta", Request{Method: "HEAD", Target: subscribe("$challenge&$token").Target}, false, 405, "", ""},
	{"PUT", "meta", Request{Method: "PUT", Target: subscribe("$challenge&$token").Target}, false, 405, "", ""},
	{"POST of a handshake by GET", "meta", post(subscribe("$challenge&$token").Target, "{}"), false, 401, "", ""},
	{"an event with a handshake's query", "meta", post(subscribe("$challenge&$token").Target, "{}"), true, 200, "", "ok"},

	{"a JSON member", "slack", post("/slack", `{"token":"t","challenge":"3eZb","type":"url_verification"}`), true, 200, plainText, "3eZb"},
	{"a JSON member, unsigned", "slack", post("/slack", `{"challenge":"3eZb","type":"url_verification"}`), false, 401, "", ""},
	{"a JSON member of markup", "slack", post("/slack", `{"challenge":"<b>","type":"url_verification"}`), true, 400, "", ""},
	{"a JSON member that is no text", "slack", post("/slack", `{"challenge":{"a":"b"},"type":"url_verification"}`), true, 400, "", ""},
	{"a JSON member in the query", "slack", post("/slack?challenge=3eZb", `{"type":"url_verification"}`), true, 400, "", ""},
	{"GET where none is a handshake", "slack", get("/slack?challenge=1&type=url_verification"), false, 405, "", ""},

	{"an HMAC in hex", "zoom", validate(`"qgg8NotRealPlainToken"`), true, 200, inJSON,
		`{"plainToken":"qgg8NotRealPlainToken","encryptedToken":"5a87e07b59fa4448c347a5e9fe0643c7b6b927a018c68e8a0074aefe025b3ac7"}`},
	{"an HMAC, unsigned", "zoom", validate(`"qgg8NotRealPlainToken"`), false, 401, "", ""},
	{"an HMAC of what is signed for an event", "zoom", validate(`"v0:1764320400:{\"event\":\"meeting.ended\"}"`), true, 400, "", ""},
	{"an HMAC of a long challenge", "zoom", validate(`"a` + longest + `"`), true, 400, "", ""},
	{"an HMAC in base64", "x", get("/x?crc_token=9b45-not-real-crc-token"), false, 200, inJSON, `{"response_token":"sha256=iniWHXlNo99RRtdDeT7RzSgcsBBot144CXPkjflSRfc="}`},
	{"an HMAC of JSON", "x", get("/x?crc_token=%7B%22for_user_id%22%3A%221%22%7D"), false, 400, "", ""},
	{"an HMAC of nothing", "x", get("/x?crc_token="), false, 400, "", ""},
	{"an HMAC of two challenges", "x", get("/x?crc_token=a&crc_token=b"), false, 400, "", ""},
	{"an event that could be a challenge", "x", post("/x", longest), true, 403, "", ""},
	{"an event that is longer than a challenge", "x", post("/x", "a"+longest), true, 200, "", "ok"},
	{"an event that could be a challenge, without an HMAC", "meta", post("/meta", longest), true, 200, "", "ok"},

	{"a query value of a POST", "graph", post("/graph?validationToken=Validation%3A+for+Request-Id%3A+0c9e", ""), false, 200, plainText, "Validation: for Request-Id: 0c9e"},
	{"a query value of a POST, of markup", "graph", post("/graph?validationToken=%3Csvg%3E", ""), false, 400, "", ""},
}

// runHandshakes asks as platforms do when an address is set: the answer holds the
// challenge or its HMAC, nothing is queued, and the log has no value of the request.
func runHandshakes(t *testing.T, newFront NewFront) {
	for _, row := range handshakeRows {
		t.Run("handshake: "+row.name+"/"+row.platform, func(t *testing.T) { row.run(t, newFront, row.platform) })
	}
	t.Run("handshake: an HMAC of a body", func(t *testing.T) { answersAreNoSignatures(t, newFront) })
	t.Run("handshake samples", func(t *testing.T) { handshakeSamples(t, newFront) })
}

func (row handshakeRow) run(t *testing.T, newFront NewFront, route string) {
	w := NewWorld(t)
	w.shakes(t, row.platform, route)
	r := row.request
	if row.signed {
		r = Sign(t, row.platform, r)
	}
	row.check(t, w, newFront(t, w).Send(t, r))
}

func (row handshakeRow) check(t *testing.T, w *World, a Answer) {
	t.Helper()
	if a.Status != row.status {
		t.Errorf("status %d, want %d", a.Status, row.status)
	}
	switch {
	case row.contentType != "":
		if got := a.Header.Get("Content-Type"); got != row.contentType || a.Body != row.body || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("answered %s %q %v, want %s %q", got, a.Body, a.Header, row.contentType, row.body)
		}
	case row.status == 405:
		want := "POST"
		if handshaking[row.platform].Handshakes[0].Method == "GET" {
			want = "GET, POST"
		}
		if got := a.Header.Get("Allow"); got != want {
			t.Errorf("Allow: %q, want %q", got, want)
		}
	default:
		CheckAnswer(t, row.request, a)
	}
	row.checkEffects(t, w)
}

// checkEffects: a handshake is one line, and neither accepted nor missed.
func (row handshakeRow) checkEffects(t *testing.T, w *World) {
	t.Helper()
	isEvent := row.status == 200 && row.contentType == ""
	if n := w.Events.Calls() + w.DeadLetters.Calls(); n != 0 != isEvent {
		t.Errorf("queues were called %d times", n)
	}
	lines := w.lines(t, "handshake")
	if row.contentType != "" && (len(lines) != 1 || lines[0].Provider != row.platform || lines[0].Status != row.status) || row.contentType == "" && len(lines) != 0 {
		t.Errorf("handshakes in the log: %+v", lines)
	}
	refused := w.Refused(t)
	if len(refused) != 0 != (row.contentType == "" && !isEvent) {
		t.Errorf("refusals in the log: %+v", refused)
	}
	for _, line := range refused {
		if isMissed := row.request.Method == "POST" && row.status/100 == 4 && row.status != 400; line.Missed != isMissed {
			t.Errorf("missed %v: a handshake is no event", line.Missed)
		}
	}
	w.CheckSilence(t, append(values.FindAllString(row.request.Target, -1), secretOf(row.platform), tokenOf(row.platform))...)
}

// values of a query that are long enough to be found.
var values = regexp.MustCompile(`[A-Za-z0-9%_+-]{10,}`)

// answersAreNoSignatures plays X's weakness: the answer to a challenge is the signature
// of a body of the same bytes, for a platform that any stranger may ask.
func answersAreNoSignatures(t *testing.T, newFront NewFront) {
	for _, body := range []string{"123", "true", "null", "1e9", longest} {
		w := NewWorld(t)
		w.shakes(t, "x", "x")
		front := newFront(t, w)
		asked := front.Send(t, get("/x?crc_token="+strings.ReplaceAll(body, "+", "%2B")))
		found := regexp.MustCompile(`sha256=[^"]*`).FindString(asked.Body)
		if found == "" || Sign(t, "x", post("/x", body)).Header[1][1] != strings.TrimPrefix(found, "sha256=") {
			t.Fatalf("%.10s: the answer %q is not the signature that this test is about", body, asked.Body)
		}
		forged := post("/x", body)
		forged.Header = append(forged.Header, [2]string{"x-twitter-webhooks-signature", found})
		answer := front.Send(t, forged)
		if n := w.Events.Calls() + w.DeadLetters.Calls(); answer.Status != handshaking["x"].MismatchStatus || n != 0 {
			t.Errorf("%.10s: the forged body was answered %d, queues were called %d times", body, answer.Status, n)
		}
	}
}

// handshakeSamples plays requests that were made by others, and compares the answers.
func handshakeSamples(t *testing.T, newFront NewFront) {
	names, _ := filepath.Glob(filepath.Join(besideProject(t), "shared/events-money/handshakes/*.request.txt"))
	if len(names) == 0 {
		toolstest.Missing(t, "missing: ../shared/events-money/handshakes, beside the project")
	}
	for _, name := range names {
		sample, _ := strings.CutSuffix(filepath.Base(name), ".request.txt")
		t.Run(sample, func(t *testing.T) {
			row := sampleRow(t, name, strings.Replace(name, ".request.", ".response.", 1))
			if row.platform, _, _ = strings.Cut(sample, "."); strings.HasPrefix(sample, "discord.interaction") {
				row.platform = "discord-interactions"
			}
			row.run(t, newFront, strings.TrimPrefix(strings.Split(row.request.Target, "?")[0], "/"))
		})
	}
}

func sampleRow(t *testing.T, request, response string) (row handshakeRow) {
	t.Helper()
	q, err := http.ReadRequest(reader(t, request))
	if err != nil {
		t.Fatal(err)
	}
	row.request = Request{Method: q.Method, Target: q.RequestURI, Body: read(t, q.Body)}
	for name, all := range q.Header {
		row.request.Header = append(row.request.Header, [2]string{name, all[0]})
	}
	a, err := http.ReadResponse(reader(t, response), q)
	if err != nil {
		t.Fatal(err)
	}
	row.status, row.contentType, row.body = a.StatusCode, a.Header.Get("Content-Type"), string(read(t, a.Body))
	if row.status == http.StatusAccepted { // an event; any success will do
		row.status = http.StatusOK
	}
	return row
}

func reader(t *testing.T, name string) *bufio.Reader {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(bytes.NewReader(text))
}

func read(t *testing.T, body io.Reader) []byte {
	t.Helper()
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(fmt.Errorf("sample: %w", err))
	}
	return all
}

// besideProject is the folder that the project is in.
func besideProject(t *testing.T) string {
	t.Helper()
	for folder := "."; len(folder) < 30; folder = filepath.Join(folder, "..") {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, "..")
		}
	}
	t.Fatal("the tests run outside the module")
	return ""
}
