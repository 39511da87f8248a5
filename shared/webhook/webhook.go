// Package webhook is the vocabulary every other package speaks.
//
//   - A [Delivery] is one HTTP request as a platform sent it, not yet believed.
//   - A [Provider] says how one platform signs and what its events are called.
//   - An [Event] is a delivery that was verified: the exact body plus an
//     identity. It is the only thing that travels on a queue, as one CloudEvents
//     1.0 JSON object ([Event.Encode], [DecodeEvent]).
//   - A [Publisher] stores an event durably; a [Handler] reacts to one.
//   - An error is permanent ([Permanent]) or it is worth another try.
//
// The package imports the standard library only and does no I/O.
package webhook
