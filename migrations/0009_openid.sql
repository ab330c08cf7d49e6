-- The portal as an OpenID provider: the apps' clients, people's sign-ins at them with their tokens, and the keys that sign.

-- A service's client. Its ID is the service's, so that there is never a second one; the resource is the mark of whoever made it.
CREATE TABLE clients (
    organization_id  uuid NOT NULL,
    id               uuid NOT NULL,
    resource_id      uuid NOT NULL,
    name             text NOT NULL,
    redirect_uris    text[] NOT NULL,
    post_logout_uris text[] NOT NULL,
    logout_uri       text NOT NULL,
    scopes           text[] NOT NULL,
    secret_hash      bytea, -- SHA-256; none for a public client
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT clients_tenant_key UNIQUE (organization_id, id),
    CONSTRAINT clients_resource_key UNIQUE (resource_id),
    FOREIGN KEY (organization_id, id) REFERENCES services (organization_id, id),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id)
);
CALL guard_tenant_table('clients', 'SELECT, INSERT, UPDATE, DELETE');

-- A person's sign-in at an app: what its tokens live on. It ends when they sign out there, when they lose what allowed it, and when one of
-- its tokens is used twice.
CREATE TABLE app_sessions (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    user_id         uuid NOT NULL REFERENCES users,
    session_id      uuid NOT NULL, -- of the portal, in which it began
    scopes          text[] NOT NULL,
    methods         text[] NOT NULL, -- how the person proved themselves (RFC 8176)
    proved_at       timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, client_id) REFERENCES clients (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX app_sessions_client ON app_sessions (organization_id, client_id, user_id);
CREATE INDEX app_sessions_live ON app_sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX app_sessions_portal ON app_sessions (session_id) WHERE ended_at IS NULL;
CALL guard_tenant_table('app_sessions', 'SELECT, INSERT, UPDATE, DELETE');

-- An app's wish that somebody signs in, until the code that answers it is exchanged. Of a code only its hash is kept.
CREATE TABLE auth_requests (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    redirect_uri    text NOT NULL,
    scopes          text[] NOT NULL,
    state           text NOT NULL,
    nonce           text NOT NULL,
    challenge       text NOT NULL, -- of PKCE by S256 (RFC 7636); '' for none
    prompt          text[] NOT NULL,
    max_age         int,           -- seconds
    hinted_user     uuid,          -- whom the app believes to be there
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    app_session_id  uuid,
    code_hash       bytea,
    used_at         timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT auth_requests_id_key UNIQUE (id),
    CONSTRAINT auth_requests_code_key UNIQUE (code_hash),
    FOREIGN KEY (organization_id, client_id) REFERENCES clients (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, app_session_id) REFERENCES app_sessions (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX auth_requests_expired ON auth_requests (expires_at);
CREATE INDEX auth_requests_session ON auth_requests (organization_id, app_session_id);
CREATE INDEX auth_requests_client ON auth_requests (organization_id, client_id);
CALL guard_tenant_table('auth_requests', 'SELECT, INSERT, UPDATE, DELETE');

-- Access tokens, and refresh tokens that are exchanged once: a second time ends the whole sign-in. Only hashes are kept.
CREATE TABLE tokens (
    organization_id uuid NOT NULL,
    hash            bytea NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('access', 'refresh')),
    app_session_id  uuid NOT NULL,
    scopes          text[] NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    PRIMARY KEY (hash),
    FOREIGN KEY (organization_id, app_session_id) REFERENCES app_sessions (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX tokens_session ON tokens (organization_id, app_session_id);
CREATE INDEX tokens_expired ON tokens (expires_at);
CALL guard_tenant_table('tokens', 'SELECT, INSERT, UPDATE, DELETE');

-- The keys that sign ID tokens, one set for the installation. One key signs; those before it are shown until all that they signed is over.
CREATE TABLE signing_keys (
    id         uuid PRIMARY KEY,
    algorithm  text NOT NULL,
    sealed     bytea NOT NULL, -- the private key, encrypted with age
    public     bytea NOT NULL, -- SubjectPublicKeyInfo in DER
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    gone_at    timestamptz,
    CHECK ((retired_at IS NULL) = (gone_at IS NULL))
);
CREATE UNIQUE INDEX signing_keys_one_signs ON signing_keys ((true)) WHERE retired_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON signing_keys TO allotment_program, allotment_operator;

GRANT CREATE ON SCHEMA public TO allotment_operator;

-- Whose they are, before a tenant is known.
CREATE FUNCTION client_owner(wanted uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organization_id FROM clients WHERE id = wanted
$$;
ALTER FUNCTION client_owner OWNER TO allotment_operator;

CREATE FUNCTION auth_request_owner(wanted uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organization_id FROM auth_requests WHERE id = wanted
$$;
ALTER FUNCTION auth_request_owner OWNER TO allotment_operator;

CREATE FUNCTION token_owner(wanted bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organization_id FROM tokens WHERE hash = wanted
    UNION ALL
    SELECT organization_id FROM auth_requests WHERE code_hash = wanted
$$;
ALTER FUNCTION token_owner OWNER TO allotment_operator;

-- Whoever is disabled, and whatever organization is suspended or closed, loses every sign-in at an app with the same transaction, whichever way
-- that came about: when they are let in again, no old token lives on.
CREATE FUNCTION end_app_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'users' THEN
        UPDATE app_sessions SET ended_at = now() WHERE user_id = NEW.id AND ended_at IS NULL;
    ELSE
        UPDATE app_sessions SET ended_at = now() WHERE organization_id = NEW.id AND ended_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
ALTER FUNCTION end_app_sessions OWNER TO allotment_operator;
CREATE TRIGGER end_app_sessions AFTER UPDATE ON users FOR EACH ROW
    WHEN (NEW.disabled AND NOT OLD.disabled) EXECUTE FUNCTION end_app_sessions();
CREATE TRIGGER end_app_sessions AFTER UPDATE ON organizations FOR EACH ROW
    WHEN (NEW.state <> 'active' AND OLD.state = 'active') EXECUTE FUNCTION end_app_sessions();

REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION client_owner, auth_request_owner, token_owner, end_app_sessions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION client_owner, auth_request_owner, token_owner, end_app_sessions TO allotment_program, allotment_operator;
