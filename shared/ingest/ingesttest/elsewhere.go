package ingesttest

// elsewhere says where the numbers are that only one kind of front can express.
//
//	B16  chunked, no length, over the cap                413
//	B17  Content-Length smaller than the body            X, the rest is a request of its own: 400
//	B18  Content-Length larger than the body             408 if the peer stalls, 400 if it hangs up
//	B19  Transfer-Encoding and Content-Length            net/http reads the chunks; believed only if those are signed
//	B29  10,000 headers, or one of a megabyte            431 by the server
//	B30  the signature in a trailer                      M
//	B31  Expect: 100-continue                            200
//	B79  the signature on a continuation line            net/http joins the lines: 200 if that gives the right value, else X
//
//	B86  Lambda: isBase64Encoded, good                   200
//	B87  … and the body is not base64                    400, and so B88 and B89
//	B90  … or base64url                                  400
//	B91  Lambda: not flagged, and the body is base64     X
//	B92  Lambda: body absent or null                     as an empty body
//	B93  Lambda: headers null                            M
//	B94  Lambda: header names in mixed case              200
//	B95  Lambda: names that differ in case only          X
//	B96  Lambda: no method                               405
//	B97  Lambda: the event of another service            400
//	B98  Lambda: bytes changed by being text             X
//	B99  Lambda: the event is not JSON                   an error of the runtime
//
//	B100 the worker on Lambda: not an SQS event          an error, nothing acknowledged
//	B101 … a record without a message id                 the batch comes back
//	B102 the worker behind Pub/Sub: no data              acknowledged, dead letter
//	B103 … data that is not base64                       acknowledged, dead letter
//	B104 … a foreign source                              acknowledged, dead letter
//	B105 … no token or a wrong one                       401 or 403
//	B106 … GET, or too large                             405, 413
var elsewhere = map[string][2]int{
	"shared/ingest/ingesthttp":                 {16, 19},
	"shared/ingest/ingesthttp, headers":        {29, 31},
	"shared/ingest/ingesthttp, continued line": {79, 79},
	"the clouds": {86, 106},
}
