-- The audit log, what a session says of its person, and those who act in a customer's name.
--
-- allotment_auditor   owns the chain of the audit log. Nobody signs in as it, and the program may not become it.
DO $$
BEGIN
    CREATE ROLE allotment_auditor NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    EXECUTE format('GRANT allotment_auditor TO %I', current_user);
EXCEPTION WHEN unique_violation OR internal_error THEN NULL; -- another installation on this server does the same now
END $$;
GRANT USAGE ON SCHEMA public TO allotment_auditor;

-- One row for each verb, chained to the row before it in the same organization. Texts are kept as they were hashed.
CREATE TABLE audit (
    organization_id   uuid NOT NULL REFERENCES organizations,
    seq               bigint NOT NULL,
    at                timestamptz NOT NULL,
    actor_id          uuid,           -- the person; none for the engine and for those whom nobody knows
    actor_name        text NOT NULL,
    key_id            uuid,           -- the API key that the actor used
    impersonation_id  uuid,           -- under which the actor acted in the organization's name
    action            text NOT NULL,  -- the verb: "member.invite"
    outcome           text NOT NULL CHECK (outcome IN ('done', 'refused')),
    target            text NOT NULL,  -- what it was done to: "service 0190…"
    before            text NOT NULL,  -- JSON, or empty
    after             text NOT NULL,  -- JSON, or empty; why it was refused
    address           text NOT NULL,
    previous          bytea NOT NULL,
    hash              bytea NOT NULL,
    PRIMARY KEY (organization_id, seq)
);
CREATE INDEX audit_newest_of ON audit (organization_id, at DESC, seq DESC);            -- of one organization
CREATE INDEX audit_newest ON audit (at DESC, organization_id DESC, seq DESC); -- of all, for staff
CALL guard_tenant_table('audit', 'SELECT, INSERT');

-- The end of each organization's chain, so that rows missing at the end are missed. Only the chain's own function writes it.
CREATE TABLE audit_heads (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    seq             bigint NOT NULL,
    hash            bytea NOT NULL
);
CALL guard_tenant_table('audit_heads', 'SELECT');
CREATE POLICY auditor ON audit_heads TO allotment_auditor USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON audit_heads TO allotment_auditor;

-- A field as it is hashed: its length in bytes, a colon, the bytes, a comma (a netstring). Nothing can move from one to the next.
CREATE FUNCTION netstring(field text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT octet_length(field) || ':' || field || ',' $$;

CREATE FUNCTION chain_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head audit_heads;
BEGIN
    INSERT INTO audit_heads VALUES (NEW.organization_id, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM audit_heads WHERE organization_id = NEW.organization_id FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.previous := head.hash;
    NEW.hash := sha256(head.hash || convert_to(
        netstring(NEW.organization_id::text) || netstring(NEW.seq::text) || netstring((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
        || netstring(coalesce(NEW.actor_id::text, '')) || netstring(NEW.actor_name) || netstring(coalesce(NEW.key_id::text, ''))
        || netstring(coalesce(NEW.impersonation_id::text, '')) || netstring(NEW.action) || netstring(NEW.outcome) || netstring(NEW.target)
        || netstring(NEW.before) || netstring(NEW.after) || netstring(NEW.address), 'UTF8'));
    UPDATE audit_heads SET seq = NEW.seq, hash = NEW.hash WHERE organization_id = NEW.organization_id;
    RETURN NEW;
END $$;
GRANT CREATE ON SCHEMA public TO allotment_auditor, allotment_operator;
ALTER FUNCTION chain_audit OWNER TO allotment_auditor;
CREATE TRIGGER chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION chain_audit();

CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is never changed';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit();

-- A member of a seller's staff who acts in a customer's name: why, and how long. The customer sees it.
CREATE TABLE impersonations (
    organization_id uuid NOT NULL REFERENCES organizations, -- the customer
    id              uuid NOT NULL,
    user_id         uuid NOT NULL REFERENCES users,         -- who acts
    user_name       text NOT NULL,
    seller_id       uuid NOT NULL REFERENCES organizations, -- for whom they work
    seller_name     text NOT NULL,
    reason          text NOT NULL CHECK (length(reason) BETWEEN 5 AND 500),
    started_at      timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT impersonations_id_key UNIQUE (id)
);
CALL guard_tenant_table('impersonations', 'SELECT, INSERT, UPDATE');

ALTER TABLE organizations
    ADD COLUMN reason       text NOT NULL DEFAULT '',  -- why it is suspended or closed, for those concerned
    ADD COLUMN changed_at   timestamptz,
    ADD COLUMN idle_minutes int CHECK (idle_minutes BETWEEN 5 AND 1440); -- after which its people must sign in again; none: the installation's

ALTER TABLE users
    ADD COLUMN verified_at         timestamptz, -- when the e-mail address was confirmed
    ADD COLUMN disabled_at         timestamptz,
    ADD COLUMN password_changed_at timestamptz;

-- A session may be listed and revoked by its id. It ends when nothing came from it for a while, and at the latest at expires_at.
ALTER TABLE sessions
    ADD COLUMN id               uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN agent            text NOT NULL DEFAULT '',
    ADD COLUMN method           text NOT NULL DEFAULT 'password', -- how the person proved themselves: password, totp, passkey, oidc, ldap
    ADD COLUMN seen_at          timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN confirmed_at     timestamptz NOT NULL DEFAULT now(), -- when the person last proved themselves
    ADD COLUMN impersonation_id uuid REFERENCES impersonations (id),
    ADD CONSTRAINT sessions_id_key UNIQUE (id);
GRANT UPDATE ON sessions TO allotment_program, allotment_operator;

-- session_actor finds who acts in a session. While somebody acts in a customer's name, the customer is the organization and the
-- role is that of an administrator there. idle is for those whose organization did not choose, staff_idle for the operator's staff.
DROP FUNCTION session_actor(bytea, timestamptz);
CREATE FUNCTION session_actor(wanted bytea, at timestamptz, idle interval, staff_idle interval)
    RETURNS TABLE (session_id uuid, user_id uuid, user_name text, email text, language text, confirmed_at timestamptz, seen_at timestamptz,
                   organization_id uuid, organization_name text, slug text, kind text, state text, role text,
                   impersonation_id uuid, seller_name text, reason text, ends_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.id, u.id, u.name, u.email, u.language, s.confirmed_at, s.seen_at,
           o.id, o.name, o.slug, o.kind, o.state,
           CASE WHEN i.id IS NULL THEN m.role WHEN o.kind = 'reseller' THEN 'reseller_manager' ELSE 'customer_admin' END,
           i.id, i.seller_name, i.reason, i.ends_at
    FROM sessions s
    JOIN users u ON u.id = s.user_id AND NOT u.disabled
    JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = s.acting
    JOIN organizations h ON h.id = s.acting AND h.state <> 'closed'
    LEFT JOIN impersonations i ON i.id = s.impersonation_id AND i.ended_at IS NULL AND i.ends_at > at AND h.state = 'active'
        AND EXISTS (SELECT 1 FROM organization_tree t WHERE t.ancestor = s.acting AND t.descendant = i.organization_id)
    JOIN organizations o ON o.id = coalesce(i.organization_id, s.acting) AND o.state <> 'closed'
    WHERE s.token_hash = wanted AND s.expires_at > at
      AND s.seen_at + CASE WHEN h.kind = 'operator' THEN staff_idle ELSE coalesce(make_interval(mins => h.idle_minutes), idle) END > at
$$;
ALTER FUNCTION session_actor OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_auditor, allotment_operator;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION netstring, session_actor TO allotment_program, allotment_operator;
GRANT EXECUTE ON FUNCTION netstring TO allotment_auditor;
