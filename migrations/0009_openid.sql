-- The portal as an OpenID provider.
SELECT 1;
