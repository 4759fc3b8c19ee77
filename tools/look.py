#!/usr/bin/env python3
"""Opens a report.html in a headless Chromium, does what a reader does, and takes screenshots: `look.py REPORT.html
PICTURES/`

It fails where the page writes an error to the console, makes a network request, is wider than a phone, or where
hovering, toggling, sorting, saving or the keyboard does not work; and where axe-core, which pip downloads, finds a
violation of WCAG 2.1 AA, with the page's scripts or without them. It needs chromium and chromedriver (apt install
chromium chromium-driver).
"""

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import machine
import outcome

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WIDTHS = (320, 400, 1400)
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic", "--force-device-scale-factor=1"]


class Browser:
    """The part of the WebDriver protocol that is needed here."""

    def __init__(self, port, profile):
        self.root = "http://127.0.0.1:%d" % port
        options = {"args": FLAGS + ["--user-data-dir=" + profile], "binary": shutil.which("chromium")}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = "/session/" + self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit("chromedriver: %s" % error.read().decode(errors="replace"))

    def post(self, path, **body):
        return self.ask("POST", self.session + path, body)

    def run(self, script, *arguments):
        return self.post("/execute/sync", script=script, args=list(arguments))

    def command(self, name, **parameters):
        return self.post("/goog/cdp/execute", cmd=name, params=parameters)

    def size(self, width, height):
        """The size of the page itself: a headless window has a minimum width."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        time.sleep(0.5)

    def log(self, kind):
        return self.post("/se/log", type=kind)

    def move_to(self, x, y):
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self.post("/actions", actions=[{"type": "pointer", "id": "mouse", "actions": [dict(move, x=1, y=1), move]}])

    def press(self, *keys):
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])


def check(page, pictures, browser):
    # The browser's own start page makes requests of its own.
    browser.post("/url", url="about:blank")
    browser.log("performance")
    browser.post("/url", url="file://" + os.path.abspath(page))
    for width in WIDTHS:
        browser.size(width, 1000)
        inner, wide = browser.run("return [innerWidth, document.documentElement.scrollWidth]")
        expect((inner, wide <= inner) == (width, True), "at %d pixels the page is %d wide, in a window of %d" % (width, wide, inner))
        # The whole page, in a window of the same height.
        browser.size(width, min(browser.run("return document.documentElement.scrollHeight"), 12000) + 200)
        save(browser, os.path.join(pictures, "report-%d.png" % width))
    browser.size(1400, 1000)
    if browser.run("return JSON.parse(document.getElementById('data').textContent).runs.length") > 0:
        charts(browser, pictures)
        saving(browser, os.path.abspath(pictures))
    sorting(browser)
    accessible(browser, page)
    for scheme in ("dark", "light"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.post("/goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params=media)
        time.sleep(0.5)
        if scheme == "dark":
            save(browser, os.path.join(pictures, "report-dark.png"))
            accessible(browser, page + ", dark")
    with open(os.path.join(pictures, "report.pdf"), "wb") as file:
        file.write(base64.b64decode(browser.post("/print")))
    still(browser, page, pictures)
    errors = [entry["message"] for entry in browser.log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    expect(not errors, "the console says: %s" % errors)
    messages = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    foreign = [url for url in urls if not url.startswith(("file:", "data:"))]
    expect(not foreign, "the page asked for %s" % foreign)


def charts(browser, pictures):
    empty = browser.run("""
        const series = (place) => echarts.getInstanceByDom(place)?.getOption().series ?? [];
        const figures = [...document.querySelectorAll('figure[data-chart]')];
        return figures.filter((figure) => !series(figure.querySelector('.chart')).some((one) => one.data.length > 0))
            .map((figure) => figure.dataset.chart);""")
    expect(not empty, "figures without a chart, or with an empty one: %s" % empty)
    # Hover over the run of the first chart that is farthest from everything else: its dot is on top.
    x, y, alone, runs = browser.run("""
        const place = document.querySelector('.chart'); place.scrollIntoView({block: 'center'});
        const chart = echarts.getInstanceByDom(place), box = place.getBoundingClientRect();
        const points = chart.getOption().series.flatMap((one, seriesIndex) => one.data.filter((point) => point.tip).map((point) => {
            const [x, y] = chart.convertToPixel({seriesIndex}, point.value);
            return {x, y, run: point.tip.includes('seed')};
        }));
        const apart = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
        const near = (one) => Math.min(...points.filter((other) => other !== one).map((other) => apart(one, other)));
        const [far, one] = points.filter((point) => point.run).map((point) => [near(point), point]).sort((a, b) => b[0] - a[0])[0];
        const runs = JSON.parse(document.getElementById('data').textContent).runs;
        return [box.x + one.x, box.y + one.y, far > 8, runs.map((run) => run.run)];""")
    time.sleep(0.3)
    browser.move_to(x, y)
    time.sleep(0.6)
    tip = browser.run("return [...document.querySelectorAll('.chart > div')].map((div) => div.innerText).join(' ')")
    # Equal runs are covered by their mean.
    names = any(run in tip for run in runs) if alone else "mean of" in tip or "seed" in tip
    expect(names and "%" in tip, "hovering over a run shows `%s`" % tip)
    save(browser, os.path.join(pictures, "report-hover.png"))
    # Toggle an arm off and on, with the keyboard.
    shown = "return echarts.getInstanceByDom(document.querySelector('.chart')).getOption().series.length"
    before = browser.run(shown)
    browser.run("document.querySelector('form input[type=checkbox]').focus()")
    browser.press(" ")
    expect(browser.run(shown) < before, "an arm that is switched off is still drawn")
    browser.press(" ")
    expect(browser.run(shown) == before, "an arm that is switched on again is not drawn")
    # Move the slider of rankscales with the keyboard, then reach every control with the Tab key.
    points = "return echarts.getInstanceByDom(document.querySelector('.chart')).getOption().series.map((s) => s.data.length)"
    before = browser.run(points)
    browser.run("document.querySelector('form input[type=range]').focus()")
    browser.press("\ue014")
    many = browser.run("return document.querySelector('form input[type=range]').max") != "0"
    expect(not many or browser.run(points) != before, "the slider of rankscales changes nothing")
    browser.press("\ue012")
    # Choose the panel of a figure that has several, with the keyboard.
    drawn = """
        const select = document.querySelector('form select'), chart = select?.closest('form').nextElementSibling.querySelector('.chart');
        return select && JSON.stringify(echarts.getInstanceByDom(chart).getOption().series.map((one) => one.data));"""
    before = browser.run(drawn)
    if before and browser.run("return document.querySelector('form select').options.length > 1"):
        browser.run("document.querySelector('form select').focus()")
        browser.press("\ue015")
        expect(browser.run(drawn) != before, "another panel shows the same")
    unreachable = browser.run("""
        const all = [...document.querySelectorAll('form input, form select, th button')];
        return all.filter((e) => e.tabIndex < 0).length;""")
    expect(unreachable == 0, "%d controls are out of the keyboard's reach" % unreachable)


def saving(browser, folder):
    """Presses the buttons that save a figure, and reads the saved files."""
    browser.command("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
    begins = {"csv": b"panel,series,what,run,", "svg": b"<svg ", "png": b"\x89PNG"}
    name = browser.run("return document.querySelector('figure[data-chart]').dataset.chart")
    for kind, first in begins.items():
        path = os.path.join(folder, "%s.%s" % (name, kind))
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
        browser.run("""
            const buttons = [...document.querySelector('.save').querySelectorAll('button')];
            buttons.find((one) => one.textContent === arguments[0]).click();""", kind.upper())
        for _ in range(100):
            if os.path.exists(path):
                break
            time.sleep(0.1)
        expect(os.path.exists(path), "%s of a figure is not saved" % kind.upper())
        with open(path, "rb") as file:
            expect(file.read(len(first)) == first, "%s of a figure is something else" % kind.upper())


def still(browser, page, pictures):
    """The page as it is without scripts."""
    with open(page, encoding="utf-8") as file:
        bare = re.sub("<script.*?</script>", "", file.read(), flags=re.DOTALL)
    path = os.path.join(pictures, "report-still.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(bare)
    browser.post("/url", url="file://" + os.path.abspath(path))
    expect(browser.run("return document.querySelectorAll('figure svg').length === document.querySelectorAll('figure').length"),
           "without scripts a figure is missing")
    save(browser, os.path.join(pictures, "report-still.png"))
    accessible(browser, page + ", without scripts")


def accessible(browser, page):
    """Checks that no rule of WCAG 2.1 AA that axe-core knows is broken; returns how many were checked."""
    browser.run(axe())
    found = browser.post("/execute/async", args=[], script="""
        const done = arguments[arguments.length - 1], tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
        axe.run(document, {runOnly: tags}).then((found) => done({
            passed: found.passes.length,
            broken: found.violations.map((one) =>
                `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' ')}`),
        }), (error) => done({passed: 0, broken: [String(error)]}));""")
    expect(not found["broken"], "%s: axe finds\n  %s" % (page, "\n  ".join(found["broken"])))
    expect(found["passed"] > 10, "axe has checked only %d rules" % found["passed"])
    outcome.note("%s: axe-core: %d rules of WCAG 2.1 AA hold, none is broken" % (page, found["passed"]))


def axe():
    """The source of axe-core, which pip downloads the first time."""
    with open(os.path.join(ROOT, "tools", "axe.txt")) as file:
        version = re.search(r"==(\S+)", file.read()).group(1)
    place = os.path.join(ROOT, ".tools", "axe-" + version)
    if not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(place)) as unfinished:
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
                       "--only-binary=:all:", "--target", os.path.join(unfinished, "axe"),
                       "--requirement", os.path.join(ROOT, "tools", "axe.txt")]
            if subprocess.run(command, env={**os.environ, **machine.PIP_SETTINGS}).returncode:
                sys.exit("look: pip cannot bring axe-core: its message is above")
            os.rename(os.path.join(unfinished, "axe"), place)
    with open(os.path.join(place, "axe_playwright_python", "axe.min.js"), encoding="utf-8") as file:
        return file.read()


def sorting(browser):
    """Sorts a table whose first column has different entries, ascending and descending."""
    found = browser.run("""
        const first = (table) => [...table.tBodies[0].rows].map((row) => row.cells[0].innerText);
        const table = [...document.querySelectorAll('table')].find((table) => new Set(first(table)).size > 1);
        if (!table) return null;
        const click = () => { table.querySelector('th button').click(); return first(table); };
        return [click(), click()];""")
    expect(found is None or (found[0] != found[1] and sorted(found[0]) == sorted(found[1])), "a click on a column's name does not sort")


def save(browser, path):
    with open(path, "wb") as file:
        file.write(base64.b64decode(browser.ask("GET", browser.session + "/screenshot")))


def expect(holds, otherwise):
    if not holds:
        raise SystemExit("look: %s" % otherwise)


@contextlib.contextmanager
def driver():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    profile = tempfile.mkdtemp(prefix="look-")
    process = subprocess.Popen(["chromedriver", "--port=%d" % port, "--silent"], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.1)
        browser = Browser(port, profile)
        try:
            yield browser
        finally:
            browser.ask("DELETE", browser.session)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            sys.exit("look: %s is missing: apt install chromium chromium-driver" % program)
    page, pictures = arguments
    os.makedirs(pictures, exist_ok=True)
    with driver() as browser:
        check(page, pictures, browser)
    outcome.note("%s: looked at; pictures in %s" % (page, pictures))


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
