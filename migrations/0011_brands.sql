-- A seller's own look: what its buyers read above every page, on every mail and invoice. A seller without one shows its own seller's.
--
-- host and sender_address lead people to trust what they see, so they count once the operator's staff has confirmed them: the reseller
-- asks (asked_*), staff copies them.
CREATE TABLE brands (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    logo            bytea CHECK (octet_length(logo) <= 524288), -- PNG, drawn anew by the program
    logo_version    text NOT NULL DEFAULT '',                   -- SHA-256 of the logo, in hexadecimal; '' without one
    logo_wide       boolean NOT NULL DEFAULT false,             -- a word mark: the name need not stand beside it
    light           text NOT NULL DEFAULT '' CHECK (light ~ '^(#[0-9a-f]{6})?$'), -- the main colour on light pages; '' for the house's
    dark            text NOT NULL DEFAULT '' CHECK (dark ~ '^(#[0-9a-f]{6})?$'),
    support_email   text NOT NULL DEFAULT '',
    support_url     text NOT NULL DEFAULT '',
    imprint_url     text NOT NULL DEFAULT '',
    privacy_url     text NOT NULL DEFAULT '',
    sender_name     text NOT NULL DEFAULT '',
    host            text,                     -- where its people sign in; none: at the installation's own address
    sender_address  text NOT NULL DEFAULT '', -- of its mails; '' for the installation's
    asked_host      text NOT NULL DEFAULT '',
    asked_sender    text NOT NULL DEFAULT '',
    asked_at        timestamptz,              -- set while staff has not answered
    answer          text NOT NULL DEFAULT '', -- why staff declined what was asked
    changed_at      timestamptz NOT NULL,
    CONSTRAINT brands_host_key UNIQUE (host)
);
CREATE INDEX brands_logo ON brands (logo_version) WHERE logo_version <> '';
CREATE INDEX brands_asked ON brands (asked_at) WHERE asked_at IS NOT NULL;
CALL guard_tenant_table('brands', 'SELECT, INSERT, UPDATE');

-- What leads people to trust a brand is for staff to write; a seller itself may only give it up.
CREATE FUNCTION keep_brand() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept_host text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.host END;
    kept_sender text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.sender_address ELSE '' END;
BEGIN
    IF current_user = 'allotment_program' AND ((NEW.host IS NOT NULL AND NEW.host IS DISTINCT FROM kept_host)
        OR (NEW.sender_address <> '' AND NEW.sender_address <> kept_sender)) THEN
        RAISE EXCEPTION 'not without staff' USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'brands_confirmed_by_staff';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE ON brands FOR EACH ROW EXECUTE FUNCTION keep_brand();

-- What everybody may know of a brand, since it stands on every page.
CREATE TYPE shown_brand AS (
    organization_id uuid, name text, logo_version text, logo_wide boolean, light text, dark text, support_email text, support_url text, imprint_url text,
    privacy_url text, sender_name text, sender_address text, host text
);

-- brand_of is the brand that an organization's people see: its own or that of the nearest seller above, else the operator's name.
-- Without an organization it is the operator's.
CREATE FUNCTION brand_of(wanted uuid) RETURNS SETOF shown_brand
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT b.organization_id, b.name, b.logo_version, b.logo_wide, b.light, b.dark, b.support_email, b.support_url, b.imprint_url, b.privacy_url,
           b.sender_name, b.sender_address, coalesce(b.host, '')
    FROM brands b
    JOIN (SELECT ancestor, depth FROM organization_tree WHERE descendant = wanted
          UNION ALL SELECT id, 1000000 FROM organizations WHERE kind = 'operator') seller ON seller.ancestor = b.organization_id
    ORDER BY seller.depth LIMIT 1
$$;

-- brand_at is the brand whose people sign in at a host; no row for any other host.
CREATE FUNCTION brand_at(wanted text) RETURNS SETOF shown_brand
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT b.organization_id, b.name, b.logo_version, b.logo_wide, b.light, b.dark, b.support_email, b.support_url, b.imprint_url, b.privacy_url,
           b.sender_name, b.sender_address, b.host
    FROM brands b
    JOIN organizations o ON o.id = b.organization_id AND o.state <> 'closed'
    WHERE b.host = wanted
$$;

-- brand_logo is a logo by its version, which only those know who were shown it.
CREATE FUNCTION brand_logo(version text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT logo FROM brands WHERE logo_version = version AND version <> '' LIMIT 1
$$;

-- operator_name is what an installation is called whose operator has no brand yet; '' before there is an operator.
CREATE FUNCTION operator_name() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT name FROM organizations WHERE kind = 'operator'), '')
$$;

-- belongs_to_seller reports whether an organization is a seller or one of its buyers, however deep.
CREATE FUNCTION belongs_to_seller(seller uuid, organization uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM organization_tree WHERE ancestor = seller AND descendant = organization)
$$;

GRANT CREATE ON SCHEMA public TO allotment_operator;
ALTER FUNCTION brand_of OWNER TO allotment_operator;
ALTER FUNCTION brand_at OWNER TO allotment_operator;
ALTER FUNCTION brand_logo OWNER TO allotment_operator;
ALTER FUNCTION operator_name OWNER TO allotment_operator;
ALTER FUNCTION belongs_to_seller OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;
REVOKE EXECUTE ON FUNCTION keep_brand, brand_of, brand_at, brand_logo, operator_name, belongs_to_seller FROM PUBLIC;
GRANT EXECUTE ON FUNCTION brand_of, brand_at, brand_logo, operator_name, belongs_to_seller TO allotment_program, allotment_operator;
