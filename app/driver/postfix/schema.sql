-- What the mail driver keeps. The tables are the driver's own; the mail servers read the views in the schema public as the
-- role mail_reader, which sees nothing else. Every statement may be repeated.

CREATE SCHEMA IF NOT EXISTS mail;

CREATE TABLE IF NOT EXISTS mail.domains (
    domain       text PRIMARY KEY CHECK (domain = lower(domain)),
    resource     uuid NOT NULL UNIQUE,
    organization uuid NOT NULL,
    receive      boolean NOT NULL,
    -- The IMAP server may hold mailboxes of this domain: set before the first is made, cleared after the last is gone.
    stored       boolean NOT NULL,
    UNIQUE (domain, resource)
);

CREATE TABLE IF NOT EXISTS mail.mailboxes (
    domain    text NOT NULL,
    name      text NOT NULL CHECK (name = lower(name)),
    resource  uuid NOT NULL,
    quota_mib integer NOT NULL CHECK (quota_mib > 0),
    -- The IMAP server has it, so mail may be delivered.
    ready     boolean NOT NULL,
    PRIMARY KEY (domain, name),
    FOREIGN KEY (domain, resource) REFERENCES mail.domains (domain, resource) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS mail.aliases (
    domain   text NOT NULL,
    name     text NOT NULL CHECK (name = lower(name)),
    target   text NOT NULL,
    resource uuid NOT NULL,
    PRIMARY KEY (domain, name, target),
    FOREIGN KEY (domain, resource) REFERENCES mail.domains (domain, resource) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS mail.relay_credentials (
    login    text PRIMARY KEY,
    domain   text NOT NULL,
    resource uuid NOT NULL UNIQUE,
    -- pgp_sym_encrypt(password, key); the key is never in this database.
    sealed   bytea NOT NULL,
    FOREIGN KEY (domain, resource) REFERENCES mail.domains (domain, resource) ON DELETE CASCADE
);

CREATE OR REPLACE VIEW public.postfix_domains AS
SELECT domain
FROM mail.domains
WHERE receive;

CREATE OR REPLACE VIEW public.postfix_mailboxes AS
SELECT m.name || '@' || m.domain AS address
FROM mail.mailboxes m
JOIN mail.domains d USING (domain)
WHERE d.receive AND m.ready;

CREATE OR REPLACE VIEW public.postfix_aliases AS
SELECT a.name || '@' || a.domain AS address, a.target
FROM mail.aliases a
JOIN mail.domains d USING (domain)
WHERE d.receive;

CREATE OR REPLACE VIEW public.postfix_senders AS
SELECT address AS address_or_domain, address AS login
FROM public.postfix_mailboxes
UNION ALL
SELECT domain, login
FROM mail.relay_credentials;

CREATE OR REPLACE VIEW public.relay_credentials AS
SELECT login, sealed
FROM mail.relay_credentials;

REVOKE ALL ON SCHEMA mail FROM PUBLIC;
GRANT SELECT ON public.postfix_domains, public.postfix_mailboxes, public.postfix_aliases, public.postfix_senders,
    public.relay_credentials TO mail_reader;
