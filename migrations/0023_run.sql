-- What the triggers of issuing do for each document is done once, and looked up by keys however many documents a statement brings.

-- The lines and the VAT of an issued document, read in one pass over it.
CREATE OR REPLACE FUNCTION document_lines(document json) RETURNS TABLE (source uuid, net bigint) LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN l.source ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN l.source::uuid END, (l.net ->> 'minor')::bigint
    FROM json_to_record(document) d(lines json), json_to_recordset(CASE json_typeof(d.lines) WHEN 'array' THEN d.lines END) l(source text, net json)
$$;
CREATE OR REPLACE FUNCTION document_vat(document json) RETURNS TABLE (scheme text, category text, country text, buyer text, rate text, net bigint, vat bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT t.scheme, t.category, t.country, CASE WHEN t.country = '' THEN d.buyer ->> 'country' ELSE '' END, t.rate,
        (g.base ->> 'minor')::bigint, (g.vat ->> 'minor')::bigint
    FROM json_to_record(document) d(groups json, buyer json),
        json_to_recordset(CASE json_typeof(d.groups) WHEN 'array' THEN d.groups END) g(tax json, base json, vat json),
        json_to_record(g.tax) t(scheme text, category text, country text, rate text)
$$;

CREATE OR REPLACE FUNCTION sum_invoices() RETURNS trigger LANGUAGE plpgsql SET jit = off AS $$
BEGIN
    INSERT INTO receivables (invoice_id, seller_id, buyer_id, currency, due_on, open_minor)
        SELECT id, seller_id, buyer_id, currency, coalesce(due_on, issued_on), gross_minor FROM added WHERE kind = 'invoice' AND gross_minor > 0;
    INSERT INTO sales_sums (organization_id, month, currency, app, net_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency,
            coalesce((SELECT v.app FROM subscriptions s JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
                WHERE s.organization_id = a.buyer_id AND s.id = l.source), ''), sum(CASE a.kind WHEN 'invoice' THEN l.net ELSE -l.net END)
        FROM added a CROSS JOIN document_lines(a.document) l WHERE NOT a.wholesale GROUP BY 1, 2, 3, 4;
    INSERT INTO vat_sums (organization_id, month, currency, scheme, category, country, buyer, rate, net_minor, vat_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency, g.scheme, g.category, g.country, g.buyer, g.rate,
            sum(CASE a.kind WHEN 'invoice' THEN g.net ELSE -g.net END), sum(CASE a.kind WHEN 'invoice' THEN g.vat ELSE -g.vat END)
        FROM added a CROSS JOIN document_vat(a.document) g GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
    RETURN NULL;
END $$;
