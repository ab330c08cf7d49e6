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

REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seller TO allotment_program, allotment_operator;
