-- What decides on VAT, with its proofs: the rates of the member states, and the answers to questions about VAT IDs.

-- The standard rate of a state from a day on, until the state's next row begins. A row is never changed; one that was wrong is followed by
-- another for the same day, and the newest counts. What a state's rate was in the past does not change: the program adds no row for it.
CREATE TABLE vat_rates (
    id         uuid PRIMARY KEY,
    country    text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),       -- ISO 3166: GR for Greece
    percent    numeric(6, 3) NOT NULL CHECK (percent BETWEEN 0 AND 100),
    valid_from date NOT NULL,
    source     text NOT NULL CHECK (length(source) BETWEEN 1 AND 500), -- where it is published
    added_by   text NOT NULL,                                      -- "Allotment" for what came with the program
    added_at   timestamptz NOT NULL
);
CREATE INDEX vat_rates_state ON vat_rates (country, valid_from, added_at DESC, id DESC);
GRANT SELECT ON vat_rates TO allotment_program, allotment_operator;
GRANT INSERT ON vat_rates TO allotment_operator;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON vat_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every question to VIES and what came back: the seller's evidence for a sale without VAT. It is kept as it was.
CREATE TABLE vat_checks (
    organization_id uuid NOT NULL REFERENCES organizations, -- whose VAT ID it is
    id              uuid NOT NULL,
    vat_id          text NOT NULL,
    requester       text NOT NULL,                          -- the seller's own VAT ID, with which it asked; '' for none
    result          text NOT NULL CHECK (result IN ('valid', 'invalid', 'unanswered')),
    fault           text NOT NULL DEFAULT '',               -- why there was no answer, in VIES's word: MS_UNAVAILABLE
    name            text NOT NULL DEFAULT '',               -- as the state knows it
    address         text NOT NULL DEFAULT '',
    consultation    text NOT NULL DEFAULT '',               -- the number by which a tax office finds the question again
    answered_on     date,                                   -- the day that VIES names
    request         text NOT NULL,                          -- what was sent, and what came back
    answer          text NOT NULL,
    asked_at        timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CALL guard_tenant_table('vat_checks', 'SELECT, INSERT');
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON vat_checks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE billing_profiles
    ADD COLUMN reference text NOT NULL DEFAULT '' CHECK (length(reference) <= 60), -- what the buyer wants to read on its invoices
    ADD COLUMN vat_next  timestamptz,                     -- when VIES is asked next; none: never
    ADD COLUMN vat_tries int NOT NULL DEFAULT 0 CHECK (vat_tries >= 0); -- questions without an answer since the last answer
CREATE INDEX billing_profiles_vat ON billing_profiles (vat_next) WHERE vat_next IS NOT NULL;

-- A buyer reads of its seller's books what the seller owes it: its own credit, and why.
CREATE POLICY buyer ON ledger_postings FOR SELECT TO allotment_program
    USING (account = 'credit' AND party = (SELECT tenant())::text);
CREATE INDEX ledger_postings_credit ON ledger_postings (party, entry_id DESC) WHERE account = 'credit';
CREATE POLICY buyer ON ledger_entries FOR SELECT TO allotment_program
    USING (EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = ledger_entries.id AND p.account = 'credit' AND p.party = (SELECT tenant())::text));

-- Services whose customer waits for its seller's terms, or whose seller waits for the customer's details, are billed as soon as both are there.
CREATE FUNCTION wake_parked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_accounts a SET next_on = least(a.next_on, s.first)
        FROM (SELECT organization_id, seller_id, currency, min(next_on) AS first FROM subscriptions
            WHERE parked <> '' AND next_on IS NOT NULL AND (organization_id = NEW.organization_id OR seller_id = NEW.organization_id) GROUP BY 1, 2, 3) s
        WHERE a.organization_id = s.organization_id AND a.seller_id = s.seller_id AND a.currency = s.currency AND a.next_on > s.first;
    RETURN NULL;
END $$;
CREATE TRIGGER wake AFTER INSERT OR UPDATE ON billing_profiles FOR EACH ROW EXECUTE FUNCTION wake_parked();
CREATE TRIGGER wake AFTER INSERT OR UPDATE ON seller_terms FOR EACH ROW EXECUTE FUNCTION wake_parked();
REVOKE EXECUTE ON FUNCTION wake_parked FROM PUBLIC;
