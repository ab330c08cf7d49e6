-- Billing: who sells to whom on which terms, invoices that never change, and the books.

-- What stands on invoices of and to an organization, and how its place and VAT ID were checked.
CREATE TABLE billing_profiles (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    party           jsonb NOT NULL,                       -- name, address, numbers: billing/invoice.Party
    business        boolean NOT NULL,
    outside_area    boolean NOT NULL DEFAULT false,       -- a member state's territory without EU VAT
    vat_check       text NOT NULL DEFAULT '' CHECK (vat_check IN ('', 'valid', 'invalid')),
    vat_checked_at  timestamptz,
    vat_proof       jsonb,                                -- request, answer and consultation number
    evidence        jsonb NOT NULL DEFAULT '[]',          -- proofs of the place: billing/tax.Evidence
    language        text NOT NULL DEFAULT 'en',
    changed_at      timestamptz NOT NULL
);
CALL guard_tenant_table('billing_profiles', 'SELECT, INSERT, UPDATE');
-- A buyer reads the profiles of those above it: they stand on its invoices.
CREATE POLICY buyer ON billing_profiles FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

-- How an organization sells.
CREATE TABLE seller_terms (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    tax             jsonb NOT NULL,                       -- billing/tax.Seller
    policy          jsonb NOT NULL DEFAULT '{}',          -- billing/tax.Policy
    payment         jsonb NOT NULL DEFAULT '{}',          -- account and holder: billing/invoice.Payment
    zone            text NOT NULL DEFAULT 'Europe/Amsterdam',
    prefix          text NOT NULL DEFAULT '' CHECK (prefix ~ '^[A-Z0-9-]{0,12}$'), -- of numbers
    due_days        int  NOT NULL DEFAULT 14 CHECK (due_days BETWEEN 0 AND 120),
    dunning         jsonb NOT NULL DEFAULT '{"first": 3, "warn": 7, "hold": 7, "grace": 14, "end": 30, "delete": false}', -- billing/ledger.Policy
    changed_at      timestamptz NOT NULL
);
CALL guard_tenant_table('seller_terms', 'SELECT, INSERT, UPDATE');
CREATE POLICY buyer ON seller_terms FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

-- A customer's account with a seller in one currency: what is locked when it is invoiced, paid or reminded.
CREATE TABLE billing_accounts (
    organization_id uuid NOT NULL REFERENCES organizations, -- the customer
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    seller_id       uuid NOT NULL REFERENCES organizations,
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    next_on         date,                                   -- when something may be due; none: nothing is
    stage           text NOT NULL DEFAULT 'clear',          -- of dunning: billing/ledger.Stage
    since           date,                                   -- when that stage was reached
    PRIMARY KEY (organization_id, id),
    CONSTRAINT billing_accounts_key UNIQUE (seller_id, organization_id, currency)
);
CREATE INDEX billing_accounts_dunning ON billing_accounts (id) WHERE stage <> 'clear';
CREATE INDEX billing_accounts_due ON billing_accounts (next_on, id) WHERE next_on IS NOT NULL;
CALL guard_tenant_table('billing_accounts', 'SELECT, INSERT, UPDATE');

ALTER TABLE subscriptions
    ADD COLUMN seller_id   uuid REFERENCES organizations,
    ADD COLUMN name        text NOT NULL DEFAULT '', -- as it stands on invoices
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN wholesale   jsonb NOT NULL DEFAULT '[]', -- what each reseller on the way pays its parent
    ADD COLUMN trial_days  int NOT NULL DEFAULT 0 CHECK (trial_days >= 0),
    ADD COLUMN anchor      date,                     -- the first day that is charged
    ADD COLUMN next_period int NOT NULL DEFAULT 0 CHECK (next_period >= 0),
    ADD COLUMN next_on     date,                     -- when that is due; none: never
    ADD COLUMN end_on      date,                     -- the first day that is no longer served
    ADD COLUMN minimum     int NOT NULL DEFAULT 0 CHECK (minimum >= 0),    -- months from the anchor that it lasts at least
    ADD COLUMN notice      int NOT NULL DEFAULT 0 CHECK (notice >= 0),     -- days ahead that it is given up
    ADD COLUMN later       jsonb,                    -- another plan from a period on: billing/cycle.Later
    ADD COLUMN coupon      jsonb,                    -- billing/cycle.Coupon
    ADD COLUMN parked      text NOT NULL DEFAULT ''; -- why it could not be invoiced
UPDATE subscriptions s SET seller_id = o.parent_id, name = v.app || ', ' || v.plan, description = v.host
    FROM organizations o, services v WHERE o.id = s.organization_id AND v.id = s.service_id;
CREATE INDEX subscriptions_account ON subscriptions (organization_id, seller_id, currency) WHERE next_on IS NOT NULL;
CREATE INDEX subscriptions_parked ON subscriptions (organization_id) WHERE parked <> '';

-- A subscription begins on the seller's day on which its service became active, after its trial. It is due from then on.
CREATE FUNCTION anchor_subscription() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seller_zone text;
BEGIN
    SELECT zone INTO seller_zone FROM seller_terms WHERE organization_id = NEW.seller_id;
    seller_zone := coalesce(seller_zone, 'Europe/Amsterdam');
    IF NEW.starts_at IS NOT NULL AND NEW.anchor IS NULL THEN
        NEW.anchor := (NEW.starts_at AT TIME ZONE seller_zone)::date + NEW.trial_days;
        NEW.next_on := NEW.anchor;
    END IF;
    IF NEW.ends_at IS NOT NULL AND NEW.end_on IS NULL THEN
        NEW.end_on := (NEW.ends_at AT TIME ZONE seller_zone)::date;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER anchor BEFORE INSERT OR UPDATE OF starts_at, ends_at ON subscriptions FOR EACH ROW EXECUTE FUNCTION anchor_subscription();

-- What becomes due earlier than its account knew tells it.
CREATE FUNCTION wake_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_accounts (organization_id, seller_id, currency, next_on)
        VALUES (NEW.organization_id, NEW.seller_id, NEW.currency, NEW.next_on)
        ON CONFLICT (seller_id, organization_id, currency) DO UPDATE SET next_on = least(billing_accounts.next_on, EXCLUDED.next_on);
    RETURN NULL;
END $$;
CREATE TRIGGER wake_new AFTER INSERT ON subscriptions FOR EACH ROW
    WHEN (NEW.next_on IS NOT NULL AND NEW.seller_id IS NOT NULL) EXECUTE FUNCTION wake_account();
CREATE TRIGGER wake AFTER UPDATE OF next_on, starts_at ON subscriptions FOR EACH ROW
    WHEN (NEW.next_on IS NOT NULL AND NEW.seller_id IS NOT NULL AND (OLD.next_on IS NULL OR NEW.next_on < OLD.next_on))
    EXECUTE FUNCTION wake_account();
UPDATE subscriptions SET starts_at = starts_at WHERE starts_at IS NOT NULL;

-- Numbers without gaps: taken late in the transaction that issues, one row for each seller and series.
CREATE TABLE invoice_series (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    series          text NOT NULL,
    next            bigint NOT NULL DEFAULT 1 CHECK (next > 0),
    PRIMARY KEY (organization_id, series)
);
CALL guard_tenant_table('invoice_series', 'SELECT, INSERT, UPDATE');

-- Issued documents. seller_id and buyer_id both own the row; neither can change it.
CREATE TABLE invoices (
    id          uuid PRIMARY KEY,
    seller_id   uuid NOT NULL REFERENCES organizations,
    buyer_id    uuid NOT NULL REFERENCES organizations,
    kind        text NOT NULL CHECK (kind IN ('invoice', 'credit note')),
    series      text NOT NULL,
    sequence    bigint NOT NULL CHECK (sequence > 0),
    number      text NOT NULL,
    currency    text NOT NULL,
    issued_on   date NOT NULL,
    due_on      date,
    net_minor   bigint NOT NULL,
    vat_minor   bigint NOT NULL,
    gross_minor bigint NOT NULL CHECK (gross_minor = net_minor + vat_minor),
    corrects    uuid REFERENCES invoices,
    document    json NOT NULL, -- billing/invoice.Document, frozen
    created_at  timestamptz NOT NULL,
    CONSTRAINT invoices_sequence_key UNIQUE (seller_id, series, sequence),
    CONSTRAINT invoices_number_key UNIQUE (seller_id, number),
    CONSTRAINT invoices_buyer_key UNIQUE (id, buyer_id),
    CHECK ((kind = 'credit note') = (corrects IS NOT NULL))
);
CREATE INDEX invoices_buyer ON invoices (buyer_id, issued_on DESC, id DESC);
CREATE INDEX invoices_seller ON invoices (seller_id, issued_on DESC, id DESC);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoices TO allotment_program
    USING (seller_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant())))
        OR buyer_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))))
    WITH CHECK (seller_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))));
CREATE POLICY staff ON invoices TO allotment_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON invoices TO allotment_program, allotment_operator;

-- What a subscription was charged for: one row for each period and kind, whatever happens.
CREATE TABLE charges (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    subscription_id uuid NOT NULL,
    kind            text NOT NULL,
    period_start    date NOT NULL,
    period_end      date NOT NULL,
    invoice_id      uuid NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT charges_once UNIQUE (subscription_id, period_start, kind),
    FOREIGN KEY (organization_id, subscription_id) REFERENCES subscriptions (organization_id, id),
    FOREIGN KEY (invoice_id, organization_id) REFERENCES invoices (id, buyer_id)
);
CREATE INDEX charges_invoice ON charges (invoice_id);
CALL guard_tenant_table('charges', 'SELECT, INSERT');

-- The books. An entry happens once; its postings, all written by one statement, add up to nothing in each owner's books.
CREATE TABLE ledger_entries (
    organization_id uuid NOT NULL REFERENCES organizations, -- who posted it: the seller
    id              uuid NOT NULL,
    kind            text NOT NULL,
    source          text NOT NULL,
    posted_on       date NOT NULL,
    note            text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id),
    CONSTRAINT ledger_entries_once UNIQUE (kind, source)
);
CREATE INDEX ledger_entries_day ON ledger_entries (organization_id, posted_on);
CALL guard_tenant_table('ledger_entries', 'SELECT, INSERT');

CREATE TABLE ledger_postings (
    organization_id uuid NOT NULL REFERENCES organizations, -- in whose books it stands
    entry_id        uuid NOT NULL,
    position        int  NOT NULL,
    account         text NOT NULL,
    party           text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor <> 0),
    currency        text NOT NULL,
    posted_on       date NOT NULL,
    PRIMARY KEY (entry_id, position)
);
CREATE INDEX ledger_postings_account ON ledger_postings (organization_id, account, party);
CALL guard_tenant_table('ledger_postings', 'SELECT, INSERT');

-- Money that came in or went out, once for each of the provider's IDs.
CREATE TABLE payments (
    organization_id uuid NOT NULL REFERENCES organizations, -- the customer
    id              uuid NOT NULL,
    seller_id       uuid NOT NULL REFERENCES organizations,
    kind            text NOT NULL CHECK (kind IN ('receipt', 'refund', 'chargeback')),
    through         text NOT NULL,                          -- the bank or provider
    reference       text NOT NULL,                          -- the provider's ID of it
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    paid_on         date NOT NULL,
    note            text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT payments_once UNIQUE (seller_id, through, kind, reference)
);
CREATE INDEX payments_seller ON payments (seller_id, paid_on DESC);
CALL guard_tenant_table('payments', 'SELECT, INSERT');

-- What of a customer's credit paid which invoice. Negative where a payment was taken back.
CREATE TABLE allocations (
    organization_id uuid NOT NULL REFERENCES organizations, -- the customer
    id              uuid NOT NULL,
    invoice_id      uuid NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor <> 0),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (invoice_id, organization_id) REFERENCES invoices (id, buyer_id)
);
CREATE INDEX allocations_invoice ON allocations (invoice_id);
CALL guard_tenant_table('allocations', 'SELECT, INSERT');

-- Why a service is stopped. Several reasons may hold it at once; it runs again when none is left.
CREATE TABLE holds (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('billing', 'abuse', 'manual')),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500), -- for the tenant
    put_by          text NOT NULL,
    put_at          timestamptz NOT NULL,
    released_by     text NOT NULL DEFAULT '',
    released_at     timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CREATE UNIQUE INDEX holds_once ON holds (service_id, kind) WHERE released_at IS NULL;
CALL guard_tenant_table('holds', 'SELECT, INSERT, UPDATE');

CREATE FUNCTION balance_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id, organization_id, currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the postings of an entry do not add up to nothing' USING CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balance AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION balance_postings();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed', TG_TABLE_NAME USING CONSTRAINT = 'never_changed';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON charges FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON allocations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE EXECUTE ON FUNCTION anchor_subscription, wake_account, balance_postings, refuse_change FROM PUBLIC;
