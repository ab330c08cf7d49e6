-- Issued documents on their way to those who pay.

-- What was issued and not yet told to anybody. A row comes with its document, in the same statement, whoever issues it, and goes in the
-- transaction that puts the mails into the outbox. Nothing else writes here, and documents are never removed, so that keys to them
-- would check at a price what cannot be otherwise.
CREATE TABLE unsent_documents (
    organization_id uuid NOT NULL, -- the customer
    invoice_id      uuid PRIMARY KEY
);
CALL guard_tenant_table('unsent_documents', 'SELECT, INSERT, UPDATE, DELETE'); -- UPDATE is for the locks alone

-- It runs with staff's rights: a seller also corrects what it sold to a customer that has moved away since.
CREATE FUNCTION queue_documents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO unsent_documents (organization_id, invoice_id) SELECT buyer_id, id FROM added ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
ALTER FUNCTION queue_documents OWNER TO allotment_operator;
REVOKE EXECUTE ON FUNCTION queue_documents FROM PUBLIC;
CREATE TRIGGER queue AFTER INSERT ON invoices REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION queue_documents();

-- The credit notes of an invoice.
CREATE INDEX invoices_corrects ON invoices (corrects) WHERE corrects IS NOT NULL;
