-- Until when a seller's account at a payment provider was compared with the books: only what is newer is looked at again, and all of it from time to time.
CREATE TABLE provider_compares (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    through         text NOT NULL,
    proven_at       timestamptz NOT NULL,                   -- what happened before was compared
    whole_at        timestamptz NOT NULL,                   -- when all of it was, from the beginning
    PRIMARY KEY (organization_id, through)
);
CALL guard_tenant_table('provider_compares', 'SELECT, INSERT, UPDATE');

-- What did not agree, once for each payment, refund or dispute; one without a source is the balance of a currency, which nothing single explains.
CREATE TABLE provider_differences (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    id              uuid NOT NULL,
    through         text NOT NULL,
    source          text NOT NULL,
    currency        text NOT NULL,
    payment         text NOT NULL,
    account         text NOT NULL,
    kind            text NOT NULL,
    there           boolean NOT NULL,
    here            boolean NOT NULL,
    theirs_minor    bigint NOT NULL,
    ours_minor      bigint NOT NULL,
    their_fee_minor bigint NOT NULL,
    our_fee_minor   bigint NOT NULL,
    customer_id     uuid REFERENCES organizations,
    booked_id       uuid,
    happened_at     timestamptz NOT NULL,
    found_at        timestamptz NOT NULL,
    settled_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT provider_differences_once UNIQUE (organization_id, through, source, currency)
);
CREATE INDEX provider_differences_list ON provider_differences (organization_id, through, happened_at DESC, id DESC);
CREATE INDEX provider_differences_open ON provider_differences (organization_id, through) WHERE settled_at IS NULL;
CALL guard_tenant_table('provider_differences', 'SELECT, INSERT, UPDATE');

-- What is new is found by its time, and the rest of the same payment, refund or dispute by its ID.
CREATE INDEX provider_lines_since ON provider_lines (organization_id, through, happened_at);
CREATE INDEX payments_since ON payments (seller_id, through, created_at);
CREATE INDEX payments_moved ON payments (seller_id, through, split_part(reference, ' ', 1));
CREATE INDEX payment_attempts_moved ON payment_attempts (seller_id, reference) WHERE reference <> '';
