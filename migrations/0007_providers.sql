-- Other places where people sign in.
SELECT 1;
