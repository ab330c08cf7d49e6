-- Roles, the tenant gate, organizations and people.
--
-- allotment_program   the role that the program signs in with. It owns nothing and cannot bypass row-level security.
-- allotment_operator  staff of the operator: the program takes this role for one transaction (SET LOCAL ROLE).
DO $$
BEGIN
    CREATE ROLE allotment_program LOGIN NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    CREATE ROLE allotment_operator NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    GRANT allotment_operator TO allotment_program;
EXCEPTION WHEN unique_violation OR internal_error THEN NULL; -- another installation on this server does the same now
END $$;
DO $$
BEGIN
    EXECUTE format('GRANT allotment_operator TO %I', current_user);
EXCEPTION WHEN unique_violation OR internal_error THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO allotment_program, allotment_operator;

-- tenant() is the organization of this transaction. It fails when nobody set one: a forgotten tenant is an error.
CREATE FUNCTION tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT current_setting('allotment.organization')::uuid $$;

CREATE TABLE organization_tree (
    ancestor   uuid NOT NULL,
    descendant uuid NOT NULL,
    depth      int  NOT NULL,
    PRIMARY KEY (ancestor, descendant)
);
CREATE INDEX organization_tree_up ON organization_tree (descendant, ancestor);
ALTER TABLE organization_tree ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_tree FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization_tree TO allotment_program
    USING (ancestor = (SELECT tenant()) OR descendant = (SELECT tenant()));
CREATE POLICY staff ON organization_tree TO allotment_operator USING (true) WITH CHECK (true);
GRANT SELECT ON organization_tree TO allotment_program;
GRANT SELECT, INSERT, DELETE ON organization_tree TO allotment_operator;

-- guard_tenant_table puts a table behind the gate: its own sub-tree for a tenant, everything for staff. A forgotten tenant
-- fails as soon as there is a row to look at, whoever's it is: it is never an empty page.
CREATE PROCEDURE guard_tenant_table(name regclass, rights text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %s TO allotment_program
        USING (organization_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))))
        WITH CHECK (organization_id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))))', name);
    EXECUTE format('CREATE POLICY staff ON %s TO allotment_operator USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT %s ON %s TO allotment_program, allotment_operator', rights, name);
END $$;

CREATE TABLE organizations (
    id         uuid PRIMARY KEY,
    parent_id  uuid REFERENCES organizations,
    kind       text NOT NULL CHECK (kind IN ('operator', 'reseller', 'customer')),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    slug       text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$'),
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'closed')),
    created_at timestamptz NOT NULL,
    CONSTRAINT organizations_slug_key UNIQUE (slug),
    CHECK ((kind = 'operator') = (parent_id IS NULL))
);
CREATE UNIQUE INDEX organizations_one_operator ON organizations (kind) WHERE kind = 'operator';
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations TO allotment_program
    USING (id = ANY (ARRAY(SELECT descendant FROM organization_tree WHERE ancestor = (SELECT tenant()))));
CREATE POLICY staff ON organizations TO allotment_operator USING (true) WITH CHECK (true);
GRANT SELECT ON organizations TO allotment_program;
GRANT SELECT, INSERT, UPDATE ON organizations TO allotment_operator;

-- People belong to no organization: a person may be in several.
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (email = lower(email)),
    name          text NOT NULL,
    password_hash text NOT NULL DEFAULT '',
    language      text NOT NULL DEFAULT 'en',
    disabled      boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);
GRANT SELECT, INSERT, UPDATE ON users TO allotment_program, allotment_operator;

CREATE TABLE memberships (
    organization_id uuid NOT NULL REFERENCES organizations,
    user_id         uuid NOT NULL REFERENCES users,
    role            text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CALL guard_tenant_table('memberships', 'SELECT, INSERT, UPDATE, DELETE');

-- A browser's session. acting is the organization that the person acts for; the token itself is never stored.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users,
    acting     uuid NOT NULL,
    address    text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (acting, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX sessions_user ON sessions (user_id);
GRANT SELECT, INSERT, DELETE ON sessions TO allotment_program, allotment_operator;

-- Failed attempts at a door, counted by a key (an account, an address) in windows.
CREATE TABLE attempts (
    key      text NOT NULL,
    started  timestamptz NOT NULL,
    failures int NOT NULL,
    PRIMARY KEY (key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO allotment_program, allotment_operator;

-- The few look-ups that come before a tenant is known run as allotment_operator and return one row.
GRANT CREATE ON SCHEMA public TO allotment_operator;

CREATE FUNCTION session_actor(hash bytea, at timestamptz)
    RETURNS TABLE (user_id uuid, user_name text, email text, language text,
                   organization_id uuid, organization_name text, slug text, kind text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.id, u.name, u.email, u.language, o.id, o.name, o.slug, o.kind, m.role
    FROM sessions s
    JOIN users u ON u.id = s.user_id AND NOT u.disabled
    JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = s.acting
    JOIN organizations o ON o.id = s.acting AND o.state <> 'closed'
    WHERE s.token_hash = hash AND s.expires_at > at
$$;
ALTER FUNCTION session_actor OWNER TO allotment_operator;

CREATE FUNCTION user_memberships(who uuid)
    RETURNS TABLE (organization_id uuid, parent_id uuid, kind text, name text, slug text, state text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.parent_id, o.kind, o.name, o.slug, o.state, m.role
    FROM memberships m
    JOIN organizations o ON o.id = m.organization_id AND o.state <> 'closed'
    WHERE m.user_id = who
    ORDER BY m.created_at, o.id
$$;
ALTER FUNCTION user_memberships OWNER TO allotment_operator;
