-- Hourly usage: prices of use with audiences, margins and floors; until when use was charged; who may report it.

ALTER TABLE usage_prices
    ADD COLUMN audience text NOT NULL DEFAULT 'everybody' CHECK (audience IN ('everybody', 'resellers')),
    ADD COLUMN percent  numeric(9, 4) CHECK (percent BETWEEN 0 AND 1000), -- on what the seller itself pays, then price is what that was; none for a price of its own
    DROP CONSTRAINT usage_prices_version_key,
    ADD CONSTRAINT usage_prices_version_key UNIQUE (organization_id, app, plan, meter, currency, audience, version);
CREATE INDEX usage_prices_in_force ON usage_prices (app, plan, organization_id, valid_from DESC, version DESC);

-- Below this no reseller may ask for a unit: the operator's rule. The newest version holds.
CREATE TABLE usage_floors (
    organization_id uuid NOT NULL REFERENCES organizations, -- the operator
    id              uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    meter           text NOT NULL,
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version         int  NOT NULL CHECK (version > 0),
    floor           numeric(18, 6) NOT NULL CHECK (floor >= 0),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT usage_floors_version_key UNIQUE (organization_id, app, plan, meter, currency, version)
);
CALL guard_tenant_table('usage_floors', 'SELECT, INSERT');
CREATE POLICY buyer ON usage_floors FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_floors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The day before which use has been charged. What is measured keeps its prices in meters: billing/cycle.UsagePrice.
ALTER TABLE subscriptions ADD COLUMN used_until date;
CREATE INDEX subscriptions_metered ON subscriptions (id) WHERE meters <> '[]';

-- What a service has used, by days, and the last hour that was measured.
CREATE INDEX usage_events_day ON usage_events (subscription_id, meter, used_on);
CREATE INDEX usage_events_charge ON usage_events (charge_id) WHERE charge_id IS NOT NULL;
-- Nothing of an event is changed but the charge that bills it, and that once.
CREATE OR REPLACE FUNCTION keep_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.charge_id IS NOT NULL OR NEW.charge_id IS NULL THEN
        RAISE EXCEPTION 'this use was billed' USING CONSTRAINT = 'never_changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_all BEFORE DELETE OR TRUNCATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
