package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// A telephone call reaches a platform with a number and without a human. The
// worker looks the number up; outbound tells the platform whose call it is.

// PhoneKind holds {"human"} by telephone number.
const PhoneKind = "caller"

type phoneOwner struct {
	envelope.Private
	Human string `json:"human"`
}

// PhoneOwner is the record that says whose number it is; the latest one counts.
func PhoneOwner(number, human string, now time.Time) records.Record {
	return records.Record{Kind: PhoneKind, ID: digits(number), Version: now.UnixMicro(), Time: now, Data: webhook.JSON(phoneOwner{Human: human})}
}

// maxNumber in bytes: a longer number has no owner, and no store is asked.
const maxNumber = 100

// digits leaves out what people put between digits.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/", r) {
			return -1
		}
		return r
	}, number)
}

// OwnerOf gives the human of a telephone number, "" if it is not known.
func OwnerOf(ctx context.Context, store records.Store, number string) (human string, err error) {
	number = digits(number)
	if number == "" || len(number) > maxNumber {
		return "", nil
	}
	record, ok, err := store.Get(ctx, PhoneKind, number)
	if err != nil || !ok || record.Deleted {
		return "", err
	}
	var owner phoneOwner
	err = strict.Unmarshal(record.Data, &owner)
	return owner.Human, err
}
