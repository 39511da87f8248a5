package signature

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Sources made of a body that is a form. One that is none would be signed as if it were
// empty, and is refused.
func init() {
	form := func(isURL bool, write func(r *Keyring, q Request, address string) (string, int)) *source {
		return &source{isBody: true, isURL: isURL, read: func(r *Keyring, _ *part, q Request, address string) (string, int) {
			if !isForm(string(q.Body)) {
				return "", 2
			}
			return write(r, q, address)
		}}
	}
	sources["params"] = form(false, func(_ *Keyring, q Request, _ string) (string, int) { return params(parse(string(q.Body)), "", ""), 1 })
	sources["params-amp"] = form(false, func(r *Keyring, q Request, _ string) (string, int) { return r.paramsAmp(q) })
	sources["plivo"] = form(true, func(_ *Keyring, q Request, address string) (string, int) { return plivo(address, q) })
}

// isForm says whether every byte of a text is in a pair of a form. A body that is none
// would be signed as if it were empty.
func isForm(text string) bool {
	_, err := url.ParseQuery(text)
	return text == "" || err == nil && !strings.Contains("&"+text+"&", "&&")
}

// params writes a form as Twilio signs it: names in order, of each the values in order
// and once each. before and between are put before each name and its value.
func params(form url.Values, before, between string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			out.WriteString(before + name + between + value)
		}
	}
	return out.String()
}

// paramsAmp writes a form as Vonage signs it: "&name=value" without the signature, with
// "_" for the marks within values. A name with a mark could be several pairs.
func (r *Keyring) paramsAmp(q Request) (text string, n int) {
	form, marks := parse(string(q.Body)), strings.NewReplacer("&", "_", "=", "_")
	_, signature, _ := strings.Cut(r.scheme.From, ":")
	delete(form, signature)
	for name, all := range form {
		if strings.ContainsAny(name, "&=") {
			return "", 2
		}
		for i := range all {
			all[i] = marks.Replace(all[i])
		}
	}
	return params(form, "&", "="), 1
}

// plivo writes address, query and form as Plivo's third version signs them: the query in
// order as "name=value&…", then a dot if there is a form, then its names and values.
// A dot in the query of a POST could be the one that stands before the form.
func plivo(address string, q Request) (text string, n int) {
	query := strings.TrimPrefix(params(parse(q.Query), "&", "="), "&")
	if q.Method == "POST" && strings.Contains(query, ".") {
		return "", 2
	}
	text = address
	if q.Query != "" || q.Method == "POST" && len(q.Body) > 0 {
		text += "?"
	}
	text += query
	if form := params(parse(string(q.Body)), "", ""); q.Method == "POST" && form != "" {
		if q.Query != "" {
			text += "."
		}
		text += form
	}
	return text, 1
}
