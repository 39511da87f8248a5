package tftest

import "github.com/webhook-functions/template/shared/handlers"

func init() {
	unset["SPEAK_RESULT"], unset["SPEAK_FAILURE"] = handlers.DefaultResult, handlers.DefaultFailure
}
