package biller_test

// dayChecks find what is off in what a day has brought. Each yields a sentence for each thing that is.
var dayChecks = []string{
	`SELECT format('The series %s of %s stood at %s, stands at %s and got %s documents: a number is missing, or came twice.', s.series, s.organization_id, coalesce(p.next, 1), s.next, count(f.id))
	 FROM invoice_series s LEFT JOIN stood p ON p.organization_id = s.organization_id AND p.series = s.series
	 LEFT JOIN fresh_invoices f ON f.seller_id = s.organization_id AND f.series = s.series
	 GROUP BY s.organization_id, s.series, s.next, p.next
	 HAVING count(f.id) <> s.next - coalesce(p.next, 1) OR coalesce(min(f.sequence), s.next) <> coalesce(p.next, 1) OR coalesce(max(f.sequence), s.next - 1) <> s.next - 1
		OR count(DISTINCT f.sequence) <> count(f.id) OR count(DISTINCT f.number) <> count(f.id)`,
	`SELECT format('The document %s of %s has a series that is not known.', f.number, f.seller_id)
	 FROM fresh_invoices f WHERE NOT EXISTS (SELECT FROM invoice_series s WHERE s.organization_id = f.seller_id AND s.series = f.series)`,
	`SELECT format('The entry %s of %s does not add up to nothing.', e.kind, e.source)
	 FROM fresh_entries e JOIN ledger_postings p ON p.entry_id = e.id GROUP BY e.id, e.kind, e.source, p.organization_id, p.currency HAVING sum(p.amount_minor) <> 0`,
	`SELECT format('The entry %s of %s has no postings.', e.kind, e.source)
	 FROM fresh_entries e WHERE NOT EXISTS (SELECT FROM ledger_postings p WHERE p.entry_id = e.id)`,
	`SELECT format('%s %s of %s is %s in the books, and %s on paper.', f.kind, f.number, f.seller_id, coalesce(sum(p.amount_minor), 0), f.gross_minor)
	 FROM fresh_invoices f LEFT JOIN ledger_entries e ON e.kind = 'issued' AND e.source = f.seller_id || ' ' || f.number
	 LEFT JOIN ledger_postings p ON p.entry_id = e.id AND p.account IN ('receivable', 'credit')
	 GROUP BY f.id, f.kind, f.number, f.seller_id, f.gross_minor HAVING coalesce(sum(p.amount_minor), 0) <> CASE WHEN f.kind = 'invoice' THEN f.gross_minor ELSE -f.gross_minor END`,
	`SELECT format('The subscription %s was charged twice for the days from %s.', a.subscription_id, greatest(a.period_start, b.period_start))
	 FROM fresh_charges a JOIN charges b ON b.subscription_id = a.subscription_id AND b.kind = 'period' AND b.id <> a.id
		AND a.period_start < b.period_end AND b.period_start < a.period_end WHERE a.kind = 'period'`,
	`SELECT format('The subscription %s has charges for %s periods and stands at %s, or days between them were not charged.', s.id, count(*), s.next_period)
	 FROM (SELECT DISTINCT organization_id, subscription_id FROM fresh_charges WHERE kind = 'period') f
	 JOIN subscriptions s ON s.organization_id = f.organization_id AND s.id = f.subscription_id JOIN charges c ON c.subscription_id = s.id AND c.kind = 'period'
	 GROUP BY s.organization_id, s.id HAVING count(*) <> s.next_period OR sum(c.period_end - c.period_start) <> max(c.period_end) - min(c.period_start)`,
	`SELECT format('The invoice %s of %s asks %s, and is taken back with %s.', i.number, i.seller_id, i.gross_minor, sum(c.gross_minor))
	 FROM (SELECT DISTINCT corrects FROM fresh_invoices) f JOIN invoices i ON i.id = f.corrects JOIN invoices c ON c.corrects = i.id
	 GROUP BY i.id HAVING sum(c.gross_minor) > i.gross_minor OR sum(c.net_minor) > i.net_minor`,
	`SELECT format('The credit note %s of %s corrects what is no invoice of the same seller and customer.', f.number, f.seller_id)
	 FROM fresh_invoices f JOIN invoices i ON i.id = f.corrects
	 WHERE i.kind <> 'invoice' OR i.seller_id <> f.seller_id OR i.buyer_id <> f.buyer_id OR i.currency <> f.currency`,
	`SELECT format('The invoice %s of %s asks %s, is paid with %s and listed with %s open.', i.number, i.seller_id, i.gross_minor, coalesce(sum(a.amount_minor), 0), coalesce(r.open_minor, 0))
	 FROM paid_on p JOIN invoices i ON i.id = p.invoice_id LEFT JOIN allocations a ON a.invoice_id = i.id LEFT JOIN receivables r ON r.invoice_id = i.id
	 GROUP BY i.id, r.open_minor HAVING coalesce(sum(a.amount_minor), 0) NOT BETWEEN 0 AND i.gross_minor OR coalesce(r.open_minor, 0) <> i.gross_minor - coalesce(sum(a.amount_minor), 0)`,
	`SELECT format('%s owes %s %s %s by the books, and %s by its invoices.', t.buyer_id, t.seller_id, coalesce(l.amount, 0), t.currency, coalesce(r.amount, 0))
	 FROM touched t
	 LEFT JOIN LATERAL (SELECT sum(amount_minor) AS amount FROM ledger_postings p
		WHERE p.organization_id = t.seller_id AND p.account = 'receivable' AND p.party = t.buyer_id::text AND p.currency = t.currency) l ON true
	 LEFT JOIN LATERAL (SELECT sum(i.gross_minor - coalesce((SELECT sum(a.amount_minor) FROM allocations a WHERE a.invoice_id = i.id), 0)) AS amount FROM invoices i
		WHERE i.buyer_id = t.buyer_id AND i.seller_id = t.seller_id AND i.currency = t.currency AND i.kind = 'invoice') r ON true
	 WHERE coalesce(l.amount, 0) <> coalesce(r.amount, 0)`,
	`SELECT format('%s has used more credit with %s than it had.', t.buyer_id, t.seller_id)
	 FROM touched t WHERE (SELECT sum(amount_minor) FROM ledger_postings p
		WHERE p.organization_id = t.seller_id AND p.account = 'credit' AND p.party = t.buyer_id::text AND p.currency = t.currency) > 0`,
	`SELECT format('The payment %s of %s is not in the books.', p.reference, p.through)
	 FROM fresh_payments p WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.source IN (p.id::text, p.id || ' unspent') AND e.kind IN ('received', 'refunded', 'charged back'))`,
	`SELECT format('The wholesale sale %s is not the same in both books, or belongs to nothing that was sold.', e.source)
	 FROM fresh_entries e WHERE e.kind = 'sold' AND (
		(SELECT count(*) = 2 AND sum(p.amount_minor) = 0 FROM ledger_postings p WHERE p.entry_id = e.id AND p.account = 'unbilled') IS NOT TRUE
		OR NOT EXISTS (SELECT FROM charges c WHERE c.id = split_part(e.source, ' ', 1)::uuid)
		AND NOT EXISTS (SELECT FROM invoices i WHERE i.id = split_part(e.source, ' ', 1)::uuid AND i.kind = 'credit note'))`,
	`SELECT format('The wholesale invoice %s of %s is not noted with what it asks.', f.number, f.seller_id)
	 FROM fresh_invoices f WHERE f.wholesale AND NOT EXISTS (SELECT FROM wholesale_bills b
		WHERE b.invoice_id = f.id AND b.organization_id = f.seller_id AND b.reseller_id = f.buyer_id AND b.net_minor = f.net_minor)`,
}

// tradeBalances compare all that was ever sold wholesale, added up day by day: both books say the same, and what was sold is asked for or unbilled.
var tradeBalances = []string{
	`SELECT format('What %s has unbilled against %s differs from what that one has.', a.organization_id, a.party)
	 FROM unbilled a LEFT JOIN unbilled b ON b.organization_id = a.party::uuid AND b.party = a.organization_id::text AND b.currency = a.currency
	 WHERE a.balance + coalesce(b.balance, 0) <> 0`,
	`SELECT format('%s has %s %s unbilled with %s, and sold %s wholesale of which %s was asked for.', u.organization_id, u.balance, u.currency, u.party, u.sold, coalesce(b.asked, 0))
	 FROM unbilled u LEFT JOIN LATERAL (SELECT sum(CASE WHEN organization_id = u.organization_id THEN net_minor ELSE -net_minor END) AS asked FROM wholesale_bills w
		WHERE w.currency = u.currency AND (w.organization_id = u.organization_id AND w.reseller_id = u.party::uuid
			OR w.reseller_id = u.organization_id AND w.organization_id = u.party::uuid)) b ON true
	 WHERE u.balance <> u.sold - coalesce(b.asked, 0)`,
}
