-- API keys, and answers that are given twice.
SELECT 1;
