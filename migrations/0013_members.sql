-- Members and invitations, acting for one of several organizations, and acting in a customer's name.

-- An invitation to become a member. Its link works once: the hash of the one that counts now is here, a newer mail replaces it.
CREATE TABLE invitations (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    email           text NOT NULL CHECK (email = lower(email)),
    role            text NOT NULL,
    language        text NOT NULL DEFAULT 'en',
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'revoked', 'expired')),
    token_hash      bytea NOT NULL,
    mails           int NOT NULL DEFAULT 1,           -- how many were sent
    invited_by      text NOT NULL,                    -- the person's name, or the key's
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT invitations_token_key UNIQUE (token_hash),
    CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (organization_id, email) WHERE state = 'open';
CREATE INDEX invitations_page ON invitations (organization_id, id DESC);
CALL guard_tenant_table('invitations', 'SELECT, INSERT, UPDATE');

ALTER TABLE users
    ADD COLUMN signed_in_at timestamptz, -- the last time
    ADD COLUMN acting       uuid;        -- the organization that the person chose last; a wish, and no right

CREATE INDEX impersonations_open ON impersonations (organization_id, ends_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_impersonation ON sessions (impersonation_id) WHERE impersonation_id IS NOT NULL;
CREATE INDEX sessions_acting ON sessions (acting, user_id);

GRANT CREATE ON SCHEMA public TO allotment_operator;

-- Whoever writes, an organization keeps an owner who can sign in. The organization's row is locked, so that of several owners who go at
-- once the last one stays.
CREATE FUNCTION keep_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    owners text[] := '{operator_admin,reseller_owner,customer_owner}';
BEGIN
    PERFORM 1 FROM organizations WHERE id = OLD.organization_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM memberships m JOIN users u ON u.id = m.user_id AND NOT u.disabled
        WHERE m.organization_id = OLD.organization_id AND m.role = ANY (owners)) THEN
        RAISE EXCEPTION 'the last owner stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'memberships_last_owner';
    END IF;
    RETURN NULL;
END $$;
ALTER FUNCTION keep_owner OWNER TO allotment_operator;
CREATE TRIGGER owner_ends AFTER DELETE ON memberships FOR EACH ROW
    WHEN (OLD.role IN ('operator_admin', 'reseller_owner', 'customer_owner')) EXECUTE FUNCTION keep_owner();
CREATE TRIGGER owner_steps_down AFTER UPDATE OF role ON memberships FOR EACH ROW
    WHEN (OLD.role IN ('operator_admin', 'reseller_owner', 'customer_owner') AND NEW.role <> OLD.role) EXECUTE FUNCTION keep_owner();

-- The operator's last administrator is not disabled either: nobody could undo it.
CREATE FUNCTION keep_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM organizations WHERE kind = 'operator' FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM memberships WHERE user_id = NEW.id AND role = 'operator_admin') AND NOT EXISTS (
        SELECT FROM memberships m JOIN users u ON u.id = m.user_id AND NOT u.disabled WHERE m.role = 'operator_admin') THEN
        RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'memberships_last_owner';
    END IF;
    RETURN NULL;
END $$;
ALTER FUNCTION keep_administrator OWNER TO allotment_operator;
CREATE TRIGGER administrator AFTER UPDATE OF disabled ON users FOR EACH ROW WHEN (NEW.disabled AND NOT OLD.disabled) EXECUTE FUNCTION keep_administrator();

-- invitation_of finds an invitation by the hash of its link, before the tenant is known: also one that was used, so that a second use is told
-- from a guess. known is whether its address has an account.
CREATE FUNCTION invitation_of(wanted bytea)
    RETURNS TABLE (organization_id uuid, organization_name text, kind text, organization_state text, id uuid, email text, role text,
                   language text, state text, invited_by text, expires_at timestamptz, known boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.name, o.kind, o.state, i.id, i.email, i.role, i.language, i.state, i.invited_by, i.expires_at,
           EXISTS (SELECT FROM users u WHERE u.email = i.email)
    FROM invitations i JOIN organizations o ON o.id = i.organization_id
    WHERE i.token_hash = wanted
$$;
ALTER FUNCTION invitation_of OWNER TO allotment_operator;

-- The organization that a person chose last comes first.
CREATE OR REPLACE FUNCTION user_memberships(who uuid)
    RETURNS TABLE (organization_id uuid, parent_id uuid, kind text, name text, slug text, state text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.parent_id, o.kind, o.name, o.slug, o.state, m.role
    FROM memberships m
    JOIN users u ON u.id = m.user_id
    JOIN organizations o ON o.id = m.organization_id AND o.state <> 'closed'
    WHERE m.user_id = who
    ORDER BY (o.id = u.acting) DESC NULLS LAST, m.created_at, o.id
$$;

-- own_organizations is a page of the same by name.
CREATE FUNCTION own_organizations(who uuid, wanted text, after_id uuid, most int)
    RETURNS TABLE (organization_id uuid, parent_id uuid, kind text, name text, slug text, state text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.parent_id, o.kind, o.name, o.slug, o.state, m.role
    FROM memberships m
    JOIN organizations o ON o.id = m.organization_id AND o.state <> 'closed'
    WHERE m.user_id = who
      AND (wanted = '' OR strpos(lower(o.name || ' ' || o.slug), lower(wanted)) > 0)
      AND (after_id IS NULL OR (lower(o.name), o.id) > (
          SELECT lower(a.name), a.id FROM organizations a JOIN memberships n ON n.organization_id = a.id AND n.user_id = who WHERE a.id = after_id))
    ORDER BY lower(o.name), o.id LIMIT most
$$;
ALTER FUNCTION own_organizations OWNER TO allotment_operator;

-- session_actor also says whether the time in a customer's name is over (visit_over), whether the organization has a visitor at this moment
-- (visited), and whether the person belongs to more than one organization (several).
DROP FUNCTION session_actor(bytea, timestamptz, interval, interval);
CREATE FUNCTION session_actor(wanted bytea, at timestamptz, idle interval, staff_idle interval)
    RETURNS TABLE (session_id uuid, user_id uuid, user_name text, email text, language text, confirmed_at timestamptz, seen_at timestamptz,
                   organization_id uuid, organization_name text, slug text, kind text, state text, role text,
                   impersonation_id uuid, seller_name text, reason text, ends_at timestamptz, visit_over boolean, visited boolean, several boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.id, u.id, u.name, u.email, u.language, s.confirmed_at, s.seen_at,
           o.id, o.name, o.slug, o.kind, o.state,
           CASE WHEN i.id IS NULL THEN m.role WHEN o.kind = 'reseller' THEN 'reseller_manager' ELSE 'customer_admin' END,
           i.id, i.seller_name, i.reason, i.ends_at, s.impersonation_id IS NOT NULL AND i.id IS NULL,
           EXISTS (SELECT FROM impersonations v WHERE v.organization_id = o.id AND v.ended_at IS NULL AND v.ends_at > at),
           EXISTS (SELECT FROM memberships x WHERE x.user_id = u.id AND x.organization_id <> s.acting)
    FROM sessions s
    JOIN users u ON u.id = s.user_id AND NOT u.disabled
    JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = s.acting
    JOIN organizations h ON h.id = s.acting AND h.state <> 'closed'
    LEFT JOIN impersonations i ON i.id = s.impersonation_id AND i.ended_at IS NULL AND i.ends_at > at AND h.state = 'active'
        AND i.seller_id = s.acting AND m.role IN ('operator_admin', 'operator', 'reseller_owner', 'reseller_manager')
        AND EXISTS (SELECT 1 FROM organization_tree t WHERE t.ancestor = s.acting AND t.descendant = i.organization_id)
        AND EXISTS (SELECT 1 FROM organizations c WHERE c.id = i.organization_id AND c.state <> 'closed')
    JOIN organizations o ON o.id = coalesce(i.organization_id, s.acting)
    WHERE s.token_hash = wanted AND s.expires_at > at
      AND s.seen_at + CASE WHEN h.kind = 'operator' THEN staff_idle ELSE coalesce(make_interval(mins => h.idle_minutes), idle) END > at
$$;
ALTER FUNCTION session_actor OWNER TO allotment_operator;

-- A visit ends with its session, however that ends.
CREATE FUNCTION end_visit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE impersonations SET ended_at = clock_timestamp() WHERE id = OLD.impersonation_id AND ended_at IS NULL;
    RETURN NULL;
END $$;
ALTER FUNCTION end_visit OWNER TO allotment_operator;
CREATE TRIGGER visit AFTER DELETE ON sessions FOR EACH ROW WHEN (OLD.impersonation_id IS NOT NULL) EXECUTE FUNCTION end_visit();

REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION keep_owner, keep_administrator, invitation_of, own_organizations, session_actor, end_visit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION invitation_of, own_organizations, session_actor TO allotment_program, allotment_operator;
