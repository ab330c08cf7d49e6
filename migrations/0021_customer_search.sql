-- A search that many organizations fit is answered from the beginning of the list, in its order; only one that few fit is looked up by its letters.
-- (Among 100,000 of whom all fit, gathering and sorting them took half a second for each page.) Whoever asks for more than 500 counts, and gets
-- them in no order.

GRANT CREATE ON SCHEMA public TO allotment_operator;

CREATE OR REPLACE FUNCTION organizations_below(top uuid, wanted text, only_kind text, only_state text, after_id uuid, most int) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own        uuid := tenant();
    after_name text;
    pattern    text := '%' || replace(replace(replace(lower(wanted), '\', '\\'), '%', '\%'), '_', '\_') || '%';
    fits       text := ' EXISTS (SELECT 1 FROM organization_tree t WHERE t.ancestor = $1 AND t.descendant = o.id AND t.depth > 0)'
        || CASE WHEN only_kind <> '' THEN ' AND o.kind = $3' ELSE '' END
        || CASE WHEN only_state <> '' THEN ' AND o.state = $4' ELSE ' AND o.state <> ''closed''' END;
    behind     text := CASE WHEN after_id IS NOT NULL THEN ' AND (lower(o.name), o.id) > ($5, $6)' ELSE '' END;
    found      uuid[];
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
    IF wanted <> '' THEN
        EXECUTE 'SELECT array_agg(id ORDER BY n) FROM (
                SELECT o.id, n FROM (
                    SELECT b.*, row_number() OVER () AS n FROM (
                        SELECT o.id, o.kind, o.state, o.found_by FROM organizations o WHERE true' || behind || ' ORDER BY lower(o.name), o.id LIMIT greatest(600, $7 + 100)) b) o
                WHERE o.found_by LIKE $2 AND' || fits || ' LIMIT $7) few'
            INTO found USING top, pattern, only_kind, only_state, after_name, after_id, most;
        IF cardinality(found) = most THEN
            RETURN QUERY SELECT unnest(found);
            RETURN;
        END IF;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT o.id FROM organizations o WHERE' || fits || CASE WHEN wanted <> '' THEN ' AND o.found_by LIKE $2' ELSE '' END || behind
        || CASE WHEN most <= 500 THEN ' ORDER BY lower(o.name), o.id' ELSE '' END || ' LIMIT $7'
        USING top, pattern, only_kind, only_state, after_name, after_id, most;
END $$;
ALTER FUNCTION organizations_below OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
