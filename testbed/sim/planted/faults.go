package planted

// faults is a row per mistake, by the part of the product that makes it.
var faults = []fault{
	// ingest
	{"acknowledged although the queue failed", "shared/ingest/ingest.go", []edit{{
		`if err := queue.Publish(ctx, event); err != nil {`, `if err := queue.Publish(ctx, event); err != nil && false {`}}},
	{"a publish that timed out taken for stored", "shared/ingest/ingest.go", []edit{{
		`if err := queue.Publish(ctx, event); err != nil {`, `if err := queue.Publish(ctx, event); err != nil && !errors.Is(err, context.DeadlineExceeded) {`}}},
	{"believed while no secret can be had", "shared/ingest/ingest.go", []edit{{
		`return believed{}, unavailable(err)`, `return believed{}, nil`}}},
	{"secret fetched no sooner after a mismatch", "shared/ingest/ingest.go", []edit{{
		`if next := newer(); next != nil {`, `if next := newer(); next != nil && false {`}}},
	{"header logged on refusal", "shared/ingest/ingest.go", []edit{{
		`slog.Int("status", reply.Status), slog.String("cause", err.Error())}`, `slog.Int("status", reply.Status), slog.String("cause", err.Error()), slog.Any("header", map[string][]string(d.Header))}`}}},
	{"body logged on a queue failure", "shared/ingest/ingest.go", []edit{{
		`return in.Refuse(ctx, d, &unavailableError{code: webhook.CodeQueue, err: err})`, `return in.Refuse(ctx, d, &unavailableError{code: webhook.CodeQueue, err: errors.New(err.Error() + string(d.Body))})`}}},
	{"handshake with a wrong verify token answered", "shared/ingest/handshake.go", []edit{{
		`		return errToken
`, `		return nil
`}}},
	{"challenge without bounds echoed", "shared/ingest/handshake.go", []edit{{
		`strings.Trim(text, alphabet+extra) == ""`, `text != alphabet+extra`}}},
	{"verify token logged", "shared/ingest/handshake.go", []edit{{
		`slog.Int("status", reply.Status))`, `slog.Int("status", reply.Status), slog.String("query", d.Query))`}}},
	// signature, secrets
	{"white space trimmed before the MAC", "shared/signature/hmac.go", []edit{
		{`import (`, "import (\n\t\"strings\"\n"},
		{`		m.hash.Reset()
		m.hash.Write(body)
`, `		m.hash.Reset()
		m.hash.Write([]byte(strings.TrimSpace(string(body))))
`}}},
	{"white space trimmed before the MAC of a template", "shared/signature/hmac.go", []edit{
		{`import (`, "import (\n\t\"strings\"\n"},
		{`			m.flush()
			m.hash.Write(body)
`, `			m.flush()
			m.hash.Write([]byte(strings.TrimSpace(string(body))))
`}}},
	{"only the first key is tried", "shared/signature/hmac.go", []edit{{
		`for i := len(r.keys) - 1; i >= 0; i-- {
`, `for i := 0; i >= 0; i-- {
`}}},
	{"only the first key is tried for a template", "shared/signature/hmac.go", []edit{{
		`for i := len(r.keys) - 1; i >= 0; i-- { // of`, `for i := 0; i >= 0; i-- { // of`}}},
	{"four digits of the MAC compared", "shared/signature/hmac.go", []edit{{
		`subtle.ConstantTimeCompare(digest[:r.size], m.hash.Sum(m.sum[:0])) == 1`, `subtle.ConstantTimeCompare(digest[:2], m.hash.Sum(m.sum[:0])[:2]) == 1`}}},
	{"four digits of the MAC of a template compared", "shared/signature/hmac.go", []edit{{
		`subtle.ConstantTimeCompare(found.all[i][:r.size], sum) == 1`, `subtle.ConstantTimeCompare(found.all[i][:2], sum[:2]) == 1`}}},
	{"only the first signature is tried", "shared/signature/hmac.go", []edit{{
		`for i := range found.all[:found.n] {`, `for i := range found.all[:1] {`}}},
	{"tolerance not checked", "shared/signature/verify.go", []edit{{
		`if !r.scheme.Time.accepts(v.Time, now) {`, `if !r.scheme.Time.accepts(v.Time, now) && false {`}}},
	{"time to come accepted", "shared/signature/verify.go", []edit{{
		`(t.PastOnly || age >= -t.Tolerance)`, `(t.PastOnly || age >= -t.Tolerance || age < 0)`}}},
	{"tolerance without its end", "shared/signature/verify.go", []edit{{
		`return age <= t.Tolerance &&`, `return age < t.Tolerance &&`}}},
	{"age looked at before the signature", "shared/signature/hmac.go", []edit{{
		`	keyID, ok := r.match(&found, q.Body, &signed)
`, `	if !signed.time.IsZero() && !r.scheme.Time.accepts(signed.time, now) {
		return Verified{}, ErrStale
	}
	keyID, ok := r.match(&found, q.Body, &signed)
`}}},
	{"time not part of what is signed", "shared/signature/hmac.go", []edit{{
		`			m.write(signed.texts[i])
`, `			if !p.isTime {
				m.write(signed.texts[i])
			}
`}}},
	{"body of a token not compared", "shared/signature/token.go", []edit{{
		`return !ok || h.matches(c.text(name), data)`, `return !ok || c.text(name) != ""`}}},
	{"static secret compared by its begin", "shared/signature/static.go", []edit{{
		`if equalTexts(k.text(), given) {`, `if strings.HasPrefix(k.text(), given) {`}}},
	{"stale delivery counted as a wrong signature", "shared/ingest/reply.go", []edit{{
		`return p.MismatchStatus, webhook.CodeStale`, `return p.MismatchStatus, webhook.CodeSignature`}}},
	// identity, coverage
	{"unsigned id taken for a signed one", "shared/ingest/ingest.go", []edit{{
		`	event, parsed := identify(`, `	if id := d.Header.Values("webhook-id"); len(id) == 1 {
		by.ID = id[0]
	}
	event, parsed := identify(`}}},
	{"signed id before what the body names", "shared/ingest/identify.go", []edit{{
		`case len(parsed.Identity) == 0 && by.ID != "":`, `case by.ID != "":`}}},
	{"signed id identifies nothing", "shared/ingest/identify.go", []edit{{
		`case len(parsed.Identity) == 0 && by.ID != "":`, `case len(parsed.Identity) == 0 && by.ID != "" && false:`}}},
	{"signed time in the identity", "shared/ingest/identify.go", []edit{{
		`parsed.Type, "signed", by.ID)`, `parsed.Type, "signed", by.ID, by.Time.String())`}}},
	{"signed id lost when an event is decoded anew", "shared/ingest/identify.go", []edit{{
		`signature.Verified{KeyID: e.KeyID, ID: e.SignedID}`, `signature.Verified{KeyID: e.KeyID}`}}},
	{"coverage lost when an event is decoded anew", "shared/ingest/identify.go", []edit{{
		`by.Covers = signature.CoversNothing`, ``}}},
	{"coverage not told to the worker", "shared/webhook/event.go", []edit{{
		`SignedID: e.SignedID, Uncovered: e.Uncovered,`, `SignedID: e.SignedID,`}}},
	{"coverage not read by the worker", "shared/webhook/event.go", []edit{{
		`SignedID: m.SignedID, Uncovered: m.Uncovered,`, `SignedID: m.SignedID,`}}},
	{"amount booked that no signature covers", "shared/handlers/credits.go", []edit{{
		`if e.Uncovered {`, `if e.Uncovered && false {`}}},
	{"signed id before the business key", "shared/handlers/credits.go", []edit{{
		`if key := ch.usage.Key; len(key) > 0 {`, `if key := ch.usage.Key; len(key) > 0 && e.SignedID == "" {`}}},
	{"signed id in the fingerprint", "shared/handlers/credits.go", []edit{{
		`" fingerprint", usage.Meaning...),`, `" fingerprint", append(usage.Meaning, slices.DeleteFunc([]string{e.SignedID}, func(id string) bool { return id == "" })...)...),`}}},
	{"secrets kept for ever", "shared/secrets/cache.go", []edit{{
		`return c.now().Sub(c.tried) >= c.gap(mismatch), c.isEmpty()`, `return c.now().Sub(c.tried) >= c.gap(mismatch) && (mismatch || c.isEmpty()), c.isEmpty()`}}},
	// worker
	{"success of the whole batch", "shared/clouds/aws/sqsbatch.go", []edit{{
		`if !verdict.Ack {`, `if !verdict.Ack && len(messages) == 1 {`}}},
	{"last failure of a batch alone reported", "shared/clouds/aws/sqsbatch.go", []edit{{
		`response.Failures = append(response.Failures, sqsFailure{verdict.ID})`, `response.Failures = []sqsFailure{{verdict.ID}}`}}},
	{"dead letter not stored and acknowledged", "shared/worker/worker.go", []edit{{
		`if err := w.DeadLetters.Publish(ctx, r.event); err != nil {`, `if err := w.DeadLetters.Publish(ctx, r.event); err != nil && false {`}}},
	{"follow-up not stored and acknowledged", "shared/worker/worker.go", []edit{{
		`if err := w.FollowUps.Publish(ctx, followUp); err != nil {`, `if err := w.FollowUps.Publish(ctx, followUp); err != nil && false {`}}},
	{"any error is permanent at the poison threshold", "shared/worker/worker.go", []edit{{
		`if reason, permanent := webhook.PermanentReason(result.Err); permanent {`, `if reason, permanent := webhook.PermanentReason(result.Err); permanent || result.Err != nil && r.message.Receives >= poisonThreshold {`}}},
	{"first result of a group counts for all", "shared/worker/worker.go", []edit{{
		`w.finish(ctx, r, results[i])`, `w.finish(ctx, r, results[i*0])`}}},
	{"message logged when it comes back", "shared/worker/worker.go", []edit{{
		`w.log(ctx, slog.LevelWarn, r, "comes back")`, `w.log(ctx, slog.LevelWarn, r, "comes back", slog.String("body", string(r.event.Data)))`}}},
	{"not reached in time and acknowledged", "shared/worker/worker.go", []edit{{
		`verdicts[i] = Verdict{ID: m.ID, Outcome: "again"`, `verdicts[i] = Verdict{ID: m.ID, Ack: true, Outcome: "again"`}}},
	{"lead not forwarded", "shared/handlers/chatbase_leads.go", []edit{{
		`if err != nil || !l.Forward {`, `if err != nil || l.Forward {`}}},
	{"speech asked for at each delivery", "shared/handlers/gabber_tools.go", []edit{{
		`followups.New("worker", followups.SpeechRequested, e,`, `followups.New("worker", followups.SpeechRequested, webhook.Event{ID: e.ID + e.Time.String(), Time: e.Time},`}}},
	{"human attached to a session that has one", "shared/handlers/gabber_sessions.go", []edit{{
		`session.State != gabber.InProgress || session.Human != "" {`, `session.State != gabber.InProgress {`}}},
	// credits
	{"no follow-up of a duplicate", "shared/handlers/credits.go", []edit{{
		`return outcome == ledger.Recorded || outcome == ledger.Duplicate`, `return outcome == ledger.Recorded`}}},
	{"one follow-up for the accounts of a batch", "shared/handlers/credits.go", []edit{{
		`results[ch.index].FollowUps = append(results[ch.index].FollowUps, balanceChanged(events[ch.index], ch.of))`,
		`if ch.index == len(events)-1 { results[ch.index].FollowUps = append(results[ch.index].FollowUps, balanceChanged(events[ch.index], ch.of)) }`}}},
	{"conflict of a meaning treated as a duplicate", "shared/ledger/plan.go", []edit{{
		`case old.Account == account && old.Fingerprint == e.Fingerprint:`, `case old.Account == account:`}}},
	{"conflict of an account treated as a duplicate", "shared/ledger/plan.go", []edit{{
		`case old.Account == account && old.Fingerprint == e.Fingerprint:`, `case old.Fingerprint == e.Fingerprint:`}}},
	{"conflict acknowledged", "shared/handlers/credits.go", []edit{{
		`return webhook.Result{Err: webhook.Permanent("conflict: another event with this identity was booked first")}`, `return webhook.Result{Outcome: "conflict"}`}}},
	{"dedup window for ever", "shared/handlers/credits.go", []edit{{
		`ch.entry.DedupKey, ch.entry.DedupWindow = e.ID, c.Window`, `ch.entry.DedupKey, ch.entry.DedupWindow = e.ID, Forever`}}},
	{"key by the time of handling", "shared/handlers/credits.go", []edit{{
		`e.Time.UTC().Format(time.RFC3339Nano)`, `time.Now().UTC().Format(time.RFC3339Nano)`}}},
	{"key without the time of arrival", "shared/handlers/credits.go", []edit{{
		`ch.entry.ID += "@" + e.Time.UTC().Format(time.RFC3339Nano)`, ``}}},
	{"time of handling in the entry", "shared/handlers/credits.go", []edit{{
		`		Time:        e.Time,
		Usage:`, `		Time:        time.Now(),
		Usage:`}}},
	{"credits in floating point", "shared/accounts/tariff.go", []edit{
		{`import (`, "import (\n\t\"strconv\"\n"},
		{`return ledger.Micro(micros), exact, true, nil`, `f, _ := strconv.ParseFloat(value.Mul(price).String(), 64); return ledger.Micro(f * 1e6), exact, true, nil`}}},
	{"window of fixed buckets", "shared/ledger/dedup.go", []edit{{
		`s := Span{at - window, at + window}`, `s := Span{at - at%window, at - at%window + window - 1}`}}},
	{"window looks back alone", "shared/ledger/dedup.go", []edit{{
		`s := Span{at - window, at + window}`, `s := Span{at - window, at}`}}},
	{"window without its ends", "shared/ledger/dedup.go", []edit{{
		`return s.From <= at && at <= s.To`, `return s.From < at && at < s.To`}}},
	{"window a little longer", "shared/ledger/dedup.go", []edit{{
		`return s.From <= at && at <= s.To`, `return s.From-1 <= at && at <= s.To+1`}, {
		`at, window := e.Time.UnixNano(), int64(e.DedupWindow)`, `at, window := e.Time.UnixNano(), int64(e.DedupWindow)+1`}}},
	{"same bytes in one batch counted twice", "shared/ledger/plan.go", []edit{{
		` || slices.ContainsFunc(d.Dedup[e.DedupKey], window.contains)`, ``}}},
	{"suppressed entry in the dedup index", "shared/ledger/plan.go", []edit{{
		`outcome, e.Kind, e.Amount = WasSuppressed, Suppressed, 0`, `outcome, e.Kind, e.Amount = WasSuppressed, Suppressed, 0; d.Dedup[e.DedupKey] = append(d.Dedup[e.DedupKey], e.Time.UnixNano())`}}},
	{"balance clipped at zero", "shared/ledger/plan.go", []edit{{
		`	d.Sum += e.Amount
`, `	d.Sum += e.Amount
	if d.Sum < -600*Credit { d.Sum = -600*Credit }
`}}},
	// grants
	{"no follow-up of a grant typed again", "shared/accounts/grants.go", []edit{{
		`if of.Human != "" { // suspense has no limit`, `if of.Human != "" && outcomes[0] == ledger.Recorded {`}}},
	{"grant without its key", "shared/accounts/grants.go", []edit{{
		`webhook.Identity("operator", string(kind), key),`, `webhook.Identity("operator", string(kind), key, g.Now().String()),`}}},
	// AWS ledger
	{"entry written without condition", "shared/clouds/aws/posting.go", []edit{{
		`condition{Expression: "attribute_not_exists(pk)", OnFailure: oldItem}`, `condition{}`}}},
	{"check, then put", "shared/clouds/aws/posting.go", []edit{{
		`condition{Expression: "attribute_not_exists(pk)", OnFailure: oldItem}`, `condition{}`}, {
		`		versions, err := l.readDedup(ctx, entries, &found)
`, `		for _, e := range entries {
			if stored, err := l.client.get(ctx, l.table, entryKey(e.ID)); err != nil {
				return nil, err
			} else if stored != nil {
				found.Entries[e.ID] = ledger.Entry{Account: stored.text("account"), Fingerprint: stored.text("fingerprint")}
			}
		}
		versions, err := l.readDedup(ctx, entries, &found)
`}}},
	{"two separate writes", "shared/clouds/aws/posting.go", []edit{{
		`		err = l.commit(ctx, l.writes(account, decision, versions))
`, `		all := l.writes(account, decision, versions)
		if err = l.commit(ctx, all[:len(decision.Entries)]); err == nil {
			err = l.commit(ctx, all[len(decision.Entries):])
		}
`}}},
	{"contention taken for a duplicate", "shared/clouds/aws/posting.go", []edit{{
		`	return existing, contended
`, `	for _, e := range entries {
		existing[e.ID] = e
	}
	return existing, existingEntries
`}}},
	{"contention taken for an overflow", "shared/clouds/aws/posting.go", []edit{{
		` && refusal.canceled[at].Code == conditionFailed:`, `:`}}},
	{"account of an existing entry not read", "shared/clouds/aws/posting.go", []edit{{
		`e.Account, e.Fingerprint = refusal.canceled[i].Item.text("account"), refusal.canceled[i].Item.text("fingerprint")`, `e.Fingerprint = refusal.canceled[i].Item.text("fingerprint")`}}},
	{"existing entry not told from a conflict", "shared/clouds/aws/posting.go", []edit{{
		`e.Account, e.Fingerprint = refusal.canceled[i].Item.text("account"), refusal.canceled[i].Item.text("fingerprint")`, ``}}},
	{"dedup version not checked", "shared/clouds/aws/dedup.go", []edit{{
		`unchanged := condition{Expression: "version = :seen", Values: item{":seen": number(version), ":next": number(version + 1)}}`, `unchanged := condition{Values: item{":next": number(version + 1)}}`}}},
	{"first dedup version not checked", "shared/clouds/aws/dedup.go", []edit{{
		`unchanged = condition{Expression: "attribute_not_exists(pk)", Values: item{":next": number(int64(1))}}`, `unchanged = condition{Values: item{":next": number(int64(1))}}`}}},
	{"dedup version read after the times", "shared/clouds/aws/dedup.go", []edit{{
		`	return version, times, err
`, `	if err == nil {
		stored, err = l.client.get(ctx, l.table, versionKey(dedupKey))
	}
	if err == nil {
		err = stored.numbers(map[string]*int64{"version": &version})
	}
	return version, times, err
`}}},
	{"dedup index read from a replica", "shared/clouds/aws/dedup.go", []edit{{
		`Table: l.table, Consistent: true, Forward: true,`, `Table: l.table, Forward: true,`}}},
	{"account read from a replica", "shared/clouds/aws/dynamodb.go", []edit{{
		`getItem{table, key, true}`, `getItem{table, key, false}`}}},
	{"older record replaces a newer one", "shared/clouds/aws/records.go", []edit{{
		`OR #order < :order"`, `OR #order <> :order"`}}},
	{"records of one version differ by the order of writes", "shared/records/records.go", []edit{{
		`max(r.Version, 0), deleted, sha256.Sum256(r.Data))`, `max(r.Version, 0), deleted, sha256.Sum256(nil))`}}},
	{"send that was not confirmed", "shared/clouds/aws/publisher.go", []edit{{
		`	if err != nil {
		return err
	}
	var sum`, `	if _, refused := errors.AsType[*Error](err); refused {
		return err
	} else if err != nil {
		return nil
	}
	var sum`}}},
	// outbound
	{"balance not read again after a push", "shared/outbound/calls/limits.go", []edit{{
		`return before.Seq, after.Seq != before.Seq, err`, `return before.Seq, false && after.Seq != before.Seq, err`}}},
	{"no push where the mark is up to date", "shared/outbound/calls/limits.go", []edit{{
		`	limit, err := l.units(before.Balance)
`, `	if before.PushedSeq == before.Seq && before.Seq > 0 {
		return before.Seq, false, nil
	}
	limit, err := l.units(before.Balance)
`}}},
	{"marked before the push", "shared/outbound/calls/limits.go", []edit{{
		`	if err := l.API.PutLimit(ctx, b.Human, limit); err != nil {
`, `	if err := l.Ledger.MarkPushed(ctx, b.Account, before.Seq); err != nil {
		return 0, false, err
	}
	if err := l.API.PutLimit(ctx, b.Human, limit); err != nil {
`}}},
	{"marked as of the balance read last", "shared/outbound/calls/limits.go", []edit{{
		`return before.Seq, after.Seq != before.Seq, err`, `return after.Seq, false, err`}}},
	{"limit rounded up", "shared/outbound/calls/limits.go", []edit{{
		`return int64(balance) / price, nil`, `return (int64(balance) + price - 1) / price, nil`}}},
	{"refused push acknowledged", "shared/outbound/calls/limits.go", []edit{{
		`if !errors.Is(err, outbound.ErrNotFound) {`, `if !errors.Is(err, outbound.ErrNotFound) && !errors.Is(err, outbound.ErrRefused) {`}}},
	{"lost answer of a call taken for success", "shared/outbound/outbound.go", []edit{{
		`return nil, fmt.Errorf("%w: no answer", ErrUnknown)`, `return nil, nil`}}},
	{"exhausted below zero, not at it", "shared/outbound/calls/crossings.go", []edit{{
		`exhausted = account.Balance <= 0`, `exhausted = account.Balance < 0`}}},
	{"crossing noted before it is published", "shared/outbound/calls/crossings.go", []edit{{
		`followUps, exhausted, err := c.look(ctx, e, crossing.Balance)`, `followUps, exhausted, err := []webhook.Event(nil), crossing.Number%2 == 1, error(nil)`}}},
	{"debit keyed by its arrival", "shared/handlers/vendor.go", []edit{{
		`key = v.Platform + ":usage:body:" + e.ID`, `key = v.Platform + ":usage:body:" + e.ID + e.Time.String()`}}},
	{"half a credit is no debit", "shared/handlers/vendor.go", []edit{{
		`if cost%ledger.Credit != 0 {`, `if cost%ledger.Credit > ledger.Credit/2 {`}}},
	// Google Cloud
	{"entry written without precondition", "shared/clouds/gcp/posting.go", []edit{{
		`Fields: writeEntry(e)}, If: absent})`, `Fields: writeEntry(e)}})`}}},
	{"first entry opens an account twice", "shared/clouds/gcp/posting.go", []edit{{
		`Fields: writeAccount(d.After(*found.Account))}, If: absent})`, `Fields: writeAccount(d.After(*found.Account))}})`}}},
	{"refused precondition taken for a duplicate", "shared/clouds/gcp/posting.go", []edit{{
		`		if !stale(err) && !contended(err) || try == contentions {
`, `		if stale(err) {
			for i := range decision.Outcomes {
				decision.Outcomes[i] = ledger.Duplicate
			}
			return decision.Outcomes, nil
		}
		if !stale(err) && !contended(err) || try == contentions {
`}}},
	{"contended commit taken for carried out", "shared/clouds/gcp/posting.go", []edit{{
		`found, stored)); err == nil {`, `found, stored)); err == nil || contended(err) {`}}},
	{"version of the dedup index not checked", "shared/clouds/gcp/dedup.go", []edit{{
		`writes := []write{{Update: next, If: stored.unchanged()}}`, `writes := []write{{Update: next}}`}}},
	{"mark of a push set, not raised", "shared/clouds/gcp/ledger.go", []edit{
		{`Fields: fields{"account": text(account)}},
		Mask:       &mask{[]string{"account"}},
		Transforms: []transform{{Field: "synced_seq", Maximum: new(number(seq))}},
`, `Fields: fields{"account": text(account), "synced_seq": number(seq)}},
		Mask: &mask{[]string{"account", "synced_seq"}},
`}}},
	{"record written over a newer one", "shared/clouds/gcp/records.go", []edit{{
		`Fields: writeRecord(record)}, If: stored.unchanged()}}`, `Fields: writeRecord(record)}}}`}}},
	{"order of a record not looked at", "shared/clouds/gcp/records.go", []edit{{
		`stored.Fields.text("order") >= record.Order()`, `stored.Fields.text("order") == record.Order()`}}},
	{"message acknowledged without its verdict", "shared/clouds/gcp/push.go", []edit{{
		`if !verdict.Ack {`, `if !verdict.Ack && false {`}}},
	{"publish that timed out taken for stored on Google Cloud", "shared/clouds/gcp/publisher.go", []edit{{
		`	if err != nil {
		return fmt.Errorf("publish: %w", err)`, `	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)`}}},
	{"no later push after one of unknown outcome", "shared/outbound/calls/limits.go", []edit{{
		`		case unknown != nil && (err != nil || !moved):
			return webhook.RetryAfter(lateAfter, unknown)
`, ""}}},
}

// What was tried and is no fault, so that no history can tell it:
//
//   - no token of a transaction, or one token for all: the conditions keep entries single,
//     and a transaction whose token is taken is only tried later;
//   - one identity twice in a posting: DynamoDB refuses it, and the messages come back
//     until each is alone;
//   - a batch that fails as a whole: each message comes back, and nothing is booked twice;
//   - negative usage let through in handlers: the platform's decoder refuses it before;
//   - no error for an event that only says what an earlier one of its batch says: the
//     earlier one comes back;
//   - a limit given up while the balance moves: each move has an event of its own.
