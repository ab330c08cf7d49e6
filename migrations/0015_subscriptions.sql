-- Another plan from a day on, and subscriptions that end: what is looked for every hour.
ALTER TABLE subscriptions ADD COLUMN later_on date; -- the first day of the plan in later
CREATE INDEX subscriptions_later ON subscriptions (later_on) WHERE later_on IS NOT NULL;
CREATE INDEX subscriptions_ending ON subscriptions (end_on) WHERE end_on IS NOT NULL AND ends_at IS NULL;

-- A subscription that has ended holds its service until the day on which its data is removed.
ALTER TABLE holds DROP CONSTRAINT holds_kind_check;
ALTER TABLE holds ADD CONSTRAINT holds_kind_check CHECK (kind IN ('billing', 'abuse', 'manual', 'ended'));
