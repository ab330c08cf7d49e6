-- Invitations and the mail that leaves the house.

-- The outbox: a row for each document and recipient. What it says is encrypted while it waits, and dropped once it was sent.
CREATE TABLE mails (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    key             text NOT NULL,
    kind            text NOT NULL,
    recipient       text NOT NULL,
    language        text NOT NULL,
    state           text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    sealed          bytea,                       -- the recipient's name and the data, as JSON
    attempts        int NOT NULL DEFAULT 0,
    problem         text NOT NULL DEFAULT '',    -- why the last attempt failed, for the operator
    created_at      timestamptz NOT NULL,
    next_at         timestamptz NOT NULL,        -- not to be tried before
    until           timestamptz NOT NULL,        -- of no use after
    sent_at         timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT mails_key_key UNIQUE (organization_id, key),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK (state <> 'sent' OR sealed IS NULL)
);
CREATE INDEX mails_open ON mails (id DESC) WHERE state <> 'sent';
CALL guard_tenant_table('mails', 'SELECT, INSERT, UPDATE');

-- What is of no use any more keeps nothing that was encrypted.
GRANT CREATE ON SCHEMA public TO allotment_operator;
CREATE FUNCTION forget_mails(now timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE mails SET sealed = NULL, state = 'failed', problem = CASE WHEN state = 'waiting' THEN 'It was of no use any more.' ELSE problem END
    WHERE state <> 'sent' AND sealed IS NOT NULL AND until < now
$$;
ALTER FUNCTION forget_mails OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION forget_mails FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_mails TO allotment_program, allotment_operator;
