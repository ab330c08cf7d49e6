-- Who owes a seller something, by the invoice that has been due for the longest: a page of it is read in this order, and no further. What a customer has open is
-- read from the other index alone.
CREATE INDEX receivables_due ON receivables (seller_id, currency, due_on, invoice_id) INCLUDE (buyer_id) WHERE open_minor > 0;
CREATE INDEX receivables_debtors ON receivables (seller_id, currency, buyer_id, due_on, invoice_id) INCLUDE (open_minor) WHERE open_minor > 0;
DROP INDEX receivables_open;

-- Its own claims are seen by a seller without a look at each of its many customers. Policies hold in the order of their names, so this one is asked first.
CREATE POLICY seller ON receivables FOR SELECT TO allotment_program USING (seller_id = (SELECT tenant()));
