-- Prices, orders, services and what carries them out.

-- A seller's price of a plan. A price never changes: a new one with a higher version takes its place.
CREATE TABLE prices (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    version         int  NOT NULL CHECK (version > 0),
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor    bigint NOT NULL CHECK (amount_minor >= 0),
    setup_minor     bigint NOT NULL CHECK (setup_minor >= 0),
    period          text NOT NULL CHECK (period IN ('month', 'quarter', 'year')),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT prices_version_key UNIQUE (organization_id, app, plan, currency, period, version)
);
CALL guard_tenant_table('prices', 'SELECT, INSERT');
-- A buyer reads the prices of those above it.
CREATE POLICY buyer ON prices FOR SELECT TO allotment_program
    USING (organization_id = ANY (ARRAY(SELECT ancestor FROM organization_tree WHERE descendant = (SELECT tenant()))));

CREATE TABLE services (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    host            text NOT NULL CHECK (host = lower(host)),
    url             text NOT NULL DEFAULT '',
    language        text NOT NULL DEFAULT 'en',
    state           text NOT NULL,
    failure         text NOT NULL DEFAULT '', -- why it could not be made, for the tenant
    answers         jsonb NOT NULL,
    created_at      timestamptz NOT NULL,
    active_at       timestamptz,
    terminated_at   timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT services_tenant_key UNIQUE (organization_id, id)
);
-- One host, one service, whoever has it.
CREATE UNIQUE INDEX services_host_key ON services (host) WHERE terminated_at IS NULL;
CREATE INDEX services_page ON services (organization_id, id DESC);
CALL guard_tenant_table('services', 'SELECT, INSERT, UPDATE');

CREATE TABLE subscriptions (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL,
    setup_minor     bigint NOT NULL,
    period          text NOT NULL,
    created_at      timestamptz NOT NULL,
    starts_at       timestamptz,
    ends_at         timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT subscriptions_service_key UNIQUE (organization_id, service_id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CALL guard_tenant_table('subscriptions', 'SELECT, INSERT, UPDATE');

CREATE TABLE operations (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    kind            text NOT NULL,
    state           text NOT NULL,
    started_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT operations_tenant_key UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
-- One operation at a time works on a service.
CREATE UNIQUE INDEX operations_open_key ON operations (service_id) WHERE state = 'running';
CREATE INDEX operations_page ON operations (organization_id, id DESC);
CREATE INDEX operations_service ON operations (service_id, id DESC);
CREATE INDEX operations_failed ON operations (id DESC) WHERE state = 'failed';
CALL guard_tenant_table('operations', 'SELECT, INSERT, UPDATE');

CREATE TABLE orders (
    organization_id uuid NOT NULL REFERENCES organizations,
    id              uuid NOT NULL,
    key             text NOT NULL CHECK (length(key) BETWEEN 1 AND 80),
    placed_by       uuid REFERENCES users,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT orders_key_key UNIQUE (organization_id, key)
);
CALL guard_tenant_table('orders', 'SELECT, INSERT');

-- An item keeps the price as the buyer saw it.
CREATE TABLE order_items (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    order_id        uuid NOT NULL,
    service_id      uuid NOT NULL,
    operation_id    uuid NOT NULL,
    app             text NOT NULL,
    plan            text NOT NULL,
    answers         jsonb NOT NULL,
    price_id        uuid NOT NULL,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL,
    setup_minor     bigint NOT NULL,
    period          text NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id),
    FOREIGN KEY (organization_id, operation_id) REFERENCES operations (organization_id, id)
);
CREATE INDEX order_items_order ON order_items (organization_id, order_id);
CALL guard_tenant_table('order_items', 'SELECT, INSERT');

CREATE TABLE resources (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    kind            text NOT NULL,
    role            text NOT NULL,
    name            text NOT NULL,
    external_id     text NOT NULL DEFAULT '',
    state           text NOT NULL,
    spec            jsonb NOT NULL,
    observed        jsonb,
    created_at      timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT resources_tenant_key UNIQUE (organization_id, id),
    CONSTRAINT resources_role_key UNIQUE (service_id, role),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CREATE INDEX resources_name ON resources (kind, name) WHERE state <> 'removed';
CALL guard_tenant_table('resources', 'SELECT, INSERT, UPDATE');

CREATE TABLE steps (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    operation_id    uuid NOT NULL,
    service_id      uuid NOT NULL,
    resource_id     uuid NOT NULL,
    kind            text NOT NULL,
    position        int  NOT NULL,
    action          text NOT NULL,
    depends_on      int[] NOT NULL,
    state           text NOT NULL,
    attempts        int  NOT NULL DEFAULT 0,
    job_id          bigint NOT NULL DEFAULT 0, -- the job that runs it; any other that comes along is late
    message         text NOT NULL DEFAULT '',
    raw_error       text NOT NULL DEFAULT '',
    progress        text[] NOT NULL DEFAULT '{}',
    under_way       boolean NOT NULL DEFAULT false,
    started_at      timestamptz,
    ended_at        timestamptz,
    next_at         timestamptz,
    PRIMARY KEY (id),
    CONSTRAINT steps_position_key UNIQUE (operation_id, position),
    FOREIGN KEY (organization_id, operation_id) REFERENCES operations (organization_id, id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id)
);
CREATE INDEX steps_tenant ON steps (organization_id);
CREATE INDEX steps_busy ON steps (service_id) WHERE state = 'running';
CALL guard_tenant_table('steps', 'SELECT, INSERT, UPDATE');

-- What happened to a service, for its tenant to read. Never changed.
CREATE TABLE events (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    operation_id    uuid,
    step_id         uuid,
    at              timestamptz NOT NULL,
    actor           text NOT NULL,
    kind            text NOT NULL,
    message         text NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CREATE INDEX events_service ON events (service_id, id DESC);
CALL guard_tenant_table('events', 'SELECT, INSERT');

-- Generated values, encrypted with age. shown: once (to the tenant) or never.
CREATE TABLE secrets (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    name            text NOT NULL,
    label           text NOT NULL,
    shown           text NOT NULL CHECK (shown IN ('once', 'never')),
    ciphertext      bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    revealed_at     timestamptz,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT secrets_name_key UNIQUE (service_id, name),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id)
);
CALL guard_tenant_table('secrets', 'SELECT, INSERT, UPDATE, DELETE');

-- A guest's one-time way to its configuration. Tokens are derived from the installation's key; only hashes are stored.
CREATE TABLE enrolments (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    service_id      uuid NOT NULL,
    resource_id     uuid NOT NULL,
    token_hash      bytea NOT NULL,
    report_hash     bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    fetched_at      timestamptz,
    done_at         timestamptz,
    failed_at       timestamptz,
    failure         text NOT NULL DEFAULT '',
    tail            text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, id),
    CONSTRAINT enrolments_token_key UNIQUE (token_hash),
    CONSTRAINT enrolments_report_key UNIQUE (report_hash),
    FOREIGN KEY (organization_id, service_id) REFERENCES services (organization_id, id),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id)
);
CREATE INDEX enrolments_resource ON enrolments (resource_id, id DESC);
CALL guard_tenant_table('enrolments', 'SELECT, INSERT, UPDATE');

-- Addresses and guest numbers in use, by whoever.
CREATE TABLE addresses (
    organization_id uuid NOT NULL,
    resource_id     uuid NOT NULL,
    address         inet NOT NULL,
    PRIMARY KEY (organization_id, resource_id),
    CONSTRAINT addresses_address_key UNIQUE (address),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id)
);
CALL guard_tenant_table('addresses', 'SELECT, INSERT, DELETE');

CREATE TABLE guest_claims (
    organization_id uuid NOT NULL,
    resource_id     uuid NOT NULL,
    number          int  NOT NULL,
    node            text NOT NULL DEFAULT '',
    task            text NOT NULL DEFAULT '',
    PRIMARY KEY (organization_id, resource_id),
    CONSTRAINT guest_claims_number_key UNIQUE (number),
    FOREIGN KEY (organization_id, resource_id) REFERENCES resources (organization_id, id)
);
CALL guard_tenant_table('guest_claims', 'SELECT, INSERT, UPDATE, DELETE');

-- Numbers that were given up because something unclear stands under them. For the operator to look at.
CREATE TABLE guest_quarantine (
    number int PRIMARY KEY,
    reason text NOT NULL,
    at     timestamptz NOT NULL
);
GRANT SELECT, INSERT ON guest_quarantine TO allotment_program, allotment_operator;

-- What must look past the tenant runs as allotment_operator, and says no more than it must.
CREATE FUNCTION host_taken(wanted text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM services WHERE host = wanted AND terminated_at IS NULL)
$$;
ALTER FUNCTION host_taken OWNER TO allotment_operator;

CREATE FUNCTION free_address(first inet, last inet) RETURNS inet
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT host(candidate)::inet FROM (
        SELECT first AS candidate
        UNION ALL
        SELECT host(a.address)::inet + 1 FROM addresses a WHERE a.address >= first AND a.address < last
    ) c
    WHERE NOT EXISTS (SELECT 1 FROM addresses a WHERE a.address = c.candidate)
    ORDER BY candidate LIMIT 1
$$;
ALTER FUNCTION free_address OWNER TO allotment_operator;

CREATE FUNCTION free_guest_number(first int, last int) RETURNS int
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH used AS (
        SELECT number FROM guest_claims UNION SELECT number FROM guest_quarantine
    )
    SELECT candidate FROM (
        SELECT first AS candidate
        UNION ALL
        SELECT number + 1 FROM used WHERE number >= first AND number < last
    ) c
    WHERE candidate NOT IN (SELECT number FROM used)
    ORDER BY candidate LIMIT 1
$$;
ALTER FUNCTION free_guest_number OWNER TO allotment_operator;

CREATE FUNCTION enrolment_owner(hash bytea) RETURNS TABLE (organization_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT organization_id, id FROM enrolments WHERE token_hash = hash OR report_hash = hash
$$;
ALTER FUNCTION enrolment_owner OWNER TO allotment_operator;
REVOKE CREATE ON SCHEMA public FROM allotment_operator;

-- Whoever else may sign in to this database runs none of these.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO allotment_program, allotment_operator;
