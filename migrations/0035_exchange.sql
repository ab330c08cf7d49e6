-- Exchange rates of the euro, as the European Central Bank publishes them. An invoice in another currency than that of the state whose VAT it names
-- says the VAT in that state's currency, too (Directive 2006/112/EC, Articles 91 and 230). A row is never changed; one that was wrong is followed
-- by another for the same currency and day, and the newest counts.
CREATE TABLE exchange_rates (
    id       uuid PRIMARY KEY,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'EUR'),  -- ISO 4217
    day      date NOT NULL,                                                        -- the bank's day
    per_euro numeric(18, 6) NOT NULL CHECK (per_euro > 0),                         -- units of the currency for one euro
    source   text NOT NULL CHECK (length(source) BETWEEN 1 AND 500),               -- where it is published
    added_by text NOT NULL,                                                        -- "Allotment" for what the program read there itself
    added_at timestamptz NOT NULL
);
CREATE INDEX exchange_rates_day ON exchange_rates (currency, day DESC, added_at DESC, id DESC);
GRANT SELECT ON exchange_rates TO allotment_program, allotment_operator;
GRANT INSERT ON exchange_rates TO allotment_operator;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
