package envelope

import "log/slog"

// Private keeps a struct that embeds it out of logs and of every fmt verb:
// payloads carry names, telephone numbers and what people said. A single field
// is printed like any other string, so log ids of ours and never fields.
type Private struct{}

const private = "[private]"

func (Private) String() string       { return private }
func (Private) GoString() string     { return private }
func (Private) LogValue() slog.Value { return slog.StringValue(private) }
