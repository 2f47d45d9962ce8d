-- The book: write-once artefacts named by their SHA-256, and one row a quote that points to them.
CREATE TABLE artefact (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    kind TEXT NOT NULL CHECK (kind IN ('profile', 'regime', 'calibration', 'quote')),
    content TEXT NOT NULL CHECK (content <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE quote (
    id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    firm TEXT NOT NULL,
    kvk TEXT NOT NULL,
    obliged_class TEXT NOT NULL CHECK (obliged_class <> ''),
    decision TEXT NOT NULL CHECK (decision IN ('quoted', 'referred', 'declined')),
    at TEXT NOT NULL CHECK (at IS date(at, '+0 days')),
    inception TEXT NOT NULL CHECK (inception IS date(inception, '+0 days')),
    limit_cents INTEGER NOT NULL CHECK (limit_cents > 0),
    due_cents INTEGER NOT NULL CHECK (due_cents >= 0),
    profile_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    regime_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    calibration_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    content_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    saved_at TEXT NOT NULL CHECK (saved_at IS date(saved_at, '+0 days'))
) STRICT, WITHOUT ROWID;

CREATE INDEX quote_newest ON quote (at DESC, firm, id);

-- Append-only. The insert triggers stop INSERT OR REPLACE also where recursive_triggers is off.
CREATE TRIGGER artefact_no_update BEFORE UPDATE ON artefact
BEGIN SELECT RAISE(ABORT, 'an artefact is never changed'); END;
CREATE TRIGGER artefact_no_delete BEFORE DELETE ON artefact
BEGIN SELECT RAISE(ABORT, 'an artefact is never deleted'); END;
CREATE TRIGGER artefact_no_replace BEFORE INSERT ON artefact
WHEN EXISTS (SELECT 1 FROM artefact WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'an artefact is never replaced'); END;

CREATE TRIGGER quote_no_update BEFORE UPDATE ON quote
BEGIN SELECT RAISE(ABORT, 'a quote is never changed'); END;
CREATE TRIGGER quote_no_delete BEFORE DELETE ON quote
BEGIN SELECT RAISE(ABORT, 'a quote is never deleted'); END;
CREATE TRIGGER quote_no_replace BEFORE INSERT ON quote
WHEN EXISTS (SELECT 1 FROM quote WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a quote is never replaced'); END;
