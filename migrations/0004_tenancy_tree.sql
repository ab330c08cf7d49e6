-- The tree of organizations grows and changes; quotas.
--
-- One lock keeps the tree and what is counted along it together: whatever makes an organization or counts a service holds it shared,
-- whatever moves an organization or begins to count holds it alone. It is always the first lock that a statement takes.
GRANT CREATE ON SCHEMA public TO allotment_operator;

ALTER TABLE organizations ADD CONSTRAINT organizations_operator_stays CHECK (kind <> 'operator' OR state = 'active');

CREATE FUNCTION hold_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('allotment tree'));
    RETURN NULL;
END $$;

-- place_organization holds what is true of every place in the tree, whoever writes.
CREATE FUNCTION place_organization() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent organizations;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.kind) IS DISTINCT FROM (OLD.id, OLD.kind) THEN
        RAISE EXCEPTION 'an organization stays what it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'organizations_kind_stays';
    END IF;
    IF NEW.parent_id IS NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_advisory_xact_lock_shared(hashtext('allotment tree'));
    ELSIF EXISTS (SELECT 1 FROM organization_tree WHERE ancestor = NEW.id AND descendant = NEW.parent_id) THEN
        RAISE EXCEPTION 'an organization cannot be below itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'organizations_no_cycle';
    END IF;
    SELECT * INTO parent FROM organizations WHERE id = NEW.parent_id FOR SHARE;
    IF parent.kind = 'customer' THEN
        RAISE EXCEPTION 'a customer has nobody below it' USING ERRCODE = 'check_violation', CONSTRAINT = 'organizations_parent_sells';
    ELSIF parent.state = 'closed' THEN
        RAISE EXCEPTION 'nobody comes below a closed organization' USING ERRCODE = 'check_violation', CONSTRAINT = 'organizations_parent_open';
    END IF;
    RETURN NEW;
END $$;
ALTER FUNCTION place_organization OWNER TO allotment_operator;

-- plant_organization and replant_organization keep organization_tree equal to what parent_id says.
CREATE FUNCTION plant_organization() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO organization_tree (ancestor, descendant, depth)
    SELECT ancestor, NEW.id, depth + 1 FROM organization_tree WHERE descendant = NEW.parent_id
    UNION ALL SELECT NEW.id, NEW.id, 0;
    RETURN NULL;
END $$;
ALTER FUNCTION plant_organization OWNER TO allotment_operator;

CREATE FUNCTION replant_organization() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM organization_tree above USING organization_tree below
    WHERE below.ancestor = NEW.id AND above.descendant = below.descendant
      AND NOT EXISTS (SELECT 1 FROM organization_tree own WHERE own.ancestor = NEW.id AND own.descendant = above.ancestor);
    INSERT INTO organization_tree (ancestor, descendant, depth)
    SELECT above.ancestor, below.descendant, above.depth + 1 + below.depth
    FROM organization_tree above, organization_tree below
    WHERE above.descendant = NEW.parent_id AND below.ancestor = NEW.id;
    RETURN NULL;
END $$;
ALTER FUNCTION replant_organization OWNER TO allotment_operator;

-- An organization may close itself, but neither suspend nor resume itself; and what is closed stays closed.
CREATE FUNCTION keep_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' OR (current_user = 'allotment_program' AND NEW.id = tenant() AND NOT (OLD.state = 'active' AND NEW.state = 'closed')) THEN
        RAISE EXCEPTION 'not by itself' USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'organizations_state_stays';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER hold BEFORE UPDATE OF parent_id ON organizations FOR EACH STATEMENT EXECUTE FUNCTION hold_tree();
CREATE TRIGGER place BEFORE INSERT OR UPDATE OF id, parent_id, kind ON organizations FOR EACH ROW EXECUTE FUNCTION place_organization();
CREATE TRIGGER plant AFTER INSERT ON organizations FOR EACH ROW EXECUTE FUNCTION plant_organization();
CREATE TRIGGER replant AFTER UPDATE OF parent_id ON organizations FOR EACH ROW
    WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION replant_organization();
CREATE TRIGGER keep BEFORE UPDATE OF state, reason ON organizations FOR EACH ROW
    WHEN ((OLD.state, OLD.reason) IS DISTINCT FROM (NEW.state, NEW.reason)) EXECUTE FUNCTION keep_state();

-- Sellers make organizations below themselves and change those below them. Nobody but complete_transfer changes who is above whom.
CREATE POLICY below ON organizations FOR INSERT TO allotment_program
    WITH CHECK (kind <> 'operator' AND state = 'active'
        AND EXISTS (SELECT 1 FROM organization_tree WHERE ancestor = (SELECT tenant()) AND descendant = parent_id));
GRANT INSERT, UPDATE (name, state, reason, changed_at, idle_minutes) ON organizations TO allotment_program;
REVOKE UPDATE ON organizations FROM allotment_operator;
GRANT UPDATE (parent_id, name, state, reason, changed_at, idle_minutes) ON organizations TO allotment_operator;
REVOKE INSERT, DELETE ON organization_tree FROM allotment_program;

-- seller is whom the transaction's organization buys from: no row for the operator.
CREATE FUNCTION seller() RETURNS TABLE (id uuid, name text, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT above.id, above.name, above.kind FROM organizations own JOIN organizations above ON above.id = own.parent_id WHERE own.id = tenant()
$$;
ALTER FUNCTION seller OWNER TO allotment_operator;

-- The gate asks the tree about each row by its key, and so costs the same for a seller of a hundred thousand as for one of ten. (A list of
-- the sub-tree, made first for every statement, took a seller of 100,000 customers 90 ms each time.) It finds no rows by itself: a query
-- that lists rows says which organizations' it wants, so that an index leads to them.
CREATE OR REPLACE PROCEDURE guard_tenant_table(name regclass, rights text) LANGUAGE plpgsql AS $$
DECLARE
    gate text := format('(SELECT true FROM organization_tree WHERE ancestor = (SELECT tenant()) AND descendant = %s.organization_id)', name);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('DROP POLICY IF EXISTS tenant ON %s', name);
    EXECUTE format('CREATE POLICY tenant ON %s TO allotment_program USING (%s) WITH CHECK (%s)', name, gate, gate);
    EXECUTE format('DROP POLICY IF EXISTS staff ON %s', name);
    EXECUTE format('CREATE POLICY staff ON %s TO allotment_operator USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT %s ON %s TO allotment_program, allotment_operator', rights, name);
END $$;
DO $$
DECLARE
    guarded regclass;
BEGIN
    FOR guarded IN
        SELECT p.polrelid FROM pg_policy p JOIN pg_attribute a ON a.attrelid = p.polrelid AND a.attname = 'organization_id'
        WHERE p.polname = 'tenant' AND p.polrelid::regclass::text NOT LIKE '%.%'
    LOOP
        CALL guard_tenant_table(guarded, 'SELECT'); -- which every one of them has already
    END LOOP;
END $$;
DROP POLICY tenant ON organizations;
CREATE POLICY tenant ON organizations TO allotment_program
    USING ((SELECT true FROM organization_tree WHERE ancestor = (SELECT tenant()) AND descendant = organizations.id));

-- A quota holds for the whole sub-tree of its organization. NULL is no limit. What is used is counted by the database alone.
CREATE TABLE quotas (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    services        int CHECK (services >= 0),
    guests          int CHECK (guests >= 0),
    vcpu            int CHECK (vcpu >= 0),
    memory_mib      int CHECK (memory_mib >= 0),
    disk_gib        int CHECK (disk_gib >= 0),
    used_services   bigint NOT NULL DEFAULT 0,
    used_guests     bigint NOT NULL DEFAULT 0,
    used_vcpu       bigint NOT NULL DEFAULT 0,
    used_memory_mib bigint NOT NULL DEFAULT 0,
    used_disk_gib   bigint NOT NULL DEFAULT 0,
    changed_at      timestamptz NOT NULL
);
CALL guard_tenant_table('quotas', 'SELECT, DELETE');
GRANT INSERT (organization_id, services, guests, vcpu, memory_mib, disk_gib, changed_at),
      UPDATE (services, guests, vcpu, memory_mib, disk_gib, changed_at) ON quotas TO allotment_program;
GRANT INSERT, UPDATE ON quotas TO allotment_operator;
-- Nobody but those above an organization sets its quota.
CREATE POLICY not_ones_own ON quotas AS RESTRICTIVE FOR INSERT TO allotment_program WITH CHECK (organization_id <> (SELECT tenant()));
CREATE POLICY not_ones_own_change ON quotas AS RESTRICTIVE FOR UPDATE TO allotment_program USING (organization_id <> (SELECT tenant()));
CREATE POLICY not_ones_own_end ON quotas AS RESTRICTIVE FOR DELETE TO allotment_program USING (organization_id <> (SELECT tenant()));

-- What a service takes of the quotas above it, from its order until it is removed. A failed one whose remains were all removed takes nothing.
ALTER TABLE services
    ADD COLUMN guests     int NOT NULL DEFAULT 0,
    ADD COLUMN vcpu       int NOT NULL DEFAULT 0,
    ADD COLUMN memory_mib int NOT NULL DEFAULT 0,
    ADD COLUMN disk_gib   int NOT NULL DEFAULT 0,
    ADD COLUMN counted    boolean NOT NULL DEFAULT true;
SET LOCAL ROLE allotment_operator; -- so that row-level security shows every row
UPDATE services s SET guests = r.guests, vcpu = r.vcpu, memory_mib = r.memory_mib, disk_gib = r.disk_gib
FROM (
    SELECT service_id, count(*) AS guests, sum((spec ->> 'vcpu')::int) AS vcpu, sum((spec ->> 'memory_mib')::int) AS memory_mib,
           sum((spec ->> 'disk_gib')::int) AS disk_gib
    FROM resources WHERE kind = 'guest' GROUP BY service_id
) r WHERE r.service_id = s.id;
RESET ROLE;

-- Amounts are written {services, guests, vcpu, memory_mib, disk_gib}.
CREATE FUNCTION taken(s services) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN s.counted AND s.terminated_at IS NULL AND s.state <> 'terminated'
        THEN ARRAY[1, s.guests, s.vcpu, s.memory_mib, s.disk_gib]::bigint[] ELSE '{0,0,0,0,0}' END
$$;

-- taken_below adds up what all services of a sub-tree take.
CREATE FUNCTION taken_below(organization uuid) RETURNS bigint[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT ARRAY[coalesce(sum(a[1]), 0), coalesce(sum(a[2]), 0), coalesce(sum(a[3]), 0), coalesce(sum(a[4]), 0), coalesce(sum(a[5]), 0)]::bigint[]
    FROM (SELECT taken(s) AS a FROM services s JOIN organization_tree t ON t.descendant = s.organization_id WHERE t.ancestor = organization) each
$$;
ALTER FUNCTION taken_below OWNER TO allotment_operator;

-- charge_quotas adds an amount to the quotas of the organizations, locked in the order of their IDs. What goes over a limit is refused with
-- the limit's name; whose it is and what is left is told only to its organization and those above it.
CREATE FUNCTION charge_quotas(organizations uuid[], amount bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    names  text[] := '{services,guests,vcpu,memory,disk}';
    q      quotas;
    limits int[];
    used   bigint[];
    named  text;
BEGIN
    FOR q IN SELECT * FROM quotas WHERE organization_id = ANY (organizations) ORDER BY organization_id FOR UPDATE LOOP
        limits := ARRAY[q.services, q.guests, q.vcpu, q.memory_mib, q.disk_gib];
        used := ARRAY[q.used_services, q.used_guests, q.used_vcpu, q.used_memory_mib, q.used_disk_gib];
        FOR i IN 1..5 LOOP
            IF amount[i] > 0 AND used[i] + amount[i] > limits[i] THEN
                SELECT o.name INTO named FROM organizations o JOIN organization_tree t ON t.descendant = o.id
                WHERE o.id = q.organization_id AND t.ancestor = tenant();
                IF named IS NULL THEN
                    RAISE EXCEPTION 'a quota further up is used up' USING ERRCODE = 'check_violation', CONSTRAINT = 'quotas_above';
                END IF;
                RAISE EXCEPTION 'a quota is used up' USING ERRCODE = 'check_violation', CONSTRAINT = 'quotas_' || names[i],
                    DETAIL = jsonb_build_object('name', named, 'left', greatest(limits[i] - used[i], 0), 'wanted', amount[i]);
            END IF;
        END LOOP;
        UPDATE quotas SET used_services = used_services + amount[1], used_guests = used_guests + amount[2], used_vcpu = used_vcpu + amount[3],
            used_memory_mib = used_memory_mib + amount[4], used_disk_gib = used_disk_gib + amount[5]
        WHERE organization_id = q.organization_id;
    END LOOP;
END $$;
ALTER FUNCTION charge_quotas OWNER TO allotment_operator;

-- count_service charges a service to every quota above it, in the transaction that orders or ends it.
CREATE FUNCTION count_service() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before bigint[] := '{0,0,0,0,0}';
    after  bigint[] := taken(NEW);
    amount bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := taken(OLD);
    END IF;
    IF before = after THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('allotment tree'));
    IF TG_OP = 'INSERT' AND (SELECT state FROM organizations WHERE id = NEW.organization_id FOR SHARE) <> 'active' THEN
        RAISE EXCEPTION 'the organization is not active' USING ERRCODE = 'check_violation', CONSTRAINT = 'services_owner_active';
    END IF;
    amount := ARRAY(SELECT a - b FROM unnest(after, before) WITH ORDINALITY u(a, b, n) ORDER BY n);
    PERFORM charge_quotas(ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = NEW.organization_id), amount);
    RETURN NULL;
END $$;
ALTER FUNCTION count_service OWNER TO allotment_operator;
CREATE TRIGGER count AFTER INSERT OR UPDATE OF organization_id, state, terminated_at, counted, guests, vcpu, memory_mib, disk_gib ON services
    FOR EACH ROW EXECUTE FUNCTION count_service();

-- begin_quota counts what is there already. It holds the tree alone, so no order is under way meanwhile.
CREATE FUNCTION begin_quota() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    used bigint[] := taken_below(NEW.organization_id);
BEGIN
    NEW.used_services := used[1];
    NEW.used_guests := used[2];
    NEW.used_vcpu := used[3];
    NEW.used_memory_mib := used[4];
    NEW.used_disk_gib := used[5];
    RETURN NEW;
END $$;
ALTER FUNCTION begin_quota OWNER TO allotment_operator;
CREATE TRIGGER hold BEFORE INSERT ON quotas FOR EACH STATEMENT EXECUTE FUNCTION hold_tree();
CREATE TRIGGER begin BEFORE INSERT ON quotas FOR EACH ROW EXECUTE FUNCTION begin_quota();

-- A sub-tree that moves takes what it uses along: off the quotas that it leaves, onto those that it comes below. Where those have no room
-- for it, it stays.
CREATE FUNCTION carry_quotas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    amount bigint[] := taken_below(NEW.id);
    lost   uuid[] := ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = OLD.parent_id);
    gained uuid[] := ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = NEW.parent_id);
BEGIN
    PERFORM 1 FROM quotas WHERE organization_id = ANY (lost || gained) ORDER BY organization_id FOR UPDATE;
    PERFORM charge_quotas(ARRAY(SELECT unnest(lost) EXCEPT SELECT unnest(gained)), ARRAY(SELECT -a FROM unnest(amount) WITH ORDINALITY u(a, n) ORDER BY n));
    PERFORM charge_quotas(ARRAY(SELECT unnest(gained) EXCEPT SELECT unnest(lost)), amount);
    RETURN NULL;
END $$;
ALTER FUNCTION carry_quotas OWNER TO allotment_operator;
CREATE TRIGGER carry AFTER UPDATE OF parent_id ON organizations FOR EACH ROW
    WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION carry_quotas();

-- sellers_above are those from whom an organization of the transaction's sub-tree could buy, the nearest first at depth 0: itself.
CREATE FUNCTION sellers_above(organization uuid) RETURNS TABLE (ancestor uuid, depth int)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.ancestor, t.depth FROM organization_tree t
    WHERE t.descendant = organization
      AND EXISTS (SELECT 1 FROM organization_tree own WHERE own.ancestor = tenant() AND own.descendant = organization)
$$;
ALTER FUNCTION sellers_above OWNER TO allotment_operator;

-- Sellers look for organizations by a part of the name, the short name or an owner's address. What is looked through stands in one column,
-- so that one index finds it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
ALTER TABLE organizations ADD COLUMN found_by text NOT NULL DEFAULT '';
GRANT UPDATE (found_by) ON organizations TO allotment_operator;

CREATE FUNCTION found_by(organization uuid, name text, slug text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT lower(name || ' ' || slug || coalesce((
        SELECT string_agg(' ' || u.email, '' ORDER BY u.email) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = organization AND m.role IN ('operator_admin', 'reseller_owner', 'customer_owner')), ''))
$$;
ALTER FUNCTION found_by OWNER TO allotment_operator;

CREATE FUNCTION name_organization() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.found_by := found_by(NEW.id, NEW.name, NEW.slug);
    RETURN NEW;
END $$;
ALTER FUNCTION name_organization OWNER TO allotment_operator;
CREATE TRIGGER name BEFORE INSERT OR UPDATE OF name ON organizations FOR EACH ROW EXECUTE FUNCTION name_organization();

CREATE FUNCTION name_owners() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'users' THEN
        UPDATE organizations o SET found_by = found_by(o.id, o.name, o.slug)
        WHERE o.id IN (SELECT m.organization_id FROM memberships m WHERE m.user_id = NEW.id);
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE organizations o SET found_by = found_by(o.id, o.name, o.slug) WHERE o.id = OLD.organization_id;
    ELSE
        UPDATE organizations o SET found_by = found_by(o.id, o.name, o.slug) WHERE o.id = NEW.organization_id;
    END IF;
    RETURN NULL;
END $$;
ALTER FUNCTION name_owners OWNER TO allotment_operator;
CREATE TRIGGER name AFTER INSERT OR DELETE OR UPDATE OF role ON memberships FOR EACH ROW EXECUTE FUNCTION name_owners();
CREATE TRIGGER name AFTER UPDATE OF email ON users FOR EACH ROW WHEN (OLD.email <> NEW.email) EXECUTE FUNCTION name_owners();
SET LOCAL ROLE allotment_operator;
UPDATE organizations o SET found_by = found_by(o.id, o.name, o.slug);
RESET ROLE;
CREATE INDEX organizations_found_by ON organizations USING gin (found_by gin_trgm_ops);
CREATE INDEX organizations_page ON organizations (lower(name), id);
CREATE INDEX organizations_parent ON organizations (parent_id);

-- organizations_below lists whom the transaction's organization sells to, directly or not, in the order of their names: a page of those below
-- top that fit, after the given one. A policy would have to be asked before a search could use its index; so this looks past the policies and
-- asks the tree itself.
CREATE FUNCTION organizations_below(top uuid, wanted text, only_kind text, only_state text, after_id uuid, most int) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own        uuid := tenant();
    after_name text;
    pattern    text := '%' || replace(replace(replace(lower(wanted), '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
    IF NOT EXISTS (SELECT 1 FROM organization_tree WHERE ancestor = own AND descendant = top) THEN
        RETURN;
    END IF;
    IF after_id IS NOT NULL THEN
        SELECT lower(o.name) INTO after_name FROM organizations o JOIN organization_tree t ON t.descendant = o.id
        WHERE o.id = after_id AND t.ancestor = own;
        IF after_name IS NULL THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT o.id FROM organizations o
         WHERE EXISTS (SELECT 1 FROM organization_tree t WHERE t.ancestor = $1 AND t.descendant = o.id AND t.depth > 0)'
        || CASE WHEN wanted <> '' THEN ' AND o.found_by LIKE $2' ELSE '' END
        || CASE WHEN only_kind <> '' THEN ' AND o.kind = $3' ELSE '' END
        || CASE WHEN only_state <> '' THEN ' AND o.state = $4' ELSE ' AND o.state <> ''closed''' END
        || CASE WHEN after_id IS NOT NULL THEN ' AND (lower(o.name), o.id) > ($5, $6)' ELSE '' END
        || ' ORDER BY lower(o.name), o.id LIMIT $7'
        USING top, pattern, only_kind, only_state, after_name, after_id, most;
END $$;
ALTER FUNCTION organizations_below OWNER TO allotment_operator;

-- A customer moves to another seller when three have agreed: its seller, its owner, and the seller that takes it.
CREATE TABLE transfers (
    organization_id uuid NOT NULL REFERENCES organizations, -- the customer
    id              uuid NOT NULL,
    giver_id        uuid NOT NULL REFERENCES organizations,
    receiver_id     uuid NOT NULL REFERENCES organizations,
    customer_name   text NOT NULL,
    giver_name      text NOT NULL,
    receiver_name   text NOT NULL,
    started_by      text NOT NULL CHECK (started_by IN ('giver', 'customer')),
    message         text NOT NULL DEFAULT '' CHECK (length(message) <= 500),
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'declined', 'withdrawn', 'expired')),
    giver_at        timestamptz, -- when each of them agreed
    customer_at     timestamptz,
    receiver_at     timestamptz,
    ended_by        text NOT NULL DEFAULT '', -- the person's name
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT transfers_id_key UNIQUE (id),
    CHECK (giver_id <> receiver_id),
    CHECK (state <> 'done' OR (giver_at IS NOT NULL AND customer_at IS NOT NULL AND receiver_at IS NOT NULL))
);
CREATE UNIQUE INDEX transfers_open_key ON transfers (organization_id) WHERE state = 'open';
CREATE INDEX transfers_giver ON transfers (giver_id, id DESC);
CREATE INDEX transfers_receiver ON transfers (receiver_id, id DESC);
CALL guard_tenant_table('transfers', 'SELECT, INSERT');
GRANT UPDATE (state, giver_at, customer_at, receiver_at, ended_by, ended_at) ON transfers TO allotment_program, allotment_operator;
CREATE POLICY parties ON transfers FOR SELECT TO allotment_program USING (giver_id = (SELECT tenant()) OR receiver_id = (SELECT tenant()));
CREATE POLICY parties_answer ON transfers FOR UPDATE TO allotment_program
    USING (giver_id = (SELECT tenant()) OR receiver_id = (SELECT tenant()));

-- seller_called finds an active seller by its short name: for those who want to move a customer to it.
CREATE FUNCTION seller_called(short_name text) RETURNS TABLE (id uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.id, o.name FROM organizations o WHERE o.slug = short_name AND o.kind <> 'customer' AND o.state = 'active'
$$;
ALTER FUNCTION seller_called OWNER TO allotment_operator;

-- transfer_people are the owners of the three whom a move concerns, for the mails to them: asked by one of the three, or from above.
CREATE FUNCTION transfer_people(transfer uuid) RETURNS TABLE (organization_id uuid, email text, name text, language text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.organization_id, u.email, u.name, u.language
    FROM transfers t
    JOIN memberships m ON m.organization_id IN (t.organization_id, t.giver_id, t.receiver_id)
        AND m.role IN ('operator_admin', 'reseller_owner', 'customer_owner')
    JOIN users u ON u.id = m.user_id AND NOT u.disabled
    WHERE t.id = transfer AND (tenant() IN (t.organization_id, t.giver_id, t.receiver_id)
        OR EXISTS (SELECT 1 FROM organization_tree above WHERE above.ancestor = tenant() AND above.descendant = t.organization_id))
$$;
ALTER FUNCTION transfer_people OWNER TO allotment_operator;

-- complete_transfer moves the customer once all three have agreed, in the transaction of whoever was the last.
CREATE FUNCTION complete_transfer(transfer uuid, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    t transfers;
BEGIN
    SELECT * INTO t FROM transfers WHERE id = transfer FOR UPDATE;
    IF t.id IS NULL OR t.state <> 'open' OR t.expires_at <= at OR t.giver_at IS NULL OR t.customer_at IS NULL OR t.receiver_at IS NULL THEN
        RAISE EXCEPTION 'not everybody has agreed' USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_agreed';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM organizations WHERE id = t.receiver_id AND state = 'active') THEN
        RAISE EXCEPTION 'the receiver is not active' USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_receiver_open';
    END IF;
    UPDATE organizations SET parent_id = t.receiver_id, changed_at = at
    WHERE id = t.organization_id AND parent_id = t.giver_id AND kind = 'customer' AND state <> 'closed';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the customer has another seller now' USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_agreed';
    END IF;
    UPDATE transfers SET state = 'done', ended_at = at WHERE id = transfer;
END $$;
ALTER FUNCTION complete_transfer OWNER TO allotment_operator;

REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seller, sellers_above, taken, organizations_below, seller_called, transfer_people, complete_transfer
    TO allotment_program, allotment_operator;
