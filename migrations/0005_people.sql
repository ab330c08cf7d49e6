-- Invitations and the mail that leaves the house.
SELECT 1;
