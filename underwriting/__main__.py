"""`python -m underwriting` is the command line."""

import sys

from underwriting.cli import main

sys.exit(main())
