-- API keys, and the answers that are kept so that a request which is sent twice is done once.

-- A key acts for its organization with a role of its own. Only the hash of what it is made of is stored. A key is the organization's: it
-- stays when the person who made it leaves.
CREATE TABLE api_keys (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    prefix          text NOT NULL CHECK (prefix ~ '^[0-9A-Za-z]{10}$'), -- by which it is found, and told from others
    token_hash      bytea NOT NULL,
    role            text NOT NULL,
    created_by      uuid NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz,   -- none: it does not expire
    last_used_at    timestamptz,   -- to the minute
    revoked_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix)
);
CREATE UNIQUE INDEX api_keys_name_key ON api_keys (organization_id, lower(name)) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_page ON api_keys (organization_id, id DESC);
CALL guard_tenant_table('api_keys', 'SELECT, INSERT, UPDATE');

-- What a request with an Idempotency-Key was answered, by the key that sent it. The answer is encrypted: it may hold a secret.
CREATE TABLE api_answers (
    organization_id uuid NOT NULL,
    key_id          uuid NOT NULL,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 128), -- the Idempotency-Key
    request_hash    bytea NOT NULL,
    started_at      timestamptz NOT NULL,
    answer          bytea,         -- none while the request is being worked on
    PRIMARY KEY (organization_id, key_id, name),
    FOREIGN KEY (organization_id, key_id) REFERENCES api_keys (organization_id, id)
);
CREATE INDEX api_answers_started ON api_answers (started_at);
CALL guard_tenant_table('api_answers', 'SELECT, INSERT, UPDATE, DELETE');

GRANT CREATE ON SCHEMA public TO allotment_operator;

-- key_actor finds who acts with a key, before the tenant is known. Whoever asks must know the key itself.
CREATE FUNCTION key_actor(wanted text, hash bytea, at timestamptz)
    RETURNS TABLE (key_id uuid, key_name text, last_used_at timestamptz,
                   organization_id uuid, organization_name text, slug text, kind text, state text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.name, k.last_used_at, o.id, o.name, o.slug, o.kind, o.state, k.role
    FROM api_keys k
    JOIN organizations o ON o.id = k.organization_id AND o.state <> 'closed'
    WHERE k.prefix = wanted AND k.token_hash = hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > at)
$$;
ALTER FUNCTION key_actor OWNER TO allotment_operator;

-- drop_api_answers forgets what was kept long enough, of every organization.
CREATE FUNCTION drop_api_answers(before timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM api_answers WHERE started_at < before RETURNING 1) SELECT count(*) FROM gone
$$;
ALTER FUNCTION drop_api_answers OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION key_actor, drop_api_answers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_actor, drop_api_answers TO allotment_program, allotment_operator;
