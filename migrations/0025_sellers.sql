-- What a seller sees of customers that buy from somebody else by now, what it could not invoice, and visits whose end is written down.

-- Why a reseller could not be asked for what was sold through it: of its account with its parent.
ALTER TABLE billing_accounts ADD COLUMN parked text NOT NULL DEFAULT '';
CREATE INDEX billing_accounts_parked ON billing_accounts (seller_id, id) WHERE parked <> '';

-- A seller keeps its own books of a customer that has moved to another seller: what it was paid, and which of its own invoices that paid. It
-- sees nothing else of that customer.
CREATE POLICY seller ON payments FOR SELECT TO allotment_program USING (seller_id = (SELECT tenant()));
CREATE POLICY seller ON allocations FOR SELECT TO allotment_program
    USING (EXISTS (SELECT 1 FROM invoices i WHERE i.id = allocations.invoice_id AND i.seller_id = (SELECT tenant())));

-- A visit's end stands in the audit log, whoever or whatever ended it.
ALTER TABLE impersonations ADD COLUMN end_noted boolean NOT NULL DEFAULT false;
UPDATE impersonations SET end_noted = true WHERE ended_at IS NOT NULL OR ends_at <= now();
CREATE INDEX impersonations_unnoted ON impersonations (ends_at) WHERE NOT end_noted;

-- Nobody takes an active organization its last owner who can sign in: staff suspends it first, which its people are told. The operator's own is
-- always active.
CREATE OR REPLACE FUNCTION keep_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    owners text[] := '{operator_admin,reseller_owner,customer_owner}';
BEGIN
    PERFORM 1 FROM organizations o JOIN memberships m ON m.organization_id = o.id
        WHERE m.user_id = NEW.id AND m.role = ANY (owners) ORDER BY o.id FOR NO KEY UPDATE OF o;
    IF EXISTS (
        SELECT FROM memberships own JOIN organizations o ON o.id = own.organization_id AND o.state = 'active'
        WHERE own.user_id = NEW.id AND own.role = ANY (owners) AND NOT EXISTS (
            SELECT FROM memberships m JOIN users u ON u.id = m.user_id AND NOT u.disabled WHERE m.organization_id = o.id AND m.role = ANY (owners))) THEN
        RAISE EXCEPTION 'the last owner stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'memberships_last_owner';
    END IF;
    RETURN NULL;
END $$;
