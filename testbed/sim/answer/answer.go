// Package answer writes the JSON that simulated services answer with: without
// reflection, because a history makes hundreds of answers.
package answer

import "encoding/json/jsontext"

// AppendText writes a string. Bytes that are not UTF-8 are replaced.
func AppendText(body []byte, text string) []byte {
	body, _ = jsontext.AppendQuote(body, text) // its error is about bytes that it has replaced
	return body
}

// AppendList writes a list, each element by appendOne.
func AppendList[T any](body []byte, list []T, appendOne func([]byte, T) []byte) []byte {
	body = append(body, '[')
	for i, one := range list {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendOne(body, one)
	}
	return append(body, ']')
}
