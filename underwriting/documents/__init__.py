"""Documents for people: the report of a calibration, as a page (HTML) and as a print (PDF)."""
