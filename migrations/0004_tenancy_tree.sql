-- The tree of organizations grows and changes; quotas.
SELECT 1;
