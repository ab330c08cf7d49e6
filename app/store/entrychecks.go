package store

// numberChecks find numbers that are missing, come twice or are of no known series. Each yields a sentence for each thing that is off.
var numberChecks = []string{
	`SELECT format('The series %s of %s has no document %s: a number is missing.', s.series, s.organization_id,
		CASE WHEN g.first = g.last THEN g.first::text ELSE g.first || ' to ' || g.last END)
	 FROM invoice_series s
	 CROSS JOIN LATERAL (
		SELECT before + 1 AS first, sequence - 1 AS last FROM (
			SELECT sequence, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) AS before
			FROM (SELECT sequence FROM invoices WHERE seller_id = s.organization_id AND series = s.series UNION ALL SELECT s.next) all_numbers) n
		WHERE sequence > before + 1) g`,
	`SELECT format('The series %s of %s stands at %s, and has the document %s.', s.series, s.organization_id, s.next - 1, i.number)
	 FROM invoice_series s JOIN invoices i ON i.seller_id = s.organization_id AND i.series = s.series WHERE i.sequence >= s.next`,
	`SELECT format('The number %s of %s is on %s documents: %s.', min(number), seller_id, count(*), string_agg(id::text, ', ' ORDER BY id))
	 FROM invoices GROUP BY seller_id, series, sequence HAVING count(*) > 1`,
	`SELECT format('The number %s of %s is on %s documents.', number, seller_id, count(*))
	 FROM invoices GROUP BY seller_id, number HAVING count(*) > 1 AND count(DISTINCT (series, sequence)) > 1`,
	`SELECT format('The series %s of %s is not known, and has documents.', i.series, i.seller_id)
	 FROM invoices i LEFT JOIN invoice_series s ON s.organization_id = i.seller_id AND s.series = i.series
	 WHERE s.series IS NULL GROUP BY i.seller_id, i.series`,
}

// entryChecks compare documents, payments and allocations with the entries of their own. Each yields a sentence for each thing that is off.
var entryChecks = []string{
	// What a state is owed, document by document. That of what was bought counts as one.
	`WITH paper AS (
		SELECT i.id, g.country, sum(CASE i.kind WHEN 'invoice' THEN g.vat ELSE -g.vat END) AS minor FROM invoices i CROSS JOIN document_vat(i.document) g GROUP BY 1, 2
	 ), books AS (
		SELECT i.id, p.party AS country, -sum(p.amount_minor) AS minor
		FROM invoices i JOIN ledger_entries e ON e.kind = 'issued' AND e.source = i.seller_id || ' ' || i.number
		JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'vat' AND p.currency = i.currency GROUP BY 1, 2
	 )
	 SELECT format('%s %s of %s owes %s VAT of %s in the books, and %s on paper.', i.kind, i.number, i.seller_id, coalesce(country, 'no state'), coalesce(b.minor, 0), coalesce(d.minor, 0))
	 FROM paper d FULL JOIN books b USING (id, country) JOIN invoices i USING (id) WHERE coalesce(d.minor, 0) <> coalesce(b.minor, 0)`,
	`SELECT format('The invoice %s to %s is %s in the buyer''s books, and %s on paper.', i.number, i.buyer_id, coalesce(-sum(p.amount_minor), 0), i.gross_minor)
	 FROM invoices i LEFT JOIN ledger_entries e ON e.kind = 'bought' AND e.source = i.seller_id || ' ' || i.number
	 LEFT JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'payable' AND p.organization_id = i.buyer_id
	 WHERE i.wholesale AND i.kind = 'invoice' GROUP BY i.id HAVING coalesce(-sum(p.amount_minor), 0) <> i.gross_minor`,
	`SELECT format('The entry bought of %s has no document.', e.source)
	 FROM ledger_entries e LEFT JOIN invoices i ON e.source = i.seller_id || ' ' || i.number WHERE e.kind = 'bought' AND i.id IS NULL`,
	// A fee leaves the cash and is spent, so that both together are what was paid.
	`SELECT format('The payment %s of %s is of %s %s, and %s in the books.', p.reference, p.through, CASE p.kind WHEN 'receipt' THEN p.amount_minor ELSE -p.amount_minor END,
		p.currency, b.minor)
	 FROM payments p
	 JOIN (SELECT split_part(e.source, ' ', 1) AS payment, sum(l.amount_minor) AS minor, min(l.organization_id::text) AS owner, min(l.currency) AS currency
		FROM ledger_entries e JOIN ledger_postings l ON l.entry_id = e.id AND l.account IN ('cash', 'fees')
		WHERE e.kind IN ('received', 'refunded', 'charged back', 'charged') GROUP BY 1) b ON b.payment = p.id::text
	 WHERE b.minor <> CASE p.kind WHEN 'receipt' THEN p.amount_minor ELSE -p.amount_minor END OR b.owner <> p.seller_id::text OR b.currency <> p.currency`,
	`SELECT DISTINCT format('The payment %s of %s is by %s, and stands with %s in the books.', p.reference, p.through, p.organization_id, l.party)
	 FROM payments p JOIN ledger_entries e ON e.kind IN ('received', 'refunded', 'charged back') AND split_part(e.source, ' ', 1) = p.id::text
	 JOIN ledger_postings l ON l.entry_id = e.id AND l.account IN ('credit', 'receivable') WHERE l.party <> p.organization_id::text`,
	`SELECT format('The entry %s of %s has no payment.', e.kind, e.source)
	 FROM ledger_entries e LEFT JOIN payments p ON p.id::text = split_part(e.source, ' ', 1)
	 WHERE e.kind IN ('received', 'refunded', 'charged back', 'charged') AND p.id IS NULL`,
	// What a payment no longer pays is opened again by the entry of what took it back.
	`SELECT format('%s was used to pay the invoice %s of %s, and %s in the books.', a.amount_minor, i.number, i.seller_id, coalesce(-sum(p.amount_minor), 0))
	 FROM allocations a JOIN invoices i ON i.id = a.invoice_id LEFT JOIN ledger_entries e ON e.kind = 'allocated' AND e.source = a.id::text
	 LEFT JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'receivable' AND p.party = i.buyer_id::text AND p.organization_id = i.seller_id AND p.currency = i.currency
	 WHERE a.amount_minor > 0 GROUP BY a.organization_id, a.id, a.amount_minor, i.id HAVING coalesce(-sum(p.amount_minor), 0) <> a.amount_minor`,
	`SELECT format('The entry allocated of %s pays no invoice.', e.source)
	 FROM ledger_entries e LEFT JOIN allocations a ON a.id::text = e.source WHERE e.kind = 'allocated' AND a.id IS NULL`,
}
