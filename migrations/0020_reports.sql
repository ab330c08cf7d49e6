-- Reports: what the seller's pages read. Every figure can be made anew from invoices, allocations and the ledger; `allotment billing verify`
-- compares.

-- An invoice by which a parent asks a reseller for what was sold wholesale. Its net was revenue when it was sold.
ALTER TABLE invoices ADD COLUMN wholesale boolean NOT NULL DEFAULT false;

-- Sums by month. A statement that issues or posts adds rows of its own, so that nobody waits for anybody; a chore adds old rows up.
CREATE TABLE sales_sums ( -- net by app; wholesale invoices are not in it
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    month           date NOT NULL,
    currency        text NOT NULL,
    app             text NOT NULL, -- '' for what belongs to no service
    net_minor       bigint NOT NULL
);
CREATE INDEX sales_sums_month ON sales_sums (organization_id, month);
CALL guard_tenant_table('sales_sums', 'SELECT, INSERT, DELETE');

CREATE TABLE vat_sums ( -- as billing/tax.Report counts
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    month           date NOT NULL,
    currency        text NOT NULL,
    scheme          text NOT NULL,
    category        text NOT NULL,
    country         text NOT NULL, -- whose VAT it is; '' for none
    buyer           text NOT NULL, -- the buyer's country, where there is none
    rate            text NOT NULL,
    net_minor       bigint NOT NULL,
    vat_minor       bigint NOT NULL
);
CREATE INDEX vat_sums_month ON vat_sums (organization_id, month);
CALL guard_tenant_table('vat_sums', 'SELECT, INSERT, DELETE');

CREATE TABLE ledger_sums (
    organization_id uuid NOT NULL REFERENCES organizations, -- in whose books
    month           date NOT NULL,
    currency        text NOT NULL,
    account         text NOT NULL,
    party           text NOT NULL, -- states, banks and traders; '' where it would be every customer
    amount_minor    bigint NOT NULL
);
CREATE INDEX ledger_sums_month ON ledger_sums (organization_id, account, month);
CREATE INDEX ledger_sums_unbilled ON ledger_sums (month) WHERE account = 'unbilled';
CALL guard_tenant_table('ledger_sums', 'SELECT, INSERT, DELETE');

-- What is left to pay of each invoice: a row for each, of which those that are open are few.
CREATE TABLE receivables (
    invoice_id uuid PRIMARY KEY REFERENCES invoices,
    seller_id  uuid NOT NULL REFERENCES organizations,
    buyer_id   uuid NOT NULL REFERENCES organizations,
    currency   text NOT NULL,
    due_on     date NOT NULL,
    open_minor bigint NOT NULL CHECK (open_minor >= 0)
);
CREATE INDEX receivables_open ON receivables (seller_id, currency, buyer_id) INCLUDE (due_on, open_minor) WHERE open_minor > 0;
ALTER TABLE receivables ENABLE ROW LEVEL SECURITY;
ALTER TABLE receivables FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON receivables TO allotment_program
    USING (seller_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant())))
        OR buyer_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))))
    WITH CHECK (seller_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant())))
        OR buyer_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))));
CREATE POLICY staff ON receivables TO allotment_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON receivables TO allotment_program, allotment_operator;

-- The lines and the VAT of an issued document.
CREATE FUNCTION document_lines(document json) RETURNS TABLE (source uuid, net bigint) LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN l ->> 'source' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (l ->> 'source')::uuid END, (l -> 'net' ->> 'minor')::bigint
    FROM json_array_elements(CASE json_typeof(document -> 'lines') WHEN 'array' THEN document -> 'lines' END) l
$$;
CREATE FUNCTION document_vat(document json) RETURNS TABLE (scheme text, category text, country text, buyer text, rate text, net bigint, vat bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT g -> 'tax' ->> 'scheme', g -> 'tax' ->> 'category', g -> 'tax' ->> 'country',
        CASE WHEN g -> 'tax' ->> 'country' = '' THEN document -> 'buyer' ->> 'country' ELSE '' END, g -> 'tax' ->> 'rate',
        (g -> 'base' ->> 'minor')::bigint, (g -> 'vat' ->> 'minor')::bigint
    FROM json_array_elements(CASE json_typeof(document -> 'groups') WHEN 'array' THEN document -> 'groups' END) g
$$;

CREATE FUNCTION sum_invoices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO receivables (invoice_id, seller_id, buyer_id, currency, due_on, open_minor)
        SELECT id, seller_id, buyer_id, currency, coalesce(due_on, issued_on), gross_minor FROM added WHERE kind = 'invoice' AND gross_minor > 0;
    INSERT INTO sales_sums (organization_id, month, currency, app, net_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency, coalesce(v.app, ''), sum(CASE a.kind WHEN 'invoice' THEN l.net ELSE -l.net END)
        FROM added a CROSS JOIN document_lines(a.document) l
        LEFT JOIN subscriptions s ON s.organization_id = a.buyer_id AND s.id = l.source
        LEFT JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
        WHERE NOT a.wholesale GROUP BY 1, 2, 3, 4;
    INSERT INTO vat_sums (organization_id, month, currency, scheme, category, country, buyer, rate, net_minor, vat_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency, g.scheme, g.category, g.country, g.buyer, g.rate,
            sum(CASE a.kind WHEN 'invoice' THEN g.net ELSE -g.net END), sum(CASE a.kind WHEN 'invoice' THEN g.vat ELSE -g.vat END)
        FROM added a CROSS JOIN document_vat(a.document) g GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
    RETURN NULL;
END $$;
CREATE TRIGGER sums AFTER INSERT ON invoices REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sum_invoices();

CREATE FUNCTION kept_party(account text, party text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN account IN ('vat', 'cash', 'fees', 'unbilled', 'payable') THEN party ELSE '' END
$$;
CREATE FUNCTION sum_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_sums (organization_id, month, currency, account, party, amount_minor)
        SELECT organization_id, date_trunc('month', posted_on)::date, currency, account, kept_party(account, party), sum(amount_minor)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
CREATE TRIGGER sums AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sum_postings();

-- Who allocates holds the customer's account, so a row has one writer.
CREATE FUNCTION settle_receivables() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    UPDATE receivables c SET open_minor = c.open_minor - a.amount FROM (SELECT invoice_id, sum(amount_minor) AS amount FROM added GROUP BY 1) a WHERE c.invoice_id = a.invoice_id;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found <> (SELECT count(DISTINCT invoice_id) FROM added) THEN
        RAISE EXCEPTION 'an allocation is for something that is no claim' USING CONSTRAINT = 'allocations_claim';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER receivables AFTER INSERT ON allocations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION settle_receivables();

-- rebuild_sums makes every sum and receivable anew. It is for the owner of the tables, while nobody issues or posts.
CREATE FUNCTION rebuild_sums() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE invoices, allocations, ledger_postings IN SHARE MODE;
    DELETE FROM sales_sums;
    DELETE FROM vat_sums;
    DELETE FROM ledger_sums;
    DELETE FROM receivables;
    INSERT INTO receivables (invoice_id, seller_id, buyer_id, currency, due_on, open_minor)
        SELECT id, seller_id, buyer_id, currency, coalesce(due_on, issued_on), gross_minor - coalesce((SELECT sum(amount_minor) FROM allocations WHERE invoice_id = i.id), 0)
        FROM invoices i WHERE kind = 'invoice' AND gross_minor > 0;
    INSERT INTO sales_sums (organization_id, month, currency, app, net_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency, coalesce(v.app, ''), sum(CASE a.kind WHEN 'invoice' THEN l.net ELSE -l.net END)
        FROM invoices a CROSS JOIN document_lines(a.document) l
        LEFT JOIN subscriptions s ON s.organization_id = a.buyer_id AND s.id = l.source
        LEFT JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
        WHERE NOT a.wholesale GROUP BY 1, 2, 3, 4;
    INSERT INTO vat_sums (organization_id, month, currency, scheme, category, country, buyer, rate, net_minor, vat_minor)
        SELECT a.seller_id, date_trunc('month', a.issued_on)::date, a.currency, g.scheme, g.category, g.country, g.buyer, g.rate,
            sum(CASE a.kind WHEN 'invoice' THEN g.net ELSE -g.net END), sum(CASE a.kind WHEN 'invoice' THEN g.vat ELSE -g.vat END)
        FROM invoices a CROSS JOIN document_vat(a.document) g GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
    INSERT INTO ledger_sums (organization_id, month, currency, account, party, amount_minor)
        SELECT organization_id, date_trunc('month', posted_on)::date, currency, account, kept_party(account, party), sum(amount_minor)
        FROM ledger_postings GROUP BY 1, 2, 3, 4, 5;
END $$;
REVOKE EXECUTE ON FUNCTION rebuild_sums() FROM PUBLIC;
SELECT rebuild_sums();

-- The seller's lists. An entry and a charge are found by what refers to them, which may be in other books.
CREATE UNIQUE INDEX ledger_entries_id ON ledger_entries (id);
CREATE UNIQUE INDEX charges_id ON charges (id);
CREATE INDEX ledger_postings_day ON ledger_postings (organization_id, posted_on DESC, entry_id DESC);
CREATE INDEX subscriptions_seller ON subscriptions (seller_id, currency, period) INCLUDE (organization_id, amount_minor, anchor, end_on) WHERE anchor IS NOT NULL;
CREATE INDEX subscriptions_seller_parked ON subscriptions (seller_id, id) WHERE parked <> '';

-- Runs over everything that is due, and looks at the books: the operator's. A run counts in the transactions that do the work.
CREATE TABLE billing_runs (
    organization_id uuid NOT NULL REFERENCES organizations, -- the operator
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('run', 'dry run', 'verify')),
    as_of           date,                       -- none: each seller's own day
    asked_by        text NOT NULL,              -- a person's name, "the schedule" or "the command line"
    asked_at        timestamptz NOT NULL,
    started_at      timestamptz,
    ended_at        timestamptz,
    total           int NOT NULL DEFAULT 0,     -- accounts, or documents that are looked at
    accounts        int NOT NULL DEFAULT 0,     -- of them, done
    invoices        int NOT NULL DEFAULT 0,
    charges         int NOT NULL DEFAULT 0,
    parked          int NOT NULL DEFAULT 0,
    wholesale       int NOT NULL DEFAULT 0,     -- invoices to resellers
    totals          jsonb NOT NULL DEFAULT '{}', -- gross, in minor units, by currency
    off             text[] NOT NULL DEFAULT '{}', -- of a look at the books: what is off
    error           text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id)
);
CALL guard_tenant_table('billing_runs', 'SELECT, INSERT, UPDATE');

-- A reseller's month is invoiced wholesale once.
CREATE TABLE wholesale_bills (
    organization_id uuid NOT NULL REFERENCES organizations, -- the parent that invoices
    reseller_id     uuid NOT NULL REFERENCES organizations,
    month           date NOT NULL, -- its first day
    currency        text NOT NULL,
    invoice_id      uuid NOT NULL REFERENCES invoices,
    issued_on       date NOT NULL,
    net_minor       bigint NOT NULL,
    PRIMARY KEY (organization_id, reseller_id, month, currency)
);
CALL guard_tenant_table('wholesale_bills', 'SELECT, INSERT');
CREATE POLICY reseller ON wholesale_bills FOR SELECT TO allotment_program USING (reseller_id = (SELECT tenant())); -- its parent's row, about itself
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON wholesale_bills FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
