package ledger

// StoredTexts gives the texts of an entry under the names that the clouds' stores
// keep them by, but for the ID. An empty one is not stored: size is paid for.
func (e *Entry) StoredTexts() map[string]*string {
	return map[string]*string{
		"account": &e.Account, "kind": (*string)(&e.Kind), "fingerprint": &e.Fingerprint, "twin": &e.DedupKey,
		"usage": &e.Usage, "value": &e.Value, "source": &e.Source, "note": &e.Note,
	}
}
