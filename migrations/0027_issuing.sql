-- One invoice costs little: what hangs on it is written by one trigger for each table, and is found by keys.

-- A subscription is found by its ID alone, too.
CREATE UNIQUE INDEX subscriptions_id ON subscriptions (id);
-- What a run moves on stands in no index and changes in place, where the page has room.
DROP INDEX subscriptions_account;
CREATE INDEX subscriptions_account ON subscriptions (organization_id, seller_id, currency);
ALTER TABLE subscriptions SET (fillfactor = 85);

-- Frozen documents are packed in a fraction of the time, where the server was built with it.
DO $$
BEGIN
    ALTER TABLE invoices ALTER COLUMN document SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
END $$;

-- Sums, receivables and the queue of documents come from invoices and postings, whose own keys hold, and nobody but the triggers below adds to them:
-- keys of theirs would check at a price what cannot be otherwise.
ALTER TABLE receivables DROP CONSTRAINT receivables_invoice_id_fkey, DROP CONSTRAINT receivables_seller_id_fkey, DROP CONSTRAINT receivables_buyer_id_fkey;
ALTER TABLE sales_sums DROP CONSTRAINT sales_sums_organization_id_fkey;
ALTER TABLE vat_sums DROP CONSTRAINT vat_sums_organization_id_fkey;
ALTER TABLE ledger_sums DROP CONSTRAINT ledger_sums_organization_id_fkey;
REVOKE INSERT, DELETE ON sales_sums, vat_sums, ledger_sums FROM allotment_program;
REVOKE INSERT ON receivables, unsent_documents FROM allotment_program;

-- What follows from issued documents: their place in the queue of those that nobody was told of, what is left to pay, the sums of their month. It runs
-- with staff's rights: a seller also corrects what it sold to a customer that has moved away since.
CREATE FUNCTION follow_invoices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO unsent_documents (organization_id, invoice_id) SELECT buyer_id, id FROM added;
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
ALTER FUNCTION follow_invoices OWNER TO allotment_operator;
REVOKE EXECUTE ON FUNCTION follow_invoices FROM PUBLIC;
DROP TRIGGER sums ON invoices;
DROP TRIGGER queue ON invoices;
DROP FUNCTION sum_invoices, queue_documents;
CREATE TRIGGER follow AFTER INSERT ON invoices REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION follow_invoices();

-- Postings add up to nothing for each entry in each owner's books, and are summed up by month.
CREATE FUNCTION follow_postings() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, organization_id, currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the postings of an entry do not add up to nothing' USING CONSTRAINT = 'ledger_balanced';
    END IF;
    INSERT INTO ledger_sums (organization_id, month, currency, account, party, amount_minor)
        SELECT organization_id, date_trunc('month', posted_on)::date, currency, account, kept_party(account, party), sum(amount_minor)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
ALTER FUNCTION follow_postings OWNER TO allotment_operator;
REVOKE EXECUTE ON FUNCTION follow_postings FROM PUBLIC;
DROP TRIGGER sums ON ledger_postings;
DROP TRIGGER balance ON ledger_postings;
DROP FUNCTION sum_postings, balance_postings;
CREATE TRIGGER follow AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION follow_postings();
