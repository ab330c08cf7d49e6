-- A seller's own look.
SELECT 1;
