-- A function written in SQL is planned anew at each call (until PostgreSQL 18), one in PL/pgSQL once on each connection. Those that every request,
-- every sign-in or every order asks become PL/pgSQL ones, with the same query, owner and rights.
DO $$
DECLARE
    f record;
    body text;
BEGIN
    FOR f IN
        SELECT p.oid, p.proname, p.prosrc, p.prorettype = 'void'::regtype AS nothing, pg_get_functiondef(p.oid) AS definition
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND l.lanname = 'sql' AND (p.proretset OR p.prorettype = 'void'::regtype) AND p.proname IN (
            'session_actor', 'key_actor', 'user_memberships', 'own_organizations', 'audit_person', 'sellers_above', 'seller',
            'brand_of', 'brand_at', 'sign_in_place', 'shown_providers', 'service_access_level')
    LOOP
        body := rtrim(f.prosrc, E' ;\n\t');
        EXECUTE replace(replace(f.definition, 'LANGUAGE sql', 'LANGUAGE plpgsql'), f.prosrc,
            E'\n#variable_conflict use_column\nBEGIN' || CASE WHEN f.nothing THEN '' ELSE ' RETURN QUERY' END || body || E';\nEND\n');
    END LOOP;
END $$;

-- chain_audit gives a row its number and ties it to the one before. The head is there from an organization's second row on, so it is looked for first.
CREATE OR REPLACE FUNCTION chain_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head audit_heads;
BEGIN
    SELECT * INTO head FROM audit_heads WHERE organization_id = NEW.organization_id FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_heads VALUES (NEW.organization_id, 0, '') ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM audit_heads WHERE organization_id = NEW.organization_id FOR UPDATE;
    END IF;
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
