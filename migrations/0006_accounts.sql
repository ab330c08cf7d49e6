-- Second factors, passkeys, links that work once, limits at the doors.

-- A person who changes their address keeps the old one until the new one has answered.
ALTER TABLE users ADD COLUMN new_email text CHECK (new_email = lower(new_email));

-- A secret for one-time codes (RFC 6238), encrypted. It counts once its first code was typed. last_step is the time step of the
-- newest code that was accepted: no code is accepted twice.
CREATE TABLE totps (
    user_id      uuid PRIMARY KEY REFERENCES users,
    ciphertext   bytea NOT NULL,
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON totps TO allotment_program, allotment_operator;

-- The codes for those who have lost their second factor, by their hashes.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users,
    hash    bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, hash)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO allotment_program, allotment_operator;

-- Passkeys (W3C WebAuthn). credential is the public half and what is known of the device, as JSON.
CREATE TABLE passkeys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users,
    credential_id bytea NOT NULL,
    credential    jsonb NOT NULL,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at    timestamptz NOT NULL,
    used_at       timestamptz,
    warned_at     timestamptz, -- when its counter went backwards: it may have been copied
    CONSTRAINT passkeys_credential_key UNIQUE (credential_id)
);
CREATE INDEX passkeys_user ON passkeys (user_id, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON passkeys TO allotment_program, allotment_operator;

-- What is under way for a few minutes: a sign-in that waits for its second factor, a passkey's ceremony, a form that waits for its
-- person to confirm. Found by the hash of a token.
CREATE TABLE challenges (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL,
    user_id    uuid REFERENCES users,
    session_id uuid REFERENCES sessions (id) ON DELETE CASCADE,
    data       bytea NOT NULL DEFAULT '',
    tries      int NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX challenges_expiry ON challenges (expires_at);
CREATE INDEX challenges_session ON challenges (session_id) WHERE session_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON challenges TO allotment_program, allotment_operator;

-- Links in mails: each works once. email is the address that it is about.
CREATE TABLE links (
    token_hash bytea PRIMARY KEY,
    purpose    text NOT NULL CHECK (purpose IN ('verify', 'reset', 'undo')),
    user_id    uuid NOT NULL REFERENCES users,
    email      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX links_user ON links (user_id, purpose);
GRANT SELECT, INSERT, UPDATE, DELETE ON links TO allotment_program, allotment_operator;

-- The sessions that ended within the last day, so that a stolen cookie is recognized.
CREATE TABLE ended_sessions (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL,
    user_id    uuid NOT NULL REFERENCES users,
    how        text NOT NULL, -- signed out, revoked, rotated, reset
    ended_at   timestamptz NOT NULL,
    noted_at   timestamptz    -- when somebody came with it
);
CREATE INDEX ended_sessions_at ON ended_sessions (ended_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON ended_sessions TO allotment_program, allotment_operator;

-- Attempts are counted in a sliding window: those of the window before still count, in proportion to how much of it is within reach.
ALTER TABLE attempts
    ADD COLUMN before int NOT NULL DEFAULT 0,
    ADD COLUMN noted  boolean NOT NULL DEFAULT false; -- that the limit was reached stands in the audit log

-- count_attempts counts one attempt for each of the keys, in their order, and stops at the first whose limit is reached. What is
-- refused is not counted, so that nobody can keep a door shut for others. reached names a key whose limit is news.
CREATE FUNCTION count_attempts(keys text[], most int[], at timestamptz, span interval)
    RETURNS TABLE (allowed boolean, reached text) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    counted attempts;
    passed  double precision; -- how much of the present window has passed: 0 to 1
BEGIN
    allowed := true;
    reached := '';
    FOR i IN 1 .. cardinality(keys) LOOP
        INSERT INTO attempts (key, started, failures) VALUES (keys[i], at, 0) ON CONFLICT DO NOTHING;
        SELECT * INTO counted FROM attempts a WHERE a.key = keys[i] FOR UPDATE;
        IF at >= counted.started + 2 * span THEN
            counted := (keys[i], at, 0, 0, false);
        ELSIF at >= counted.started + span THEN
            counted := (keys[i], counted.started + span, 0, counted.failures, false);
        END IF;
        passed := greatest(0, extract(epoch FROM at - counted.started) / extract(epoch FROM span));
        IF counted.failures + counted.before * (1 - passed) > most[i] - 1 THEN
            allowed := false;
            IF NOT counted.noted THEN
                reached := keys[i];
                counted.noted := true;
            END IF;
        ELSE
            counted.failures := counted.failures + 1;
        END IF;
        UPDATE attempts a
        SET started = counted.started, failures = counted.failures, before = counted.before, noted = counted.noted
        WHERE a.key = keys[i];
        EXIT WHEN NOT allowed;
    END LOOP;
    RETURN NEXT;
END $$;

-- audit_person writes one row of the audit log into each organization of a person but one (none for null): for what happens at the doors,
-- before anybody acts for an organization. Without a person the row is the operator's.
GRANT CREATE ON SCHEMA public TO allotment_operator;
CREATE FUNCTION audit_person(who uuid, happened timestamptz, did text, ended text, subject text, was text, became text, came_from text, but uuid)
    RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit (organization_id, seq, at, actor_id, actor_name, action, outcome, target, before, after, address, previous, hash)
    SELECT c.id, 0, happened, who, c.name, did, ended, subject, was, became, came_from, '', ''
    FROM (
        SELECT m.organization_id AS id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_id = who
        UNION ALL
        SELECT o.id, '' FROM organizations o WHERE who IS NULL AND o.kind = 'operator'
    ) AS c
    WHERE but IS NULL OR c.id <> but
    ORDER BY c.id
$$;
ALTER FUNCTION audit_person OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION count_attempts, audit_person FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_attempts, audit_person TO allotment_program, allotment_operator;
