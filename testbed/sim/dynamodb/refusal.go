package dynamodb

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/answer"
)

// refusal is an answer that is no success.
type refusal struct {
	status  int
	code    string
	message string
	item    item     // as stored, where a condition failed and the write asked for it
	reasons []reason // of a canceled transaction, one per action
}

// reason says what one action of a canceled transaction had to do with it; its code
// is none where that is no cause.
type reason struct {
	code, message string
	item          item
}

const (
	none            = "None"
	conditionFailed = "ConditionalCheckFailed"
	validationError = "ValidationError"
	conflicted      = "TransactionConflict"
)

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(code, message string) *refusal {
	return &refusal{status: 400, code: code, message: message}
}

func invalid(format string, args ...any) *refusal {
	return refuse("ValidationException", fmt.Sprintf(format, args...))
}

// unknown is for requests that DynamoDB may well accept.
func unknown(format string, args ...any) *refusal {
	return &refusal{status: 500, code: "InternalServerError", message: "the simulation does not know " + fmt.Sprintf(format, args...)}
}

// refusalOf gives an error of a decoder the form of an answer.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return unknown("this request: %v", err)
}

// canceled is the refusal of a transaction; nil if no action is to blame.
func canceled(reasons []reason) error {
	if !slices.ContainsFunc(reasons, func(r reason) bool { return r.code != none }) {
		return nil
	}
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.code
	}
	r := refuse("TransactionCanceledException",
		"Transaction cancelled, please refer cancellation reasons for specific reasons ["+strings.Join(codes, ", ")+"]")
	r.reasons = reasons
	return r
}

func (r *refusal) answer() (status int, body []byte) {
	space := "com.amazonaws.dynamodb.v20120810#"
	if r.code == "ValidationException" {
		space = "com.amazon.coral.validate#"
	}
	body = append(make([]byte, 0, 256), `{"__type":"`+space+r.code+`","Message":`...)
	body = answer.AppendText(body, r.message)
	body = appendOld(body, r.item)
	if r.reasons != nil {
		body = append(body, `,"CancellationReasons":`...)
		body = answer.AppendList(body, r.reasons, appendReason)
	}
	return r.status, append(body, '}')
}

func appendReason(body []byte, r reason) []byte {
	body = append(body, `{"Code":"`+r.code+`"`...)
	body = appendOld(body, r.item)
	if r.message != "" {
		body = append(body, `,"Message":`...)
		body = answer.AppendText(body, r.message)
	}
	return append(body, '}')
}

func appendOld(body []byte, old item) []byte {
	if old == nil {
		return body
	}
	return appendItem(append(body, `,"Item":`...), old)
}
