"""How does a measurement look on one HTML page that opens without a network?

Importing this package imports matplotlib, so import it late.

    page      the contents of the report, put into the template
    plots     charts as inline SVG, for light and dark
    groups    the topics, intents and articles with most errors
"""

import atexit
import os
import tempfile

# On import, matplotlib writes a font cache to the home folder, where nothing of ours belongs.
if "MPLCONFIGDIR" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="sufler-matplotlib-")
    atexit.register(_folder.cleanup)
    os.environ["MPLCONFIGDIR"] = _folder.name

from evaluation.report.page import Page, render

__all__ = ["Page", "render"]
