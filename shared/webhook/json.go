package webhook

import (
	"encoding/json"
	"fmt"
)

// JSON encodes data of our own, in follow-up events and records, which always
// marshals: it panics otherwise. Stored records are compared byte for byte, so it
// stays with [encoding/json]: version 2 keeps false values and does not escape "<".
func JSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("webhook: encode %T: %v", v, err))
	}
	return data
}
