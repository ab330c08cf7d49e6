package store

// extent is how much of a seller's account is compared with the books. Each is a statement of its own, with a plan of its own: everything is read from one end
// to the other, and what is little is found by its keys.
type extent struct {
	names   string // CTEs that name what is compared: touched, by the provider's IDs, and keys, by those under which it stands in the books
	lines   string // the condition on the provider's lines
	booked  string // that on payments p
	fees    string // a join that has what was kept of a payment p as f.fee
	settles string // that on differences d which are settled by the comparison, unless they are still off
}

// apart begins a statement with the CTE of what is off: of the provider's lines, added up by what moved the money, and of what the books have. A refund of ours
// stands in the books under its attempt's ID, and so does what came again of one that was refused. IDs are in the order in which they were made.
func (q CompareQuery) apart() string {
	e := q.extent()
	return `
	WITH ` + e.names + ` theirs AS (
		SELECT source, currency, max(payment) AS payment, max(account) AS account, sum(amount_minor)::bigint AS amount, sum(fee_minor)::bigint AS fee,
			max(happened_at) AS at
		FROM provider_lines
		WHERE organization_id = @seller AND through = @through AND aside_at IS NULL AND kind <> 'payout'` + e.lines + `
		GROUP BY source, currency
	), booked AS (
		SELECT coalesce(nullif(a.reference, ''), a.id::text, p.reference) AS source, p.currency, p.organization_id, p.id, p.created_at,
			CASE WHEN p.kind = 'receipt' THEN p.amount_minor ELSE -p.amount_minor END AS amount, coalesce(f.fee, 0) AS fee
		FROM payments p ` + refundOf + e.fees + `
		WHERE p.seller_id = @seller AND p.through = @through` + e.booked + `
	), ours AS (
		SELECT source, currency, sum(amount)::bigint AS amount, sum(fee)::bigint AS fee, max(created_at) AS at, min(organization_id::text)::uuid AS customer,
			min(id::text)::uuid AS id
		FROM booked GROUP BY source, currency
	), apart AS MATERIALIZED (
		SELECT coalesce(theirs.source, ours.source) AS source, coalesce(theirs.payment, '') AS payment, coalesce(theirs.account, '') AS account,
			coalesce((SELECT l.kind FROM provider_lines l WHERE l.organization_id = @seller AND l.source = theirs.source AND l.through = @through
				AND l.currency = theirs.currency AND l.aside_at IS NULL AND l.kind <> 'payout' ORDER BY l.happened_at, l.id LIMIT 1), '') AS kind,
			coalesce(theirs.currency, ours.currency) AS currency, coalesce(theirs.at, ours.at) AS at,
			theirs.source IS NOT NULL AS there, ours.source IS NOT NULL AS here, coalesce(theirs.amount, 0) AS theirs, coalesce(ours.amount, 0) AS ours,
			coalesce(theirs.fee, 0) AS their_fee, coalesce(ours.fee, 0) AS our_fee, ours.id AS booked,
			coalesce(ours.customer, (SELECT a.organization_id FROM payment_attempts a WHERE a.seller_id = @seller AND a.through = @through AND a.reference <> ''
				AND a.reference = coalesce(nullif(theirs.payment, ''), theirs.source) LIMIT 1)) AS customer,
			greatest(theirs.at, ours.at) >= @before::timestamptz OR EXISTS (SELECT FROM payment_attempts w WHERE w.seller_id = @seller AND w.through = @through
				AND w.state IN ('created', 'processing')
				AND (w.reference <> '' AND w.reference = coalesce(theirs.source, ours.source) OR w.id::text = ours.source)) AS young,
			EXISTS (SELECT FROM payment_attempts r WHERE r.seller_id = @seller AND r.reference <> '' AND r.reference = coalesce(theirs.source, ours.source)
				AND r.kind = 'refund' AND r.state = 'succeeded' AND NOT r.posted) AS unbooked
		FROM theirs FULL JOIN ours ON ours.source = theirs.source AND ours.currency = theirs.currency
		WHERE (coalesce(theirs.amount, 0), coalesce(theirs.fee, 0)) <> (coalesce(ours.amount, 0), coalesce(ours.fee, 0))
	)`
}

// refundOf joins the attempt a by which a payment p went back.
const refundOf = `
		LEFT JOIN payment_attempts a ON a.kind = 'refund' AND a.seller_id = p.seller_id AND a.organization_id = p.organization_id
			AND a.id::text = split_part(p.reference, ' ', 1)`

// feesByKey looks up what was kept of each payment.
const feesByKey = `
		CROSS JOIN LATERAL (SELECT sum(l.amount_minor) AS fee
			FROM ledger_entries e JOIN ledger_postings l ON l.entry_id = e.id AND l.organization_id = p.seller_id AND l.account = 'fees'
			WHERE e.organization_id = p.seller_id AND e.kind IN ('charged', 'charged back') AND e.source IN (p.id::text, p.id::text || ' later')) f`

// keysOf are the keys of what is touched in the books.
const keysOf = `, keys AS MATERIALIZED (
		SELECT source AS key FROM touched
		UNION SELECT a.id::text FROM payment_attempts a JOIN touched ON touched.source = a.reference WHERE a.seller_id = @seller AND a.kind = 'refund' AND a.reference <> ''
	),`

func (q CompareQuery) extent() extent {
	named := extent{
		lines: ` AND source IN (SELECT source FROM touched)`, booked: ` AND split_part(p.reference, ' ', 1) IN (SELECT key FROM keys)`, fees: feesByKey,
	}
	switch {
	case q.Source != "":
		named.names, named.settles = `touched AS MATERIALIZED (SELECT @source::text AS source)`+keysOf, ` AND d.source = @source`
		return named
	case !q.Since.IsZero():
		named.names = `touched AS MATERIALIZED (
		SELECT source FROM provider_lines WHERE organization_id = @seller AND through = @through AND happened_at >= @since
		UNION SELECT coalesce(nullif(a.reference, ''), a.id::text, p.reference) FROM payments p ` + refundOf + `
			WHERE p.seller_id = @seller AND p.through = @through AND p.created_at >= @since
		UNION SELECT source FROM provider_differences WHERE organization_id = @seller AND through = @through AND settled_at IS NULL AND source <> ''
	)` + keysOf
		return named
	}
	return extent{
		names: `kept_of AS (
		SELECT split_part(e.source, ' ', 1) AS payment, sum(l.amount_minor) AS fee FROM ledger_postings l JOIN ledger_entries e ON e.id = l.entry_id
		WHERE l.organization_id = @seller AND l.account = 'fees' AND l.party = @through AND e.kind IN ('charged', 'charged back') GROUP BY 1
	),`,
		fees: ` LEFT JOIN kept_of f ON f.payment = p.id::text`,
	}
}
