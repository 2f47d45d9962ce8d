-- Calibrations that were fitted here, their validation, and who approved which from which day.
CREATE TABLE validation (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    content TEXT NOT NULL CHECK (content <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE calibration (
    sha256 TEXT NOT NULL PRIMARY KEY REFERENCES artefact (sha256),
    prior_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    regime_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    validation_sha256 TEXT NOT NULL REFERENCES validation (sha256),
    fitted_by TEXT NOT NULL CHECK (trim(fitted_by) <> ''),
    fitted_at TEXT NOT NULL CHECK (fitted_at IS date(fitted_at, '+0 days'))
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    calibration_sha256 TEXT NOT NULL REFERENCES artefact (sha256),
    approved_by TEXT NOT NULL CHECK (trim(approved_by) <> ''),
    reason TEXT NOT NULL CHECK (trim(reason) <> ''),
    effective_from TEXT NOT NULL CHECK (effective_from IS date(effective_from, '+0 days')),
    approved_at TEXT NOT NULL CHECK (approved_at IS date(approved_at, '+0 days')),
    CHECK (effective_from >= approved_at)
) STRICT;

-- Append-only, as in 0001.
CREATE TRIGGER validation_no_update BEFORE UPDATE ON validation
BEGIN SELECT RAISE(ABORT, 'a validation is never changed'); END;
CREATE TRIGGER validation_no_delete BEFORE DELETE ON validation
BEGIN SELECT RAISE(ABORT, 'a validation is never deleted'); END;
CREATE TRIGGER validation_no_replace BEFORE INSERT ON validation
WHEN EXISTS (SELECT 1 FROM validation WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'a validation is never replaced'); END;

CREATE TRIGGER calibration_no_update BEFORE UPDATE ON calibration
BEGIN SELECT RAISE(ABORT, 'a calibration is never changed'); END;
CREATE TRIGGER calibration_no_delete BEFORE DELETE ON calibration
BEGIN SELECT RAISE(ABORT, 'a calibration is never deleted'); END;
CREATE TRIGGER calibration_no_replace BEFORE INSERT ON calibration
WHEN EXISTS (SELECT 1 FROM calibration WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'a calibration is never replaced'); END;

CREATE TRIGGER approval_no_update BEFORE UPDATE ON approval
BEGIN SELECT RAISE(ABORT, 'an approval is never changed'); END;
CREATE TRIGGER approval_no_delete BEFORE DELETE ON approval
BEGIN SELECT RAISE(ABORT, 'an approval is never deleted'); END;
-- An approval comes after all others, never before one of them: its number decides between two of the same day.
CREATE TRIGGER approval_no_replace BEFORE INSERT ON approval
WHEN NEW.number > 0 AND EXISTS (SELECT 1 FROM approval WHERE number >= NEW.number)
BEGIN SELECT RAISE(ABORT, 'an approval is never replaced'); END;
CREATE TRIGGER approval_of_a_calibration BEFORE INSERT ON approval
WHEN NOT EXISTS (SELECT 1 FROM artefact WHERE sha256 = NEW.calibration_sha256 AND kind = 'calibration')
BEGIN SELECT RAISE(ABORT, 'only a calibration is approved'); END;
CREATE TRIGGER approval_by_another BEFORE INSERT ON approval
WHEN EXISTS (
    SELECT 1 FROM calibration WHERE sha256 = NEW.calibration_sha256 AND trim(fitted_by) = trim(NEW.approved_by)
)
BEGIN SELECT RAISE(ABORT, 'whoever fitted a calibration never approves it'); END;
