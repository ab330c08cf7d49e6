-- Payments through a provider, and by bank.

-- On which account at a provider a seller collects. The operator's own is the installation's, and has no row.
CREATE TABLE payment_accounts (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    through         text NOT NULL CHECK (through IN ('stripe')),
    account         text NOT NULL CHECK (account ~ '^acct_[A-Za-z0-9]{8,64}$'),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, through),
    CONSTRAINT payment_accounts_key UNIQUE (through, account)
);
CALL guard_tenant_table('payment_accounts', 'SELECT, INSERT, UPDATE, DELETE');
-- A buyer must know whether its seller can be paid online.
CREATE POLICY buyer ON payment_accounts FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

-- A customer as its seller's provider knows it.
CREATE TABLE payment_customers (
    organization_id uuid NOT NULL REFERENCES organizations,
    seller_id       uuid NOT NULL REFERENCES organizations,
    through         text NOT NULL,
    account         text NOT NULL,
    reference       text NOT NULL CHECK (reference <> ''),
    PRIMARY KEY (organization_id, seller_id, through, account)
);
CALL guard_tenant_table('payment_customers', 'SELECT, INSERT');

-- Saved ways to pay: what tells them apart, and nothing with which anybody could pay.
CREATE TABLE payment_methods (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    seller_id       uuid NOT NULL REFERENCES organizations,
    through         text NOT NULL,
    account         text NOT NULL,
    reference       text NOT NULL CHECK (reference <> ''),
    kind            text NOT NULL,
    brand           text NOT NULL,
    last4           text NOT NULL CHECK (length(last4) <= 4),
    expires         text NOT NULL DEFAULT '',
    standard        boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    removed_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT payment_methods_once UNIQUE (through, account, reference),
    CHECK (removed_at IS NULL OR NOT standard)
);
CREATE UNIQUE INDEX payment_methods_standard ON payment_methods (organization_id, seller_id) WHERE standard;
CALL guard_tenant_table('payment_methods', 'SELECT, INSERT, UPDATE');

-- Each try at a provider. The state machine is app.AttemptState.To.
CREATE TABLE payment_attempts (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    seller_id       uuid NOT NULL REFERENCES organizations,
    through         text NOT NULL,
    account         text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('setup', 'checkout', 'charge', 'refund')),
    invoice_id      uuid,
    method_id       uuid,
    of_id           uuid,
    nth             int  NOT NULL DEFAULT 0,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor >= 0),
    state           text NOT NULL CHECK (state IN ('created', 'processing', 'requires_action', 'succeeded', 'failed', 'canceled')),
    reference       text NOT NULL DEFAULT '', -- the provider's ID of what moves the money
    page            text NOT NULL DEFAULT '', -- the provider's ID of the page
    why             text NOT NULL DEFAULT '',
    hard            boolean NOT NULL DEFAULT false,
    keep            boolean NOT NULL DEFAULT false,
    posted          boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    checked_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (invoice_id, organization_id) REFERENCES invoices (id, buyer_id),
    FOREIGN KEY (organization_id, method_id) REFERENCES payment_methods (organization_id, id),
    FOREIGN KEY (organization_id, of_id) REFERENCES payment_attempts (organization_id, id),
    CHECK (kind = 'setup' OR amount_minor > 0),
    CHECK ((kind IN ('checkout', 'charge')) = (invoice_id IS NOT NULL)),
    CHECK ((kind = 'refund') = (of_id IS NOT NULL)),
    CHECK ((kind = 'charge') = (nth > 0))
);
CREATE UNIQUE INDEX payment_attempts_once ON payment_attempts (invoice_id, nth) WHERE kind = 'charge';
-- An invoice is collected once at a time.
CREATE UNIQUE INDEX payment_attempts_open ON payment_attempts (invoice_id) WHERE kind = 'charge' AND state IN ('created', 'processing');
CREATE UNIQUE INDEX payment_attempts_reference ON payment_attempts (through, account, reference) WHERE reference <> '';
CREATE INDEX payment_attempts_waiting ON payment_attempts (checked_at) WHERE state IN ('created', 'processing', 'requires_action');
CREATE INDEX payment_attempts_invoice ON payment_attempts (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX payment_attempts_seller ON payment_attempts (seller_id, id DESC);
CALL guard_tenant_table('payment_attempts', 'SELECT, INSERT, UPDATE');

-- What providers told us, each of it once.
CREATE TABLE webhook_events (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller in whose account it happened
    id              uuid NOT NULL,
    through         text NOT NULL,
    account         text NOT NULL,
    event           text NOT NULL,
    kind            text NOT NULL,
    object          text NOT NULL,
    version         text NOT NULL,
    happened_at     timestamptz NOT NULL,
    body            bytea NOT NULL,
    received_at     timestamptz NOT NULL,
    applied_at      timestamptz,
    result          text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id),
    CONSTRAINT webhook_events_once UNIQUE (through, event)
);
CREATE INDEX webhook_events_waiting ON webhook_events (received_at) WHERE applied_at IS NULL;
CALL guard_tenant_table('webhook_events', 'SELECT, INSERT, UPDATE, DELETE');

-- Until when each account was asked what happened in it: notices may be lost for as long as nobody asks.
CREATE TABLE payment_sweeps (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    through         text NOT NULL,
    account         text NOT NULL,
    swept_at        timestamptz NOT NULL,
    PRIMARY KEY (organization_id, through, account)
);
CALL guard_tenant_table('payment_sweeps', 'SELECT, INSERT, UPDATE');

-- The lines of a seller's bank statements, each of them once, however often its file is read.
CREATE TABLE bank_lines (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    id              uuid NOT NULL,
    iban            text NOT NULL,                          -- of the seller's account
    reference       text NOT NULL,                          -- the bank's of the line
    statement       text NOT NULL,
    booked_on       date NOT NULL,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor <> 0), -- negative where money left
    party           text NOT NULL,
    party_iban      text NOT NULL,
    remittance      text NOT NULL,                          -- the structured reference, or the text
    state           text NOT NULL CHECK (state IN ('open', 'booked', 'set aside')),
    customer_id     uuid REFERENCES organizations,          -- whom it was booked for
    imported_at     timestamptz NOT NULL,
    settled_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT bank_lines_once UNIQUE (organization_id, iban, reference)
);
CREATE INDEX bank_lines_open ON bank_lines (organization_id, id) WHERE state = 'open';
CREATE INDEX bank_lines_party ON bank_lines (organization_id, party_iban) WHERE state = 'booked' AND party_iban <> '';
CALL guard_tenant_table('bank_lines', 'SELECT, INSERT, UPDATE');
