-- Who may use which service, and under which names apps and mail know them.

-- A person's name in the apps of one organization. It stays theirs when they leave: nobody else ever gets it.
CREATE TABLE app_names (
    organization_id uuid NOT NULL REFERENCES organizations,
    user_id         uuid NOT NULL REFERENCES users,
    uid             text NOT NULL CHECK (uid ~ '^[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?$'),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id),
    CONSTRAINT app_names_uid_key UNIQUE (organization_id, uid)
);
CALL guard_tenant_table('app_names', 'SELECT, INSERT');

-- A person's access to a service. none: it was taken away, and its version says since when. It ends with the membership.
CREATE TABLE service_access (
    organization_id uuid NOT NULL,
    service_id      uuid NOT NULL,
    user_id         uuid NOT NULL,
    level           text NOT NULL CHECK (level IN ('user', 'admin', 'none')),
    granted_by      text NOT NULL,
    at              timestamptz NOT NULL,
    version         bigint NOT NULL DEFAULT 0, -- of the service's access with this change
    PRIMARY KEY (organization_id, service_id, user_id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX service_access_service ON service_access (service_id, user_id);
CREATE INDEX service_access_user ON service_access (user_id, service_id);
CALL guard_tenant_table('service_access', 'SELECT, INSERT, UPDATE, DELETE');

-- A person's mailbox in a service's mail domain. It is kept when access is taken away: mail is never lost by a slip.
CREATE TABLE service_mailboxes (
    organization_id uuid NOT NULL,
    service_id      uuid NOT NULL,
    user_id         uuid NOT NULL REFERENCES users,
    name            text NOT NULL CHECK (name ~ '^[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?$'),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, service_id, user_id),
    CONSTRAINT service_mailboxes_name_key UNIQUE (organization_id, service_id, name),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CALL guard_tenant_table('service_mailboxes', 'SELECT, INSERT');

-- How far a service's directory follows: wanted counts every change that concerns those who may use it, started is the count when
-- an operation was last begun for them, applied the one when such an operation ended well.
CREATE TABLE access_versions (
    organization_id uuid NOT NULL,
    service_id      uuid NOT NULL,
    wanted          bigint NOT NULL,
    started         bigint NOT NULL DEFAULT 0,
    applied         bigint NOT NULL DEFAULT 0,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, service_id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CREATE INDEX access_versions_due ON access_versions (changed_at) WHERE wanted > started;
CALL guard_tenant_table('access_versions', 'SELECT, INSERT, UPDATE');

-- A password for apps and mail alone. While there is one, apps and mail take it in the place of the portal's.
ALTER TABLE users
    ADD COLUMN app_password_hash text NOT NULL DEFAULT '',
    ADD COLUMN app_password_at   timestamptz;

GRANT CREATE ON SCHEMA public TO allotment_operator;

-- Each change of access is counted by the table itself, so that no way to it is forgotten: a membership that ends takes it along.
CREATE FUNCTION count_access() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    changed service_access := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    counted bigint;
BEGIN
    INSERT INTO access_versions AS v (organization_id, service_id, wanted, changed_at)
    VALUES (changed.organization_id, changed.service_id, 1, now())
    ON CONFLICT (organization_id, service_id) DO UPDATE SET wanted = v.wanted + 1, changed_at = now()
    RETURNING wanted INTO counted;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.version := counted;
    RETURN NEW;
END $$;
ALTER FUNCTION count_access OWNER TO allotment_operator;
CREATE TRIGGER count BEFORE INSERT OR UPDATE OR DELETE ON service_access FOR EACH ROW EXECUTE FUNCTION count_access();

-- So is each change of a person that apps and mail must hear of, in every organization.
CREATE FUNCTION count_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM access_versions v
    WHERE EXISTS (SELECT FROM service_access a WHERE a.user_id = NEW.id AND a.service_id = v.service_id AND a.level <> 'none')
    ORDER BY v.service_id FOR UPDATE; -- in one order, so that two changes do not wait for each other
    UPDATE access_versions v SET wanted = v.wanted + 1, changed_at = now()
    WHERE EXISTS (SELECT FROM service_access a WHERE a.user_id = NEW.id AND a.service_id = v.service_id AND a.level <> 'none');
    RETURN NULL;
END $$;
ALTER FUNCTION count_person OWNER TO allotment_operator;
CREATE TRIGGER count AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.email, OLD.name, OLD.password_hash, OLD.app_password_hash, OLD.disabled)
        IS DISTINCT FROM (NEW.email, NEW.name, NEW.password_hash, NEW.app_password_hash, NEW.disabled))
    EXECUTE FUNCTION count_person();

-- The level at which a person may use a service now, or no row.
CREATE FUNCTION service_access_level(wanted uuid, person uuid) RETURNS TABLE (level text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.level
    FROM service_access a
    JOIN services s ON s.organization_id = a.organization_id AND s.id = a.service_id AND s.state NOT IN ('terminating', 'terminated')
    JOIN organizations o ON o.id = a.organization_id AND o.state <> 'closed'
    JOIN users u ON u.id = a.user_id AND NOT u.disabled
    WHERE a.service_id = wanted AND a.user_id = person AND a.level <> 'none'
$$;
ALTER FUNCTION service_access_level OWNER TO allotment_operator;

-- The services whose directory lags behind and for which nothing is under way, those that wait longest first.
CREATE FUNCTION access_due(most int) RETURNS TABLE (organization_id uuid, service_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT v.organization_id, v.service_id
    FROM access_versions v
    JOIN services s ON s.organization_id = v.organization_id AND s.id = v.service_id AND s.state IN ('active', 'suspended')
    WHERE v.wanted > v.started
      AND NOT EXISTS (SELECT FROM operations p WHERE p.service_id = v.service_id AND p.state = 'running')
    ORDER BY v.changed_at LIMIT most
$$;
ALTER FUNCTION access_due OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION count_access, count_person, service_access_level, access_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_access_level, access_due TO allotment_program, allotment_operator;
