-- Other places where people sign in: OpenID providers and directories, each of one organization.
CREATE TABLE providers (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('oidc', 'ldap')),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    settings        jsonb NOT NULL,                -- how it is reached
    secret          bytea NOT NULL DEFAULT '',     -- sealed; empty for none
    rules           jsonb NOT NULL,                -- who may enter, and as what
    enabled         boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    checked_at      timestamptz,
    problem         text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id),
    CONSTRAINT providers_id_key UNIQUE (id),
    CONSTRAINT providers_name_key UNIQUE (organization_id, name)
);
CALL guard_tenant_table('providers', 'SELECT, INSERT, UPDATE, DELETE');

-- A person's account at a provider. It is linked only after proof of both.
CREATE TABLE identities (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    provider_id     uuid NOT NULL,
    subject         text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    user_id         uuid NOT NULL REFERENCES users,
    email           text NOT NULL,
    linked_at       timestamptz NOT NULL,
    used_at         timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, provider_id) REFERENCES providers (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT identities_subject_key UNIQUE (organization_id, provider_id, subject),
    CONSTRAINT identities_user_key UNIQUE (organization_id, provider_id, user_id)
);
CREATE INDEX identities_user ON identities (user_id);
CALL guard_tenant_table('identities', 'SELECT, INSERT, UPDATE, DELETE');
-- A person sees and unlinks their own, whichever organization they act for; they do act for one.
CREATE POLICY own ON identities FOR SELECT TO allotment_program USING ((SELECT tenant()) IS NOT NULL AND user_id = (SELECT nullif(current_setting('allotment.person', true), '')::uuid));
CREATE POLICY unlink ON identities FOR DELETE TO allotment_program USING ((SELECT tenant()) IS NOT NULL AND user_id = (SELECT nullif(current_setting('allotment.person', true), '')::uuid));

-- One way to a provider and back: short-lived, used once, bound to the browser that began it. Nothing here is a secret: the nonce and the
-- verifier of PKCE are derived from the id by the vault. proven, sealed, is what the provider said, while a further proof is asked for.
CREATE TABLE sign_ins (
    id           uuid PRIMARY KEY,
    state_hash   bytea NOT NULL,
    browser_hash bytea NOT NULL,
    provider_id  uuid NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    purpose      text NOT NULL CHECK (purpose IN ('enter', 'link')),
    session_id   uuid,                       -- in which a person links
    redirect     text NOT NULL,              -- where the provider sends the browser back to
    back         text NOT NULL DEFAULT '',   -- where the person wanted to go
    answered_at  timestamptz,                -- a second answer is refused
    proven       bytea NOT NULL DEFAULT '',
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sign_ins_state_key UNIQUE (state_hash)
);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_ins TO allotment_program, allotment_operator;

-- A session that a provider opened reaches that provider's organization and those below it, and no other of the person's: whoever runs a
-- provider could otherwise enter where they have no business.
ALTER TABLE sessions ADD COLUMN provider_organization uuid REFERENCES organizations;

GRANT CREATE ON SCHEMA public TO allotment_operator;

CREATE FUNCTION keep_session_within_provider() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.provider_organization IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM organization_tree t WHERE t.ancestor = NEW.provider_organization AND t.descendant = NEW.acting) THEN
        RAISE EXCEPTION 'this session may not act there' USING ERRCODE = 'check_violation', CONSTRAINT = 'sessions_within_provider';
    END IF;
    RETURN NEW;
END $$;
ALTER FUNCTION keep_session_within_provider OWNER TO allotment_operator;
CREATE TRIGGER within_provider BEFORE INSERT OR UPDATE OF acting, provider_organization ON sessions
    FOR EACH ROW EXECUTE FUNCTION keep_session_within_provider();

-- shown_providers lists where the people of an organization sign in, for its sign-in page: nothing but what the page shows.
CREATE FUNCTION shown_providers(wanted uuid)
    RETURNS TABLE (id uuid, kind text, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id, p.kind, p.name
    FROM providers p
    JOIN organizations o ON o.id = p.organization_id AND o.state <> 'closed'
    WHERE p.organization_id = wanted AND p.enabled
    ORDER BY p.name
$$;
ALTER FUNCTION shown_providers OWNER TO allotment_operator;

-- sign_in_place finds the organization whose sign-in page is asked for by its short name; the operator without one.
CREATE FUNCTION sign_in_place(wanted text)
    RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM organizations WHERE state <> 'closed' AND CASE WHEN wanted = '' THEN kind = 'operator' ELSE slug = wanted END
$$;
ALTER FUNCTION sign_in_place OWNER TO allotment_operator;

-- provider_owner finds an enabled provider's organization, before anybody is known.
CREATE FUNCTION provider_owner(wanted uuid)
    RETURNS TABLE (organization_id uuid, organization_name text, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.name, o.kind
    FROM providers p
    JOIN organizations o ON o.id = p.organization_id AND o.state <> 'closed'
    WHERE p.id = wanted AND p.enabled
$$;
ALTER FUNCTION provider_owner OWNER TO allotment_operator;

-- own_identities and linkable_providers are what a person's own page lists, across the organizations they belong to.
CREATE FUNCTION own_identities(who uuid)
    RETURNS TABLE (id uuid, organization_id uuid, organization_name text, provider_id uuid, provider_name text, kind text, enabled boolean,
                   subject text, email text, linked_at timestamptz, used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.id, i.organization_id, o.name, p.id, p.name, p.kind, p.enabled, i.subject, i.email, i.linked_at, i.used_at
    FROM identities i
    JOIN providers p ON p.organization_id = i.organization_id AND p.id = i.provider_id
    JOIN organizations o ON o.id = i.organization_id
    WHERE i.user_id = who
    ORDER BY p.name, i.id
$$;
ALTER FUNCTION own_identities OWNER TO allotment_operator;

CREATE FUNCTION linkable_providers(who uuid)
    RETURNS TABLE (id uuid, organization_id uuid, organization_name text, kind text, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.id, o.id, o.name, p.kind, p.name
    FROM memberships m
    JOIN organizations o ON o.id = m.organization_id AND o.state <> 'closed'
    JOIN providers p ON p.organization_id = o.id AND p.enabled
    WHERE m.user_id = who AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.provider_id = p.id AND i.user_id = who)
    ORDER BY p.name, p.id
$$;
ALTER FUNCTION linkable_providers OWNER TO allotment_operator;

REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION keep_session_within_provider, shown_providers, sign_in_place, provider_owner, own_identities, linkable_providers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shown_providers, sign_in_place, provider_owner, own_identities, linkable_providers TO allotment_program, allotment_operator;
