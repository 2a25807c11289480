"""make soak ends with a table: one line per long test, with the figures that it recorded.

A test records a figure with pytest's own fixture: record_property("rows", 1_000_000).
"""

import pytest

OUTCOMES = {"passed": "passed", "failed": "FAILED", "error": "ERROR", "skipped": "skipped"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.markexpr.strip() != "soak":
        return
    rows = []
    for outcome, word in OUTCOMES.items():
        for report in terminalreporter.stats.get(outcome, []):
            if isinstance(report, pytest.TestReport) and (report.when == "call" or word in ("ERROR", "skipped")):
                figures = ", ".join(f"{name} {_figure(value)}" for name, value in report.user_properties)
                rows.append((report.nodeid.removeprefix("tests/"), word, f"{report.duration:.1f}", figures))
    if not rows:
        return
    rows.sort()
    rows.insert(0, ("test", "outcome", "seconds", "figures"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    terminalreporter.section("soak")
    for name, word, seconds, figures in rows:
        line = f"{name:<{widths[0]}}  {word:<{widths[1]}}  {seconds:>{widths[2]}}  {figures}"
        terminalreporter.write_line(line.rstrip())


def _figure(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
