-- The lines of a seller's account at a payment provider, each of them once: what the books are compared with.
CREATE TABLE provider_lines (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    id              uuid NOT NULL,
    through         text NOT NULL,
    account         text NOT NULL,
    reference       text NOT NULL CHECK (reference <> ''), -- the provider's ID of the line
    source          text NOT NULL,                         -- its ID of what moved the money: a payment, refund, dispute or payout
    payment         text NOT NULL,                         -- of a refund or dispute: its ID of the payment; "" otherwise
    kind            text NOT NULL,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL,                       -- negative where money left
    fee_minor       bigint NOT NULL,                       -- kept of it
    happened_at     timestamptz NOT NULL,
    aside_at        timestamptz,                           -- a person said that it is no customer's
    note            text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id),
    CONSTRAINT provider_lines_once UNIQUE (through, account, reference)
);
CREATE INDEX provider_lines_source ON provider_lines (organization_id, source);
CREATE INDEX provider_lines_newest ON provider_lines (organization_id, through, account, happened_at DESC);
CALL guard_tenant_table('provider_lines', 'SELECT, INSERT, UPDATE');

-- Money that a seller sent back at the provider itself stays here until the books have it.
CREATE INDEX payment_attempts_unbooked ON payment_attempts (seller_id) WHERE kind = 'refund' AND state = 'succeeded' AND NOT posted;

-- A provider may forget a customer, and then knows it by another ID.
GRANT UPDATE ON payment_customers TO allotment_program, allotment_operator;
