-- Exports: files that the books are taken away in, SEPA mandates, and what was put into a debit file.

CREATE TABLE exports (
    organization_id uuid NOT NULL REFERENCES organizations, -- whose books
    id              uuid NOT NULL,
    side            text NOT NULL CHECK (side IN ('sold', 'bought')),
    kind            text NOT NULL,                   -- app.ExportKind
    first_day       date NOT NULL,
    last_day        date NOT NULL,
    settings        jsonb NOT NULL DEFAULT '{}',     -- what the kind asks for beside the days; never a secret
    language        text NOT NULL,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    attempt         int NOT NULL DEFAULT 0 CHECK (attempt >= 0), -- only the newest may end it
    tries           int NOT NULL DEFAULT 0 CHECK (tries >= 0),     -- attempts since somebody asked for it
    done            bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
    total           bigint NOT NULL DEFAULT 0 CHECK (total >= 0),
    size            bigint NOT NULL DEFAULT 0 CHECK (size >= 0), -- of the file, in bytes
    message         text NOT NULL DEFAULT '',        -- why it failed, for people
    raw_error       text NOT NULL DEFAULT '',        -- and for the operator
    started_by      uuid,                            -- the person; none for a key
    started_by_name text NOT NULL,
    created_at      timestamptz NOT NULL,
    started_at      timestamptz,
    ended_at        timestamptz,
    expires_at      timestamptz,                     -- when its file is dropped
    PRIMARY KEY (organization_id, id),
    CONSTRAINT exports_id_key UNIQUE (id),
    CHECK (first_day <= last_day)
);
CREATE INDEX exports_expiry ON exports (expires_at) WHERE state = 'done';
CALL guard_tenant_table('exports', 'SELECT, INSERT, UPDATE, DELETE');

-- A customer's permission to collect from its bank account.
CREATE TABLE mandates (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller that collects
    id              uuid NOT NULL,
    customer_id     uuid NOT NULL REFERENCES organizations,
    reference       text NOT NULL CHECK (length(reference) BETWEEN 1 AND 35),
    holder          text NOT NULL CHECK (length(holder) BETWEEN 1 AND 70),
    iban            text NOT NULL CHECK (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
    bic             text NOT NULL DEFAULT '',
    signed_on       date NOT NULL,
    sequence        text NOT NULL CHECK (sequence IN ('FRST', 'RCUR', 'OOFF')),
    created_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT mandates_reference_key UNIQUE (organization_id, reference)
);
CREATE UNIQUE INDEX mandates_one ON mandates (organization_id, customer_id) WHERE revoked_at IS NULL;
CALL guard_tenant_table('mandates', 'SELECT, INSERT, UPDATE');

-- What was put into a debit file. An invoice is not collected again before the file is deleted or the payment was taken back.
CREATE TABLE debits (
    organization_id uuid NOT NULL, -- the seller
    export_id       uuid NOT NULL,
    invoice_id      uuid NOT NULL REFERENCES invoices,
    mandate_id      uuid NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    collect_on      date NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, export_id, invoice_id),
    FOREIGN KEY (organization_id, export_id) REFERENCES exports (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, mandate_id) REFERENCES mandates (organization_id, id)
);
CREATE INDEX debits_invoice ON debits (invoice_id);
CALL guard_tenant_table('debits', 'SELECT, INSERT, DELETE');

-- The number of a customer's account in the books of a seller's bookkeeper (DATEV). Given once, never changed.
CREATE TABLE debtor_numbers (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    customer_id     uuid NOT NULL REFERENCES organizations,
    number          int NOT NULL CHECK (number > 0),
    PRIMARY KEY (organization_id, customer_id),
    CONSTRAINT debtor_numbers_number_key UNIQUE (organization_id, number)
);
CALL guard_tenant_table('debtor_numbers', 'SELECT, INSERT');

-- An entry is found by those of its postings that stand in one's own books, also where another organization posted it.
CREATE POLICY books ON ledger_entries FOR SELECT TO allotment_program
    USING (EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = ledger_entries.id AND p.organization_id = (SELECT tenant())));
