-- A comparison with a payment provider finds the refunds among a seller's attempts, which are few, by the ID under which they stand in the books.
CREATE INDEX payment_attempts_refunds ON payment_attempts (seller_id, (id::text)) INCLUDE (organization_id, reference) WHERE kind = 'refund';
