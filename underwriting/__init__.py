"""The desk: intake, decisions, records, documents and the command line. All input and output lives here."""
