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
