-- Who may use which service.
SELECT 1;
