-- What was used is kept event by event until nobody asks for single hours any more. Then what a charge rests on is kept by days.

-- How much of what was used on a day a charge has billed, once its events are gone. It is never changed.
CREATE TABLE usage_days (
    organization_id uuid NOT NULL,
    charge_id       uuid NOT NULL,
    subscription_id uuid NOT NULL,
    meter           text NOT NULL,
    used_on         date NOT NULL,                              -- on the seller's calendar
    quantity        numeric(24, 6) NOT NULL CHECK (quantity > 0),
    events          int NOT NULL CHECK (events > 0),            -- that it was made of
    PRIMARY KEY (organization_id, charge_id, used_on),
    FOREIGN KEY (organization_id, charge_id) REFERENCES charges (organization_id, id),
    FOREIGN KEY (organization_id, subscription_id) REFERENCES subscriptions (organization_id, id)
);
CALL guard_tenant_table('usage_days', 'SELECT');
GRANT INSERT ON usage_days TO allotment_operator;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_days FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Events go only where they were billed and their day stays, and then all of a charge's on that day at once.
CREATE FUNCTION keep_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT organization_id, charge_id, used_on, sum(quantity) AS quantity, count(*) AS events FROM gone GROUP BY 1, 2, 3) g
        LEFT JOIN usage_days d ON d.organization_id = g.organization_id AND d.charge_id = g.charge_id AND d.used_on = g.used_on
        WHERE d.quantity IS DISTINCT FROM g.quantity OR d.events IS DISTINCT FROM g.events)
    THEN
        RAISE EXCEPTION 'what was used is not summed up' USING CONSTRAINT = 'never_changed';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_used FROM PUBLIC;
DROP TRIGGER keep_all ON usage_events;
CREATE TRIGGER keep_all BEFORE TRUNCATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_used AFTER DELETE ON usage_events REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep_used();
GRANT DELETE ON usage_events TO allotment_operator;

-- The events that are billed, the oldest first; nothing looks for those of one charge.
DROP INDEX usage_events_charge;
CREATE INDEX usage_events_billed ON usage_events (meter, used_on) WHERE charge_id IS NOT NULL;
