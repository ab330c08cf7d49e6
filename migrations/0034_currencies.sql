-- A buyer is asked in one currency. NULL is the installation's own; it stays as it is once there is a subscription.
ALTER TABLE organizations ADD COLUMN currency text CHECK (currency ~ '^[A-Z]{3}$');
GRANT UPDATE (currency) ON organizations TO allotment_program, allotment_operator;
