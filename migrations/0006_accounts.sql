-- Second factors, passkeys, links that work once.
SELECT 1;
