package biller_test

// dunningChecks find what dunning did that it must not, after it has run at $1. Each yields a sentence for each thing that is.
var dunningChecks = []string{
	// A claim that a bank opened again by taking its payment back is a new one.
	`SELECT format('The step %s was taken twice for the invoice %s: at %s and at %s.', d.stage, d.oldest, before.at, d.at)
	 FROM dunned d JOIN dunned before ON before.account = d.account AND before.stage = d.stage AND before.oldest = d.oldest AND before.at < d.at
	 WHERE d.at = $1 AND d.stage <> 'clear' AND NOT EXISTS (
		SELECT FROM allocations a WHERE a.invoice_id = d.oldest AND a.amount_minor < 0 AND a.created_at >= before.at)`,
	`SELECT format('The step %s of %s on %s was told %s times.', d.stage, d.account, d.since, count(m.id))
	 FROM dunned d JOIN memberships p ON p.organization_id = d.organization_id
	 LEFT JOIN mails m ON m.organization_id = d.organization_id AND m.kind = 'dunning' AND m.key LIKE concat('dunning ', d.account, '/', d.stage, '/', d.since, '/%')
	 WHERE d.at = $1 AND d.stage IN ('reminded', 'warned', 'held', 'grace') GROUP BY d.stage, d.account, d.since HAVING count(m.id) <> 1`,
	`SELECT format('A reminder was sent to %s today, and no step was taken.', m.recipient)
	 FROM mails m WHERE m.kind = 'dunning' AND m.created_at = $1 AND m.key NOT LIKE 'dunning %/clear/%' AND NOT EXISTS (
		SELECT FROM dunned d WHERE d.at = $1 AND d.organization_id = m.organization_id AND m.key LIKE concat('dunning ', d.account, '/', d.stage, '/', d.since, '/%'))`,
	`SELECT format('The step %s was taken while a payment of %s is on its way.', d.stage, d.organization_id)
	 FROM dunned d WHERE d.at = $1 AND d.stage <> 'clear' AND EXISTS (SELECT FROM payment_attempts a
		WHERE a.organization_id = d.organization_id AND a.seller_id = d.seller_id AND (a.state = 'processing' OR a.state = 'created' AND a.kind = 'charge'))`,
	`SELECT format('The step %s was taken, and %s owes nothing that is late.', d.stage, d.organization_id)
	 FROM dunned d WHERE d.at = $1 AND d.stage <> 'clear' AND NOT EXISTS (SELECT FROM receivables r
		WHERE r.seller_id = d.seller_id AND r.buyer_id = d.organization_id AND r.open_minor > 0 AND r.due_on < d.since)`,
	`SELECT format('The service %s of %s is held, and nothing that is late is unpaid.', s.id, s.organization_id)
	 FROM holds h JOIN services s ON s.id = h.service_id JOIN subscriptions u ON u.organization_id = s.organization_id AND u.service_id = s.id
	 JOIN seller_terms z ON z.organization_id = u.seller_id
	 WHERE h.kind = 'billing' AND h.released_at IS NULL AND s.state NOT IN ('terminating', 'terminated') AND NOT EXISTS (SELECT FROM receivables r
		WHERE r.seller_id = u.seller_id AND r.buyer_id = u.organization_id AND r.open_minor > 0 AND r.due_on < ($1::timestamptz AT TIME ZONE z.zone)::date)`,
	`SELECT format('The service %s of %s is not held, although dunning says %s.', s.id, s.organization_id, a.stage)
	 FROM billing_accounts a JOIN subscriptions u ON u.organization_id = a.organization_id AND u.seller_id = a.seller_id JOIN services s ON s.id = u.service_id
	 WHERE a.stage IN ('held', 'grace') AND s.terminated_at IS NULL AND NOT EXISTS (SELECT FROM holds h WHERE h.service_id = s.id AND h.kind = 'billing' AND h.released_at IS NULL)`,
	`SELECT format('The service %s of %s is %s, and nothing holds it and nothing is being done.', s.id, s.organization_id, s.state)
	 FROM services s WHERE s.state IN ('suspended', 'suspending', 'resuming') AND NOT EXISTS (SELECT FROM operations p WHERE p.service_id = s.id AND p.state = 'running')
		AND NOT EXISTS (SELECT FROM holds h WHERE h.service_id = s.id AND h.released_at IS NULL)`,
	`SELECT format('The service %s of %s goes on, although its dunning has ended.', s.id, s.organization_id)
	 FROM billing_accounts a JOIN subscriptions u ON u.organization_id = a.organization_id AND u.seller_id = a.seller_id JOIN services s ON s.id = u.service_id
	 WHERE a.stage = 'ended' AND (s.state NOT IN ('terminating', 'terminated') OR u.starts_at IS NOT NULL AND u.end_on IS NULL)`,
	`SELECT format('Dunning of %s ended, and its seller ends nobody.', d.organization_id)
	 FROM dunned d JOIN seller_terms z ON z.organization_id = d.seller_id WHERE d.at = $1 AND d.stage = 'ended' AND NOT (z.dunning ->> 'delete')::boolean`,
}

// waits counts the customers who would be reminded, were it not for a payment on its way.
const waits = `SELECT count(*) FROM billing_accounts a JOIN seller_terms z ON z.organization_id = a.seller_id
	WHERE a.stage = 'clear' AND EXISTS (SELECT FROM payment_attempts p WHERE p.organization_id = a.organization_id AND p.seller_id = a.seller_id AND p.state = 'processing')
	AND EXISTS (SELECT FROM receivables r WHERE r.seller_id = a.seller_id AND r.buyer_id = a.organization_id AND r.open_minor > 0
		AND r.due_on + (z.dunning ->> 'first')::int <= ($1::timestamptz AT TIME ZONE z.zone)::date)`

// askDunning looks at what dunning did today, and at what is held.
func (l *life) askDunning() {
	off, err := ask(l.t.Context(), l.Conn, dunningChecks, l.Today)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, sentence := range off {
		l.t.Error(sentence)
	}
}
