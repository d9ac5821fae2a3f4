"""`python -m transpile`: the command of the interpreter that runs it."""

import sys

from transpile.cli import main

sys.exit(main())
