// Package webhook is the vocabulary of all other packages.
//
//   - A [Delivery] is one HTTP request, not yet verified.
//   - A [Provider] says how one platform signs and what its events are called.
//   - An [Event] is a verified delivery: the exact body and an identity. Queues carry
//     events only, each as one CloudEvents 1.0 JSON object ([Event.Encode],
//     [DecodeEvent]).
//   - A [Publisher] stores an event durably; a [Handler] reacts to one.
//   - An error is [Permanent] or retried.
//
// The package imports the standard library only and does no I/O.
package webhook
