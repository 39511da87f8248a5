package envelope_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, value, want string
	}{
		{"empty", "", ""},
		{"as long as allowed", strings.Repeat("a", 256), ""},
		{"one byte more", strings.Repeat("a", 257), "id is longer than 256 bytes"},
		{"bytes are counted, not characters", strings.Repeat("é", 129), "id is longer than 256 bytes"},
		{"NUL", "a\x00b", "id contains a control character"},
		{"unit separator", "a\x1fb", "id contains a control character"},
		{"newline and a forged log line", "a\nlevel=INFO", "id contains a control character"},
		{"DEL", "a\x7fb", "id contains a control character"},
		{"first of C1", "a\u0080b", "id contains a control character"},
		{"last of C1", "a\u009fb", "id contains a control character"},
		{"no-break space", "a\u00a0b", ""},
		{"line separator, emoji, right-to-left override", "\u2028🙂\u202e", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := envelope.Text("id", c.value, envelope.MaxID); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

type secretive struct {
	envelope.Private
	Phone string
}

func TestPrivate(t *testing.T) {
	v := secretive{Phone: "+12025550143"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "payload", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "payload", v)
	out := log.String() + fmt.Sprintf("%v %+v %#v %s %q %v %v", v, v, v, v, v, &v, []secretive{v})
	if strings.Contains(out, v.Phone) {
		t.Errorf("the payload was printed: %s", out)
	}
	if n := strings.Count(out, "[private]"); n != 9 {
		t.Errorf("%d of 9 say that something is private: %s", n, out)
	}
}

func TestAs_anotherType(t *testing.T) {
	if _, err := envelope.As[envelope.Opaque](webhook.Parsed{Type: "a.b"}, nil); err == nil {
		t.Error("a body without a payload was given a type")
	}
}
