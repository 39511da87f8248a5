package fakeapi_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

func TestNew_unsignedLead(t *testing.T) {
	expectWrong(t, 400, "POST", fakeapi.LeadsPath, `{}`, "x-api-key: ")
	expectWrong(t, 401, "POST", fakeapi.LeadsPath, `{}`, "x-api-key: ", "webhook-id: 1", "webhook-timestamp: 1", "webhook-signature: v1,canary")
}
