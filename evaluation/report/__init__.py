"""One HTML page about a measurement; it opens without a network.  Imports matplotlib, so import it late."""

import atexit
import os
import tempfile

# matplotlib, once imported, lists the machine's fonts into the home folder, where nothing of ours belongs.
if "MPLCONFIGDIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="sufler-matplotlib-")
    atexit.register(_folder.cleanup)
    os.environ["MPLCONFIGDIR"] = _folder.name

from evaluation.report.page import Page, render

__all__ = ["Page", "render"]
