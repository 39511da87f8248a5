package firestore

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"strconv"

	"github.com/webhook-functions/template/testbed/sim/answer"
)

// refusal is an answer that is no success.
type refusal struct {
	status        int // of HTTP
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *refusal {
	return refuse(400, "INVALID_ARGUMENT", format, args...)
}

// unknown is for requests that Firestore may well accept.
func unknown(format string, args ...any) *refusal {
	return refuse(501, "UNIMPLEMENTED", "the simulation does not know "+format, args...)
}

// refusalOf gives an error of a decoder the form of an answer: what is no JSON is
// invalid, other JSON than expected is unknown.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if _, ok := errors.AsType[*json.SemanticError](err); ok {
		return unknown("this request: %v", err)
	}
	return invalid("Invalid JSON payload received. %v", err)
}

// answer puts the refusal of a method that streams into a list.
func (r *refusal) answer(method string) (status int, body []byte) {
	begin, end := `{"error":{"code":`, `"}}`
	if method != "commit" {
		begin, end = "["+begin, end+"]"
	}
	body = strconv.AppendInt([]byte(begin), int64(r.status), 10)
	body = answer.AppendText(append(body, `,"message":`...), r.message)
	return r.status, append(append(append(body, `,"status":"`...), r.code...), end...)
}
