-- Price lists with days, margins and floors; coupons; what is measured and billed after use.

-- A price is never changed: what takes its place is a new version, and of all versions of a list that hold on a day the one that began last does.
ALTER TABLE prices
    ADD COLUMN audience   text NOT NULL DEFAULT 'everybody' CHECK (audience IN ('everybody', 'resellers')), -- who is asked it
    ADD COLUMN valid_from date NOT NULL DEFAULT '2000-01-01',                            -- on the seller's calendar; what was there before always held
    ADD COLUMN trial_days int  NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 366), -- free at the beginning
    ADD COLUMN minimum    int  NOT NULL DEFAULT 0 CHECK (minimum BETWEEN 0 AND 60),     -- months that it lasts at least
    ADD COLUMN notice     int  NOT NULL DEFAULT 0 CHECK (notice BETWEEN 0 AND 366),     -- days ahead that it is given up
    ADD COLUMN margin     jsonb,                          -- billing.Margin on what the seller itself pays; none for an amount of its own
    ADD COLUMN withdrawn  boolean NOT NULL DEFAULT false, -- from then on this list has no such price
    DROP CONSTRAINT prices_version_key,
    ADD CONSTRAINT prices_version_key UNIQUE (organization_id, app, plan, currency, period, audience, version);
ALTER TABLE prices ALTER COLUMN valid_from DROP DEFAULT;
CREATE INDEX prices_in_force ON prices (app, plan, organization_id, valid_from DESC, version DESC);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Below this no reseller may ask: the operator's rule. The newest version holds; nothing lifts it.
CREATE TABLE price_floors (
    organization_id uuid NOT NULL REFERENCES organizations, -- the operator
    id              uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    period          text NOT NULL CHECK (period IN ('month', 'quarter', 'year')),
    version         int  NOT NULL CHECK (version > 0),
    floor_minor     bigint NOT NULL CHECK (floor_minor >= 0),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT price_floors_version_key UNIQUE (organization_id, app, plan, currency, period, version)
);
CALL guard_tenant_table('price_floors', 'SELECT, INSERT');
CREATE POLICY buyer ON price_floors FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON price_floors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How a seller changes prices.
CREATE TABLE price_settings (
    organization_id uuid PRIMARY KEY REFERENCES organizations,
    announce_days   int NOT NULL DEFAULT 30 CHECK (announce_days BETWEEN 0 AND 366), -- that subscribers are told ahead
    changed_at      timestamptz NOT NULL
);
CALL guard_tenant_table('price_settings', 'SELECT, INSERT, UPDATE');
CREATE POLICY buyer ON price_settings FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

-- What is measured while a service is used, and costs by the unit. Versioned as prices are.
CREATE TABLE usage_prices (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    meter           text NOT NULL CHECK (meter ~ '^[a-z][a-z0-9_]{0,39}$'),
    unit            text NOT NULL CHECK (unit ~ '^[A-Z0-9]{2,3}$'), -- UN/ECE Recommendation 20: HUR is an hour
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version         int  NOT NULL CHECK (version > 0),
    price           numeric(18, 6) NOT NULL CHECK (price >= 0),     -- of one unit, net; may be a fraction of a cent
    valid_from      date NOT NULL,
    withdrawn       boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT usage_prices_version_key UNIQUE (organization_id, app, plan, meter, currency, version)
);
CALL guard_tenant_table('usage_prices', 'SELECT, INSERT');
CREATE POLICY buyer ON usage_prices FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- From which list a subscription has its price, and what of it is measured.
ALTER TABLE subscriptions
    ADD COLUMN price_list uuid,
    ADD COLUMN price_id   uuid,
    ADD COLUMN meters     jsonb NOT NULL DEFAULT '[]'; -- store.Meter
UPDATE subscriptions s SET price_list = p.organization_id, price_id = p.id
    FROM order_items i JOIN prices p ON p.id = i.price_id WHERE i.organization_id = s.organization_id AND i.service_id = s.service_id;
ALTER TABLE order_items
    ADD COLUMN trial_days int  NOT NULL DEFAULT 0,
    ADD COLUMN minimum    int  NOT NULL DEFAULT 0,
    ADD COLUMN notice     int  NOT NULL DEFAULT 0,
    ADD COLUMN coupon     text NOT NULL DEFAULT '';

-- A seller's coupon: what it takes off, for how long, and how often it may be used.
CREATE TABLE coupons (
    organization_id uuid NOT NULL REFERENCES organizations, -- the seller
    id              uuid NOT NULL,
    code            text NOT NULL CHECK (code ~ '^[A-Z0-9-]{3,32}$'),
    percent         numeric(7, 4) CHECK (percent > 0 AND percent <= 100),
    amount_minor    bigint CHECK (amount_minor > 0),
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    periods         int  NOT NULL CHECK (periods BETWEEN 0 AND 120),                    -- the first ones; 0 for all
    valid_from      date NOT NULL,
    valid_until     date CHECK (valid_until >= valid_from),                             -- the last day; none for no end
    total           int CHECK (total > 0),                                              -- how often by all; none without limit
    per_customer    int CHECK (per_customer > 0),
    covers          jsonb NOT NULL DEFAULT '[]',                                        -- "app" or "app/plan"; empty for all
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT coupons_code_key UNIQUE (organization_id, code),
    CHECK ((percent IS NULL) <> (amount_minor IS NULL))
);
CREATE INDEX coupons_page ON coupons (organization_id, id DESC);
CALL guard_tenant_table('coupons', 'SELECT, INSERT');
GRANT UPDATE (ended_at) ON coupons TO allotment_program, allotment_operator;
-- A buyer's order asks for a code of its own seller.
CREATE POLICY buyer ON coupons FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

CREATE TABLE coupon_uses (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    seller_id       uuid NOT NULL,
    coupon_id       uuid NOT NULL, -- of the seller's coupons, which are never removed: use_coupon looks
    subscription_id uuid NOT NULL,
    used_at         timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT coupon_uses_once UNIQUE (subscription_id),
    FOREIGN KEY (organization_id, subscription_id) REFERENCES subscriptions (organization_id, id)
);
CREATE INDEX coupon_uses_coupon ON coupon_uses (coupon_id, organization_id);
CALL guard_tenant_table('coupon_uses', 'SELECT, INSERT');
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON coupon_uses FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- coupon_used counts how often a coupon was used by all and by one buyer of the transaction's sub-tree: a buyer does not see the others.
CREATE FUNCTION coupon_used(seller uuid, coupon uuid, buyer uuid) RETURNS TABLE (by_all bigint, by_buyer bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(*), count(*) FILTER (WHERE u.organization_id = buyer) FROM coupon_uses u
    WHERE u.seller_id = seller AND u.coupon_id = coupon
      AND EXISTS (SELECT 1 FROM organization_tree own WHERE own.ancestor = tenant() AND own.descendant = buyer)
$$;

-- use_coupon notes that a buyer's subscription uses its seller's coupon. Those who want the same one wait for each other, so that no limit is
-- passed, however many order at once.
CREATE FUNCTION use_coupon(seller uuid, coupon uuid, buyer uuid, subscription uuid, use uuid, today date, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    c coupons;
    used record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM organization_tree own JOIN organizations o ON o.id = own.descendant
        WHERE own.ancestor = tenant() AND own.descendant = buyer AND o.parent_id = seller) THEN
        RAISE EXCEPTION 'not a coupon of this buyer''s seller' USING CONSTRAINT = 'coupon_over';
    END IF;
    SELECT * INTO c FROM coupons WHERE organization_id = seller AND id = coupon FOR UPDATE;
    IF NOT FOUND OR c.ended_at IS NOT NULL OR today < c.valid_from OR today > c.valid_until THEN
        RAISE EXCEPTION 'the coupon holds no longer' USING CONSTRAINT = 'coupon_over';
    END IF;
    SELECT * INTO used FROM coupon_used(seller, coupon, buyer);
    IF used.by_all >= c.total THEN
        RAISE EXCEPTION 'the coupon is used up' USING CONSTRAINT = 'coupon_total';
    END IF;
    IF used.by_buyer >= c.per_customer THEN
        RAISE EXCEPTION 'the buyer has used it' USING CONSTRAINT = 'coupon_per_customer';
    END IF;
    INSERT INTO coupon_uses (organization_id, id, seller_id, coupon_id, subscription_id, used_at) VALUES (buyer, use, seller, coupon, subscription, at);
END $$;

-- What was measured. An event counts once; the charge that billed it is set once.
CREATE TABLE usage_events (
    organization_id uuid NOT NULL,
    id              text NOT NULL CHECK (length(id) BETWEEN 1 AND 100), -- by whoever measures
    subscription_id uuid NOT NULL,
    meter           text NOT NULL,
    used_at         timestamptz NOT NULL,
    used_on         date NOT NULL,                                      -- on the seller's calendar
    quantity        numeric(18, 6) NOT NULL CHECK (quantity > 0),
    received_at     timestamptz NOT NULL,
    charge_id       uuid,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, subscription_id) REFERENCES subscriptions (organization_id, id),
    FOREIGN KEY (organization_id, charge_id) REFERENCES charges (organization_id, id)
);
CREATE INDEX usage_events_open ON usage_events (subscription_id, used_on) WHERE charge_id IS NULL;
CALL guard_tenant_table('usage_events', 'SELECT, INSERT');
GRANT UPDATE (charge_id) ON usage_events TO allotment_program, allotment_operator;
CREATE FUNCTION keep_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.charge_id IS NOT NULL THEN
        RAISE EXCEPTION 'this use was billed' USING CONSTRAINT = 'never_changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON usage_events FOR EACH ROW EXECUTE FUNCTION keep_usage();

ALTER FUNCTION coupon_used OWNER TO allotment_operator;
ALTER FUNCTION use_coupon OWNER TO allotment_operator;
REVOKE EXECUTE ON FUNCTION coupon_used, use_coupon, keep_usage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION coupon_used, use_coupon TO allotment_program, allotment_operator;
