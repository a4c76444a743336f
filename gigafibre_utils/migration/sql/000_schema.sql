-- Where the migration keeps what is no document: staged legacy tables, the plan made from them, and what each run
-- did. Nothing here is dropped when it is there already.

CREATE SCHEMA IF NOT EXISTS gigafibre_migration;

-- Which legacy table was staged, from which database, by which checksum of it.
CREATE TABLE IF NOT EXISTS gigafibre_migration.staged (
	table_name text PRIMARY KEY,
	legacy text NOT NULL,
	checksum bigint NOT NULL,
	rows bigint NOT NULL
);

-- Every document that a run made; children and ledger rows follow from it.
CREATE TABLE IF NOT EXISTS gigafibre_migration.added (
	run int NOT NULL DEFAULT current_setting('gigafibre.run')::int,
	step text NOT NULL DEFAULT current_setting('gigafibre.step'),
	doctype text NOT NULL,
	name text NOT NULL
);
-- The run that had made it before this one took it out and in again.
ALTER TABLE gigafibre_migration.added ADD COLUMN IF NOT EXISTS made_before int;
CREATE INDEX IF NOT EXISTS added_run ON gigafibre_migration.added (run, step);

-- What a run changed of rows that were there before it.
CREATE TABLE IF NOT EXISTS gigafibre_migration.changed (
	run int NOT NULL DEFAULT current_setting('gigafibre.run')::int,
	step text NOT NULL DEFAULT current_setting('gigafibre.step'),
	doctype text NOT NULL,
	name text NOT NULL,
	field text NOT NULL,
	old_value text,
	new_value text
);
CREATE INDEX IF NOT EXISTS changed_run ON gigafibre_migration.changed (run);

-- Where a run wrote the table of invoice lines anew, the number of the place that it gave to each legacy line, by the
-- line's number: 0 where it gave none. A row for each of a million lines would take longer than the work itself.
CREATE TABLE IF NOT EXISTS gigafibre_migration.places_given (
	run int NOT NULL DEFAULT current_setting('gigafibre.run')::int,
	step text NOT NULL DEFAULT current_setting('gigafibre.step'),
	places bigint[] NOT NULL
);

-- The company's side of it, as one run sees it.
CREATE TABLE IF NOT EXISTS gigafibre_migration.books (
	run int NOT NULL,
	company text NOT NULL,
	abbr text NOT NULL,
	currency text NOT NULL,
	country text,
	time_zone text NOT NULL,
	cost_center text NOT NULL,
	receivable text NOT NULL,
	default_income text NOT NULL,
	round_off text NOT NULL,
	round_off_cost_center text NOT NULL,
	owner text NOT NULL,
	territory text NOT NULL,
	language text NOT NULL,
	uom text NOT NULL,
	as_of date NOT NULL,
	since date
);
CREATE TABLE IF NOT EXISTS gigafibre_migration.income (category text PRIMARY KEY, account text NOT NULL);
CREATE TABLE IF NOT EXISTS gigafibre_migration.tax (code text PRIMARY KEY, account text NOT NULL);
CREATE TABLE IF NOT EXISTS gigafibre_migration.mode (
	method text PRIMARY KEY,
	mode_of_payment text NOT NULL,
	account text NOT NULL,
	account_type text
);

-- The name of the company's fiscal year that a day lies in; the shortest where several cover it. ERPNext:
-- `accounts.utils.get_fiscal_years`.
CREATE OR REPLACE FUNCTION gigafibre_migration.fiscal_year(on_date date) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT name FROM public."tabFiscal Year" AS year
	WHERE on_date BETWEEN year_start_date AND year_end_date AND disabled = 0 AND (
		NOT EXISTS (SELECT FROM public."tabFiscal Year Company" AS its WHERE its.parent = year.name)
		OR EXISTS (
			SELECT FROM public."tabFiscal Year Company" AS its
			JOIN gigafibre_migration.books USING (company)
			WHERE its.parent = year.name
		)
	)
	ORDER BY year_end_date - year_start_date, name LIMIT 1
$$;
