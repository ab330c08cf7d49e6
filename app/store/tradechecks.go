package store

// tradeChecks find what is off between what resellers sold, what they owe their parents for it, and what their parents asked them for. Each
// yields a sentence for each thing that is.
var tradeChecks = []string{
	`SELECT format('The wholesale sale %s belongs to no charge and no credit note.', e.source)
	 FROM ledger_entries e
	 LEFT JOIN charges c ON c.id = split_part(e.source, ' ', 1)::uuid
	 LEFT JOIN invoices i ON i.id = split_part(e.source, ' ', 1)::uuid AND i.kind = 'credit note'
	 WHERE e.kind = 'sold' AND c.id IS NULL AND i.id IS NULL`,
	`SELECT format('The wholesale sale %s is not the same in both books: they differ by %s.', e.source, sum(p.amount_minor))
	 FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id AND p.account = 'unbilled'
	 WHERE e.kind = 'sold' GROUP BY e.id, e.source HAVING sum(p.amount_minor) <> 0`,
	// On either side: what was sold is asked for, or unbilled.
	`SELECT format('%s has %s %s unbilled with %s, and sold %s wholesale of which %s was asked for.', t.organization_id, t.balance, t.currency, t.party, t.sold,
		coalesce(asked.minor, 0) - coalesce(bought.minor, 0))
	 FROM (SELECT p.organization_id, p.party, p.currency, sum(p.amount_minor) AS balance, coalesce(sum(p.amount_minor) FILTER (WHERE e.kind = 'sold'), 0) AS sold
		FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id WHERE p.account = 'unbilled' GROUP BY 1, 2, 3) t
	 LEFT JOIN (SELECT organization_id, reseller_id::text AS party, currency, sum(net_minor) AS minor FROM wholesale_bills GROUP BY 1, 2, 3) asked
		ON asked.organization_id = t.organization_id AND asked.party = t.party AND asked.currency = t.currency
	 LEFT JOIN (SELECT reseller_id, organization_id::text AS party, currency, sum(net_minor) AS minor FROM wholesale_bills GROUP BY 1, 2, 3) bought
		ON bought.reseller_id = t.organization_id AND bought.party = t.party AND bought.currency = t.currency
	 WHERE t.balance <> t.sold - coalesce(asked.minor, 0) + coalesce(bought.minor, 0)`,
	`SELECT format('The wholesale invoice %s of %s is noted with %s, and asks %s.', i.number, i.seller_id, coalesce(b.net_minor::text, 'nothing'), i.net_minor)
	 FROM invoices i LEFT JOIN wholesale_bills b ON b.invoice_id = i.id AND b.organization_id = i.seller_id AND b.reseller_id = i.buyer_id AND b.currency = i.currency
	 WHERE i.wholesale AND b.net_minor IS DISTINCT FROM i.net_minor`,
	`SELECT format('The month %s of %s is noted as invoiced, and has no such invoice.', b.month, b.reseller_id)
	 FROM wholesale_bills b LEFT JOIN invoices i ON i.id = b.invoice_id AND i.wholesale WHERE i.id IS NULL`,
}
