"""One HTML page about a measurement; it opens without a network.  Imports matplotlib, so import it late."""

from evaluation.report.page import Page, render

__all__ = ["Page", "render"]
