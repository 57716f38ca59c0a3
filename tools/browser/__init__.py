"""Chromium for tests and tools, with the network closed, and what happened in it."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tools.browser import find

ARGUMENTS = [
    "--no-sandbox",  # CI often runs as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium(arguments=()):
    """Start Chromium, with some more arguments; give Playwright's browser."""
    path = find.find("chromium")
    if path is None:
        raise RuntimeError(find.missing("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *arguments])
        yield browser
        browser.close()


def watched(context):
    """Open a page of `context` that lists what it logs and what it asks for in `page.seen`.

    What was on its way when the page was left, or when its picture changed, has not failed.
    """

    def failed(request):
        if request.failure != "net::ERR_ABORTED":
            page.seen["failed"].append(request.url)

    page = context.new_page()
    page.seen = {"console": [], "requests": [], "failed": []}
    page.on("console", lambda message: page.seen["console"].append(message.text))
    page.on("pageerror", lambda error: page.seen["console"].append(str(error)))
    page.on("request", lambda request: page.seen["requests"].append(request.url))
    page.on("requestfailed", failed)
    return page
